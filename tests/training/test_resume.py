"""A run that is killed in the middle of an epoch ends with the weights of one that was not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from alignsurvey.errors import InputError
from alignsurvey.training.checkpoint import NAME
from alignsurvey.training.config import read_training
from alignsurvey.training.loop import Progress
from alignsurvey.training.run import run_training
from alignsurvey.training.world import joined_world

# The command, slowed down so that it can be killed within a stage.
SLOW = """
import sys, time, torch
torch.set_num_threads(1)
import alignsurvey.training.loop as loop
update = loop._update
def slowed(*a):
    update(*a); time.sleep(0.15)
loop._update = slowed
from pathlib import Path
from alignsurvey.training.config import read_training
from alignsurvey.training.run import run_training
run_training(read_training(Path(sys.argv[1])), Path(sys.argv[2]))
"""


def _weights(folder: Path) -> Any:
    from safetensors.torch import load_file

    return load_file(folder / "adapter_model.safetensors")


def _kill_in_stage_two(config: Path, out: Path, steps: int) -> int:
    """Start training, kill it once so many updates of stage II are kept; say how many there are."""
    from safetensors import safe_open

    process = subprocess.Popen([sys.executable, "-c", SLOW, str(config), str(out)])
    kept = out / "checkpoint" / NAME
    deadline = time.monotonic() + 120
    done = 0
    while done < steps and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.02)
        if kept.exists():
            with safe_open(kept, framework="pt") as file:
                done = len(json.loads(file.metadata()["state"])["losses"])
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    return done


def _same_as_undisturbed(config: Path, folder: Path, done: int) -> None:
    """Train anew what was interrupted, and compare it with a run that was not."""
    file = read_training(config)
    run_training(file, folder / "whole")
    assert not (folder / "stopped" / "training.json").exists()
    stage1, stage2 = run_training(file, folder / "stopped")
    assert stage1.trained is None
    assert stage2.trained is not None
    assert stage2.trained.resumed_at == done
    whole, resumed = _weights(folder / "whole"), _weights(folder / "stopped")
    assert whole.keys() == resumed.keys()
    for name, one in whole.items():
        assert torch.equal(one, resumed[name])
    curves = [
        json.loads((folder / name / "training.json").read_text(encoding="utf-8"))["curve"]
        for name in ("whole", "stopped")
    ]
    assert curves[0] == curves[1]
    assert not (folder / "stopped" / "checkpoint").exists()


def test_stopped_and_resumed_gives_the_same_weights(config: Path, tmp_path: Path) -> None:
    def stop(stage: str, progress: Progress) -> None:
        # 48 rows, 16 an update: 3 updates an epoch, so this is the second epoch's middle.
        if stage == "stage2" and progress.step == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_training(read_training(config), tmp_path / "stopped", stop)
    _same_as_undisturbed(config, tmp_path, 4)


@pytest.mark.slow
def test_killed_and_resumed_gives_the_same_weights(config: Path, tmp_path: Path) -> None:
    done = _kill_in_stage_two(config, tmp_path / "stopped", 4)
    assert done in (4, 5)
    _same_as_undisturbed(config, tmp_path, done)


def test_a_checkpoint_of_other_settings_is_refused(config: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run_training(read_training(config), out)
    text = config.read_text(encoding="utf-8").replace("save_every: 1", "learning_rate: 0.5")
    config.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="other data or with other settings; name a new folder"):
        run_training(read_training(config), out)


def test_a_broken_checkpoint_is_one_line(config: Path, tmp_path: Path) -> None:
    kept = tmp_path / "out" / "stage1" / "checkpoint" / NAME
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"half a file")
    with pytest.raises(InputError, match=r"cannot be read .* delete it to start anew"):
        run_training(read_training(config), tmp_path / "out")


@pytest.mark.slow
@pytest.mark.parametrize("shards", [False, True])
def test_two_processes_give_the_weights_of_one(config: Path, tmp_path: Path, shards: bool) -> None:
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("save_every: 1", "tokens_at_once: 200"), encoding="utf-8")
    run_training(read_training(config), tmp_path / "one")
    launch = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    command = [*launch, "-m", "alignsurvey", "train", str(config), "--out", str(tmp_path / "two")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    if shards:
        environment["ACCELERATE_USE_FSDP"] = "true"
    subprocess.run(command, check=True, capture_output=True, timeout=300, env=environment)
    one, two = _weights(tmp_path / "one"), _weights(tmp_path / "two")
    for name, tensor in one.items():
        torch.testing.assert_close(tensor, two[name], atol=1e-5, rtol=1e-4)


def test_deepspeed_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("WORLD_SIZE", "2"), ("LOCAL_RANK", "0"),
                        ("ACCELERATE_USE_DEEPSPEED", "true")):  # fmt: skip
        monkeypatch.setenv(name, value)
    with pytest.raises(InputError, match="does not use DeepSpeed"), joined_world():
        pass
