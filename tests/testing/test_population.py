"""The planted population: known shares come back from every form of answer, in any order."""

import json
import math
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignsurvey.errors import InputError
from alignsurvey.tasks.prompts import render
from alignsurvey.testing import Population
from alignsurvey.testing.completions import Completions
from alignsurvey.testing.prompts import Asked, Form, read_messages
from alignsurvey.testing.speaking import tokens_of

QUESTION = "Are you content?"
PLANTED = Population(
    {QUESTION: {"yes": 0.5, "partly": 0.3, "no": 0.2}, "AI": {"for": 0.25, "against": 0.75}},
    {(QUESTION, "sex", "female"): {"yes": 0.7, "partly": 0.2, "no": 0.1}},
)
DRAWS = 4000


def messages_of(task: str, language: str = "en", **content: Any) -> list[dict[str, str]]:
    shown = render(task, language, **content)
    return [{"role": one.role, "content": one.content} for one in shown]


def complete(population: Population, messages: list[dict[str, str]], **body: Any) -> Any:
    completions = Completions(population)
    content = {"model": "m", "messages": messages} | body
    return completions.complete(content, (), lambda prompt, draw: None)


def drawn(population: Population, messages: list[dict[str, str]], **body: Any) -> Counter[str]:
    met: Counter[str] = Counter()
    completions = Completions(population)
    content = {"model": "m", "messages": messages, "n": 100} | body
    for _ in range(DRAWS // 100):
        reply = completions.complete(content, (), lambda prompt, draw: None)
        met.update(one["message"]["content"] for one in reply["choices"])
    return met


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("options", [["yes", "partly", "no"], ["no", "yes", "partly"]])
@pytest.mark.parametrize(
    ("sex", "shares"),
    [("male", {"yes": 0.5, "partly": 0.3, "no": 0.2}),
     ("female", {"yes": 0.7, "partly": 0.2, "no": 0.1})],
)  # fmt: skip
def test_draws_have_the_planted_shares(
    language: str, options: list[str], sex: str, shares: dict[str, float]
) -> None:
    profile = {"age": 64, "sex": sex}
    messages = messages_of(
        "response", language, profile=profile, question=QUESTION, options=options
    )
    met = drawn(PLANTED, messages)
    for letter, text in zip("ABC", options, strict=True):
        share = shares[text]
        error = math.sqrt(share * (1 - share) / DRAWS)
        assert met[f"{letter}. {text}"] / DRAWS == pytest.approx(share, abs=4 * error)


def test_temperature_sharpens_and_at_0_the_likeliest_is_said() -> None:
    messages = messages_of("response", question=QUESTION, options=["no", "yes", "partly"])
    assert set(drawn(PLANTED, messages, temperature=0)) == {"B. yes"}
    met = drawn(PLANTED, messages, temperature=0.5)
    # 0.5^2 / (0.5^2 + 0.3^2 + 0.2^2)
    assert met["B. yes"] / DRAWS == pytest.approx(0.25 / 0.38, abs=0.03)


def test_log_probabilities_are_the_planted_shares_less_the_mass_outside() -> None:
    messages = messages_of("response", question=QUESTION, options=["no", "yes", "partly"])
    reply = complete(PLANTED, messages, logprobs=True, top_logprobs=20)
    first = reply["choices"][0]["logprobs"]["content"][0]
    mass: Counter[str] = Counter()
    for one in first["top_logprobs"]:
        mass[one["token"].strip(" .")] += math.exp(one["logprob"])
    for letter, share in zip("ABC", (0.2, 0.5, 0.3), strict=True):
        assert mass[letter] == pytest.approx(0.98 * share)
    assert sum(mass.values()) == pytest.approx(1)
    assert first["logprob"] == {
        one["token"]: one["logprob"] for one in first["top_logprobs"]
    }[first["token"]]  # fmt: skip
    content = reply["choices"][0]["logprobs"]["content"]
    text = reply["choices"][0]["message"]["content"]
    assert "".join(one["token"] for one in content) == text


def test_shares_that_are_written_out_are_the_planted_ones() -> None:
    group, options = {"sex": "female"}, ["no", "yes", "partly"]
    messages = messages_of("response-group", group=group, question=QUESTION, options=options)
    text = complete(PLANTED, messages)["choices"][0]["message"]["content"]
    assert json.loads(text) == {"no": 10.0, "yes": 70.0, "partly": 20.0}


def test_a_stance_is_planted_by_its_theme() -> None:
    messages = messages_of(
        "stance", theme="AI", options=["against", "for"],
        dialogue=[("Interviewer", "And AI: what of it?"), ("Respondent", "Well")],
    )  # fmt: skip
    met = drawn(PLANTED, messages)
    said = Counter[str]()
    for text, n in met.items():
        said[json.loads(text)["predict"]] += n
    assert said["for"] / DRAWS == pytest.approx(0.25, abs=0.03)


@pytest.mark.parametrize(
    ("task", "language", "content", "form"),
    [
        ("role", "en", {"field": "sex", "options": ["m", "f"]}, Form.CHOICE),
        ("role", "zh", {"field": "家里人口数"}, Form.VALUE),
        ("interview", "en", {"question": "How is life?"}, Form.TALK),
        ("interview", "zh", {"question": "过得怎么样？"}, Form.TALK),
        ("judge", "en", {"question": "Why?", "answer": "So. A. b"}, Form.JUDGE),
        ("judge", "zh", {"question": "为何？", "answer": "没什么"}, Form.JUDGE),
        ("stance", "zh", {"theme": "公共服务", "options": ["积极", "消极"]}, Form.STANCE),
        ("stance-group", "zh", {"theme": "公共服务", "options": ["积极", "消极"]}, Form.SHARES),
    ],
)
def test_every_task_is_answered_in_its_form(
    task: str, language: str, content: dict[str, Any], form: Form
) -> None:
    if task == "role":
        content = content | {"dialogue": [("Interviewer", "Who?"), ("Respondent", "Me")]}
    messages = messages_of(task, language, **content)
    assert read_messages(messages).form is form
    text = complete(Population(), messages)["choices"][0]["message"]["content"]
    if form in (Form.JUDGE, Form.STANCE, Form.SHARES):
        assert len(json.loads(text)) == (3 if form is Form.JUDGE else 2)
    else:
        assert text


@pytest.mark.parametrize("bias", [0.0, 1.0])
def test_a_bias_for_the_first_option_is_log_odds(bias: float) -> None:
    people = Population({"Q": {"yes": 0.5, "no": 0.5}}, first_letter_bias=bias)
    for options in (("yes", "no"), ("no", "yes")):
        asked = Asked(Form.CHOICE, "Q", tuple(zip("AB", options, strict=True)), (), False, False)
        first, second = people.shown_shares(asked)
        assert math.log(first / second) == pytest.approx(bias)
    assert people.true_shares("Q", ["yes", "no"], {}) == (0.5, 0.5)


def test_only_the_last_question_counts_where_examples_stand_before_it() -> None:
    example = messages_of("response", profile={"sex": "female"}, question=QUESTION,
                          options=["no", "yes", "partly"])  # fmt: skip
    last = messages_of("response", profile={"sex": "male"}, question="And now?", options=["a", "b"])
    asked = read_messages([*example, {"role": "assistant", "content": "A. no"}, last[-1]])
    assert asked.question == "And now?"
    assert asked.options == (("A", "a"), ("B", "b"))
    assert asked.profile == (("sex", "male"),)


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        ({"structured_outputs": {"choice": ["A", "B", "C"]}}, {"A", "B", "C"}),
        ({"guided_choice": ["no", "yes", "partly"]}, {"no", "yes", "partly"}),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"schema": {
                "properties": {"answer": {"enum": ["A", "B", "C"]}}}}}},
            {'{"answer": "A"}', '{"answer": "B"}', '{"answer": "C"}'},
        ),
    ],
)  # fmt: skip
def test_constraints_are_kept(body: dict[str, Any], texts: set[str]) -> None:
    messages = messages_of("response", question=QUESTION, options=["no", "yes", "partly"])
    met = drawn(PLANTED, messages, **body)
    assert set(met) == texts
    assert met.most_common(1)[0][1] / DRAWS == pytest.approx(0.5, abs=0.04)


