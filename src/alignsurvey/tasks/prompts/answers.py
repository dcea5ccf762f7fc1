"""Answers as a model is asked to write them: what examples show, and what replies must read."""

from __future__ import annotations

import json
from collections.abc import Sequence

from alignsurvey.tasks.queries import Shown


def write_choice(options: Sequence[Shown], texts: Sequence[str]) -> str:
    r"""Write the options chosen, letter and text, one a line.

    Parameters
    ----------
    options : sequence of Shown
        In the order shown.
    texts : sequence of str
        Texts of the options chosen; a text that is no option stands as it is.

    Examples
    --------
    >>> write_choice([Shown("A", "no", 1), Shown("B", "yes", 0)], ["yes"])
    'B. yes'
    """
    letter = {one.text: one.letter for one in options}
    return "\n".join(f"{letter[text]}. {text}" if letter.get(text) else text for text in texts)


def write_stance(stance: str, reason: str) -> str:
    """Write a stance with its reason as JSON.

    Examples
    --------
    >>> write_stance("积极", "生活变好了")
    '{"predict": "积极", "reason": "生活变好了"}'
    """
    return json.dumps({"predict": stance, "reason": reason}, ensure_ascii=False)


def write_shares(options: Sequence[Shown], shares: Sequence[float]) -> str:
    """Write shares as whole percent that sum to 100 (largest remainders), as JSON.

    Parameters
    ----------
    options : sequence of Shown
        In the order shown.
    shares : sequence of float
        Of each option, in the same order; they sum to 1.

    Examples
    --------
    >>> write_shares([Shown("A", "yes", 0), Shown("B", "no", 1), Shown("C", "maybe", 2)], [1/3] * 3)
    '{"yes": 34, "no": 33, "maybe": 33}'
    """
    percent = [100 * share for share in shares]
    whole = [int(one + 1e-9) for one in percent]
    by_rest = sorted(range(len(whole)), key=lambda place: (whole[place] - percent[place], place))
    for place in by_rest[: max(0, round(sum(percent)) - sum(whole))]:
        whole[place] += 1
    shown = {one.text: n for one, n in zip(options, whole, strict=True)}
    return json.dumps(shown, ensure_ascii=False)
