"""Packing: the same logits, losses and gradients as one example a row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from alignsurvey.training.examples import RecordSource, read_sources
from alignsurvey.training.lora import Lora, with_lora
from alignsurvey.training.losses import Sft
from alignsurvey.training.packing import answer_logits, make_batch
from alignsurvey.training.schedule import Schedule, device_batches, encoded_packs, share_prefix
from alignsurvey.training.settings import Settings


@pytest.fixture
def examples(data: Path, loaded: Any) -> Any:
    records = read_sources([data])
    return RecordSource(records, loaded.chat).encoded(range(len(records)), 0)


def test_packed_and_unpacked_logits_and_losses_are_equal(examples: Any, loaded: Any) -> None:
    alone = make_batch([[one] for one in examples], 0)
    packs = [share_prefix(examples[start : start + 4]) for start in range(0, len(examples), 4)]
    packed = make_batch(packs, 0)
    assert packed.tokens < 0.6 * alone.tokens
    first, second = (answer_logits(loaded.model, one) for one in (alone, packed))
    torch.testing.assert_close(first, second, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(Sft()(first, alone), Sft()(second, packed), atol=1e-5, rtol=1e-5)


def test_logits_are_those_of_the_whole_model_at_the_answer(examples: Any, loaded: Any) -> None:
    one = examples[5]
    ids = torch.tensor([[*one.prompt_ids, *one.answer_ids]])
    whole = loaded.model(input_ids=ids).logits[0, len(one.prompt_ids) - 1 : -1]
    mixed = make_batch([share_prefix(examples[:4]), [one], share_prefix(examples[8:11])], 0)
    torch.testing.assert_close(
        answer_logits(loaded.model, mixed)[mixed.owner == 4], whole, atol=1e-5, rtol=1e-5
    )


def test_gradients_do_not_depend_on_how_a_step_is_cut(examples: Any, loaded: Any) -> None:
    from alignsurvey.training.loop import train

    def trained(**settings: Any) -> list[torch.Tensor]:
        from alignsurvey.simulators.local.loading import Loading, load_model

        model = with_lora(load_model(Loading(loaded.model.name_or_path)).model, Lora())
        made = Settings(epochs=2, learning_rate=0.01, effective_batch=16, **settings)
        train(model, examples, made, Sft())
        return [one for one in model.parameters() if one.requires_grad]

    whole = trained(tokens_at_once=10**6)
    for cut in (trained(tokens_at_once=1), trained(device_batch=4), trained(tokens_at_once=900)):
        for first, second in zip(whole, cut, strict=True):
            torch.testing.assert_close(first, second, atol=1e-5, rtol=1e-4)


def test_every_example_is_in_one_update_of_an_epoch_and_orders_differ() -> None:
    respondents = [place % 7 for place in range(50)]
    schedule = Schedule(respondents, range(50), range(50), Settings(effective_batch=8, pack=3))
    epochs = [schedule.epoch(epoch) for epoch in range(2)]
    assert epochs[0] != epochs[1]
    assert epochs[0] == schedule.epoch(0)
    for epoch in epochs:
        assert len(epoch) == schedule.per_epoch == 7
        assert sorted(place for step in epoch for pack in step for place in pack) == list(range(50))
        assert [sum(map(len, step)) for step in epoch] == [8] * 6 + [2]
        for pack in (pack for step in epoch for pack in step):
            assert len(pack) <= 3
            assert len({respondents[place] for place in pack}) == 1


def test_a_device_batch_is_no_larger_than_allowed(data: Path, loaded: Any) -> None:
    source = RecordSource(read_sources([data]), loaded.chat)
    settings = Settings(effective_batch=16, pack=2, tokens_at_once=400)
    schedule = Schedule(source.respondents, source.sizes, range(len(source)), settings)
    packs = encoded_packs(source, schedule.epoch(0)[0], 0)
    batches = device_batches(packs, settings)
    assert sum(map(len, batches)) == len(packs)
    assert len(batches) > 1
    assert all(make_batch(one, 0).tokens <= 400 for one in batches if len(one) > 1)
