"""How many humans a simulator is worth: known worths are found again, promised coverage holds."""

from __future__ import annotations

import numpy as np
import pytest

import alignsurvey as als
from alignsurvey.errors import InputError
from alignsurvey.fidelity import worth
from alignsurvey.simulators import resolve

Answers = dict[str, np.ndarray]


def questions(
    count: int, humans: int, seed: int, bias: float = 0.0, kappa: int | None = None
) -> tuple[Answers, Answers, dict[str, float]]:
    """People and a simulator that is biased by some share, or knows only kappa people."""
    rng = np.random.default_rng(seed)
    people, model, truth = {}, {}, {}
    for j in range(count):
        p = rng.uniform(0.3, 0.7)
        known = rng.random(kappa) < p if kappa else None
        q = float(known.mean()) if known is not None else p + bias * rng.choice([-1, 1])
        people[f"q{j}"] = (rng.random(humans) < p).astype(float)
        model[f"q{j}"] = (rng.random(1500) < q).astype(float)
        truth[f"q{j}"] = p
    return people, model, truth


@pytest.mark.parametrize("kappa", [25, 100])
def test_a_simulator_that_knows_so_many_people_is_worth_so_many(kappa: int) -> None:
    people, model, _ = questions(250, 3000, 1, kappa=kappa)
    found = worth(people, model, allowed=0.05, most=4 * kappa)
    assert found.k == pytest.approx(kappa, rel=0.3)
    careful = worth(people, model, most=4 * kappa)
    assert careful.k == pytest.approx(0.53 * kappa, rel=0.3)


def test_intervals_for_new_questions_cover_as_promised() -> None:
    people, model, truth = questions(400, 200, 2, kappa=60)
    seen = {name: people[name] for name in list(people)[:200]}
    found = worth(seen, model)
    new = [name for name in truth if name not in seen]
    covered = [low <= truth[n] <= high for n in new for low, high in [found.interval(n)]]
    assert np.mean(covered) >= 0.93
    rows = found.questions.filter(found.questions["humans"] == 0)
    assert rows.height == 200
    assert rows["worth"].null_count() == 200
    assert rows["low_mean"].null_count() == 0


def test_a_question_of_known_bias_is_worth_its_variance_over_the_bias_squared() -> None:
    people, model, _ = questions(300, 2000, 3, bias=0.1)
    table = worth(people, model).questions
    known = np.array([v * (1 - v) for v in table["human_mean"]]) / 0.1**2
    assert np.median(table["worth"] / known) == pytest.approx(1, abs=0.1)
    inside = (table["low"].to_numpy() <= known) & (known <= table["high"].to_numpy())
    assert 0.92 <= inside.mean() <= 0.98


def test_more_bias_is_worth_less() -> None:
    k = [worth(*questions(100, 500, 4, bias=bias)[:2]).k for bias in (0.0, 0.05, 0.1, 0.3)]
    assert k == sorted(k, reverse=True)
    assert k[0] > 10 * k[3]


def test_a_simulator_of_one_answer_is_worth_nothing() -> None:
    people = {"a": [0.0, 1, 1, 0], "b": [1.0, 1, 0, 1]}
    found = worth(people, {"a": [1.0] * 50, "b": [1.0] * 50, "c": [0.0, 1] * 25},
                  bounds={"c": (0, 1)})  # fmt: skip
    assert found.k == 0
    assert found.interval("c") == (0.0, 1.0)
    assert any("worth nothing" in note for note in found.notes)


def test_a_survey_and_predictions_tell_what_rectification_adds() -> None:
    train, people = als.load_example("anes96").split(0.5, seed=1)
    logit = resolve("baseline/logit", seed=1).fit(train, ["vote", "selfLR"], ["PID", "educ"])
    answers = logit.predict(people)
    found = worth(people, answers).questions
    rho = np.corrcoef(people.scores("vote"), answers.expectation("vote"))[0, 1]
    assert found["adds"][0] == pytest.approx(people.n * (1 / (1 - rho**2) - 1))
    assert worth(people, answers, seed=42).questions.equals(found)


@pytest.mark.parametrize(
    ("humans", "simulated", "options", "message"),
    [
        ({"a": [1, 2]}, {"b": [1, 2]}, {}, "no question has both"),
        ({"a": [1]}, {"a": [1, 2]}, {}, "'a' needs two answers"),
        ({"a": ["x", "y"]}, {"a": [1, 2]}, {}, "no number"),
        ({"a": [1, 2]}, {"a": [1, 2]}, {"level": 95}, "level must lie"),
        ({"a": [1, 2]}, {"a": [1, 2]}, {"allowed": 0}, "allowed is a share"),
        ({"a": [1, 2]}, {"a": [1, 2]}, {"dilation": 0.5}, "dilation is 1 or more"),
    ],
)
def test_bad_input_says_what_is_wrong(
    humans: dict[str, list[float]], simulated: dict[str, list[float]],
    options: dict[str, float], message: str,
) -> None:  # fmt: skip
    with pytest.raises(InputError, match=message):
        worth(humans, simulated, **options)  # type: ignore[arg-type]


def test_people_who_trained_the_simulator_do_not_judge_its_worth() -> None:
    people = als.load_example("anes96")
    logit = resolve("baseline/logit", seed=1).fit(people, ["vote"], ["PID"])
    with pytest.raises(InputError, match="learned from"):
        worth(people, logit.predict(people))
