"""The measured promises: coverage of the default interval, and the grouped bootstrap's numbers."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def load(name):
    spec = importlib.util.spec_from_file_location(f"{name}_study", BENCHMARKS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def coverage():
    yield load("coverage")
    del sys.modules["coverage_study"]


# docs/metrics.md says where the default interval does not cover
STATED_EXCEPTIONS = {
    ("accuracy 0.98", 100): 0.86,
    ("W1 0.00", 100): 0.88,
    ("W1 0.00", 300): 0.88,
    ("W1 0.00", 1000): 0.88,
    ("CCC 0.45 (unlike)", 100): 0.88,
}


def default_coverage(coverage, population, n, simulations, replicates):
    found = coverage.cover(population, n, simulations, replicates, seed=3)
    return found[coverage.INTERVAL_METHODS.index("bias_aware")]


@pytest.mark.parametrize("place", range(11))
def test_the_default_interval_covers_roughly(coverage, place):
    population = coverage.populations()[place]
    expected = STATED_EXCEPTIONS.get((population.name, 100), 0.95)
    assert default_coverage(coverage, population, 100, 100, 100) > expected - 0.11


@pytest.mark.slow
@pytest.mark.parametrize("n", [100, 300, 1000])
@pytest.mark.parametrize("place", range(11))
def test_the_default_interval_covers_as_stated(coverage, place, n):
    population = coverage.populations()[place]
    found = default_coverage(coverage, population, n, 1000, 500)
    if (population.name, n) in STATED_EXCEPTIONS:
        assert found == pytest.approx(STATED_EXCEPTIONS[population.name, n], abs=0.04)
    else:
        assert found > 0.91


def test_the_grouped_bootstrap_agrees_with_the_loop():
    bootstrap = load("bootstrap")
    found = bootstrap.compare(bootstrap.SMALL, repeats=1, small=True)
    assert found["numbers_agree"]
    assert found["speed_up"] > 10
    assert "extrapolated" in bootstrap.table(found)
    del sys.modules["bootstrap_study"]


@pytest.mark.parametrize("form", ["table", "json"])
def test_the_coverage_study_prints_a_table_or_json(coverage, form, monkeypatch, capsys):
    quick = ["coverage.py", "--simulations", "3", "--replicates", "20"]
    monkeypatch.setattr(sys, "argv", quick + (["--json"] if form == "json" else []))
    monkeypatch.setattr(coverage, "SIZES", (50,))
    coverage.main()
    printed = capsys.readouterr().out
    rows = json.loads(printed)["rows"] if form == "json" else printed.splitlines()[2:-1]
    assert len(rows) == len(coverage.populations())
