"""How many humans a simulator is worth: the draws after which its intervals are too sure.

A simulator gives as many answers as one likes, so its intervals can be made as narrow as one
likes. What it is worth is the number k of its answers whose interval still holds the human mean
often enough, over questions to which people's answers are known (arXiv 2502.17773).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from alignsurvey.errors import InputError
from alignsurvey.fidelity.worth_data import (
    drawn,
    has_numbers,
    limits_of,
    numbers,
    paired_correlations,
    people_of,
    refuse_trained,
)
from alignsurvey.predictions import Predictions
from alignsurvey.randomness import generator
from alignsurvey.survey.survey import Survey

Array = NDArray[np.float64]
Bounds = Mapping[str, tuple[float, float]]
DILATION = 2**0.5
ORDERS = 50
MOST = 5000


@dataclass(frozen=True)
class Worth:
    """How many humans a simulator is worth.

    Parameters
    ----------
    k : int
        Over all questions: the most of its answers whose interval still misses human means at no
        more than the allowed rate, at this k and every smaller one. 0: not even one.
    level : float
        Of the intervals for new questions.
    dilation : float
        Factor by which intervals are widened, for human means are uncertain themselves.
    questions : polars.DataFrame
        question, humans, human_mean, simulated_mean, bias (simulated less human), worth, low,
        high, adds. `worth` is of this question alone: the number of humans whose mean is as far
        off as the simulator's, ``var / bias^2`` with the bias freed of its sampling error; low and
        high are its interval, infinite where no bias can be shown. `adds` are the humans that it
        adds to these by rectification where person-level answers are known, else null. Questions
        without human answers have only the simulated mean and an interval (low_mean, high_mean)
        from k draws, which all have.
    curve : polars.DataFrame
        k, miss_rate, allowed.
    notes : tuple of str

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> shares = rng.uniform(0.3, 0.7, 60)
    >>> people = {f"q{j}": rng.random(400) < p for j, p in enumerate(shares)}
    >>> model = {f"q{j}": rng.random(2000) < p + 0.1 for j, p in enumerate(shares)}
    >>> found = worth(people, model)
    >>> found.k, round(found.questions["worth"].median())
    (17, 25)
    """

    k: int
    level: float
    dilation: float
    questions: pl.DataFrame
    curve: pl.DataFrame
    notes: tuple[str, ...] = ()
    _spread: Mapping[str, tuple[float, float]] = field(default_factory=dict, repr=False)
    _bounds: Bounds = field(default_factory=dict, repr=False)

    def interval(self, question: str) -> tuple[float, float]:
        """Interval for the human mean of a question, made of k simulated answers.

        It holds for a question like those that have human answers. With k = 0 nothing is known:
        it spans all possible answers, or everything.

        Raises
        ------
        InputError
            The question was not simulated.
        """
        if question not in self._spread:
            raise InputError(f"no simulated answers to '{question}'")
        mean, sd = self._spread[question]
        return _clipped(mean, _half(sd, self.k, self.level, self.dilation),
                        self._bounds.get(question))  # fmt: skip


def worth(
    humans: Mapping[str, ArrayLike] | Survey,
    simulated: Mapping[str, ArrayLike] | Predictions,
    *,
    level: float = 0.95,
    dilation: float = DILATION,
    allowed: float | None = None,
    most: int = MOST,
    bounds: Bounds | None = None,
    seed: int = 42,
) -> Worth:
    """Say how many humans a simulator is worth.

    Parameters
    ----------
    humans : mapping of question to array, or Survey
        Human answers to some of the questions, as numbers; NaN where there is none.
    simulated : mapping of question to array, or Predictions
        Simulated answers to the same questions and to others; one answer a simulated person. Of
        Predictions one answer is drawn for each person.
    level : float
    dilation : float
        The paper's 2^.5 allows for humans' own sampling error.
    allowed : float, optional
        Share of questions that may be missed; the paper's ``(1 - level) / 2`` without. Where
        human means are all but certain, ``1 - level`` is enough, and k about twice as large.
    most : int
        Largest k tried; as many answers are needed of each question, else fewer are tried.
    bounds : mapping of question to (float, float), optional
        Smallest and largest answer possible, where intervals end.
    seed : int
        Of draws, and of the 50 orders in which simulated answers are taken.

    Returns
    -------
    Worth

    Raises
    ------
    InputError
        No question has both human and simulated answers, or one has fewer than two.

    Notes
    -----
    Why half: where an interval misses the true mean, the mean of the humans asked lies beyond the
    true one, and is missed too, half of the time. Unlike in the paper, the standard deviation of
    an interval is that of all simulated answers, not of its k: few answers are often all alike.
    And the rate is a mean over 50 orders of the answers.

    References
    ----------
    Huang, Wu & Wang (2025), arXiv 2502.17773.

    Examples
    --------
    >>> import alignsurvey as als
    >>> from alignsurvey.simulators import resolve
    >>> anes = als.load_example("anes96")
    >>> train, people = anes.split(0.5, seed=1)
    >>> logit = resolve("baseline/logit", seed=1).fit(train, ["vote", "selfLR"], ["PID", "educ"])
    >>> found = worth(people, logit.predict(people))
    >>> found.questions["question"].to_list()
    ['vote', 'selfLR']
    """
    _check(level, dilation, most, allowed)
    paired = None
    if isinstance(simulated, Predictions):
        items = [item for item in simulated.items if has_numbers(simulated, item)]
        limits = {item: limits_of(simulated, item) for item in items}
        bounds = {**limits, **(bounds or {})}
        if isinstance(humans, Survey):
            refuse_trained(humans, simulated)
            paired = paired_correlations(humans, simulated, items)
        answers = {item: drawn(simulated, item, seed) for item in items}
    else:
        answers = {name: numbers(values, name) for name, values in simulated.items()}
    people = people_of(humans, answers)
    both = [name for name in answers if name in people]
    if not both:
        raise InputError("no question has both human and simulated answers; check their names")
    tried = min([most, *(len(answers[name]) for name in both)])
    curve = _miss_rates(people, answers, both, tried, level, dilation, seed)
    rate = (1 - level) / 2 if allowed is None else allowed
    good = np.logical_and.accumulate(curve <= rate + 1e-12)
    k = int(good.sum())
    spread = {name: (float(own.mean()), float(own.std(ddof=1))) for name, own in answers.items()}
    found = Worth(
        k, level, dilation, pl.DataFrame(),
        pl.DataFrame({"k": np.arange(1, tried + 1), "miss_rate": curve, "allowed": rate}),
        _notes(k, tried, len(both), rate), spread, dict(bounds or {}),
    )  # fmt: skip
    rows = [_row(found, name, people.get(name), own, paired) for name, own in answers.items()]
    return Worth(k, level, dilation, pl.DataFrame(rows, schema=_SCHEMA), found.curve, found.notes,
                 spread, found._bounds)  # fmt: skip


_SCHEMA = {"question": pl.String, "humans": pl.Int64} | dict.fromkeys(
    ("human_mean", "simulated_mean", "low_mean", "high_mean", "bias", "worth", "low", "high",
     "adds"), pl.Float64,
)  # fmt: skip


def _check(level: float, dilation: float, most: int, allowed: float | None) -> None:
    if not 0.5 < level < 1:
        raise InputError(f"level must lie between .5 and 1, such as .95, not {level:g}")
    if not 1 <= dilation < np.inf:
        raise InputError(f"dilation is 1 or more, not {dilation:g}")
    if allowed is not None and not 0 < allowed < 0.5:
        raise InputError(f"allowed is a share between 0 and .5, such as .05, not {allowed:g}")
    if most < 1:
        raise InputError(f"most must be 1 or more, not {most}")


def _miss_rates(
    people: Mapping[str, Array],
    answers: Mapping[str, Array],
    both: Sequence[str],
    tried: int,
    level: float,
    dilation: float,
    seed: int,
) -> Array:
    """Share of questions whose k-draw interval misses the human mean; shape (tried,)."""
    k = np.arange(1, tried + 1)
    missed = np.zeros(tried)
    for name in both:
        own, rng = answers[name], generator(seed, "worth", name)
        half = _half(float(own.std(ddof=1)), k, level, dilation)
        target = people[name].mean()
        for _ in range(ORDERS):
            mean = np.cumsum(rng.permutation(own)[:tried]) / k
            missed += np.abs(mean - target) > half
    return np.asarray(missed / (ORDERS * len(both)))


def _half(sd: float, k: ArrayLike, level: float, dilation: float) -> Array:
    """Half the width of a k-draw interval; infinite for k = 0."""
    z = stats.norm.ppf(0.5 + level / 2)
    draws = np.asarray(k, dtype=float)
    reach = dilation * z * sd / np.sqrt(np.maximum(draws, 1))
    return np.asarray(np.where(draws > 0, reach, np.inf))


def _clipped(mean: float, half: Array, bounds: tuple[float, float] | None) -> tuple[float, float]:
    low, high = bounds if bounds else (-np.inf, np.inf)
    return max(mean - float(half), low), min(mean + float(half), high)


def _row(
    found: Worth, name: str, own: Array | None, simulated: Array, paired: Mapping[str, float] | None
) -> dict[str, object]:
    low_mean, high_mean = found.interval(name)
    row: dict[str, object] = {
        "question": name, "humans": 0, "simulated_mean": float(simulated.mean()),
        "low_mean": low_mean, "high_mean": high_mean,
    }  # fmt: skip
    if own is None:
        return row
    bias = float(simulated.mean() - own.mean())
    variance = float(own.var(ddof=1))
    noise = variance / len(own) + float(simulated.var(ddof=1)) / len(simulated)
    reach = stats.norm.ppf(0.5 + found.level / 2) * np.sqrt(noise)
    near, far = max(abs(bias) - reach, 0.0), abs(bias) + reach
    row |= {
        "humans": len(own), "human_mean": float(own.mean()), "bias": bias,
        "worth": _humans(variance, bias**2 - noise),
        "low": _humans(variance, far**2), "high": _humans(variance, near**2),
    }  # fmt: skip
    if paired and name in paired:
        # The people of the pilot may be all there are: what endless simulated people would add.
        row["adds"] = len(own) * (1 / max(1 - max(paired[name], 0.0) ** 2, 1e-12) - 1)
    return row


def _humans(variance: float, square: float) -> float:
    return variance / square if square > 0 else float("inf")


def _notes(k: int, tried: int, questions: int, allowed: float) -> tuple[str, ...]:
    notes = []
    if questions < 1 / allowed:
        notes.append(
            f"with {questions} questions a single miss is above the allowed rate of "
            f"{allowed:.1%}; {int(np.ceil(1 / allowed))} or more tell a worth apart"
        )
    if k == tried:
        notes.append(f"worth at least {k}: no more draws were tried")
    if k == 0:
        notes.append("worth nothing on these questions: even one draw is too sure of itself")
    return tuple(notes)
