"""Surveys nobody would plan: every learner and fault must answer, or say in one line why not."""

import numpy as np
import polars as pl
import pytest

from alignsurvey.errors import InputError
from alignsurvey.simulators import FAULTS, baseline_names, planted, resolve
from alignsurvey.survey import Category, Codebook, Design, Scale, Survey, Variable

SCALES = (Scale.NOMINAL, Scale.ORDINAL, Scale.INTERVAL)


def any_variable(rng: np.random.Generator, name: str, n: int) -> tuple[Variable, pl.Series]:
    """A variable with lopsided answers, holes, and now and then a single answer."""
    k = int(rng.choice([1, 2, 3, 5, 7, 24]))
    shares = rng.dirichlet(np.full(k, rng.choice([0.1, 1, 10])))
    codes = rng.choice(k, n, p=shares) + 1
    holes = rng.random(n) < rng.choice([0, 0, 0.2, 0.6])
    values = [None if hole else int(code) for code, hole in zip(codes, holes, strict=True)]
    scale = SCALES[rng.integers(3)]
    categories = tuple(Category(i, str(i)) for i in range(1, k + 1))
    return Variable(name, scale=scale, categories=categories), pl.Series(name, values, pl.Int64)


def any_attribute(rng: np.random.Generator, name: str, n: int) -> tuple[Variable, pl.Series]:
    """As `any_variable`, or numbers or words that nobody declared."""
    kind = rng.integers(3)
    if kind == 0:
        return any_variable(rng, name, n)
    holes = rng.random(n) < rng.choice([0, 0.2, 1.0])
    if kind == 1:
        numbers = rng.lognormal(sigma=2, size=n)
        values = pl.Series(name, [None if h else x for x, h in zip(numbers, holes, strict=True)])
        return Variable(name, scale=Scale.INTERVAL), values.cast(pl.Float64)
    words = rng.choice(list("abcdefghijkl")[: int(rng.integers(1, 13))], n)
    texts = [None if h else str(x) for x, h in zip(words, holes, strict=True)]
    return Variable(name, scale=Scale.NOMINAL), pl.Series(name, texts, pl.String)


def any_survey(seed: int, n: int) -> tuple[Survey, list[str], list[str]]:
    rng = np.random.default_rng(seed)
    items = [any_variable(rng, f"q{i}", n) for i in range(rng.integers(1, 4))]
    profile = [any_attribute(rng, f"p{i}", n) for i in range(rng.integers(0, 5))]
    columns = [series for _, series in (*items, *profile)]
    table = pl.DataFrame([pl.Series("id", rng.permutation(10 * n)[:n]), *columns])
    weight = None
    if rng.random() < 0.5:
        table = table.with_columns(w=pl.Series(rng.exponential(size=n) ** 3 + 1e-9))
        weight = "w"
    book = Codebook(tuple(variable for variable, _ in (*items, *profile)))
    survey = Survey(table, book, Design("id", weight))
    return survey, [v.name for v, _ in items], [v.name for v, _ in profile]


@pytest.mark.parametrize("seed", range(28))
def test_every_learner_answers_for_any_survey(seed):
    n = (1, 2, 3, 5, 8, 20, 60)[seed % 7]
    survey, items, profile = any_survey(seed, n + 30)
    pilot = survey.pilot(n, seed=seed)
    people = survey.without(pilot)
    names = [name for name in baseline_names() if name != "baseline/boosting" or seed % 8 == 0]
    for name in names:
        try:
            fitted = resolve(name, seed=seed).fit(pilot, items, profile)
        except InputError as error:
            assert "nobody in the pilot answered" in str(error)  # noqa: PT017
            continue
        predictions = fitted.predict(people.select(profile))
        for item in items:
            shares = predictions.shares[item]
            assert np.isfinite(shares).all(), (name, item)
            assert shares.sum(axis=1) == pytest.approx(1), (name, item)
            assert shares.min() >= 0, (name, item)
            assert (predictions.draw(item, seed) >= 0).all(), (name, item)


@pytest.mark.parametrize("seed", range(28))
def test_every_fault_can_be_planted_in_any_survey(seed):
    survey, items, profile = any_survey(seed, 50)
    for fault in FAULTS:
        try:
            given = planted(f"planted/{fault}", survey, items, profile)
        except InputError as error:
            assert "there are none; give it a profile" in str(error)  # noqa: PT017
            assert not profile
            continue
        for item in items:
            known = survey.codes(item) >= 0
            if fault not in ("refusals", "shuffled"):
                assert (given.answered(item) == known).all()
            if fault in ("shrunk", "caricature", "llm_like") and known.any():
                variable = survey.codebook[item]
                if variable.is_ordered or len(variable.categories) == 2:
                    human = np.average(survey.scores(item)[known], weights=survey.weights[known])
                    mean = np.average(given.expectation(item)[known], weights=survey.weights[known])
                    assert mean == pytest.approx(human, abs=1e-6)
