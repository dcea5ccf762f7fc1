"""The quantitative foundation corpus: survey answers as prompts with their options shuffled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from alignsurvey.errors import InputError, nearest
from alignsurvey.randomness import stable_hash
from alignsurvey.survey import Survey, Variable
from alignsurvey.tasks.corpora.rows import Corpus, CorpusRow, flat
from alignsurvey.tasks.queries import letters, option_order
from alignsurvey.tasks.records import Option, ResponseRecord, profile_fingerprint
from alignsurvey.tasks.records.faults import RowError
from alignsurvey.tasks.records.options import write_lettered
from alignsurvey.tasks.records.profiles import read_pairs, write_pairs

MOST_OPTIONS = 26
_WORDING = {
    "en": (
        "You took part in a survey. Answer as the person you are, not as would be right or polite."
        "\nYour background:\n",
        "\n\nSurvey question:\n",
        "\n\nPlease give one option, its letter and its text.",
    ),
    "zh": (
        "你参加了一项问卷调查。请按你本人的情况作答，不必考虑怎样回答才正确或得体。\n你的背景：\n",
        "\n\n问卷问题：\n",
        "\n\n请只给出一个选项，写明字母和内容。",
    ),
}
"""Before the profile, before the question, after the options; in headings that records know."""


def survey_rows(
    survey: Survey, items: Sequence[str] = (), profile: Sequence[str] = (), seed: int = 42
) -> Corpus:
    """Make a row of each answer to an item with categories.

    The order of the options is derived from the seed, the respondent and the item alone, and is
    written beside the row (``order``: places among the codebook's categories, as shown), and so is
    that the item is ``ordered``, where it is. Weights
    are no part of a row; ids are.

    Parameters
    ----------
    survey : Survey
    items : sequence of str
        Items to ask; by default all variables that have options and are not in the profile.
    profile : sequence of str
        Attributes of the background. A missing one is left out of the row.
    seed : int

    Returns
    -------
    Corpus
        Sorted as the survey is: respondent by respondent, item by item.

    Raises
    ------
    InputError
        An item is no variable, is in the profile, or cannot be asked with lettered options; or
        nothing is left to ask.

    Examples
    --------
    >>> import alignsurvey as als
    >>> corpus = survey_rows(als.load_example("anes96"), ["vote"], ["age", "educ"])
    >>> len(corpus), corpus.rows[0].output
    (944, 'B. Bob Dole')
    >>> dict(corpus.rows[0].metadata)["order"]
    [0, 1]
    """
    for name in (*items, *profile):
        survey.variable(name)
    chosen, notes = _items(survey, items, profile)
    skipped: Counter[str] = Counter()
    labels = {name: _labels(survey.variable(name)) for name in chosen}
    codes = {name: survey.codes(name) for name in chosen}
    for name in chosen:
        for kind, n in survey.missing_kinds(name).items():
            reason = f"missing answer ({kind.value.replace('_', ' ')})" if kind else "no answer"
            skipped[reason] += n
    if not profile:
        notes.append("no profile: the rows say nothing about who answers; name attributes")
    rows = tuple(_rows(survey, chosen, labels, codes, profile, seed))
    return Corpus(rows, {reason: n for reason, n in skipped.items() if n}, tuple(notes))


def _rows(
    survey: Survey,
    items: Sequence[str],
    labels: dict[str, tuple[str, ...]],
    codes: dict[str, NDArray[np.int64]],
    profile: Sequence[str],
    seed: int,
) -> Iterator[CorpusRow]:
    backgrounds = _backgrounds(survey, profile)
    questions = {name: flat(survey.variable(name).title) for name in items}
    ordered = {name: survey.variable(name).is_ordered for name in items}
    for place, person in enumerate(survey.ids.to_list()):
        background = backgrounds[place]
        fingerprint = _fingerprint(background) if profile else None
        for name in items:
            code = int(codes[name][place])
            if code >= 0:
                order = option_order(len(labels[name]), seed=seed, respondent=person, item=name)
                yield _row(
                    person, name, questions[name], labels[name], code, order, background,
                    fingerprint, survey.language, ordered[name],
                )  # fmt: skip


def _row(
    person: Hashable,
    item: str,
    question: str,
    labels: Sequence[str],
    code: int,
    order: Sequence[int],
    background: str,
    fingerprint: str | None,
    language: str,
    ordered: bool,
) -> CorpusRow:
    shown = [
        Option(letter, labels[place])
        for letter, place in zip(letters(len(order)), order, strict=True)
    ]
    before, asks, after = _WORDING[language]
    about: list[tuple[str, object]] = [("person_id", person), ("item", item), ("order", [*order])]
    if fingerprint is not None:
        about.append(("fingerprint", fingerprint))
    if ordered:
        about.append(("ordered", True))
    return CorpusRow(
        instruction=f"{before}{background}{asks}{question}\n{write_lettered(shown)}{after}",
        output=". ".join(shown[order.index(code)]),
        person=person, fingerprint=fingerprint, question=question, item=item,
        metadata=tuple(about),
    )  # fmt: skip


def _items(
    survey: Survey, items: Sequence[str], profile: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Choose the items; named ones must be fit to be asked, others are left out and said."""
    both = [name for name in items if name in profile]
    if both:
        raise InputError(
            f"'{both[0]}' is an item and in the profile, so its answer would stand in its own "
            "prompt; keep it in one of the two"
        )
    apart = {*profile, *survey.design.columns}
    named = list(dict.fromkeys(items))
    wanted = named or [one.name for one in survey.codebook if one.name not in apart]
    chosen: list[str] = []
    unfit: dict[str, list[str]] = {}
    for name in wanted:
        reason = _unfit(survey.variable(name))
        if reason and named:
            raise InputError(f"{survey.source}: the item '{name}' {reason}")
        if reason:
            unfit.setdefault(reason.split(";")[0], []).append(name)
        else:
            chosen.append(name)
    if not chosen:
        known = nearest("", [one.name for one in survey.codebook if one.categories])
        raise InputError(f"{survey.source}: no item has options to choose from; {known}")
    return chosen, [_left_out(reason, names) for reason, names in unfit.items()]


def _left_out(reason: str, names: Sequence[str]) -> str:
    shown = ", ".join(names[:6]) + ", …" * (len(names) > 6)
    return f"not asked, because it {reason}: {shown} ({len(names):,})"


def _unfit(variable: Variable) -> str | None:
    labels = _labels(variable)
    if not labels:
        return "has no options; list its values in the codebook"
    if not 2 <= len(labels) <= MOST_OPTIONS:
        return f"has {len(labels)} options, which is not 2 to {MOST_OPTIONS}; code it in classes"
    double = next((one for one in labels if labels.count(one) > 1), None)
    return double and f"has two options '{double}'; give them labels that differ"


def _labels(variable: Variable) -> tuple[str, ...]:
    return tuple(flat(one.label) or flat(one.code) for one in variable.categories)


def _backgrounds(survey: Survey, profile: Sequence[str]) -> list[str]:
    """Write each respondent's profile; whole numbers as such, what is missing left out."""
    variables = [survey.variable(name) for name in profile]
    columns = [survey.answers[name].to_list() for name in profile]
    keys = _keys(variables)
    return [
        write_pairs(
            tuple(
                (key, text)
                for key, variable, value in zip(keys, variables, row, strict=True)
                if value is not None and (text := flat(variable.label(value)))
            )
        )
        for row in (zip(*columns, strict=True) if profile else [()] * survey.n)
    ]


def _keys(variables: Sequence[Variable]) -> list[str]:
    """Title of each attribute; its name where two share a title, or it could not be read again."""
    titles = [flat(variable.title) for variable in variables]
    return [
        title if titles.count(title) == 1 and _is_key(title) else flat(variable.name)
        for title, variable in zip(titles, variables, strict=True)
    ]


def _is_key(title: str) -> bool:
    try:
        return [key for key, _ in read_pairs(f"x: y\n{title}: z")[0]] == ["x", title]
    except RowError:
        return False


def _fingerprint(background: str) -> str:
    """Fingerprint the profile as it is read again, so that other files' rows compare.

    People of whom nothing is known have one fingerprint, and stay together in a split.
    """
    try:
        pairs = read_pairs(background)[0]
    except RowError as error:
        raise InputError(f"a profile cannot be read again: {error}; rename its attribute") from None
    record = ResponseRecord(row=1, instruction="", profile=pairs)
    return profile_fingerprint(record) or f"{stable_hash('nothing is known'):016x}"
