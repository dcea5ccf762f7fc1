"""Codebooks as YAML that people read and write: one [code, label] pair a line, codes keep type."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import yaml

from alignsurvey.errors import InputError
from alignsurvey.survey.codebook import Code, Codebook, Variable
from alignsurvey.yamlfile import load_yaml

_PLAIN_PUNCTUATION = frozenset(" _-./()?$+%'")
# What YAML forbids or folds inside quotes and JSON leaves as it is.
_TO_ESCAPE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
_LONGEST_SIMPLE_KEY = 1000  # YAML gives up looking for the colon after 1024 characters


def codebook_from_yaml(text: str, name: str) -> Codebook:
    """Read a codebook from YAML text.

    Parameters
    ----------
    text : str
        ``variables:`` and under it, by name, any of ``text``, ``scale`` (nominal, ordinal,
        interval, text), ``values`` (``[[code, label], ...]`` from low to high, a third element is
        the score; or a mapping code: label), ``missing`` (a mapping code: kind, or
        ``[[code, kind, label], ...]``), ``missing_ranges`` (``[[low, high, kind], ...]``),
        ``point_labels`` (like ``values``, for single points of a number), ``format`` and
        ``inferred``. Kinds of missing: refused, dont_know, not_asked, other. A second top key
        ``missing:`` holds codes that are missing in every variable.
    name : str
        What to call it in an error message, usually its path.

    Returns
    -------
    Codebook
        A variable without ``scale`` is nominal, with "scale" among its `inferred`.

    Raises
    ------
    InputError
        One line: where in the document, what is wrong, what may have been meant.

    Examples
    --------
    >>> book = codebook_from_yaml('''
    ... variables:
    ...   trust:
    ...     text: Can people be trusted?
    ...     scale: ordinal
    ...     values: [[1, Never], [2, Sometimes], [3, Always]]
    ...     missing: {8: dont_know, 9: refused}
    ... ''', "codebook.yaml")
    >>> book["trust"].labels, book["trust"].missing_kind(8).value
    (('Never', 'Sometimes', 'Always'), 'dont_know')
    >>> codebook_from_yaml("variables: {PID: {scale: ordnal}}", "codebook.yaml")
    Traceback (most recent call last):
    ...
    alignsurvey.errors.InputError: codebook.yaml: variables.PID.scale: 'ordnal' is not one of
    nominal, ordinal, interval, text; did you mean 'ordinal'?
    """
    from alignsurvey.survey.codebook_schema import parse_codebook

    content = load_yaml(text, name)
    if not isinstance(content, dict):
        raise InputError(f"{name}: a codebook starts with 'variables:'; this is something else")
    return Codebook(parse_codebook(content, name))


def codebook_to_yaml(codebook: Codebook) -> str:
    """Write a codebook as YAML text; `codebook_from_yaml` gives the same codebook again.

    Examples
    --------
    >>> from alignsurvey.survey import Category, MissingCode, Missing, Scale, Variable
    >>> answers = (Category(1, "No"), Category(2, "会"))
    >>> trust = Variable("trust", "能信任吗？", Scale.ORDINAL, answers,
    ...                  (MissingCode(9, Missing.REFUSED),))
    >>> print(codebook_to_yaml(Codebook((trust,))), end="")
    variables:
      trust:
        text: 能信任吗？
        scale: ordinal
        values:
          - [1, "No"]
          - [2, 会]
        missing: {9: refused}
    """
    if not len(codebook):
        return "variables: {}\n"
    lines = ["variables:"]
    for variable in codebook:
        name = _scalar(variable.name)
        lines += [f"  ? {name}", "  :"] if len(name) > _LONGEST_SIMPLE_KEY else [f"  {name}:"]
        lines += [f"    {line}" for line in _entry(variable)]
    return "\n".join(lines) + "\n"


def _entry(variable: Variable) -> Iterator[str]:
    if variable.text:
        yield f"text: {_scalar(variable.text)}"
    yield f"scale: {variable.scale.value}"
    if variable.categories:
        yield "values:"
        for one in variable.categories:
            score = () if one.score is None else (one.score,)
            yield "  - " + _flow(one.code, one.label, *score)
    if any(one.label for one in variable.missing):
        yield "missing:"
        for gap in variable.missing:
            yield "  - " + _flow(gap.code, gap.kind.value, *([gap.label] if gap.label else []))
    elif variable.missing:
        pairs = (f"{_in_flow(gap.code)}: {gap.kind.value}" for gap in variable.missing)
        yield "missing: {" + ", ".join(pairs) + "}"
    if variable.missing_ranges:
        yield "missing_ranges:"
        for span in variable.missing_ranges:
            yield "  - " + _flow(span.low, span.high, span.kind.value)
    if variable.point_labels:
        yield "point_labels:"
        for one in variable.point_labels:
            yield "  - " + _flow(one.code, one.label)
    if variable.format:
        yield f"format: {_scalar(variable.format)}"
    if variable.inferred:
        yield "inferred: " + _flow(*variable.inferred)


def _flow(*parts: Code) -> str:
    return "[" + ", ".join(map(_in_flow, parts)) + "]"


def _in_flow(value: Code) -> str:
    """Write a value between brackets, where PyYAML takes a question mark for the mark of a key."""
    return _quoted(value) if isinstance(value, str) and "?" in value else _scalar(value)


def _scalar(value: Code) -> str:
    if isinstance(value, str):
        return value if _is_plain(value) else _quoted(value)
    if isinstance(value, float):
        # PyYAML takes 1e-05 for a text; it wants the point.
        text = repr(value)
        if text in ("inf", "-inf"):
            return text.replace("inf", ".inf")
        return text if "e" not in text or "." in text else text.replace("e", ".0e")
    return str(value)


_RESOLVER = yaml.SafeLoader("")


def _is_plain(text: str) -> bool:
    """Whether a text may stand without quotes and be a text again, for any YAML reader."""
    if not text or text != text.strip() or not (text[0].isalnum() or text[0] == "_"):
        return False
    if not all(char.isalnum() or char in _PLAIN_PUNCTUATION or _is_cjk(char) for char in text):
        return False
    if _is_number(text):
        return False
    tag = _RESOLVER.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    return bool(tag == "tag:yaml.org,2002:str")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _is_cjk(char: str) -> bool:
    return "\u3001" <= char <= "\u303f" or "\uff01" <= char <= "\uff5e"


def _quoted(text: str) -> str:
    plain = json.dumps(text, ensure_ascii=False)
    return _TO_ESCAPE.sub(lambda found: f"\\u{ord(found.group()):04x}", plain)
