"""A local model as a simulator: asked as endpoints are, kept in the store, read by the library."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import pytest

from alignsurvey.errors import InputError
from alignsurvey.running import ReplyStore
from alignsurvey.running.asking import ask
from alignsurvey.simulators import Simulator, find_simulator
from alignsurvey.simulators.asked import Asked
from alignsurvey.simulators.elicit import Elicit
from alignsurvey.simulators.endpoints import Parameters
from alignsurvey.simulators.local import branches
from alignsurvey.simulators.local.tree_pass import TreePass
from alignsurvey.survey import load_example
from alignsurvey.tasks.queries import Message, Query, Shown, Task

from .conftest import needs_models

pytestmark = needs_models
OPTIONS = (Shown("A", "yes", 1), Shown("B", "no", 0))


def query(
    who: int, task: Task = Task.RESPONSE, text: str = "Are you happy?\nA. yes\nB. no"
) -> Query:
    options = OPTIONS if task is Task.RESPONSE else ()
    return Query(who, "happy", task, (Message("user", f"age: {who}\n{text}"),), options)


def test_a_survey_is_asked_by_likelihood(tiny):
    elicit = Elicit(by="likelihood", orders=2)
    simulator = find_simulator(f"hf/{tiny}", parameters=elicit.parameters())
    anes = load_example("anes96")
    people = anes.where(anes.ids.is_in(anes.ids.head(6).to_list()))
    asked = Asked(simulator, elicit, anes.codebook.select(["vote", "TVnews"]), ("age", "educ"))
    predictions, report = asked.answers(people)
    assert report.outcomes["answered"] == report.queries == 24
    assert predictions.shares["TVnews"].shape == (6, 8)
    assert predictions.shares["TVnews"].sum(axis=1) == pytest.approx(1)
    assert 0 < report.outside_share < 1


def test_options_are_scored_and_all_else_is_written(tiny):
    simulator = find_simulator(f"hf/{tiny}", parameters=Parameters(by="likelihood", max_tokens=4))
    assert isinstance(simulator, Simulator)
    response, role = query(1), query(1, Task.ROLE)
    replies = {one.query: one for one in simulator.answer([response, role])}
    scored, written = replies[response.id], replies[role.id]
    best = max(scored.log_probabilities, key=scored.log_probabilities.__getitem__)
    assert scored.text == {"A": "A. yes", "B": "B. no"}[best]
    inside = sum(map(math.exp, scored.log_probabilities.values()))
    assert inside + scored.outside_share == pytest.approx(1)
    assert (written.log_probabilities, written.usage.reply_tokens) == (None, 4)
    assert written.finish_reason == "length"


def test_by_sampling_options_are_written_too(tiny):
    simulator = find_simulator(f"hf/{tiny}", parameters=Parameters(temperature=0, max_tokens=3))
    [reply] = simulator.answer([query(1)])
    assert reply.log_probabilities is None


def test_replies_are_kept_and_other_weights_are_asked_anew(tiny, tmp_path):
    folder = Path(shutil.copytree(tiny, tmp_path / "model"))
    plan = [query(1), query(2)]
    with ReplyStore(tmp_path / "replies.sqlite") as store:
        first = ask(find_simulator(f"hf/{folder}"), plan, store=store)
        again = find_simulator(f"hf/{folder}")
        kept = ask(again, plan, store=store, limit=0)
        assert [one.log_probabilities for one in kept.values()] == [
            pytest.approx(one.log_probabilities) for one in first.values()
        ]
        assert "_loaded" not in vars(again)
        path = folder / "model.safetensors"
        content = bytearray(path.read_bytes())
        content[-2] ^= 1
        path.write_bytes(content)
        other = ask(find_simulator(f"hf/{folder}"), plan, store=store, limit=0)
    assert all(one.error for one in other.values())


def test_a_prompt_that_is_too_long_gets_no_reply_and_says_why(tiny):
    simulator = find_simulator(f"hf/{tiny}")
    long, short = query(1, text="happy? " * 3000), query(2)
    replies = {one.query: one for one in simulator.answer([long, short])}
    assert "the model takes 2,048" in replies[long.id].error
    assert replies[short.id].error is None
    assert simulator.count_tokens("Are you happy?") < simulator.prompt_tokens < 2048


@pytest.mark.parametrize(
    ("both_are_wrong", "notes"),
    [
        (False, ["transformers' own pass is used"]),
        (True, ["transformers' own pass is used", "they are computed one by one, which is slow"]),
    ],
)
def test_a_pass_with_other_numbers_is_left_out_and_it_is_said(
    tiny, monkeypatch, both_are_wrong, notes
):
    simulator, plain = find_simulator(f"hf/{tiny}"), find_simulator(f"hf/{tiny}")
    plan = [query(one) for one in range(4)]
    expected = {one.query: one.log_probabilities for one in plain.answer(plan)}
    real, over_a_tree = branches.go_on, TreePass.log_probabilities

    def wrong(*arguments, **settings):
        logits, computed = real(*arguments, **settings)
        return logits * 1.1, computed

    def wrong_over_a_tree(*arguments):
        return [one * 1.1 for one in over_a_tree(*arguments)]

    monkeypatch.setattr(TreePass, "log_probabilities", wrong_over_a_tree)
    if both_are_wrong:
        monkeypatch.setattr(branches, "go_on", wrong)
    found = {one.query: one.log_probabilities for one in simulator.answer(plan)}
    assert found == {key: pytest.approx(logs, abs=1e-4) for key, logs in expected.items()}
    assert [note.split("; ")[1] for note in simulator.notes] == notes
    assert plain.notes == ()


def test_a_kind_of_model_that_is_unknown_is_asked_by_its_own_pass_and_it_is_said(tiny, tmp_path):
    from transformers import GPT2Config, GPT2LMHeadModel

    folder = Path(shutil.copytree(tiny, tmp_path / "model"))
    shape = {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 512}
    GPT2LMHeadModel(GPT2Config(vocab_size=700, **shape)).save_pretrained(folder)
    simulator = find_simulator(f"hf/{folder}")
    [reply] = simulator.answer([query(1)])
    assert reply.log_probabilities
    [note] = [one for one in simulator.notes if "slower" in one]
    assert note == "models of the kind gpt2 are scored by transformers' own pass, which is slower"


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (Parameters(constrain="schema"), "take out 'constrain'"),
        (Parameters(extra={"min_p": 0.1}), "'min_p' is unknown to local models"),
    ],
)
def test_what_would_be_ignored_is_refused(tiny, parameters, message):
    with pytest.raises(InputError, match=message):
        find_simulator(f"hf/{tiny}", parameters=parameters)


def test_a_model_that_is_not_there_is_told():
    with pytest.raises(InputError, match="download it first"):
        find_simulator("hf/nobody/no-such-model")