def test_labels_of_several_tokens_begin_alike() -> None:
    options = tuple((str(n), f"option {n}") for n in range(1, 11))
    prompt = "Q\n" + "\n".join(f"{label}. {text}" for label, text in options)
    people = Population({"Q": {text: 0.1 for _, text in options}})
    completions = Completions(people, whole_labels=False, outside_share=0.0)
    body = {"model": "m", "messages": [{"role": "user", "content": prompt}]}
    body |= {"logprobs": True, "top_logprobs": 20}
    reply = completions.complete(body, (), lambda prompt, draw: None)
    top = reply["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
    mass = {one["token"]: math.exp(one["logprob"]) for one in top}
    assert mass["1"] == pytest.approx(2 * mass["2"])
    assert "10" not in mass


@given(
    st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=8, unique=True), st.integers()
)
def test_derived_shares_do_not_depend_on_the_order_of_options(
    options: list[str], seed: int
) -> None:
    people = Population(seed=seed)
    profile = {"sex": "f", "age": "30"}
    shares = people.true_shares("Q", options, profile)
    turned = people.true_shares("Q", options[::-1], profile)
    assert shares == pytest.approx(turned[::-1])
    assert sum(shares) == pytest.approx(1)


@given(st.text())
def test_tokens_join_to_their_text(text: str) -> None:
    assert "".join(tokens_of(text)) == text


@pytest.mark.parametrize(
    ("shares", "shares_by", "words"),
    [
        ({"Q": {"a": -1.0, "b": 2.0}}, {}, "must be 0 or more"),
        ({"Q": {"a": 0.0}}, {}, "not all 0"),
        ({}, {("Q", "sex", "f"): {"a": 1.0}}, "need the shares of all people"),
    ],
)
def test_impossible_shares_are_told(shares: Any, shares_by: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        Population(shares, shares_by)
