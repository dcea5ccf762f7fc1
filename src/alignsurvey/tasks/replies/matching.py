"""Match a piece of text with a question's options: as a whole, or named within a sentence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from alignsurvey.tasks.replies.options import Options
from alignsurvey.tasks.replies.outcomes import Outcome, kind_of_silence
from alignsurvey.tasks.replies.wording import fold, head, plain, unwrapped

_LEAD = re.compile(
    r"(?:选项|option )?[(\[]?(?<![a-z])([a-z]|\d{1,2})(?:[)\]]+[.:、]?|[.:、,;)])?\s*(?:-\s*)?(.*)",
    re.DOTALL | re.IGNORECASE,
)
_SEPARATED = re.compile(
    r"(?:选项|option )?(?:[(\[][a-z0-9]{1,2}[)\]]|[a-z0-9]{1,2}\s*[.:、),;])", re.IGNORECASE
)
_NEGATED = re.compile(
    r"(?:不是|不算|不太|不怎么|不够|并不|并非|不会|不选|没有|没|不|未|谈不上|(?<!除)非(?!常))(?:[很太那么特别]|非常|什么|啥|任何)*$"
    r"|(?:\bnot|n't|\bnever|\bneither|\bnor|\bhardly|\bwithout|\bno)(?: \w+){0,2}\s*$",
    re.IGNORECASE,
)
_BOUND_LETTER = (
    r"(?<![a-z0-9])(?:[(\[]([a-z])[)\]]|(?:选项|option |选)\s*([a-z])(?![a-z])"
    r"|([a-z])(?:[.:、)](?![a-z]\.)|\s*选项))"
    r"|(?<=[㐀-鿿])([a-z])(?=$|[\s,.;:!?。、)])"
)
_LETTERS = re.compile(r"(?<![a-z])([a-z])\s?(?:和|或者?|与|及|跟|、|,|/|or|and)\s?([a-z])(?![a-z])")
_CJK = re.compile("[\u3400-\u9fff]")
_SHORT, _MOST_READ = 100, 4096


@dataclass(frozen=True)
class Whole:
    """Whether a piece of text is an option and nothing else."""

    index: int | None = None
    disagrees: bool = False
    note: str = ""
    letter: int | None = None
    """The option whose letter leads a text that is no option."""


class Catalogue:
    """The options of a question, prepared for matching."""

    def __init__(self, options: Options) -> None:
        self.letters = {letter.casefold(): i for i, (letter, _) in enumerate(options) if letter}
        self.folded = [fold(text) for _, text in options]
        self.texts: dict[str, int | None] = {}
        for i, text in enumerate(self.folded):
            if not text:
                continue
            self.texts[text] = None if text in self.texts else i
        heads = [head(text) for text in self.folded]
        for i, name in enumerate(heads):
            if name and name not in self.texts and heads.count(name) == 1:
                self.texts[name] = i
        names = sorted((name for name in self.texts if name), key=len, reverse=True)
        self._named = re.compile("|".join(map(_bounded, names)) or r"(?!)")
        self._lettered = re.compile(_BOUND_LETTER, re.IGNORECASE)
        self._read: dict[str, Whole] = {}

    def whole(self, piece: str) -> Whole:
        """Read a piece that should be one option: its letter, its text, or both."""
        found = self._read.get(piece)
        if found is None:
            found = self._whole(piece)
            if len(piece) < _SHORT and len(self._read) < _MOST_READ:
                self._read[piece] = found
        return found

    def _whole(self, piece: str) -> Whole:
        text = fold(piece)
        place = self.texts.get(text)
        if place is None:
            place = self.letters.get(text)
        if place is not None:
            return Whole(place)
        found = _LEAD.fullmatch(unwrapped(plain(piece).casefold()))
        if found is None:
            return Whole()
        return self._with_letter(found[1], fold(found[2]), bool(_SEPARATED.match(found[0])))

    def _with_letter(self, letter: str, rest: str, separated: bool) -> Whole:
        by_text, by_letter = self.texts.get(rest), self._place(letter)
        if not rest:
            return Whole(self.letters.get(letter))
        # "3-4" is no 4; "I agree" is a sentence, not the letter I before an option
        weak = not separated and (letter.isdigit() or letter == "i" or by_letter is None)
        if weak or (letter.isdigit() and rest[0].isdigit()):
            return Whole()
        if by_letter is not None and (by_letter == by_text or rest == self.folded[by_letter]):
            return Whole(by_letter)
        if by_text is None:
            return Whole(letter=self.letters.get(letter) if separated else None)
        if not self.letters:
            return Whole(by_text, note="letter of no option left aside")
        return Whole(disagrees=True, note="letter and text disagree")

    def _place(self, letter: str) -> int | None:
        """Return the place a letter, or a number that stands for one, points to."""
        if letter.isdigit():
            return int(letter) - 1 if 0 < int(letter) <= len(self.folded) else None
        return self.letters.get(letter)

    def mentions(self, piece: str, letters: bool = True) -> set[int]:
        """Return the options that a sentence names: the longest match wins, negated ones don't."""
        text = fold(piece)
        named = ((match.start(), self.texts[match[0]]) for match in self._named.finditer(text))
        found = {place for start, place in named if place is not None and not negated(text, start)}
        for match in self._lettered.finditer(text) if letters else ():
            place = self.letters.get(match[match.lastindex or 0])
            if place is not None and not negated(text, match.start()):
                found.add(place)
        for pair in _LETTERS.finditer(text) if letters else ():
            places = {self.letters.get(pair[1]), self.letters.get(pair[2])} - {None}
            found |= {place for place in places if place is not None and len(places) == 2}
        return found

    def of_kind(self, silence: Outcome) -> int | None:
        """Return the one option that is itself a refusal or a don't-know, if there is one."""
        places = [i for i, text in enumerate(self.folded) if kind_of_silence(text) == silence]
        return places[0] if len(places) == 1 else None


def negated(text: str, start: int) -> bool:
    """Say whether what starts here is denied by the words before it."""
    return _NEGATED.search(text[max(0, start - 30) : start]) is not None


def _bounded(name: str) -> str:
    """Write a pattern that finds a name, not a part of a longer word or number."""
    pattern = re.escape(name)
    if len(name) == 1 and _CJK.match(name):
        return f"(?<![\u3400-\u9fff]){pattern}(?![\u3400-\u9fff])"
    before = r"(?<![a-z0-9])" if re.match(r"[a-z]", name) else ""
    before = r"(?<![\d.])" if name[0].isdigit() else before
    after = r"(?![a-z0-9])" if re.match(r"[a-z0-9]", name[-1]) else ""
    return f"{before}{pattern}{after}"


@lru_cache(maxsize=8192)
def catalogue(options: Options) -> Catalogue:
    """Prepare options for matching, once for each list of options."""
    return Catalogue(options)
