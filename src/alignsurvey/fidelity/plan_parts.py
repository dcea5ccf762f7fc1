"""The parts of a plan that a pilot tells: correlation, strata, learning, whom to ask next."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alignsurvey.errors import InputError
from alignsurvey.fidelity.estimate_samples import column_of, sample_for
from alignsurvey.fidelity.fielded import Fielded
from alignsurvey.fidelity.targets import human_answers, simulated_answers
from alignsurvey.fidelity.wanted import Wanted
from alignsurvey.rectify import planning
from alignsurvey.rectify.data import Sample
from alignsurvey.rectify.planning.precision import LEAST_HUMANS
from alignsurvey.simulators import cross_predict, resolve

Array = NDArray[np.float64]
LEARNING_SHARES = (0.25, 0.5, 1.0)
LEARNING_DRAWS = 4
LEAST_LEARNERS = 15
FOLDS = 5


@dataclass(frozen=True)
class Question:
    """What the pilot says of one question and simulator.

    Parameters
    ----------
    target, simulator : str
    assumed : Assumed
        Correlation, standard deviation, level and design effect, from the pilot.
    n, N : int
        Humans of the pilot, and others who are simulated.
    rho_low, rho_high : float
        Interval of the correlation (Fisher's z, 95 %).
    weight : float
        Of a simulated answer in a rectified estimate: lambda.
    """

    target: str
    simulator: str
    assumed: planning.Assumed
    n: int
    N: int
    rho_low: float
    rho_high: float
    weight: float = 0.0


def question_of(fielded: Fielded, wanted: Wanted, name: str, level: float) -> Question | None:
    """Read correlation and spread off the pilot; None where there is too little of it."""
    everyone = np.ones(fielded.everybody.n, dtype=bool)
    sample = sample_for(fielded, wanted, [name], everyone)
    w = sample.design.weights
    sd = math.sqrt(np.cov(sample.y, aweights=w, ddof=1)) if np.ptp(sample.y) > 0 else 0.0
    if sd == 0 or sample.n < LEAST_HUMANS:
        return None
    rho = _correlation(sample.y, sample.f[:, 0], w)
    effect = float(sample.n * (w**2).sum() / w.sum() ** 2)
    reach = 1.959964 / math.sqrt(max(sample.n / effect - 3, 1))
    z = math.atanh(max(min(rho, 0.999999), -0.999999))
    return Question(
        wanted.text, name, planning.Assumed(rho, sd, level, max(effect, 1.0)), sample.n, sample.N,
        math.tanh(z - reach), math.tanh(z + reach), _weight(sample, rho, sd),
    )  # fmt: skip


def _weight(sample: Sample, rho: float, sd: float) -> float:
    spread = float(np.std(sample.f[:, 0], ddof=1))
    if rho <= 0 or spread < 1e-12:
        return 0.0
    return min(rho * sd / spread * sample.N / (sample.n + sample.N), 1.0)


def _correlation(y: Array, f: Array, w: Array) -> float:
    if np.ptp(f) < 1e-12:
        return 0.0
    table = np.cov(np.vstack([y, f]), aweights=w)
    return float(np.clip(table[0, 1] / math.sqrt(table[0, 0] * table[1, 1]), -1, 1))


def strata_rows(
    fielded: Fielded, wanted: Wanted, name: str, question: Question, humans: int
) -> list[dict[str, Any]]:
    """Share out the humans over the groups of the study's first grouping (Neyman)."""
    groupings = fielded.study.groups[:1]
    cut = fielded.groups(*groupings)
    shares, plain, rectified = {}, {}, {}
    for group in cut:
        shares[group.name] = float(fielded.everybody.weights[group.rows].sum())
        plain[group.name], rectified[group.name] = _spreads(
            fielded, wanted, name, question, group.rows
        )
    if len(shares) < 2 or humans < 2 * len(shares):
        return []
    found = planning.neyman(shares, rectified, humans)
    even = planning.neyman(shares, dict.fromkeys(shares, 1.0), humans)
    total = sum(shares.values())
    return [
        {
            "target": wanted.text, "simulator": name, "stratum": label,
            "share": shares[label] / total, "sd": plain[label], "sd_rectified": rectified[label],
            "n_proportional": even.n[label], "n": found.n[label], "saved": found.saved,
        }
        for label in shares
    ]  # fmt: skip


def _spreads(
    fielded: Fielded, wanted: Wanted, name: str, question: Question, rows: NDArray[np.bool_]
) -> tuple[float, float]:
    """Standard deviations of y and of y - lambda f in a stratum; of all where it has few humans."""
    everyone = question.assumed.sd, question.assumed.sd * math.sqrt(1 - question.assumed.r2)
    try:
        sample = sample_for(fielded, wanted, [name], rows)
    except InputError:
        return everyone
    if sample.n < LEAST_HUMANS:
        return everyone
    own = np.std(sample.y, ddof=1), np.std(sample.y - question.weight * sample.f[:, 0], ddof=1)
    # A stratum's few humans tell its spread badly: it is shrunk to that of all.
    weight = sample.n / (sample.n + 10)
    one, other = (math.sqrt(weight * a**2 + (1 - weight) * b**2)
                  for a, b in zip(own, everyone, strict=True))  # fmt: skip
    return one, other


def division_rows(
    fielded: Fielded, wanted: Wanted, name: str, question: Question, humans: int
) -> list[dict[str, Any]]:
    """Divide humans between training and rectifying, by a learning curve from the pilot."""
    spec = next((one for one in fielded.study.simulators if one.name == name), None)
    if spec is None or name not in fielded.learned or humans < 2 * LEAST_HUMANS:
        return []
    sizes, r2 = _learning(fielded, wanted, spec.use)
    if len(set(sizes)) < 2:
        return []
    found = planning.divide(
        humans, question.N, planning.fit_learning_curve(sizes, r2), question.assumed
    )
    return [
        {
            "target": wanted.text, "simulator": name, "humans": humans, "train": found.train,
            "rectify": found.rectify, "width": found.width, "width_cross": found.width_cross,
            "width_humans": found.width_humans_only, "advice": found.advice,
        }
    ]  # fmt: skip


def _learning(fielded: Fielded, wanted: Wanted, use: str) -> tuple[list[int], list[float]]:
    """Squared correlations out of fold, in parts of the pilot; freed of what chance adds."""
    study = fielded.study
    targets = list(fielded.targets.values())
    pilot = fielded.everybody.where(fielded.in_pilot).select([*study.profile, *study.asked])
    sizes: list[int] = []
    r2: list[float] = []
    for share in LEARNING_SHARES:
        n = round(share * pilot.n)
        if n < LEAST_LEARNERS:
            continue
        for draw in range(LEARNING_DRAWS if n < pilot.n else 1):
            part = pilot.pilot(n, study.seed, draw) if n < pilot.n else pilot
            own = cross_predict(resolve(use, seed=study.seed), part, study.asked, study.profile,
                                FOLDS, study.seed)  # fmt: skip
            said = simulated_answers(own, targets, "expectation", study.seed)[wanted.target]
            y = column_of(human_answers(part, targets)[wanted.target], wanted)
            f = column_of(said, wanted)
            known = ~np.isnan(y) & ~np.isnan(f)
            count = int(known.sum())
            if count < LEAST_HUMANS or np.ptp(y[known]) == 0:
                continue
            rho = max(_correlation(y[known], f[known], np.ones(count)), 0.0)
            sizes.append(n * (FOLDS - 1) // FOLDS)
            r2.append(max(rho**2 - (1 - rho**2) / (count - 2), 0.0))
    return sizes, r2


def whom_next(
    fielded: Fielded,
    wanted: Sequence[Wanted],
    questions: Sequence[Question],
    ask: int,
    level: float,
) -> planning.NextRespondents:
    """Choose profiles for the next respondents, by the first simulator's residuals.

    Raises
    ------
    InputError
        The study has no groups, or nobody is left to ask.
    """  # fmt: skip
    study, people = fielded.study, fielded.everybody
    if not study.groups:
        raise InputError("whose intervals shall shrink? name 'groups' in the study")
    cells = np.full(people.n, "", dtype=object)
    for grouping in study.groups:
        labels = np.full(people.n, "", dtype=object)
        for group in fielded.groups(grouping):
            labels[group.rows] = group.name
        cells = np.array([" & ".join(filter(None, pair)) for pair in
                          zip(cells, labels, strict=True)], dtype=object)  # fmt: skip
    members = {group.name: sorted(set(cells[group.rows].tolist()))
               for group in fielded.groups(*study.groups)}  # fmt: skip
    rest = cells[~fielded.in_pilot].tolist()
    simulator = questions[0].simulator
    own = {one.target: one for one in questions if one.simulator == simulator}
    asked = [one for one in wanted if one.text in own]
    columns, ranges = [], []
    for one in asked:
        y = column_of(fielded.human[one.target], one)[fielded.in_pilot]
        f = column_of(fielded.simulated[simulator][one.target], one)[fielded.in_pilot]
        columns.append(y - own[one.text].weight * f)
        low, high = (0.0, 1.0) if one.kind == "share" else fielded.targets[one.target].limits
        ranges.append(high - low)
    return planning.next_respondents(
        np.column_stack(columns), cells[fielded.in_pilot].tolist(), members,
        {cell: rest.count(cell) for cell in dict.fromkeys(rest) if cell}, ask,
        [one.text for one in asked], ranges, level,
    )  # fmt: skip
