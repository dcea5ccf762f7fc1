"""Loading: no model, an adapter or tokenizer of another one, too little memory: one clear line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from alignsurvey.errors import InputError
from alignsurvey.simulators.local import Loading
from alignsurvey.simulators.local.chat import load_chat
from alignsurvey.simulators.local.folders import fingerprint, model_folder
from alignsurvey.simulators.local.loading import load_model
from alignsurvey.tasks.queries import Message

from .conftest import CORPUS, needs_models

# peft 0.21 asks transformers 5.23 for a property by its former name.
pytestmark = pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing:FutureWarning")
CPU = {"dtype": "float32", "device": "cpu"}
TURNS = (Message("system", "Be brief."), Message("user", "Are you happy?"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("m?dtype=float8", "hf: dtype=float8 is unknown; did you mean 'float32'"),
        ("m?dtpye=float32", "hf/m?dtpye=float32: unknown key 'dtpye'; did you mean 'dtype'"),
        ("m?quantize=3bit", "hf: quantize=3bit is unknown"),
        ("m?batch_tokens=many", "it must be a whole number"),
        ("m?batch_tokens=0", "it must be 1 or more"),
    ],
)
def test_settings_that_are_wrong_are_told(name, message):
    with pytest.raises(InputError) as caught:
        Loading.from_name(name)
    assert message in str(caught.value)


def test_a_name_holds_path_adapters_and_settings():
    found = Loading.from_name("models/q:a:b?dtype=bfloat16&batch_tokens=99")
    assert found == Loading("models/q", ("a", "b"), dtype="bfloat16", batch_tokens=99)
    assert found.label == "models/q:a:b"


def _folder(tmp_path: Path, **files: str) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_text(content)
    return folder


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "no model, since there is no config.json"),
        ({"config__json": "{"}, "no JSON that can be read"),
        ({"config__json": "[]"}, "no JSON object"),
        ({"config__json": "{}"}, "no tokenizer"),
        ({"config__json": "{}", "tokenizer__json": "{}"}, "no weights"),
        (
            {"config__json": "{}", "tokenizer__json": "{}", "pytorch_model__bin": ""},
            "pytorch_model.bin is a pickle, which can run any code when it is read",
        ),
        (
            {"adapter_config__json": '{"base_model_name_or_path": "Qwen/Q"}'},
            "an adapter and no model; write hf/Qwen/Q:",
        ),
    ],
)
def test_a_folder_that_is_no_model_is_told(tmp_path, files, message):
    with pytest.raises(InputError) as caught:
        model_folder(str(_folder(tmp_path, **files)))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@needs_models
def test_weights_that_are_no_safetensors_are_told(tiny: Path, tmp_path):
    folder = _copy(tiny, tmp_path)
    (folder / "model.safetensors").write_bytes(b"\x80\x04not safe" * 9)
    with pytest.raises(InputError, match="no safetensors file; copy it anew"):
        load_model(Loading(str(folder), **CPU))


def _copy(tiny: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny, tmp_path / "copy"))


@needs_models
def test_other_weights_have_another_fingerprint(tiny, tmp_path):
    folder = _copy(tiny, tmp_path)
    assert fingerprint(tiny) == fingerprint(folder)
    path = folder / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-9] ^= 1
    path.write_bytes(content)
    assert fingerprint(tiny) != fingerprint(folder)


@needs_models
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"device": "mps"}, "device=mps: torch finds none here"),
        ({"quantize": "4bit"}, "quantize=4bit needs a CUDA device"),
    ],
)
def test_a_device_that_is_not_there_is_told(tiny, settings, message, monkeypatch):
    import torch

    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError, match=message):
        load_model(Loading(str(tiny), **settings))


@needs_models
def test_too_little_memory_is_told_before_loading(tiny, monkeypatch):
    from alignsurvey.simulators.local import loading

    monkeypatch.setattr(loading, "_free_bytes", lambda _: 1000)
    with pytest.raises(InputError, match=r"needs about .* GiB on cpu, where 0.0 GiB are free"):
        load_model(Loading(str(tiny), **CPU))


@needs_models
def test_a_tokenizer_with_more_tokens_than_the_model_is_told(tiny, tmp_path):
    from transformers import AutoTokenizer

    folder = _copy(tiny, tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.add_tokens([f"<new {n}>" for n in range(9)])
    tokenizer.save_pretrained(folder)
    with pytest.raises(InputError, match="they do not belong together"):
        load_model(Loading(str(folder), **CPU))


@needs_models
def test_a_model_without_chat_template_is_asked_in_plain_text_and_it_is_said(tiny, tmp_path):
    folder = _copy(tiny, tmp_path)
    (folder / "chat_template.jinja").unlink()
    chat = load_chat(folder)
    assert chat.texts([TURNS]) == ["Be brief.\n\nAre you happy?\n\nAnswer:"]
    [note] = chat.notes
    assert "no chat template: messages are put as plain text" in note
    assert load_chat(tiny).notes == ()


@needs_models
def test_a_template_without_system_message_gets_it_before_the_users(tiny, tmp_path):
    folder = _copy(tiny, tmp_path)
    (folder / "chat_template.jinja").write_text(
        "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('none') }}"
        "{% endif %}[{{ m.content }}]{% endfor %}"
    )
    chat = load_chat(folder)
    assert chat.texts([TURNS]) == ["[Be brief.\n\nAre you happy?]"]
    assert "has no system message" in chat.notes[0]


@needs_models
def test_a_pre_tokenizer_that_is_replaced_on_loading_is_noticed(tiny, monkeypatch):
    """The file's own tokens are used, and it is said."""
    from tokenizers import pre_tokenizers
    from transformers import AutoTokenizer

    real = AutoTokenizer.from_pretrained

    def replaced(*arguments: Any, **settings: Any) -> Any:
        tokenizer = real(*arguments, **settings)
        tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
        return tokenizer

    expected = load_chat(tiny).encode([TURNS])
    monkeypatch.setattr(AutoTokenizer, "from_pretrained", replaced)
    chat = load_chat(tiny)
    assert chat.encode([TURNS]) == expected
    assert "the file's are used" in chat.notes[0]


