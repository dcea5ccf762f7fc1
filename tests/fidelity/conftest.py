"""Small surveys with known properties."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from alignsurvey.survey import Category, Codebook, Design, Scale, Survey, Variable


def likert(name: str, k: int = 5, scale: Scale = Scale.ORDINAL) -> Variable:
    return Variable(
        name, f"Question {name}", scale, tuple(Category(i, f"{name}-{i}") for i in range(1, k + 1))
    )


def make_survey(n: int = 600, seed: int = 0, weighted: bool = True) -> Survey:
    """Two ordinal items and a binary one that depend on age and region; a nominal one that none."""
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 90, n)
    region = rng.integers(1, 4, n)
    pull = (age - 50) / 20 + (region == 2)
    cut = [-1.2, -0.3, 0.4, 1.3]
    answers = pl.DataFrame(
        {
            "id": np.arange(1000, 1000 + n),
            "w": rng.uniform(0.5, 2.0, n),
            "age": age,
            "region": region,
            "trust": np.digitize(pull + rng.normal(0, 1, n), cut) + 1,
            "fear": np.digitize(0.5 * pull + rng.normal(0, 1, n), cut) + 1,
            "party": rng.integers(1, 5, n),
            "vote": 1 + (pull + rng.logistic(0, 1, n) > 0),
        }
    )
    codebook = Codebook(
        (
            Variable("age", "Age", Scale.INTERVAL),
            likert("region", 3, Scale.NOMINAL),
            likert("trust"),
            likert("fear"),
            likert("party", 4, Scale.NOMINAL),
            likert("vote", 2, Scale.NOMINAL),
        )
    )
    return Survey(answers, codebook, Design("id", "w" if weighted else None), source="made up")


@pytest.fixture(scope="session")
def survey() -> Survey:
    return make_survey()
