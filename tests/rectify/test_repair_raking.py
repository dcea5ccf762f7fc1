"""Raking: against independent solvers, trimming, files of margins, and contradictions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import optimize

from alignsurvey.errors import InputError
from alignsurvey.rectify.repair import rake_weights, read_margins
from alignsurvey.survey import Category, Codebook, Design, Scale, Survey, Variable
from alignsurvey.survey.margins import Margin, parse_margins

BOOK = Codebook(
    (
        Variable("sex", "Sex", Scale.NOMINAL, (Category(1, "men"), Category(2, "women"))),
        Variable("area", "Area", Scale.NOMINAL, tuple(Category(i, f"area {i}") for i in (1, 2, 3))),
        Variable("age", "Age", Scale.INTERVAL),
    )
)


def people(counts: list[list[int]]) -> Survey:
    rows = [
        (sex, area)
        for sex, line in enumerate(counts, 1)
        for area, count in enumerate(line, 1)
        for _ in range(count)
    ]
    n = len(rows)
    table = pl.DataFrame(rows, schema=["sex", "area"], orient="row").with_columns(
        id=pl.Series(range(n)), age=pl.Series(np.random.default_rng(0).integers(18, 90, n))
    )
    return Survey(table, BOOK, Design("id"), source="made up")


def margins(content: object) -> tuple[Margin, ...]:
    return parse_margins(content, BOOK)


SEX_AND_AREA = {"sex": {1: 0.48, 2: 0.52}, "area": {1: 0.3, 2: 0.45, 3: 0.25}}


def test_raking_equals_ipfn() -> None:
    """ipfn 1.4.4: ipfn(array([[30., 10, 5], [20, 25, 10]]), [array([.48, .52]),
    array([.3, .45, .25])], [[0], [1]], convergence_rate=1e-14, max_iteration=2000)."""
    cells = np.array(
        [[0.206695427876, 0.167112862377, 0.106191709671],
         [0.093304572124, 0.282887137623, 0.143808290329]]
    )  # fmt: skip
    survey = people([[30, 10, 5], [20, 25, 10]])
    w = rake_weights(survey, margins(SEX_AND_AREA)).weights
    found = np.zeros((2, 3))
    np.add.at(found, (survey.codes("sex"), survey.codes("area")), w / w.sum())
    assert found == pytest.approx(cells, abs=1e-8)


def test_raking_is_the_nearest_weighting_in_kullback_leibler_divergence() -> None:
    """Against the convex dual of that problem, solved by BFGS."""
    survey = people([[40, 12, 9], [15, 25, 22]])
    base = np.random.default_rng(3).uniform(0.5, 2, survey.n)
    answers = survey.answers.with_columns(w=base)
    survey = Survey(answers, BOOK, Design("id", "w"), source="made up")
    X = np.column_stack([survey.codes("sex") == 0, *(survey.codes("area") == i for i in (0, 1))])
    target = np.array([0.48, 0.3, 0.45])

    def dual(x: np.ndarray) -> tuple[float, np.ndarray]:
        lifted = base * np.exp(X @ x)
        return float(np.log(lifted.sum()) - target @ x), X.T @ lifted / lifted.sum() - target

    found = optimize.minimize(dual, np.zeros(3), jac=True, method="BFGS", options={"gtol": 1e-12})
    lifted = base * np.exp(X @ found.x)
    raked = rake_weights(survey, margins(SEX_AND_AREA))
    assert raked.weights / raked.weights.sum() == pytest.approx(lifted / lifted.sum(), abs=1e-8)
    n, w = survey.n, lifted
    assert raked.design_effect == pytest.approx(n * (w**2).sum() / w.sum() ** 2, rel=1e-6)


def test_a_joint_table_is_poststratification() -> None:
    survey = people([[30, 10, 5], [20, 25, 10]])
    joint = {"sex & area": {1: {1: 20, 2: 20, 3: 10}, 2: {1: 10, 2: 20, 3: 20}}}
    w = rake_weights(survey, margins(joint)).weights
    share = np.array([[20, 20, 10], [10, 20, 20]]) / 100
    counts = np.array([[30, 10, 5], [20, 25, 10]])
    wanted = (share / counts)[survey.codes("sex"), survey.codes("area")]
    assert w / w.sum() == pytest.approx(wanted, abs=1e-10)


def test_trimmed_weights_keep_the_margins_where_they_can() -> None:
    survey = people([[80, 60, 5], [40, 60, 60]])
    free = rake_weights(survey, margins(SEX_AND_AREA))
    limit = float(free.weights.max()) * 0.95
    raked = rake_weights(survey, margins(SEX_AND_AREA), trim=(0.1, limit))
    assert raked.trimmed > 0
    assert raked.weights.max() <= limit
    assert raked.design_effect < free.design_effect
    assert raked.notes == ()
    assert raked.margins["reached"].to_numpy() == pytest.approx(
        raked.margins["wanted"].to_numpy(), abs=1e-4
    )


def test_a_trim_that_breaks_a_margin_says_so() -> None:
    survey = people([[5, 5, 5], [60, 60, 60]])
    raked = rake_weights(survey, margins({"sex": {1: 0.5, 2: 0.5}}), trim=(0.5, 2.0))
    assert raked.notes[0].startswith("margins left off by trimming: sex = 1 ")
    with pytest.raises(InputError, match="weights cannot be trimmed to 2 to 5; their mean is 1"):
        rake_weights(survey, margins({"sex": {1: 0.5, 2: 0.5}}), trim=(2, 5))


def test_people_without_a_value_get_no_weight_and_are_counted() -> None:
    survey = people([[10, 10, 10], [10, 10, 10]])
    holes = survey.answers.with_columns(
        sex=pl.when(pl.col("id") < 4).then(None).otherwise(pl.col("sex"))
    )
    raked = rake_weights(
        Survey(holes, BOOK, Design("id"), source="made up"), margins({"sex": {1: 0.5, 2: 0.5}})
    )
    assert raked.notes == ("4 people without a value in a margin get no weight",)
    assert (raked.weights[:4] == 0).all()


@pytest.mark.parametrize(
    ("counts", "content", "message"),
    [
        ([[9, 9, 9]] * 2, {"sex": {1: 0.5, 2: 0.6}}, "sex: sums to 1.1; shares sum to 1"),
        ([[9, 9, 9]] * 2, {"sex": {1: 0.5, 3: 0.5}}, "no value '3'"),
        ([[9, 9, 9], [0, 0, 0]], {"sex": {1: 0.5, 2: 0.5}}, "nobody in made up has sex = 2"),
        ([[9, 9, 9]] * 2, {"area": {1: 0.5, 2: 0.5}}, "margin 'area' has no share for area 3"),
        (
            [[9, 9, 9]] * 2,
            {"sex": {1: 0.4, 2: 0.6}, "sex & area": {1: {1: 0.5}, 2: {2: 0.5}}},
            "'sex' and 'sex & area' contradict each other: sex = men is 40.0 % in one",
        ),
        (
            [[30, 0, 0], [0, 20, 20]],
            {"sex": {1: 0.6, 2: 0.4}, "area": {1: 0.4, 2: 0.3, 3: 0.3}},
            "margins 'sex' and 'area' cannot be met together",
        ),
        (
            [[30, 0, 0], [0, 20, 20]],
            {"age": {"18-40": 0.5, "41-60": 0.5}},
            "margin 'age' has no share for",
        ),
    ],
)
def test_margins_that_cannot_hold_are_named(
    counts: list[list[int]], content: object, message: str
) -> None:
    with pytest.raises(InputError) as caught:
        rake_weights(people(counts), margins(content))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "shares"),
    [
        ("attribute,value,share\nsex,men,48\nsex,women,52\n", {(1,): 0.48, (2,): 0.52}),
        ("sex,share\n1,0.48\n2,0.52\n", {(1,): 0.48, (2,): 0.52}),
        (
            "sex,area,share\nmen,1,300\nmen,2,200\nwomen,1,100\nwomen,3,400\n",
            {(1, 1): 0.3, (1, 2): 0.2, (2, 1): 0.1, (2, 3): 0.4},
        ),
    ],
)
def test_csv_files_of_margins(
    tmp_path: Path, text: str, shares: dict[tuple[int, ...], float]
) -> None:
    path = tmp_path / "margins.csv"
    path.write_text(text, encoding="utf-8")
    assert dict(read_margins(path, BOOK)[0].shares) == pytest.approx(shares)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "needs the columns attribute, value, share"),
        ("sex,number\n1,3\n", "needs the columns attribute, value, share"),
        ("sex,share\n1,many\n", "row 2: 'many' is no share"),
        ("sex,share\n1\n", "row 2 has 1 cells, the header 2"),
        ("sex,share\n1,0.5\n1,0.5\n", "row 3: 1 stands twice"),
        ("sxe,share\n1,0.5\n2,0.5\n", "no attribute 'sxe'; did you mean 'sex'?"),
    ],
)
def test_bad_csv_files_are_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "margins.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_margins(path, BOOK)
    assert message in str(caught.value)
