"""Names of simulators: what they stand for, and what is said of those that stand for nothing."""

import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest

from alignsurvey import simulators
from alignsurvey.errors import InputError
from alignsurvey.simulators import (
    TRIVIAL,
    Learner,
    SimulatorName,
    Uniform,
    baseline_names,
    parse_name,
    registry,
    resolve,
)
from alignsurvey.tasks.queries import Reply


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("baseline/logit", ("baseline", "logit", None)),
        ("openai/gpt-4o-mini", ("openai", "gpt-4o-mini", None)),
        ("hf/Qwen/Qwen2.5-7B:runs/lora", ("hf", "Qwen/Qwen2.5-7B", "runs/lora")),
        ("ollama/llama3:8b", ("ollama", "llama3:8b", None)),
        ("recorded/C:/replies.csv", ("recorded", "C:/replies.csv", None)),
        ("recorded//data/replies.csv", ("recorded", "/data/replies.csv", None)),
        ("planted/shrunk(0.4)", ("planted", "shrunk(0.4)", None)),
    ],
)
def test_a_name_comes_apart_and_together(name, parts):
    assert parse_name(name) == SimulatorName(*parts)
    assert str(parse_name(name)) == name


@pytest.mark.parametrize("name", baseline_names())
def test_every_baseline_resolves(name):
    learner = resolve(name, seed=5)
    assert isinstance(learner, Learner)
    assert learner.name == name
    assert learner.seed == 5


def test_the_trivial_ones_are_baselines():
    assert set(TRIVIAL) < set(baseline_names())


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "logit",
            "a name is provider/model, such as baseline/logit; did you mean 'baseline/logit'",
        ),
        ("baseline/", "a name is provider/model"),
        ("baseline/logti", "no simulator 'baseline/logti'; did you mean 'baseline/logit'?"),
        ("baseline/logit:x", "no simulator 'baseline/logit:x'"),
        ("basline/logit", "no provider 'basline'; did you mean 'baseline'?"),
        ("openai/gpt-4o", "is asked, and learns nothing; use find_simulator"),
        ("hf/Qwen/Qwen2.5-7B", "is asked, and learns nothing; use find_simulator"),
        ("vllm/x", "use find_simulator"),
        ("opnai/x", "no provider 'opnai'; did you mean 'openai'?"),
        ("recorded/x.csv", "is a file and learns nothing; use read_recorded"),
        ("planted/shrunk", "is made of people's answers; use planted"),
    ],
)
def test_names_that_cannot_be_resolved(name, message):
    with pytest.raises(InputError) as caught:
        resolve(name, seed=1)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def make_uniform(model: str, *, seed: int) -> Uniform:
    return Uniform(seed=seed, name=f"ours/{model}")


def make_nothing(model: str, *, seed: int) -> None:
    """A factory that gives no learner."""


@pytest.fixture
def entry_points(monkeypatch):
    """Entry points that point into this module."""

    def install(**points: str) -> None:
        def listed(group: str) -> list[EntryPoint]:
            return [EntryPoint(name, value, group) for name, value in points.items()]

        monkeypatch.setattr(registry, "entry_points", listed)
        registry.third_parties.cache_clear()

    yield install
    registry.third_parties.cache_clear()


def test_third_parties_add_providers(entry_points, monkeypatch):
    monkeypatch.setitem(sys.modules, "their_package", sys.modules[__name__])
    entry_points(ours="their_package:make_uniform", baseline="their_package:nonsense")
    learner = resolve("ours/model:adapter", seed=3)
    assert isinstance(learner, Uniform)
    assert (learner.name, learner.seed) == ("ours/model:adapter", 3)
    assert resolve("baseline/logit").name == "baseline/logit", "built-in names cannot be taken"


def test_a_third_party_that_gives_no_learner_is_named(entry_points, monkeypatch):
    monkeypatch.setitem(sys.modules, "their_package", sys.modules[__name__])
    entry_points(broken="their_package:make_nothing")
    with pytest.raises(InputError, match="their_package:make_nothing gives no learner"):
        resolve("broken/model", seed=3)


def test_importing_the_package_loads_neither_scipy_nor_sklearn():
    code = (
        "import sys, alignsurvey.simulators as s; s.baseline_names(); "
        "print(*{name.split('.')[0] for name in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"scipy", "sklearn", "statsmodels"} & set(done.stdout.split())


def test_public_names_can_be_reached():
    for name in simulators.__all__:
        assert getattr(simulators, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        simulators.nonsense  # noqa: B018
    assert callable(simulators.planted)


class Agreeable:
    """A third party's simulator."""

    name = "agreeable/one"

    def answer(self, queries):
        return (Reply(query.id, "Yes.") for query in queries)


def make_agreeable(model, *, seed):
    """A factory of a simulator."""
    return Agreeable()


def test_third_parties_add_simulators_that_answer_queries(entry_points, monkeypatch):
    monkeypatch.setitem(sys.modules, "their_package", sys.modules[__name__])
    entry_points(agreeable="their_package:make_agreeable", broken="their_package:make_nothing")
    assert registry.find_simulator("agreeable/one").name == "agreeable/one"
    with pytest.raises(InputError, match="their_package:make_nothing gives no simulator"):
        registry.find_simulator("broken/model")
    with pytest.raises(InputError, match="make_agreeable gives no learner"):
        resolve("agreeable/one")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("baseline/logit", "reads no prompts"),
        ("recorded/file.jsonl", "has its replies already"),
        ("agreable/one", "no provider 'agreable'; did you mean 'agreeable'"),
    ],
)
def test_what_answers_no_queries_is_no_simulator(entry_points, name, message):
    entry_points(agreeable="their_package:make_agreeable")
    with pytest.raises(InputError, match=message):
        registry.find_simulator(name)
