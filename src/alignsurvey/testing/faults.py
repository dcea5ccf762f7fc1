"""What can go wrong between a question and its answer, and when it does."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import cast

from alignsurvey.errors import InputError, nearest
from alignsurvey.randomness import stable_hash

__all__ = ["Fault", "Faults"]


class Fault(StrEnum):
    """What a request can meet. The first group is no answer, the second a strange one."""

    RATE_LIMITED = "429"
    RATE_LIMITED_SECONDS = "429-seconds"
    RATE_LIMITED_DATE = "429-date"
    SERVER_ERROR = "500"
    BAD_GATEWAY = "502"
    LOADING = "503"
    OVERLOADED = "529"
    TIMED_OUT = "408"
    CONFLICT = "409"
    RESET = "reset"
    RESET_MID_BODY = "reset-mid-body"
    TRUNCATED_JSON = "truncated-json"
    HTML = "html"
    HTML_BAD_GATEWAY = "html-502"
    HANG = "hang"
    SLOW_START = "slow-start"
    BAD_REQUEST = "400"
    UNAUTHORIZED = "401"
    FORBIDDEN = "403"
    NOT_FOUND = "404"

    WRONG_CONTENT_TYPE = "wrong-content-type"
    DUPLICATED_CHOICES = "duplicated-choices"
    NO_LOGPROBS = "no-logprobs"
    NO_N = "no-n"
    CONTENT_FILTER = "content-filter"
    LENGTH = "length"
    EMPTY = "empty"
    NULL = "null"
    REFUSAL = "refusal"
    GIBBERISH = "gibberish"


OUTCOMES = (Fault.CONTENT_FILTER, Fault.LENGTH, Fault.EMPTY, Fault.NULL, Fault.REFUSAL,
            Fault.GIBBERISH)  # fmt: skip
"""Faults of the answer itself: they belong to a prompt and its draw, not to a request's number, so
that asking again in another order gives the same."""


@dataclass(frozen=True)
class Faults:
    """When which fault comes.

    Parameters
    ----------
    rates : mapping of fault to share of the requests
        Derived from the request's number and the seed; outcomes (content filter, length, empty,
        null, refusal, gibberish) from the prompt and its draw.
    script : sequence of fault or None
        For the first requests, one by one, before the rates begin.
    always : collection of fault
        Of ``no-logprobs``, ``no-n``, ``wrong-content-type`` and ``duplicated-choices``: what the
        server does all the time.
    seed : int

    Examples
    --------
    >>> faults = Faults(script=["429", None])
    >>> faults.at(0), faults.at(1), faults.at(2)
    (<Fault.RATE_LIMITED: '429'>, None, None)
    """

    rates: Mapping[str, float] = field(default_factory=dict)
    script: Sequence[str | None] = ()
    always: Collection[str] = ()
    seed: int = 0
    _steps: tuple[tuple[Fault, float], ...] = field(init=False, repr=False)
    _outcome_steps: tuple[tuple[Fault, float], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        rates = {known_fault(name): rate for name, rate in self.rates.items()}
        if any(not 0 <= rate <= 1 for rate in rates.values()) or sum(rates.values()) > 1 + 1e-9:
            raise InputError("faults: rates must be shares from 0 to 1 that sum to 1 at most")
        object.__setattr__(self, "script", tuple(one and known_fault(one) for one in self.script))
        object.__setattr__(self, "always", frozenset(known_fault(one) for one in self.always))
        outcomes = {fault: rate for fault, rate in rates.items() if fault in OUTCOMES}
        others = {fault: rate for fault, rate in rates.items() if fault not in OUTCOMES}
        object.__setattr__(self, "_steps", _steps(others))
        object.__setattr__(self, "_outcome_steps", _steps(outcomes))

    def at(self, number: int) -> Fault | None:
        """Tell the fault of a request by its number, from 0."""
        if number < len(self.script):
            return cast("Fault | None", self.script[number])
        return _drawn(self._steps, self.seed, "request", number) if self._steps else None

    def traits(self, fault: Fault | None) -> Collection[Fault]:
        """Tell what is strange about an answer: always, and by the fault of its request."""
        always = cast("frozenset[Fault]", self.always)
        return always if fault is None else always | {fault}

    def of_answer(self, prompt: str, draw: str) -> Fault | None:
        """Tell the outcome fault of an answer by its prompt and its draw."""
        steps = self._outcome_steps
        return _drawn(steps, self.seed, "answer", prompt, draw) if steps else None


def known_fault(name: str) -> Fault:
    """Take a fault by its name.

    Raises
    ------
    InputError
        There is none of the name.
    """
    try:
        return Fault(name)
    except ValueError:
        raise InputError(f"no fault '{name}'; {nearest(str(name), list(Fault))}") from None


def _steps(rates: Mapping[Fault, float]) -> tuple[tuple[Fault, float], ...]:
    reached, steps = 0.0, []
    for fault, rate in rates.items():
        reached += rate
        steps.append((fault, reached))
    return tuple(steps)


def _drawn(steps: tuple[tuple[Fault, float], ...], *key: str | int) -> Fault | None:
    lot = stable_hash(*key) / 2**64
    return next((fault for fault, reached in steps if lot < reached), None)
