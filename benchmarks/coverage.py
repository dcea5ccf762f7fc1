"""Do bootstrap intervals cover as they claim? Simulated surveys whose true values are known."""

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alignsurvey.metrics import (
    INTERVAL_METHODS,
    accuracy,
    ccc,
    correlations,
    interval,
    replicate_weights,
    shares,
    w1,
)

FloatArray = NDArray[np.float64]
Metric = Callable[[FloatArray | None], FloatArray]
LEVEL = 0.95
SIZES = (100, 300, 1000)


@dataclass(frozen=True)
class Population:
    """A population with a known true value; ``sample`` draws n respondents and their metric."""

    name: str
    truth: float
    bounds: tuple[float, float]
    sample: Callable[[np.random.Generator, int], Metric]


def agreement(chance: float) -> Population:
    """Simulated answers that are right with a known probability."""

    def sample(rng: np.random.Generator, n: int) -> Metric:
        human = rng.integers(0, 5, n)
        wrong = (human + rng.integers(1, 5, n)) % 5
        simulated = np.where(rng.random(n) < chance, human, wrong)
        return lambda weights: accuracy(human, simulated, weights)

    return Population(f"accuracy {chance:.2f}", chance, (0.0, 1.0), sample)


def marginals(p: list[float], q: list[float]) -> Population:
    """Human and simulated answers with known option shares on a five-point scale."""
    truth = float(w1(p, q))

    def sample(rng: np.random.Generator, n: int) -> Metric:
        human, simulated = rng.choice(5, n, p=p), rng.choice(5, n, p=q)
        return lambda weights: w1(shares(human, 5, weights), shares(simulated, 5, weights))

    return Population(f"W1 {truth:.2f}", truth, (0.0, 4.0), sample)


def structure(name: str, human: FloatArray, simulated: FloatArray) -> Population:
    """Ten predictors (mutual correlation .2) with known slopes for humans and simulator."""
    p = len(human)
    between = np.full((p, p), 0.2) + 0.8 * np.eye(p)
    root = np.linalg.cholesky(between)

    def relations(slopes: FloatArray) -> FloatArray:
        return np.asarray(between @ slopes / np.sqrt(slopes @ between @ slopes + 1))

    truth = float(ccc(relations(human), relations(simulated)))

    def sample(rng: np.random.Generator, n: int) -> Metric:
        X = rng.normal(size=(n, p)) @ root.T
        y, f = X @ human + rng.normal(size=n), X @ simulated + rng.normal(size=n)
        return lambda weights: ccc(correlations(X, y, weights), correlations(X, f, weights))

    return Population(f"CCC {truth:.2f} ({name})", truth, (-1.0, 1.0), sample)


def populations() -> list[Population]:
    """The populations of the table: easy, hard, and on the boundary of what is possible."""
    even = [0.1, 0.2, 0.4, 0.2, 0.1]
    slopes = np.array([0.5, -0.4, 0.3, -0.3, 0.2, 0.2, -0.1, 0.1, 0.0, 0.0])
    other = np.array([0.2, -0.1, 0.4, 0.1, -0.2, 0.3, -0.2, 0.0, 0.2, -0.1])
    return [
        agreement(0.5),
        agreement(0.9),
        agreement(0.98),
        marginals(even, [0.3, 0.3, 0.2, 0.1, 0.1]),
        marginals(even, [0.15, 0.2, 0.4, 0.15, 0.1]),
        marginals(even, [0.12, 0.2, 0.4, 0.19, 0.09]),
        marginals(even, even),
        structure("faithful", slopes, slopes),
        structure("exaggerated", slopes, 2 * slopes),
        structure("half right", slopes, (slopes + other) / 2),
        structure("unlike", slopes, other),
    ]


def cover(
    population: Population, n: int, simulations: int, replicates: int, seed: int
) -> FloatArray:
    """Share of simulated surveys whose interval holds the truth, one number per method."""
    estimates = np.empty(simulations)
    draws = np.empty((replicates, simulations))
    for place, child in enumerate(np.random.SeedSequence([seed, n]).spawn(simulations)):
        metric = population.sample(np.random.Generator(np.random.PCG64(child)), n)
        estimates[place] = metric(None)
        weights = replicate_weights(n, replicates, seed=int(child.generate_state(1)[0]))
        draws[:, place] = metric(weights)
    held = []
    for method in INTERVAL_METHODS:
        low, high = interval(estimates, draws, LEVEL, method, population.bounds)
        held.append(np.mean((low <= population.truth) & (population.truth <= high)))
    return np.array(held)


def cell(population: Population, n: int, arguments: argparse.Namespace) -> dict[str, object]:
    """One row of the table."""
    found = cover(population, n, arguments.simulations, arguments.replicates, arguments.seed)
    coverage = dict(zip(INTERVAL_METHODS, found.round(4).tolist(), strict=True))
    return {"population": population.name, "n": n, "coverage": coverage}


def distance_from_claim(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Mean absolute difference of coverage and level, over all rows, for each method."""
    return {
        method: float(np.mean([abs(row["coverage"][method] - LEVEL) for row in rows]))
        for method in INTERVAL_METHODS
    }


def table(found: dict[str, Any]) -> str:
    """The coverage table as text."""
    lines = [
        f"coverage of {LEVEL:.0%} intervals, {found['simulations']} simulated surveys a row, "
        f"{found['replicates']} replicates each",
        f"{'population':<24}{'n':>6}" + "".join(f"{method:>12}" for method in INTERVAL_METHODS),
    ]
    for row in found["rows"]:
        cells = "".join(f"{row['coverage'][method]:>12.3f}" for method in INTERVAL_METHODS)
        lines.append(f"{row['population']:<24}{row['n']:>6}{cells}")
    gaps = "".join(f"{gap:>12.3f}" for gap in found["mean_distance_from_claim"].values())
    lines.append(f"{'mean distance from claim':<30}{gaps}")
    return "\n".join(lines)


def main() -> None:
    """Print the coverage table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulations", type=int, default=200, help="surveys a row (200)")
    parser.add_argument("--replicates", type=int, default=300, help="bootstrap replicates (300)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args()
    rows = [cell(population, n, arguments) for population in populations() for n in SIZES]
    found = {
        "level": LEVEL,
        "simulations": arguments.simulations,
        "replicates": arguments.replicates,
        "seed": arguments.seed,
        "rows": rows,
        "mean_distance_from_claim": distance_from_claim(rows),
    }
    print(json.dumps(found, indent=1) if arguments.json else table(found))


if __name__ == "__main__":
    main()
