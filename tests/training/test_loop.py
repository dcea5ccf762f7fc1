"""The loop: it learns, stops early, and a loss that is no number loses nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest
import torch

from alignsurvey.errors import InputError
from alignsurvey.simulators.local.loading import Loading, load_model
from alignsurvey.training.checkpoint import NAME, trainable
from alignsurvey.training.config import read_training
from alignsurvey.training.examples import RecordSource, read_sources
from alignsurvey.training.loop import Progress, train
from alignsurvey.training.lora import Lora, with_lora
from alignsurvey.training.losses import Sft
from alignsurvey.training.packing import answer_logits
from alignsurvey.training.run import run_training
from alignsurvey.training.settings import Settings


@pytest.fixture
def source(data: Path, loaded: Any) -> RecordSource:
    return RecordSource(read_sources([data]), loaded.chat)


@pytest.fixture
def model(loaded: Any) -> Any:
    return with_lora(loaded.model, Lora(rank=8))


class Failing:
    """Is no number from a given call on."""

    name = "failing"
    per: Literal["token", "example"] = "token"

    def __init__(self, good_calls: int) -> None:
        self.left = good_calls

    def __call__(self, logits: torch.Tensor, batch: Any) -> torch.Tensor:
        self.left -= 1
        return Sft()(logits, batch) * (1.0 if self.left >= 0 else float("nan"))


def test_training_lowers_the_loss_and_tells_where_it_stands(
    source: RecordSource, model: Any
) -> None:
    frozen = {name: one.clone() for name, one in model.named_parameters() if not one.requires_grad}
    told: list[Progress] = []
    settings = Settings(epochs=10, learning_rate=0.02, effective_batch=16)
    trained = train(model, source, settings, Sft(), tell=told.append)
    assert trained.steps == len(trained.losses) == told[-1].steps == 30
    assert trained.losses[-1] < 0.6 * trained.losses[0]
    assert told[-1].step == 30
    assert told[-1].tokens_per_second > 0
    assert told[-1].seconds_left == 0
    for name, one in model.named_parameters():
        if name in frozen:
            assert torch.equal(one, frozen[name])


def test_a_loss_that_is_no_number_stops_and_keeps_the_last_good_weights(
    source: RecordSource, model: Any, tmp_path: Path
) -> None:
    from safetensors.torch import load_file

    settings = Settings(effective_batch=48, epochs=9, learning_rate=0.02, tokens_at_once=10**6)
    with pytest.raises(InputError, match=r"update 4: the loss is nan .* are kept in") as raised:
        train(model, source, settings, Failing(3), folder=tmp_path, key="k")
    assert "\n" not in str(raised.value)
    kept = load_file(tmp_path / NAME)
    assert all(torch.isfinite(one).all() for one in kept.values())
    for name, one in trainable(model).items():
        assert torch.equal(kept[f"weights/{name}"], one)
    # It goes on from there.
    trained = train(model, source, settings, Sft(), folder=tmp_path, key="k")
    assert (trained.resumed_at, trained.steps) == (3, 9)


def test_training_stops_when_people_kept_out_are_answered_worse(
    source: RecordSource, model: Any
) -> None:
    settings = Settings(
        epochs=40, learning_rate=0.05, effective_batch=12, validation_share=0.25, patience=2
    )
    trained = train(model, source, settings, Sft())
    best = trained.validation.index(min(trained.validation))
    assert len(trained.validation) == best + 1 + 2 < 40
    # The weights are those of the best epoch: 9 of 12 people train, 36 rows, 3 updates an epoch.
    assert trained.steps == 3 * len(trained.validation)
    again = train(model, source, Settings(max_steps=1, learning_rate=1e-12), Sft())
    assert again.steps == 1


def test_dropout_is_drawn_from_the_seed(source: RecordSource, tiny: Path) -> None:
    from alignsurvey.simulators.local.loading import Loading, load_model

    def run() -> tuple[float, ...]:
        model = with_lora(load_model(Loading(str(tiny))).model, Lora(dropout=0.3))
        return train(model, source, Settings(epochs=1, learning_rate=0.01), Sft()).losses

    before = torch.random.get_rng_state()
    first = run()
    torch.rand(3)
    assert run() == first
    torch.random.set_rng_state(before)


@pytest.mark.parametrize(
    ("examples", "frozen", "message"),
    [([], False, "nothing to train on"), (None, True, "nothing to train; give it an adapter")],
)
def test_nothing_to_train_is_said(
    source: RecordSource, loaded: Any, examples: Any, frozen: bool, message: str
) -> None:
    loaded.model.requires_grad_(not frozen)
    given = source if examples is None else examples
    with pytest.raises(InputError, match=message):
        train(loaded.model, given, Settings(), Sft())


def test_a_loss_over_options_learns_from_records_too(config: Path, tmp_path: Path) -> None:
    text = f"{config.read_text(encoding='utf-8')}loss: distribution\n"
    text = text.replace("epochs: 2", "epochs: 12")
    config.write_text(text, encoding="utf-8")
    stage1, stage2 = run_training(read_training(config), tmp_path / "out")
    assert stage1.trained is not None
    assert stage2.trained is not None
    assert stage2.trained.losses[-1] < 0.9 * stage1.trained.losses[0]


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
    ],
)
def test_memory_that_runs_out_is_one_line_and_the_checkpoint_stays(
    source: RecordSource, tiny: Path, tmp_path: Path, error: Exception
) -> None:
    def forward(model: Any, batch: Any) -> torch.Tensor:
        calls.append(batch)
        if len(calls) > 3:
            raise error
        return answer_logits(model, batch)

    calls: list[Any] = []
    model = with_lora(load_model(Loading(str(tiny), device="cpu")).model, Lora())
    settings = Settings(effective_batch=16, save_every=1)
    with pytest.raises(InputError, match="too little memory on cpu: lower tokens_at_once"):
        train(model, source, settings, Sft(), folder=tmp_path, forward=forward)
    assert (tmp_path / NAME).exists()