@pytest.fixture(scope="module")
def adapters(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two LoRA adapters of the tiny model that change what it says."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    found = []
    for seed in range(2):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = get_peft_model(
                AutoModelForCausalLM.from_pretrained(tiny),
                LoraConfig(r=2, target_modules=["q_proj", "down_proj"], init_lora_weights=False),
            )
        folder = tmp_path_factory.mktemp("adapters") / str(seed)
        model.save_pretrained(folder)
        found.append(folder)
    return found


def _logits(loaded: Any) -> Any:
    import torch

    with torch.inference_mode():
        return loaded.model(torch.tensor([[5, 6, 7, 8]])).logits


@needs_models
def test_adapters_are_merged_one_after_the_other(tiny, adapters):
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    one, two = map(str, adapters)
    both = _logits(load_model(Loading(str(tiny), (one, two), **CPU)))
    model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(tiny), one)
    model = PeftModel.from_pretrained(model.merge_and_unload(), two).eval()
    expected = model(torch.tensor([[5, 6, 7, 8]])).logits
    assert torch.allclose(both, expected, atol=1e-4)
    assert not torch.allclose(both, _logits(load_model(Loading(str(tiny), **CPU))), atol=1e-2)


@needs_models
def test_adapters_beside_a_quantized_model_add_up_to_the_same(tiny, adapters):
    import torch

    from alignsurvey.simulators.local.adapters import with_adapters

    base = load_model(Loading(str(tiny), **CPU)).model
    beside = with_adapters(base, adapters, merge=False).eval()
    merged = _logits(load_model(Loading(str(tiny), tuple(map(str, adapters)), **CPU)))
    with torch.inference_mode():
        assert torch.allclose(beside(torch.tensor([[5, 6, 7, 8]])).logits, merged, atol=1e-4)


@needs_models
def test_an_adapter_for_another_base_is_told(tiny, adapters, tmp_path):
    from alignsurvey.testing import tiny_model

    shape = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 4}
    other = tiny_model(CORPUS, tmp_path / "other", tokens=700, num_key_value_heads=2, **shape)
    with pytest.raises(InputError, match="the adapter does not fit the model") as caught:
        load_model(Loading(str(other), (str(adapters[0]),), **CPU))
    assert "\n" not in str(caught.value)
    renamed = Path(shutil.copytree(adapters[0], tmp_path / "renamed"))
    config = json.loads((renamed / "adapter_config.json").read_text())
    config["target_modules"] = ["c_attn"]
    (renamed / "adapter_config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match="the adapter does not fit the model"):
        load_model(Loading(str(tiny), (str(renamed),), **CPU))


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "no adapter, since there is no adapter_config.json"),
        ({"adapter_config__json": "{}", "adapter_model__bin": ""}, "is a pickle"),
    ],
)
def test_a_folder_that_is_no_adapter_is_told(tmp_path, files, message):
    from alignsurvey.simulators.local.folders import adapter_folder

    with pytest.raises(InputError, match=message):
        adapter_folder(str(_folder(tmp_path, **files)))
