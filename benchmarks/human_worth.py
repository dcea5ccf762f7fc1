"""What simulated answers add to a pilot: four prompts, a regression, both, and random answers.

The first table is of real replies of a language model: pilots of n of 1,511 people, drawn without
replacement, rectify the mean of four items. The second is of random answers, which can only cost.
Errors are Monte-Carlo standard errors over pilots.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rectify_populations import DATA, PROMPTS, Population, anes96, predict, recorded_llm, ridge
from rectify_tables import WORTH, write_section

from alignsurvey import rectify
from alignsurvey.randomness import generator
from alignsurvey.rectify import Estimate

Array = NDArray[np.float64]
Rows = list[dict[str, Any]]

SIZES = (50, 100, 200)
FOLDS = 5
BOTH = "omni + ridge, multi"


def learned(p: Population, L: NDArray[np.int64], U: NDArray[np.int64]) -> tuple[Array, Array]:
    """Predict by a ridge regression on the prior items that never saw who it predicts."""
    fold = np.arange(len(L)) % FOLDS
    own, rest = np.empty(len(L)), np.zeros(len(U))
    for v in range(FOLDS):
        model = ridge(p.profile[L[fold != v]], p.y[L[fold != v]])
        own[fold == v] = predict(model, p.profile[L[fold == v]])
        rest += predict(model, p.profile[U]) / FOLDS
    return own, rest


def one_pilot(p: Population, n: int, seed: int) -> Iterator[tuple[str, Estimate]]:
    """Rectify a pilot by each prompt, by the regression and by both."""
    order = generator(seed, "recorded", n).permutation(p.size)
    L, U = order[:n], order[n:]
    own, rest = learned(p, L, U)
    yield "", rectify.mean(p.y[L], method="classical")
    for k, prompt in enumerate(PROMPTS):
        yield prompt, rectify.mean(p.y[L], p.proxies[L, k], p.proxies[U, k])
    yield "ridge", rectify.mean(p.y[L], own, rest, method="cross")
    both = (np.column_stack([p.proxies[L, 0], own]), np.column_stack([p.proxies[U, 0], rest]))
    yield BOTH, rectify.mean(p.y[L], *both, method="multi")


def recorded(pilots: int, seed: int = 1, n: int = 100) -> Rows:
    """Effective size of each prompt's estimates, as printed and as their spread tells."""
    p = recorded_llm()
    found: dict[str, list[tuple[float, float]]] = {}
    for replicate in range(pilots):
        for name, one in one_pilot(p, n, seed + replicate):
            found.setdefault(name, []).append((one.n_eff, one.value - float(p.y.mean())))
    alone = np.array(found.pop(""))[:, 1]
    printed = {name: np.array(values)[:, 0] for name, values in found.items()}
    better = max(("omni", "ridge"), key=lambda name: float(printed[name].mean()))
    rows = []
    for name, values in found.items():
        spread = np.array(values)[:, 1]
        rho = promise = here = None
        if name in PROMPTS:
            rho = float(np.corrcoef(p.y, p.proxies[:, PROMPTS.index(name)])[0, 1])
            left = 1 - max(rho, 0) ** 2
            promise, here = n / left, n * p.size / (n + left * (p.size - n))
        ahead = printed[name] - printed[better]
        rows.append({
            "simulator": name, "n": n, "pilots": pilots, "rho": rho,
            "promise": promise, "promise_here": here,
            "n_eff": float(printed[name].mean()), "n_eff_error": _error(printed[name]),
            "spread_n_eff": n * float(np.mean(alone**2) / np.mean(spread**2)),
            "spread_error": _ratio_error(alone, spread, n, seed),
            "ahead": float(ahead.mean()), "ahead_error": _error(ahead), "better": better,
        })  # fmt: skip
    return rows


