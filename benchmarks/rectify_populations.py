"""Populations of real people with simulated answers, for the coverage of rectified estimates.

Truth is the value among everybody in the file. The two surveys without a language model get a
simulator that is biased on purpose: a regression fitted to half of the people, who are then taken
out, its answers stretched by 1.3 and shifted by .4.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alignsurvey.randomness import generator
from alignsurvey.survey import load_example

Array = NDArray[np.float64]
DATA = Path(os.environ.get("ALIGNSURVEY_SHARED_DATA", Path(__file__).parents[2] / "shared/data"))


@dataclass(frozen=True)
class Population:
    """Everybody: answers y and yes (0/1), proxies of both, predictors, group, profile, weights."""

    name: str
    y: Array
    proxies: Array
    yes: Array
    yes_proxies: Array
    X: Array
    group: NDArray[np.int64]
    profile: Array
    weights: Array

    @property
    def size(self) -> int:
        """Number of people."""
        return len(self.y)


def ridge(Z: Array, y: Array, penalty: float = 10.0) -> tuple[Array, Array, Array, float]:
    """Fit a ridge regression on standardised columns: centre, spread, slopes, intercept."""
    centre, spread = Z.mean(axis=0), np.maximum(Z.std(axis=0), 1e-9)
    S = (Z - centre) / spread
    slopes = np.linalg.solve(S.T @ S + penalty * np.eye(S.shape[1]), S.T @ (y - y.mean()))
    return centre, spread, slopes, float(y.mean())


def predict(model: tuple[Array, Array, Array, float], Z: Array) -> Array:
    """Predict from a fitted ridge."""
    centre, spread, slopes, intercept = model
    return (Z - centre) / spread @ slopes + intercept


def _planted(
    name: str, y: Array, yes: Array, X: Array, group: Array, profile: Array, weights: Array
) -> Population:
    """Fit the biased simulators to half of the people and keep the other half."""
    train = generator(1, name).permutation(len(y)) < len(y) // 2
    kept, Z = ~train, profile
    good = predict(ridge(Z[train], y[train]), Z)
    biased = 1.3 * (good - good.mean()) + good.mean() + 0.4
    chance = np.clip(predict(ridge(Z[train], yes[train]), Z) * 1.2 + 0.1, 0, 1)
    noise = generator(2, name).normal(size=len(y))
    few = predict(ridge(Z[train][:, :2], y[train]), Z[:, :2])
    few_yes = np.clip(predict(ridge(Z[train][:, :2], yes[train]), Z[:, :2]), 0, 1)
    return Population(
        name, y[kept], np.column_stack([biased, few, noise])[kept], yes[kept],
        np.column_stack([chance, few_yes, (noise > 0).astype(float)])[kept], X[kept],
        group[kept].astype(np.int64), Z[kept], weights[kept],
    )  # fmt: skip


def anes96() -> Population:
    """The survey inside statsmodels: self-placement on a 7-point scale, and vote."""
    survey = load_example("anes96")
    column = {name: survey.answers[name].cast(pl.Float64).to_numpy() for name in
              ("selfLR", "vote", "PID", "age", "educ", "income", "TVnews")}  # fmt: skip
    profile = np.column_stack([column[c] for c in ("PID", "age", "educ", "income", "TVnews")])
    X = np.column_stack([column["age"] / 10, column["educ"]])
    return _planted("anes96", column["selfLR"], column["vote"], X, column["age"] < 40, profile,
                    np.ones(survey.n))  # fmt: skip


def nonvoters(item: str = "Q2_4", yes: str = "Q25", name: str = "nonvoters") -> Population:
    """FiveThirtyEight's panel with survey weights.

    By default how important the flag is to being a good American, and who follows the election
    very closely. ``Q2_1``, the importance of voting, is the skewed item: four in five say "very".
    """
    table = pl.read_csv(DATA / "fivethirtyeight" / "nonvoters_data.csv", null_values="NA")
    items = [f"Q2_{one}" for one in range(1, 11) if f"Q2_{one}" != item]
    table = table.filter(pl.all_horizontal(pl.col([item, *items, yes]) > 0))
    ordered = {
        "educ": ["High school or less", "Some college", "College"],
        "income_cat": ["Less than $40k", "$40-75k", "$75-125k", "$125k or more"],
    }
    educ, income = (
        table[column].replace_strict(levels, list(range(len(levels)))).cast(pl.Float64).to_numpy()
        for column, levels in ordered.items()
    )
    age = table["ppage"].cast(pl.Float64).to_numpy() / 10
    white = (table["race"] == "White").cast(pl.Float64).to_numpy()
    woman = (table["gender"] == "Female").cast(pl.Float64).to_numpy()
    others = table.select(items).cast(pl.Float64).to_numpy()
    y = table[item].cast(pl.Float64).to_numpy()
    said = (table[yes] == 1).cast(pl.Float64).to_numpy()
    profile = np.column_stack([age, educ, income, white, woman, others])
    weights = table["weight"].to_numpy()
    return _planted(name, y, said, np.column_stack([age, educ]), woman, profile, weights)


SKEWED = "nonvoters, skewed item"
PROMPTS = ("omni", "persona_driven", "demo", "baseline")


def recorded_llm() -> Population:
    """Real replies of a language model beside 1,511 people's: the mean of four items."""
    folder = DATA / "recorded_llm"

    def read(name: str) -> pl.DataFrame:
        table = pl.read_csv(folder / f"{name}.csv")
        return table.drop(table.columns[0])  # the row number

    y = read("idv_total").mean_horizontal().to_numpy()
    proxies = np.column_stack(
        [read(f"{one}_prompting").mean_horizontal().to_numpy() for one in PROMPTS]
    )
    prior = read("dv_total")
    male = (prior["Sex"] == "male").cast(pl.Float64).to_numpy()
    age = prior["Age"].cast(pl.Float64).to_numpy()
    items = prior.drop("Sex", "Age").cast(pl.Float64).to_numpy()
    X = np.column_stack([items[:, :4].mean(axis=1), age / 10])
    yes, guess = (y >= 3).astype(float), (proxies >= 2.5).astype(float)
    return Population(
        "recorded_llm", y, proxies, yes, guess, X, male.astype(np.int64),
        np.column_stack([items, male, age]), np.ones(len(y)),
    )  # fmt: skip


def populations() -> list[Population]:
    """Those whose data are at hand."""
    found = [anes96()]
    if (DATA / "fivethirtyeight" / "nonvoters_data.csv").exists():
        found += [nonvoters(), nonvoters("Q2_1", "Q21", SKEWED)]
    if (DATA / "recorded_llm" / "idv_total.csv").exists():
        found.append(recorded_llm())
    return found
