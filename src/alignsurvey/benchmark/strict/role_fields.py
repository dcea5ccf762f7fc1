"""Which attribute each role row is about, of what kind it is, and what its options are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from alignsurvey.benchmark.rows import PredictionRow, Problem
from alignsurvey.benchmark.strict.content import label, labelled_options
from alignsurvey.errors import InputError, nearest
from alignsurvey.survey.codebook import Codebook, Scale, Variable
from alignsurvey.tasks.replies import ROLE_FIELDS, Options, read_options
from alignsurvey.tasks.replies.role import Kind, list_items
from alignsurvey.tasks.replies.wording import fold

_IN_PROMPT = re.compile(
    r"(?:预测被访者的|predict the respondent's)\s*[“\"「『']\s*([^”\"」』'\n]{1,60}?)\s*[”\"」』']"
)
_ENGLISH = {field.english: name for name, field in ROLE_FIELDS.items()}
_NUMBERS = re.compile(r"\d{1,6}\s*(?:\+|及以上|以上|或以上|or more|and more)?")
KIND_NAMES: dict[Kind, str] = {"single": "choice", "list": "list", "number": "number"}


@dataclass
class FieldOptions:
    """A field as one file and one codebook have it.

    Parameters
    ----------
    kind : {"single", "list", "number"}
    own : bool
        Whether it is none of the twelve, so that its kind was inferred.
    fallback : tuple of (letter, text)
        Options for rows whose prompt prints none.
    source : str
        Where those are from.
    """

    kind: Kind
    own: bool = False
    fallback: Options = ()
    source: str = ""


@dataclass
class RoleRows:
    """For each row its field and options, and what there is to tell."""

    fields: list[str] = field(default_factory=list)
    options: list[Options] = field(default_factory=list)
    known: dict[str, FieldOptions] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def kind(self, place: int) -> Kind:
        """Return the kind of a row's field."""
        return self.known[self.fields[place]].kind


def standard_name(name: str) -> str:
    """Return the Chinese name of one of the twelve fields, any other name as it is.

    Examples
    --------
    >>> standard_name("Gender"), standard_name(" star sign ")
    ('性别', 'star sign')
    """
    name = name.strip()
    return _ENGLISH.get(name.lower().replace("_", " "), name)


def role_rows(
    rows: Sequence[PredictionRow], wanted: str | None, codebook: Codebook | None
) -> RoleRows:
    """Find each row's field and options.

    Raises
    ------
    InputError
        The field wanted is none of the twelve and has no options, in a prompt or in the codebook.
    """
    found = RoleRows()
    wanted = standard_name(wanted) if wanted is not None else None
    found.fields = [_field(row, wanted, found.problems) for row in rows]
    printed = [read_options(row.prompt) for row in rows]
    for name in dict.fromkeys(found.fields):
        places = [place for place, own in enumerate(found.fields) if own == name]
        shown = [printed[place] for place in places]
        labels = [label(rows[place]) for place in places]
        found.known[name] = one = _known(name, shown, labels, codebook, name == wanted)
        if one.own and name:
            kind = KIND_NAMES[one.kind]
            what = f"field {name!r} is none of the twelve{_meant(name)}; read as a {kind}"
            found.problems.append(Problem(rows[places[0]].line, what))
    for row, name, options in zip(rows, found.fields, printed, strict=True):
        one = found.known[name]
        if not options and one.kind != "number" and one.source != "codebook":
            taken = f"those of the {one.source or 'labels'} are taken"
            source = taken if one.fallback else "and none in the labels"
            found.problems.append(Problem(row.line, f"no options in the prompt; {source}"))
        found.options.append(options or one.fallback)
    return found


def _known(
    name: str,
    printed: Sequence[Options],
    labels: Sequence[str],
    codebook: Codebook | None,
    asked_for: bool,
) -> FieldOptions:
    variable = _variable(name, codebook)
    own = name not in ROLE_FIELDS
    shown = next((options for options in printed if options), ())
    listed: Options = tuple(("", text) for text in variable.labels) if variable else ()
    if own and asked_for and not shown and variable is None:
        meant = nearest(name, _names())
        raise InputError(
            f"no role field {name!r}; {meant}{'' if meant.endswith('?') else ';'} a field of your "
            "own needs its options in the prompts or in --codebook"
        )
    kind = _inferred(shown or listed, labels, variable) if own else ROLE_FIELDS[name].kind
    if listed or kind == "number":
        return FieldOptions(kind, own, listed, "codebook")
    if own and shown:
        return FieldOptions(kind, own, shown, "other rows")
    several = kind == "list"
    items = [item for said in labels for item in (list_items(said) if several else [said])]
    needed = not all(printed)
    return FieldOptions(kind, own, labelled_options(items) if needed else ())


def _variable(name: str, codebook: Codebook | None) -> Variable | None:
    english = ROLE_FIELDS[name].english if name in ROLE_FIELDS else name
    spellings = {fold(name), fold(english)}
    for one in codebook or ():
        if name and spellings & {fold(one.name), fold(one.name.replace("_", " ")), fold(one.text)}:
            return one
    return None


def _inferred(options: Options, labels: Sequence[str], variable: Variable | None) -> Kind:
    """Tell numbers by the scale or the options, lists by labels that name several options."""
    if variable is not None and variable.scale is Scale.INTERVAL and not options:
        return "number"
    if options and all(_NUMBERS.fullmatch(fold(text)) for _, text in options):
        return "number"
    texts = {fold(text) for _, text in options}
    for said in labels:
        items = [fold(item) for item in list_items(said)]
        if len(items) > 1 and fold(said) not in texts and texts.issuperset(items):
            return "list"
    return "single"


def _meant(name: str) -> str:
    """Suggest one of the twelve where a name is close to it."""
    found = nearest(name, _names())
    return f" ({found.rstrip('?')}?)" if found.startswith("did you mean") else ""


def _names() -> tuple[str, ...]:
    return (*ROLE_FIELDS, *_ENGLISH)


def _field(row: PredictionRow, wanted: str | None, problems: list[Problem]) -> str:
    """Return the row's field: its own, the prompt's, or the file's."""
    own = row.content.get("field")
    if not (isinstance(own, str) and own.strip()):
        named = _IN_PROMPT.search(row.prompt)
        own = named[1] if named else None
    if own is None:
        if wanted is None:
            problems.append(Problem(row.line, "names no field; read as a single choice"))
        return wanted or ""
    own = standard_name(own)
    if wanted is not None and own != wanted:
        problems.append(Problem(row.line, f"is about {own!r}, not {wanted!r}; scored as {own!r}"))
    return own
