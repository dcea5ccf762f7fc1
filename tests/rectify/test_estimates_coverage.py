"""Coverage on real people: quickly that the benchmark runs, slowly that intervals hold."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
PILOTS = 2000
VALID = {"classical", "ppi", "ppi++", "stratified", "cross", "greg", "multi"}
DISCRETE = "median"
"""On a scale of few points its interval covers more than it claims."""


@pytest.fixture(scope="module")
def coverage() -> Any:
    """The benchmark as a module, with its own folder importable while it loads."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import rectify_coverage
    finally:
        sys.path.remove(str(BENCHMARKS))
    return rectify_coverage


def test_the_coverage_benchmark_makes_its_table(tmp_path: Path) -> None:
    command = [sys.executable, "rectify_coverage.py", "--pilots", "2", "--sizes", "50",
               "--only", "anes96", "--out", str(tmp_path / "rows.json")]  # fmt: skip
    done = subprocess.run(command, cwd=BENCHMARKS, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "| anes96 | mean | ppi++ |" in done.stdout
    assert (tmp_path / "rows.json").exists()


def test_a_useless_simulator_and_a_leak_are_told_apart_by_coverage(coverage: Any) -> None:
    from rectify_populations import anes96

    rows = {(row["statistic"], row["method"]): row for row in coverage.cover(anes96(), 50, 40, 1)}
    assert rows["mean", "ppi++"]["coverage"] > 0.8
    assert rows["mean", "imputation"]["coverage"] < 0.2
    assert rows["mean", "leak (refused)"]["coverage"] < 0.7


@pytest.mark.slow
@pytest.mark.parametrize("n", [50, 100, 200])
def test_nominal_95_percent_is_95_percent(coverage: Any, n: int) -> None:
    from rectify_populations import SKEWED, populations

    off = []
    for population in populations():
        if population.name == SKEWED:
            continue
        for row in coverage.cover(population, n, PILOTS, 1):
            if row["method"] not in VALID or row["statistic"] == DISCRETE:
                continue
            off.append(row | {"off": abs(row["coverage"] - 0.95)})
    # Two Monte-Carlo errors beside the promised 93.5 to 96.5.
    error = 2 * np.sqrt(0.95 * 0.05 / PILOTS)
    means = [row for row in off if row["statistic"] in ("mean", "share", "mean of a group")]
    assert [row for row in means if row["off"] > 0.015 + error] == []
    # Coefficients: a skewed predictor costs some cover, a logit of 50 people is too careful.
    assert [row for row in off if row["off"] > 0.03 + error] == []


@pytest.mark.slow
def test_what_recorded_replies_are_worth_is_what_their_correlation_promises(coverage: Any) -> None:
    from rectify_populations import DATA

    if not (DATA / "recorded_llm" / "idv_total.csv").exists():
        pytest.skip("the recorded replies are not at hand (set ALIGNSURVEY_SHARED_DATA)")
    rows = {row["simulator"]: row for row in coverage.recorded(500, 1)}
    assert 190 < rows["omni"]["n_eff"] < rows["omni"]["promise"]
    for useless in ("demo", "baseline", "random answers", "random answers, multi"):
        assert rows[useless]["width_ratio"] < 1.01
    best = max(rows["omni"]["n_eff"], rows["ridge"]["n_eff"])
    both = rows["omni + ridge, multi"]
    assert both["n_eff"] + 2 * both["n_eff_error"] > best
