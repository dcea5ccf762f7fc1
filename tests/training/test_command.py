"""The command: trains, merges, prints JSON, and says in one line what is wrong."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from alignsurvey.cli import main


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    sys.argv = ["alignsurvey", *arguments]
    with pytest.raises(SystemExit) as stop:
        main()
    captured = capsys.readouterr()
    return int(stop.value.code or 0), captured.out, captured.err


def test_training_and_merging_from_the_command_line(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    code, text, _ = call(
        capsys, "train", str(config), "--out", str(out), "--without", "stage1", "--json"
    )
    assert code == 0
    [stage] = json.loads(text)
    assert (stage["stage"], stage["resumed_at"], len(stage["losses"])) == ("stage2", 0, 6)
    code, text, errors = call(
        capsys, "train", str(config), "--out", str(out), "--without", "stage1"
    )
    assert (code, errors) == (0, "")
    assert text == f"stage2: finished before, in {out}\n"
    code, text, _ = call(capsys, "merge", str(out), "--out", str(tmp_path / "merged"))
    assert code == 0
    assert f"parameters in {tmp_path / 'merged'}" in text


def test_progress_says_loss_speed_and_time_left(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text, errors = call(capsys, "train", str(config), "--out", str(tmp_path / "out"))
    assert code == 0
    assert "stage2: update 6 of 6, loss " in errors
    assert "tokens/s, 0:00 left" in errors
    assert text.count("adapter in") == 2


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("model: ", "model: /no/such", "no such folder"),
        ("stage1: {data: [", "stage1: {data: [/no/such/", "no such file"),
        ("save_every: 1", "device_batch: 5", "cannot be divided"),
        ("save_every: 1", "targets: [no_such_layer]", "no_such_layer"),
        ("preset: tiny", "preset: tiny\nloss: best", "no loss 'best'"),
    ],
)
def test_bad_input_is_one_line_and_writes_no_result(
    config: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    before: str,
    after: str,
    message: str,
) -> None:
    text = config.read_text(encoding="utf-8").replace(before, after, 1)
    config.write_text(text, encoding="utf-8")
    code, _, errors = call(capsys, "train", str(config), "--out", str(tmp_path / "out"))
    assert code == 2
    assert message in errors
    assert len(errors.strip().splitlines()) == 1
    assert not list(tmp_path.glob("out/**/training.json"))


@pytest.mark.parametrize("kind", ["no template", "no tokenizer", "pickle"])
def test_a_model_folder_that_is_not_whole(
    config: Path, tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    import shutil

    folder = tmp_path / "broken"
    shutil.copytree(tiny, folder)
    config.write_text(
        config.read_text(encoding="utf-8").replace(str(tiny), str(folder)), encoding="utf-8"
    )
    if kind == "no template":
        (folder / "chat_template.jinja").unlink()
    elif kind == "no tokenizer":
        (folder / "tokenizer.json").unlink()
    else:
        (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    code, _, errors = call(capsys, "train", str(config), "--out", str(tmp_path / "out"))
    if kind == "no template":
        # It is trained, on plain text, and that is said.
        assert code == 0
        assert "has no chat template" in errors
    else:
        assert code == 2
        assert ("no tokenizer" if kind == "no tokenizer" else "is a pickle") in errors


def test_too_little_memory_says_what_to_lower(
    config: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from alignsurvey.training import losses

    def full(*_: Any) -> Any:
        raise torch.OutOfMemoryError("out of memory")

    monkeypatch.setattr(losses.Sft, "__call__", full)
    code, _, errors = call(capsys, "train", str(config), "--out", str(tmp_path / "out"))
    assert code == 2
    assert "lower tokens_at_once (now 8,192)" in errors
