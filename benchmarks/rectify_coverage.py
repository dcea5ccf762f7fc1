"""Do rectified intervals cover? Thousands of pilots from real people whose true values are known.

Every pilot of n and its rest (the others, 1,000 at most) are drawn anew, with replacement, from
the people of a survey; ``greg`` draws n of them without replacement, with unequal chances.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rectify_populations import (
    PROMPTS,
    SKEWED,
    Population,
    populations,
    predict,
    recorded_llm,
    ridge,
)

from alignsurvey import rectify
from alignsurvey.randomness import generator
from alignsurvey.rectify import Estimate
from alignsurvey.rectify.models import logistic_fit, mean_fit, ols_fit

Array = NDArray[np.float64]
Row = tuple[str, str, float, Estimate]
"""Statistic, method, truth, estimate."""

SIZES = (50, 100, 200)
METHODS: tuple[Any, ...] = ("classical", "imputation", "ppi", "ppi++", "multi")
FOLDS = 5
MOST_OTHERS = 1000


def truths(p: Population) -> dict[str, float]:
    """True values: the statistics of everybody."""
    ones = np.column_stack([np.ones(p.size), p.X])
    line, logit = ols_fit(p.y, ones, p.weights).value, logistic_fit(p.yes, ones, p.weights).value
    sub = p.group == 1
    order = np.argsort(p.y)
    share = np.cumsum(p.weights[order]) / p.weights.sum()
    return {
        "mean": float(mean_fit(p.y, ones, p.weights).value[0]),
        "share": float(mean_fit(p.yes, ones, p.weights).value[0]),
        "mean of a group": float(mean_fit(p.y[sub], ones, p.weights[sub]).value[0]),
        "median": float(p.y[order][int(np.argmax(share >= 0.5 - 1e-12))]),
        **{f"linear x{j}": float(line[j]) for j in (1, 2)},
        **{f"logistic x{j}": float(logit[j]) for j in (1, 2)},
    }


def one_pilot(p: Population, truth: dict[str, float], n: int, seed: int) -> Iterator[Row]:
    """Estimate everything from one pilot by all methods that need nothing special."""
    rng = generator(seed, p.name, n)
    L, U = (rng.integers(0, p.size, size) for size in (n, min(p.size - n, MOST_OTHERS)))
    w: dict[str, Any] = {}
    if np.ptp(p.weights) > 0:
        w = {"weights": p.weights[L], "weights_rest": p.weights[U]}
    groups = {"groups": p.group[L], "groups_rest": p.group[U]}
    for method in METHODS:
        k = slice(None) if method == "multi" else 0
        three = (p.y[L], p.proxies[L][:, k], p.proxies[U][:, k])
        yes = (p.yes[L], p.yes_proxies[L][:, k], p.yes_proxies[U][:, k])
        x, use = (p.X[L], p.X[U]), {"method": method, **w}
        yield "mean", method, truth["mean"], rectify.mean(*three, **use)
        yield "share", method, truth["share"], rectify.share(*yes, **use)
        for name, found in (("linear", rectify.ols(*three, *x, **use)),
                            ("logistic", rectify.logistic(*yes, *x, **use))):  # fmt: skip
            for row in found.rows[1:]:
                yield f"{name} {row.name}", method, truth[f"{name} {row.name}"], row
        if method != "multi":
            yield "median", method, truth["median"], rectify.quantile(*three, **use)
        (sub, rest), part = (p.group[x] == 1 for x in (L, U)), dict(use)
        part.update({name: x[rest if name.endswith("rest") else sub] for name, x in w.items()})
        group = rectify.mean(three[0][sub], three[1][sub], three[2][rest], **part)
        yield "mean of a group", method, truth["mean of a group"], group
    three = (p.y[L], p.proxies[L][:, 0], p.proxies[U][:, 0])
    strata = rectify.mean(*three, method="stratified", **groups, **w)
    yield "mean", "stratified", truth["mean"], strata
    skewed = rectify.mean(*three, interval="bootstrap", **w)
    yield "mean", "ppi++, bootstrap-t", truth["mean"], skewed
    yield from learners(p, truth["mean"], L, U, w)


def learners(
    p: Population, truth: float, L: NDArray[np.int64], U: NDArray[np.int64], w: dict[str, Any]
) -> Iterator[Row]:
    """Rectify a ridge regression that learned from the pilot: cross-fitted, and with a leak."""
    fold = np.arange(len(L)) % FOLDS
    own, rest = np.empty(len(L)), np.zeros(len(U))
    for v in range(FOLDS):
        model = ridge(p.profile[L[fold != v]], p.y[L[fold != v]])
        own[fold == v] = predict(model, p.profile[L[fold == v]])
        rest += predict(model, p.profile[U]) / FOLDS
    yield "mean", "cross", truth, rectify.mean(p.y[L], own, rest, method="cross", **w)
    # A learner that knows its pilot by heart, as a tuned language model may: nothing to rectify.
    model = ridge(p.profile[L], p.y[L])
    leaked = rectify.mean(p.y[L], p.y[L], predict(model, p.profile[U]), method="ppi", **w)
    yield "mean", "leak (refused)", truth, leaked


def greg(p: Population, n: int, seed: int) -> Row:
    """Draw n from the list with chances by the first predictor, and estimate its plain mean."""
    rng = generator(seed, "greg", p.name, n)
    size = 0.5 + (p.X[:, 0] - p.X[:, 0].min()) / np.ptp(p.X[:, 0])
    chance = n * size / size.sum()
    order = rng.permutation(p.size)
    # Systematic selection from a random order: exactly n people, with these chances.
    reached = np.floor(np.cumsum(chance[order]) + rng.random())
    L = order[np.diff(reached, prepend=0.0) > 0]
    U = np.setdiff1d(order, L)
    found = rectify.mean(
        p.y[L], p.proxies[L, 0], p.proxies[U, 0], method="greg", inclusion=np.minimum(chance[L], 1)
    )
    return "mean", "greg", float(p.y.mean()), found


def cover(p: Population, n: int, pilots: int, seed: int) -> list[dict[str, Any]]:
    """Coverage, width beside the pilot alone, and effective size of each statistic and method."""
    truth = truths(p)
    held: dict[tuple[str, str], list[bool]] = defaultdict(list)
    width: dict[tuple[str, str], list[float]] = defaultdict(list)
    n_eff: dict[tuple[str, str], list[float]] = defaultdict(list)
    for replicate in range(pilots):
        rows = [*one_pilot(p, truth, n, seed + replicate), greg(p, n, seed + replicate)]
        alone = {name: one.width for name, method, _, one in rows if method == "classical"}
        for name, method, true, one in rows:
            held[name, method].append(one.low - 1e-9 <= true <= one.high + 1e-9)
            width[name, method].append(one.width / alone[name] if alone[name] > 0 else np.nan)
            n_eff[name, method].append(one.n_eff)
    return [
        {
            "population": p.name, "n": n, "statistic": name, "method": method,
            "coverage": float(np.mean(values)),
            "width_ratio": _mean(width[name, method]),
            "n_eff": float(np.mean(n_eff[name, method])),
        }
        for (name, method), values in held.items()
        if p.name != SKEWED or name == "mean"
    ]  # fmt: skip


def _mean(values: list[float]) -> float:
    known = [one for one in values if np.isfinite(one)]
    return float(np.mean(known)) if known else float("nan")


def recorded(pilots: int, seed: int, n: int = 100) -> list[dict[str, Any]]:
    """How much each prompt's replies are worth, and the best of them with a ridge regression."""
    p = recorded_llm()
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for replicate in range(pilots):
        rng = generator(seed + replicate, "recorded", n)
        order = rng.permutation(p.size)
        L, U = order[:n], order[n:]
        fold = np.arange(n) % FOLDS
        own, rest = np.empty(n), np.zeros(len(U))
        for v in range(FOLDS):
            model = ridge(p.profile[L[fold != v]], p.y[L[fold != v]])
            own[fold == v] = predict(model, p.profile[L[fold == v]])
            rest += predict(model, p.profile[U]) / FOLDS
        alone = rectify.mean(p.y[L], method="classical").width

        def keep(name: str, one: Estimate, alone: float = alone) -> None:
            found[name].append((one.n_eff, one.width / alone))

        for k, prompt in enumerate(PROMPTS):
            keep(prompt, rectify.mean(p.y[L], p.proxies[L, k], p.proxies[U, k]))
        noise, noise_rest = rng.integers(1, 8, n), rng.integers(1, 8, len(U))
        keep("random answers", rectify.mean(p.y[L], noise, noise_rest))
        keep("random answers, multi", rectify.mean(p.y[L], noise, noise_rest, method="multi"))
        keep("ridge", rectify.mean(p.y[L], own, rest, method="cross"))
        both = (np.column_stack([p.proxies[L, 0], own]), np.column_stack([p.proxies[U, 0], rest]))
        keep("omni + ridge, multi", rectify.mean(p.y[L], *both, method="multi"))
    rows = []
    for name, values in found.items():
        table = np.array(values)
        rho = None
        if name in PROMPTS:
            rho = float(np.corrcoef(p.y, p.proxies[:, PROMPTS.index(name)])[0, 1])
        promise = None if rho is None else n / (1 - max(rho, 0) ** 2)
        rows.append({
            "simulator": name, "n": n, "n_eff": float(table[:, 0].mean()),
            "n_eff_error": float(table[:, 0].std() / np.sqrt(pilots)), "rho": rho,
            "promise": promise, "width_ratio": float(table[:, 1].mean()),
            "width_error": float(table[:, 1].std() / np.sqrt(pilots)),
        })  # fmt: skip
    return rows


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Coverage as Markdown: a row a population, statistic and method, a column a pilot size."""
    sizes = sorted({row["n"] for row in rows})
    cells = {(r["population"], r["statistic"], r["method"], r["n"]): r for r in rows}
    lines = ["| people | statistic | method | " + " | ".join(f"n = {n}" for n in sizes)
             + " | width |", "|---|---|---|" + "---|" * (len(sizes) + 1)]  # fmt: skip
    for population, statistic, method in dict.fromkeys(key[:3] for key in cells):
        own = [cells[population, statistic, method, n] for n in sizes]
        shown = " | ".join(f"{100 * one['coverage']:.1f}" for one in own)
        ratio = own[len(own) // 2]["width_ratio"]
        lines.append(f"| {population} | {statistic} | {method} | {shown} | {ratio:.2f} |")
    return "\n".join(lines)


def recorded_table(rows: Sequence[dict[str, Any]]) -> str:
    """What each simulator is worth, as Markdown."""
    lines = ["| simulator | rho | n_eff | n / (1 - rho²) | width |", "|---|---|---|---|---|"]
    for row in rows:
        rho = "" if row["rho"] is None else f"{row['rho']:.2f}"
        promise = "" if row["promise"] is None else f"{row['promise']:.0f}"
        effective = f"{row['n_eff']:.1f} ± {row['n_eff_error']:.1f}"
        ratio = f"{row['width_ratio']:.3f} ± {row['width_error']:.3f}"
        lines.append(f"| {row['simulator']} | {rho} | {effective} | {promise} | {ratio} |")
    return "\n".join(lines)


def main() -> None:
    """Print the tables, and write all rows as JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pilots", type=int, default=100, help="pilots a row (100)")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--only", help="one population by name")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="JSON file for all rows")
    arguments = parser.parse_args()
    chosen = [p for p in populations() if arguments.only in (None, p.name)]
    rows = [
        row
        for p in chosen
        for n in arguments.sizes
        for row in cover(p, n, arguments.pilots, arguments.seed)
    ]
    print(table(rows))
    found: dict[str, Any] = {"pilots": arguments.pilots, "coverage": rows}
    if any(p.name == "recorded_llm" for p in chosen):
        found["recorded"] = recorded(arguments.pilots, arguments.seed)
        print("\n" + recorded_table(found["recorded"]))
    if arguments.out:
        arguments.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
