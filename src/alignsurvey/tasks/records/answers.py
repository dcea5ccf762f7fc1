"""Labels of rows: an option, a list of options, or a stance with its reason."""

from __future__ import annotations

import ast
import json
from collections.abc import Sequence

from alignsurvey.tasks.records.faults import Fault, Mend, RowError
from alignsurvey.tasks.records.json_slips import mend
from alignsurvey.tasks.records.nouns import Option
from alignsurvey.tasks.records.options import match_answer


def read_answer(
    output: str, options: Sequence[Option], *, whole_lists: bool = False
) -> tuple[tuple[str, ...], list[Mend]]:
    """Read a label, spelt as the options are.

    Parameters
    ----------
    output : str
    options : sequence of Option
        Without any the label is taken as it stands.
    whole_lists : bool
        Whether a label may be a Python list of texts, as in the released role rows.

    Raises
    ------
    RowError
        The label is empty, or is none of the options.

    Examples
    --------
    >>> read_answer("['yes']", (Option("", "yes"), Option("", "no")), whole_lists=True)
    (('yes',), [])
    """
    text = output.strip()
    if not text:
        raise RowError(Fault.EMPTY_ANSWER, "its answer is empty")
    parts = _list(text) if whole_lists else None
    mended: list[Mend] = []
    answers: list[str] = []
    for part in (text,) if parts is None else parts:
        if not options:
            answers.append(part)
            continue
        place, slips = match_answer(part, options)
        answers.append(options[place].text)
        mended.extend(slips)
    if not answers:
        raise RowError(Fault.EMPTY_ANSWER, "its answer is an empty list")
    return tuple(answers), mended


def _list(text: str) -> list[str] | None:
    if not text.startswith("["):
        return None
    try:
        found = ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    return [str(one) for one in found] if isinstance(found, list) else None


def read_stance(output: str, options: Sequence[Option]) -> tuple[tuple[str, ...], str, list[Mend]]:
    """Read a stance label: JSON with ``predict`` and ``reason``, or the bare stance.

    Raises
    ------
    RowError
        There is no stance in it, or one that is none of the options.

    Examples
    --------
    >>> read_stance('{"predict": "中立", "reason": "…",}', (Option("", "中立"), Option("", "积极")))
    (('中立',), '…', [<Mend.TRAILING_COMMA: 'trailing comma'>])
    """
    text = output.strip()
    mended: list[Mend] = []
    reason = ""
    if text.startswith("{"):
        found, mended = _object(text)
        stance, reason = found.get("predict"), str(found.get("reason") or "")
        if not isinstance(stance, str) or not stance.strip():
            raise RowError(Fault.EMPTY_ANSWER, "its answer has no 'predict'")
        text = stance
    answers, slips = read_answer(text, options)
    return answers, reason, [*mended, *slips]


def _object(text: str) -> tuple[dict[str, object], list[Mend]]:
    slips: list[tuple[Mend, int]] = []
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        better, slips = mend(text)
        try:
            found = json.loads(better)
        except (ValueError, RecursionError):
            raise RowError(Fault.OUTSIDE_OPTIONS, "its answer begins as JSON and is none") from None
    if not isinstance(found, dict):
        raise RowError(Fault.OUTSIDE_OPTIONS, "its answer is JSON, but no object")
    return found, [kind for kind, _ in slips]
