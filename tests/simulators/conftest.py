"""Small surveys, made by hand or planted with a known structure."""

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from alignsurvey.survey import Category, Codebook, Design, Scale, Survey, Variable

MakeSurvey = Callable[..., Survey]


def options(name: str, k: int, scale: Scale = Scale.ORDINAL) -> Variable:
    return Variable(name, f"About {name}", scale, tuple(Category(i, f"{name} {i}") for i in
                                                       range(1, k + 1)))  # fmt: skip


@pytest.fixture(scope="session")
def make_survey() -> MakeSurvey:
    """Make a survey from columns, with ids 1 to n and, if there is one, the weight ``w``."""

    def make(variables: list[Variable], **columns: object) -> Survey:
        table = pl.DataFrame(columns, strict=False)
        if "id" not in columns:
            table = table.with_columns(id=pl.int_range(1, table.height + 1))
        design = Design("id", "w" if "w" in columns else None)
        return Survey(table, Codebook(tuple(variables)), design)

    return make


@pytest.fixture(scope="session")
def population(make_survey: MakeSurvey) -> Survey:
    """4,000 people whose three items hang on x (ordered), z (nominal), and each other.

    x also drives `vote` (nominal, three options) and nothing drives `noise`.
    """
    rng = np.random.default_rng(7)
    n = 4000
    x, age = rng.integers(1, 8, n), rng.integers(18, 90, n)
    z = rng.integers(1, 4, n)
    mind = rng.normal(size=n)
    lean = (x - 4) / 2 + np.array([-0.8, 0.0, 0.8])[z - 1]

    def answer(strength: float, k: int) -> np.ndarray:
        latent = strength * lean + mind + rng.normal(size=n)
        return np.digitize(latent, np.linspace(-2, 2, k - 1)) + 1

    utility = np.column_stack([lean, -lean, np.zeros(n)]) + rng.gumbel(size=(n, 3))
    return make_survey(
        [
            options("x", 7),
            options("z", 3, Scale.NOMINAL),
            Variable("age", "Age", Scale.INTERVAL),
            Variable("useless", "Town size", Scale.INTERVAL),
            options("trust", 5),
            options("fear", 4),
            options("yes", 2, Scale.NOMINAL),
            options("vote", 3, Scale.NOMINAL),
            options("noise", 4),
        ],
        x=x,
        z=z,
        age=age,
        useless=rng.lognormal(2, 1, n),
        trust=answer(1.0, 5),
        fear=answer(-0.7, 4),
        yes=1 + (lean + mind + rng.normal(size=n) > 0),
        vote=1 + utility.argmax(axis=1),
        noise=rng.choice(4, n, p=[0.1, 0.2, 0.3, 0.4]) + 1,
    )


@pytest.fixture
def log_loss() -> Callable[..., float]:
    """Mean log loss of an item's predictions."""

    def loss(predictions: object, people: Survey, item: str) -> float:
        codes = people.codes(item)
        given = predictions.shares[item][np.arange(people.n), codes]  # type: ignore[attr-defined]
        return float(-np.log(given).mean())

    return loss
