"""Names, addresses, keys and parameters are checked before anything is asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from alignsurvey.errors import EndpointError, InputError
from alignsurvey.simulators.endpoints import (
    PROVIDERS,
    Parameters,
    find_endpoint,
    find_provider,
)
from alignsurvey.simulators.endpoints.keys import find_key, redact
from alignsurvey.simulators.endpoints.requests import RequestWriter
from alignsurvey.tasks.queries import Message, Query, Task

from .conftest import queries


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_provider_is_found_with_its_address(name: str) -> None:
    url = None if name != "endpoint" else "http://gpu:8000/v1"
    found = find_provider(name, url)
    assert found.base_url.startswith("http://" if found.is_local else "https://")
    assert found.key_variable.endswith("_API_KEY")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("http://gpu:8000/v1/", "http://gpu:8000/v1"),
        (" https://x.org/v1/chat/completions ", "https://x.org/v1"),
    ],
)
def test_an_address_is_written_in_one_way(given: str, expected: str) -> None:
    assert find_provider("vllm", given).base_url == expected


@pytest.mark.parametrize(
    ("name", "url", "said"),
    [
        ("opnai", None, "did you mean 'openai'"),
        ("endpoint", None, "needs an address.*ALIGNSURVEY_BASE_URL"),
        ("vllm", "gpu:8000", "is no address"),
        ("vllm", "http://gpu:port/v1", "is no address"),
        ("vllm", "http://me:secret@gpu/v1", "holds a password"),
        ("vllm", "http://gpu/v1?key=secret", "holds a password or a query"),
    ],
)
def test_a_wrong_address_is_told_without_its_password(
    name: str, url: str | None, said: str
) -> None:
    with pytest.raises(InputError, match=said) as caught:
        find_provider(name, url)
    assert "secret" not in str(caught.value)


def test_the_environment_gives_an_address_to_servers_of_ones_own_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ALIGNSURVEY_BASE_URL", "http://gpu:9000/v1")
    assert find_provider("ollama").base_url == "http://gpu:9000/v1"
    assert find_provider("openai").base_url == "https://api.openai.com/v1"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("OPENAI_API_KEY=sk-1", "sk-1"),
        ("# none\nexport OPENAI_API_KEY = 'sk-2' \n", "sk-2"),
        ('OTHER=1\nOPENAI_API_KEY="sk-3"', "sk-3"),
        ("OPENAI_API_KEY=sk-4 # mine", "sk-4"),
        ("\ufeffOPENAI_API_KEY=sk-5\r\n", "sk-5"),
    ],
)
def test_a_key_is_read_from_a_file(tmp_path: Path, text: str, key: str) -> None:
    (tmp_path / ".env").write_text(text, encoding="utf-8")
    assert find_key(find_provider("openai"), tmp_path) == key


def test_the_environment_goes_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("OPENAI_API_KEY=sk-file")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-environment\n")
    assert find_key(find_provider("openai"), tmp_path) == "sk-environment"


def test_no_key_and_an_impossible_key_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = find_endpoint("openai/gpt-4o-mini")
    assert list(endpoint.answer([])) == []  # nothing to ask needs none
    with pytest.raises(EndpointError, match="openai: no key; set OPENAI_API_KEY"):
        list(endpoint.answer([Query(1, "vote", Task.RESPONSE, (Message("user", "?"),))]))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1\r\nX-Evil: 1")
    with pytest.raises(InputError, match="holds a sign that no key has") as caught:
        endpoint.find_key()
    assert "Evil" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Incorrect API key provided: sk-proj-a1B2****wxyz.", "Incorrect API key provided: [key]."),
        ("Authorization: Bearer abc.def", "Authorization: Bearer [key]"),
        ("skateboarding and key-stakeholders stay", "skateboarding and key-stakeholders stay"),
    ],
)
def test_what_looks_like_a_key_is_hidden(text: str, expected: str) -> None:
    assert redact(text) == expected


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        ("anthropic", {"by": "likelihood"}, "gives no log-probabilities; use --by sampled"),
        ("gemini", {"by": "likelihood"}, "gives no log-probabilities"),
        ("anthropic", {"seed": 1}, "ignores a seed"),
        ("anthropic", {"temperature": 1.5}, "temperature of 1 at most"),
        ("mistral", {"reasoning_effort": "low"}, "takes no reasoning effort"),
        ("deepseek", {"constrain": "schema"}, "no JSON schema"),
        ("openai", {"constrain": "choice"}, "use schema"),
        ("qwen", {"by": "likelihood", "top_logprobs": 20}, "gives 5 log-probabilities"),
    ],
)
def test_a_parameter_that_a_provider_ignores_is_refused(
    name: str, settings: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError, match=f"{name}: .*{said}"):
        find_endpoint(f"{name}/model", Parameters(**settings))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"by": "sample"}, "did you mean 'sampled'"),
        ({"constrain": "json"}, "'json' is unknown"),
        ({"temperature": -1}, "temperature: -1 is not between 0 and 2"),
        ({"top_p": 0}, "top_p: 0 is not between 0 and 1"),
        ({"max_tokens": 0}, "max_tokens: 0"),
        ({"extra": {"stream": True}}, "'stream' is set from the study"),
        ({"by": "likelihood", "temperature": 0.0}, "leave both at 1"),
    ],
)
def test_a_parameter_out_of_range_is_told(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        Parameters(**settings)


@pytest.mark.parametrize(
    ("name", "settings", "expected"),
    [
        ("openai", {"max_tokens": 9}, {"max_completion_tokens": 9}),
        ("mistral", {"seed": 1, "max_tokens": 9}, {"max_tokens": 9}),
        ("together", {"by": "likelihood"}, {"logprobs": 20, "top_logprobs": 20, "max_tokens": 1}),
        ("qwen", {"by": "likelihood"}, {"logprobs": True, "top_logprobs": 5, "max_tokens": 1}),
        ("vllm", {"constrain": "choice"}, {"structured_outputs": {"choice": ["A", "B"]}}),
        ("llamacpp", {"constrain": "choice"}, {"grammar": 'root ::= "A" | "B"'}),
    ],
)  # fmt: skip
def test_a_request_is_written_in_the_providers_way(
    name: str, settings: dict[str, Any], expected: dict[str, Any]
) -> None:
    writer = RequestWriter("m", Parameters(**settings), find_provider(name))
    body = json.loads(writer.body(queries(1)[0]))
    assert ("random_seed" in body) == (name == "mistral")
    for known in ("model", "messages", "temperature", "random_seed"):
        body.pop(known, None)
    assert body == expected


@pytest.mark.parametrize(
    ("by", "properties"),
    [
        ("sampled", {"answer": {"type": "string", "enum": ["A", "B"]}}),
        ("verbalized", {"A": {"type": "number"}, "B": {"type": "number"}}),
    ],
)
def test_a_schema_holds_replies_to_the_letters(by: Any, properties: dict[str, Any]) -> None:
    writer = RequestWriter("m", Parameters(by=by, constrain="schema"), find_provider("vllm"))
    shape = json.loads(writer.body(queries(1)[0]))["response_format"]["json_schema"]
    assert shape["schema"]["properties"] == properties
    assert shape["schema"]["required"] == list(properties)


def test_halves_of_signs_and_any_language_are_sent_as_they_are() -> None:
    writer = RequestWriter("m", Parameters(extra={"user": "是"}), find_provider("vllm"))
    query = queries(1)[0]
    message = type(query.messages[0])("user", "你好 \ud83d \x00")
    body = writer.body(type(query)("r", "i", query.task, (message,)))
    assert json.loads(body)["messages"] == [{"role": "user", "content": "你好 \ud83d \x00"}]


def test_parameters_say_what_was_set() -> None:
    assert Parameters(by="verbalized", constrain="schema", extra={"top_k": 5}).as_dict() == {
        "by": "verbalized", "temperature": 1.0, "constrain": "schema", "extra": {"top_k": 5},
    }  # fmt: skip
    assert find_endpoint("vllm/Qwen/Qwen2.5-7B-Instruct").model == "vllm/Qwen/Qwen2.5-7B-Instruct"
    with pytest.raises(InputError, match="names no model"):
        find_endpoint("vllm/")
