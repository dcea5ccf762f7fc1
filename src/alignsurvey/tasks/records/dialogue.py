"""Dialogues in prompts: utterances with their speakers, on lines or in mid-line; both ways."""

from __future__ import annotations

import re
from collections.abc import Sequence

from alignsurvey.tasks.records.nouns import Turn

Joints = tuple[tuple[str, str], ...]


def read_turns(
    text: str, speakers: Sequence[str], *, mid_line: bool = False
) -> tuple[tuple[Turn, ...], Joints, str]:
    r"""Read a dialogue.

    Parameters
    ----------
    text : str
    speakers : sequence of str
        Names that begin an utterance.
    mid_line : bool
        Whether an utterance may begin in mid-line, where the other speaker's ends. In the
        released interview rows the next question follows the answer without a line break.

    Returns
    -------
    turns : tuple of Turn
    joints : tuple of (speaker, str)
        What stands before each speaker's name (a line break or nothing), for `write_turns`.
    colon : str
        Between name and utterance.

    Examples
    --------
    >>> text = "问:好吗？\n答:好。问:真的？\n答:真的。"
    >>> turns, joints, colon = read_turns(text, ("问", "答"), mid_line=True)
    >>> [turn.text for turn in turns]
    ['好吗？', '好。', '真的？', '真的。']
    >>> joints, colon
    ((('答', '\n'), ('问', '')), ':')
    """
    names = "|".join(map(re.escape, speakers))
    start = re.compile(rf"({names})(: |[:：])")
    marks: list[re.Match[str]] = []
    for match in start.finditer(text):
        on_line = match.start() == 0 or text[match.start() - 1] == "\n"
        other = bool(marks) and marks[-1][1] != match[1]
        if on_line or (mid_line and other):
            marks.append(match)
    if not marks:
        return (), (), "："
    joints: dict[str, str] = {}
    turns: list[Turn] = []
    for mark, following in zip(marks, [*marks[1:], None], strict=True):
        said = text[mark.end() : following.start() if following else len(text)]
        if following:
            # The first time a speaker follows tells how it is joined on.
            ends = said.endswith("\n")
            joint = joints.setdefault(following[1], "\n" if ends else "")
            said = said[:-1] if ends and joint else said
        turns.append(Turn(mark[1], said))
    return tuple(turns), tuple(joints.items()), marks[0][2]


def write_turns(turns: Sequence[Turn], joints: Joints = (), colon: str = "：") -> str:
    r"""Write a dialogue; a speaker without a joint begins a new line.

    Examples
    --------
    >>> write_turns((Turn("问", "好吗？"), Turn("答", "好。"), Turn("问", "真的？")))
    '问：好吗？\n答：好。\n问：真的？'
    """
    before = dict(joints)
    return "".join(
        (before.get(speaker, "\n") if place else "") + speaker + colon + said
        for place, (speaker, said) in enumerate(turns)
    )