def random_answers(pilots: int, seed: int = 1, sizes: Sequence[int] = SIZES) -> Rows:
    """Interval width over that of the pilot alone where simulators answer at random."""
    p = anes96()
    rows = []
    for n in sizes:
        ratios: dict[str, list[float]] = {"ppi++": [], "multi": [], "multi, three of them": []}
        for replicate in range(pilots):
            rng = generator(seed + replicate, "random answers", n)
            y = p.y[rng.integers(0, p.size, n)]
            f, rest = rng.integers(1, 8, (n, 3)), rng.integers(1, 8, (1000, 3))
            alone = rectify.mean(y, method="classical").width
            for name, k in zip(ratios, (1, 1, 3), strict=True):
                method: Any = name.partition(",")[0]
                one = rectify.mean(y, f[:, :k], rest[:, :k], method=method)
                ratios[name].append(one.width / alone)
        rows += [
            {"method": name, "n": n, "pilots": pilots, "width_ratio": float(np.mean(values)),
             "width_error": _error(np.array(values))}
            for name, values in ratios.items()
        ]  # fmt: skip
    return rows


def _error(values: Array) -> float:
    return float(values.std(ddof=1) / np.sqrt(len(values)))


def _ratio_error(alone: Array, spread: Array, n: int, seed: int) -> float:
    """Bootstrap a ratio of mean squares over pilots."""
    rng = generator(seed, "spread", len(alone))
    drawn = rng.integers(0, len(alone), (200, len(alone)))
    return float(np.std(n * (alone[drawn] ** 2).mean(axis=1) / (spread[drawn] ** 2).mean(axis=1)))


def worth_table(rows: Rows) -> str:
    """Write what each simulator is worth, as Markdown."""
    lines = ["| simulator | rho | n / (1 - rho²) | with this N | n_eff | n_eff by spread |",
             "|---|---|---|---|---|---|"]  # fmt: skip
    for row in rows:
        rho = "" if row["rho"] is None else f"{row['rho']:.2f}"
        promise, here = (
            "" if row[key] is None else f"{row[key]:.0f}" for key in ("promise", "promise_here")
        )
        printed = f"{row['n_eff']:.1f} ± {row['n_eff_error']:.1f}"
        spread = f"{row['spread_n_eff']:.0f} ± {row['spread_error']:.0f}"
        lines.append(f"| {row['simulator']} | {rho} | {promise} | {here} | {printed} | {spread} |")
    both = rows[-1]
    lines += ["", f"`multi` has {both['ahead']:+.1f} ± {both['ahead_error']:.1f} effective humans "
              f"beside the better of its two, `{both['better']}`, in the same pilots."]  # fmt: skip
    return "\n".join(lines)


def random_table(rows: Rows) -> str:
    """Write what random answers cost, as Markdown."""
    sizes = sorted({row["n"] for row in rows})
    lines = ["| random answers, rectified by | " + " | ".join(f"n = {n}" for n in sizes) + " |",
             "|---" * (len(sizes) + 1) + "|"]  # fmt: skip
    for method in dict.fromkeys(row["method"] for row in rows):
        cells = [f"{row['width_ratio']:.4f} ± {row['width_error']:.4f}"
                 for row in rows if row["method"] == method]  # fmt: skip
        lines.append(f"| {method} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Print the tables, and write them into the documentation where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pilots", type=int, default=200, help="pilots a row (200)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="JSON file for all rows")
    parser.add_argument("--write", action="store_true", help="write docs/rectify.md")
    arguments = parser.parse_args()
    found = {"random": random_answers(arguments.pilots, arguments.seed), "recorded": []}
    if (DATA / "recorded_llm" / "idv_total.csv").exists():
        found["recorded"] = recorded(arguments.pilots, arguments.seed)
    tables = [worth_table(found["recorded"])] if found["recorded"] else []
    text = "\n\n".join([*tables, random_table(found["random"])])
    print(text)
    if arguments.write and found["recorded"]:
        write_section(WORTH, text)
    if arguments.out:
        arguments.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
