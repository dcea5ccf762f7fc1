"""A server that we did not write, with a real if tiny model: `transformers serve`."""

from __future__ import annotations

import math
import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from alignsurvey.errors import InputError
from alignsurvey.simulators.endpoints import Parameters, find_endpoint
from alignsurvey.tasks.queries import Message, Query, Shown, Task

DRAWS = 200
MISSING = [name for name in ("torch", "transformers", "fastapi", "uvicorn") if not find_spec(name)]
OPTIONS = tuple(Shown(*one) for one in (("A", "yes", 0), ("B", "partly", 1), ("C", "no", 2)))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
]


@pytest.fixture(scope="module")
def address(opinionated_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(Path(sys.executable).with_name("transformers")), "serve",
               str(opinionated_model), "--host", "127.0.0.1", "--port", str(port),
               "--device", "cpu"]  # fmt: skip
    log = tmp_path_factory.mktemp("serve") / "log.txt"
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    with log.open("w") as out, subprocess.Popen(
        command, stdout=out, stderr=subprocess.STDOUT, env=environment
    ) as server:  # fmt: skip
        try:
            _wait(f"http://127.0.0.1:{port}/health", server, log)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.terminate()


def _wait(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        assert server.poll() is None, log.read_text()
        try:
            with urlopen(url, timeout=5):
                return
        except (URLError, ConnectionError):
            time.sleep(0.2)
    raise AssertionError(log.read_text())


def queries(prompt: tuple[Message, ...]) -> list[Query]:
    one = Query(1, "happy", Task.RESPONSE, prompt, OPTIONS)
    return [replace(one, draw=draw) for draw in range(DRAWS)]


def own_shares(folder: Path, prompt: tuple[Message, ...]) -> list[float]:
    """The model's own probabilities of the three letters as the first token of its answer."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder)
    turns = [{"role": one.role, "content": one.content} for one in prompt]
    ids = tokenizer.apply_chat_template(turns, add_generation_prompt=True, return_tensors="pt",
                                        return_dict=True)  # fmt: skip
    with torch.no_grad():
        shares = model(**ids).logits[0, -1].softmax(-1)
    return [float(shares[tokenizer.convert_tokens_to_ids(letter)]) for letter in "ABC"]


def test_draws_have_the_shares_that_the_model_itself_gives_its_letters(
    address: str, opinionated_model: Path, prompt: tuple[Message, ...]
) -> None:
    shares = own_shares(opinionated_model, prompt)
    assert sum(shares) > 0.9
    assert shares[0] > shares[1] > shares[2]
    parameters = Parameters(seed=42, max_tokens=8)
    endpoint = find_endpoint(f"endpoint/{opinionated_model}", parameters, base_url=address)
    replies = list(endpoint.answer(queries(prompt)))
    assert len({one.query for one in replies}) == DRAWS
    assert not [one.error for one in replies if one.error]
    met = Counter((one.text or "").strip()[:1] for one in replies)
    for letter, share in zip("ABC", shares, strict=True):
        error = math.sqrt(share * (1 - share) / DRAWS)
        assert met[letter] / DRAWS == pytest.approx(share, abs=4 * error)
    assert all(one.usage and one.usage.prompt_tokens > 50 for one in replies)


def test_log_probabilities_that_the_server_ignores_are_missed_and_said(
    address: str, opinionated_model: Path, prompt: tuple[Message, ...]
) -> None:
    parameters = Parameters(by="likelihood")
    endpoint = find_endpoint(f"endpoint/{opinionated_model}", parameters, base_url=address)
    with pytest.raises(InputError, match=r"ignores 'logprobs'.*use --by sampled"):
        list(endpoint.answer(queries(prompt)[:1]))
