"""The order of training: which examples make an update, derived from seed, ids and epoch."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from alignsurvey.randomness import hash_ids, uniforms
from alignsurvey.training.encoding import Example, share_prefix
from alignsurvey.training.settings import Settings

MEGABATCH = 16
"""Updates whose packs are sorted by length together: little padding, and still a random order."""

Pack = tuple[int, ...]
"""Places of examples of one respondent."""


class Source(Protocol):
    """Examples that are encoded when they are needed."""

    def __len__(self) -> int: ...

    @property
    def respondents(self) -> Sequence[Hashable]:
        """Who each example is about."""
        ...

    @property
    def sizes(self) -> Sequence[int]:
        """Length of each example, in any unit."""
        ...

    def encoded(self, places: Sequence[int], epoch: int) -> Sequence[Example]:
        """Encode some of the examples for an epoch."""
        ...


@dataclass(frozen=True)
class Encoded:
    """Examples that are encoded already, the same in each epoch."""

    examples: Sequence[Example] = field(repr=False)

    def __len__(self) -> int:
        return len(self.examples)

    @property
    def respondents(self) -> list[Hashable]:
        """Who each example is about."""
        return [one.respondent for one in self.examples]

    @property
    def sizes(self) -> list[int]:
        """Tokens of each example."""
        return [one.length for one in self.examples]

    def encoded(self, places: Sequence[int], epoch: int) -> list[Example]:
        """Give some of the examples."""
        return [self.examples[place] for place in places]


@dataclass(frozen=True)
class Schedule:
    """Which packs make each update of an epoch.

    Parameters
    ----------
    respondents : sequence
    sizes : sequence of int
    places : sequence of int
        Examples that are trained on.
    settings : Settings

    Examples
    --------
    >>> schedule = Schedule(list("aabbc"), [9] * 5, range(5), Settings(effective_batch=4, pack=2))
    >>> [sorted(sum(step, ())) for step in schedule.epoch(0)] == [
    ...     sorted(sum(step, ())) for step in schedule.epoch(0)]
    True
    >>> schedule.per_epoch
    2
    """

    respondents: Sequence[Hashable] = field(repr=False)
    sizes: Sequence[int] = field(repr=False)
    places: Sequence[int] = field(repr=False)
    settings: Settings

    @property
    def per_epoch(self) -> int:
        """Updates in an epoch."""
        return -(-len(self.places) // self.settings.effective_batch)

    @property
    def steps(self) -> int:
        """Updates in all."""
        every = self.per_epoch * self.settings.epochs
        return min(every, self.settings.max_steps or every)

    def epoch(self, epoch: int) -> list[tuple[Pack, ...]]:
        """Put an epoch's updates together.

        A respondent's questions come in an order of the epoch's own, in packs; packs come in
        such an order too, sorted by length within `MEGABATCH` updates. Each update has exactly
        the effective batch, save the last.
        """
        seed, batch = self.settings.seed, self.settings.effective_batch
        packs = self._packs(epoch)
        lots = uniforms(hash_ids(pack[0] for pack in packs), seed, "packs", epoch)
        packs = [packs[place] for place in np.argsort(lots, kind="stable")]
        steps = []
        for block in _blocks(packs, batch * MEGABATCH):
            block.sort(key=lambda pack: max(self.sizes[place] for place in pack))
            steps += [tuple(one) for one in _blocks(block, batch)]
        order = np.argsort(uniforms(hash_ids(range(len(steps))), seed, "steps", epoch))
        # A smaller update stays the last, so that all others are whole.
        short = [place for place in order if sum(map(len, steps[place])) < batch]
        whole = [place for place in order if place not in set(short)]
        return [steps[place] for place in (*whole, *short)]

    def _packs(self, epoch: int) -> list[Pack]:
        seed, size = self.settings.seed, self.settings.pack
        lots = uniforms(hash_ids(self.places), seed, "questions", epoch)
        of: dict[Hashable, list[int]] = {}
        for turn in np.argsort(lots, kind="stable"):
            place = self.places[int(turn)]
            of.setdefault(self.respondents[place], []).append(place)
        return [
            tuple(mine[start : start + size])
            for mine in of.values()
            for start in range(0, len(mine), size)
        ]


def _blocks(packs: Sequence[Pack], size: int) -> list[list[Pack]]:
    """Fill blocks with exactly so many examples; a pack that does not fit is torn."""
    blocks: list[list[Pack]] = [[]]
    room = size
    for pack in packs:
        rest = pack
        while rest:
            if not room:
                blocks.append([])
                room = size
            part, rest = rest[:room], rest[room:]
            blocks[-1].append(part)
            room -= len(part)
    return [block for block in blocks if block]


def encoded_packs(source: Source, step: Sequence[Pack], epoch: int) -> list[list[Example]]:
    """Encode an update's packs, each with its shared prefix, the longest first."""
    flat = [place for pack in step for place in pack]
    examples = dict(zip(flat, source.encoded(flat, epoch), strict=True))
    packs = [share_prefix([examples[place] for place in pack]) for pack in step]
    return sorted(packs, key=_tokens, reverse=True)


def _tokens(pack: Sequence[Example]) -> int:
    return sum(one.length for one in pack) - (len(pack) - 1) * len(pack[0].prefix_ids)


def device_batches(
    packs: Sequence[Sequence[Example]], settings: Settings
) -> list[list[Sequence[Example]]]:
    """Cut an update's packs into what a device computes at once.

    Packs come the longest first, so a batch is as wide as its first pack.
    """
    batches: list[list[Sequence[Example]]] = []
    width = 0
    for pack in packs:
        fits = bool(batches) and width * (len(batches[-1]) + 1) <= settings.tokens_at_once
        if fits and settings.device_batch is not None:
            fits = sum(map(len, batches[-1])) + len(pack) <= settings.device_batch
        if not fits:
            batches.append([])
            width = _tokens(pack)
        batches[-1].append(pack)
    return batches
