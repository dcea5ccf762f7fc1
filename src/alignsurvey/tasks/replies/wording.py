"""One spelling for what is written in many: widths, dashes, quotes, Markdown, blanks."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

LONGEST_REPLY = 20_000
"""Characters of a reply, thoughts apart, that are read; more is no answer to a closed question."""

_DASHES = re.compile(r"[‐‑‒–—―−~∼〜～]+")
_QUOTES = str.maketrans("“”„‟«»「」『』‘’‚‛`´", '""""""""""\'\'\'\'\'\'')
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad]")
_WRAPPED = re.compile(r"\\(?:boxed|text|textbf)\{([^{}\n]*)\}")
_TAGS = re.compile(r"</?\s*(?:answer|final|choice|output|response|回答|答案)\s*>", re.IGNORECASE)
_EMPHASIS = re.compile(r"\*{1,3}|_{2,3}|^[ \t]*#{1,6}[ \t]+|^[ \t]*>[ \t]?", re.MULTILINE)
_BULLET = re.compile(r"^[ \t]*[-•·+*][ \t]+", re.MULTILINE)
_BLANK = r"[^\S\n]+"
_PLAIN = re.compile(r"(?:[A-Za-z0-9\u4e00-\u9fff.,:;%()?!/'\"、。\n]| (?! ))*")
"""Texts that plain spelling leaves as they are, edges apart: most options, most replies."""
_CJK = "\u3400-\u9fff"
_EDGES = " \t\n\r\"'.,;:!?。、，；：！？*_`"
_BESIDE_CJK = re.compile(rf"(?<=[{_CJK}]) +| +(?=[{_CJK}])")
_AROUND_DASH = re.compile(r" *- *")
_RANGE = re.compile(r"(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)([万元岁%])")


def plain(text: str) -> str:
    """Write a text in half-width letters, straight quotes and short dashes, without Markdown.

    Examples
    --------
    >>> plain("**Ａ．** ２６—３５岁")
    'A. 26-35岁'
    """
    if _PLAIN.fullmatch(text):
        return text.strip()
    return _plain(text)


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).translate(_QUOTES)
    text = _INVISIBLE.sub("", _DASHES.sub("-", text))
    text = _BULLET.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _TAGS.sub("", _WRAPPED.sub(r"\1", _EMPHASIS.sub("", text)))
    return re.sub(_BLANK, " ", text).strip()


def fold(text: str) -> str:
    """Reduce a text to what makes it the same option as another: case, blanks and edges go.

    Examples
    --------
    >>> fold(" “Somewhat  Satisfied.” "), fold("轻微压力 - 偶尔感到压力")
    ('somewhat satisfied', '轻微压力-偶尔感到压力')
    >>> fold("50—100万") == fold("50万-100万")
    True
    """
    return _short_fold(text) if len(text) < 200 else _fold(text)


def _fold(text: str) -> str:
    text = re.sub(r"\s+", " ", plain(text).casefold())
    text = _AROUND_DASH.sub("-", _BESIDE_CJK.sub("", text))
    return _RANGE.sub(r"\1\3-\2\3", unwrapped(text))


_short_fold = lru_cache(maxsize=65536)(_fold)


def unwrapped(text: str) -> str:
    """Take off quotes, brackets and end marks that go round the whole text.

    Examples
    --------
    >>> unwrapped("[ '100万以上' ]。")
    '100万以上'
    """
    while True:
        text = text.strip(_EDGES)
        if len(text) > 2 and text[0] + text[-1] in ("[]", "{}", "()", "<>", "【】", "《》"):
            inner = text[1:-1]
            if not re.search(r"[][(){}<>【】《》]", inner):
                text = inner
                continue
        return text


def head(folded: str) -> str | None:
    """Return the part of a folded option that names it, before a note in brackets or after a dash.

    Examples
    --------
    >>> head(fold("住房支出（房贷、租房等）")), head(fold("无压力 - 完全没有感受到压力"))
    ('住房支出', '无压力')
    >>> head("26岁-35岁") is None
    True
    """
    found = re.match(rf"([^(:,]*?[{_CJK}a-z])(?:\(|:|,|-(?=[{_CJK}a-z]))", folded)
    if found is None or len(found[1]) < 2 or any(c.isdigit() for c in found[1]):
        return None
    return found[1].strip()
