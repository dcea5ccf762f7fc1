"""Losses on options: against closed forms, scipy's W1, and gradients by finite differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import wasserstein_distance

from alignsurvey.errors import InputError
from alignsurvey.training.encoding import Example
from alignsurvey.training.losses import LOSSES, OptionShares, option_log_shares
from alignsurvey.training.packing import make_batch

NONE = np.array([], int)
PLACES = {"mood": np.array([0.0, 1.0, 3.0]), "turned": np.array([3.0, 1.0, 0.0])}


def example(
    target: list[float] | None, item: str = "mood", group: str = "", weight: float = 1.0
) -> Example:
    labels = tuple((10 + 2 * k, 11 + 2 * k) for k in range(len(target or [0, 0])))
    shares = None if target is None else np.array(target)
    return Example(
        NONE, np.array([1, 2]), np.array([10, 3]), labels, shares, weight, 1, item, group
    )


def logits_for(batch: Any, shares: list[list[float]]) -> torch.Tensor:
    """Logits whose mass on each label's two tokens gives the shares; elsewhere much more."""
    logits = torch.full((len(batch.answers), 20), 5.0, dtype=torch.float64)
    for row, mine in zip(batch.first.tolist(), shares, strict=True):
        for place, share in enumerate(mine):
            logits[row, 10 + 2 * place] = np.log(share * 0.3)
            logits[row, 11 + 2 * place] = np.log(share * 0.7)
    return logits


def batch_of(*examples: Example) -> Any:
    return make_batch([[one] for one in examples], 0)


def test_ways_to_write_a_label_add_up_and_options_that_are_not_there_are_left_out() -> None:
    batch = batch_of(example([0.5, 0.5]), example([0.2, 0.3, 0.5]))
    found = option_log_shares(logits_for(batch, [[0.25, 0.75], [0.1, 0.2, 0.7]]), batch).exp()
    assert found[0, :2].tolist() == pytest.approx([0.25, 0.75], rel=1e-5)
    assert found[1].tolist() == pytest.approx([0.1, 0.2, 0.7], rel=1e-5)


@pytest.mark.parametrize("kind", ["cross_entropy", "kl"])
def test_cross_entropy_and_kl_are_their_formulas_weighted_by_example(kind: Any) -> None:
    p = [[0.5, 0.5], [0.0, 0.3, 0.7]]
    q = [[0.25, 0.75], [0.1, 0.2, 0.7]]
    batch = batch_of(example(p[0], weight=1.0), example(p[1], weight=3.0))
    each = [
        -sum(a * np.log(b) for a, b in zip(*pair, strict=True)) for pair in zip(p, q, strict=True)
    ]
    if kind == "kl":
        each = [e + sum(a * np.log(a) for a in one if a) for e, one in zip(each, p, strict=True)]
    found = OptionShares(kind=kind)(logits_for(batch, q), batch)
    assert float(found) == pytest.approx((each[0] + 3 * each[1]) / 4, rel=1e-5)


@pytest.mark.parametrize("item", ["mood", "turned"])
def test_the_ordinal_term_is_w1_as_a_share_of_the_scale(item: str) -> None:
    p, q = [0.6, 0.1, 0.3], [0.1, 0.2, 0.7]
    batch = batch_of(example(p, item))
    loss = OptionShares(kind="none", ordinal=1.0, positions=PLACES)
    expected = wasserstein_distance(PLACES[item], PLACES[item], p, q) / 3
    assert float(loss(logits_for(batch, [q]), batch)) == pytest.approx(expected, rel=1e-5)


def test_the_ordinal_term_leaves_nominal_items_out() -> None:
    batch = batch_of(example([0.6, 0.4], "party"))
    loss = OptionShares(kind="none", ordinal=1.0, positions=PLACES)
    assert float(loss(logits_for(batch, [[0.1, 0.9]]), batch)) == 0


def test_the_shift_term_is_0_where_groups_differ_as_people_do_however_wrong_the_level() -> None:
    batch = batch_of(example([0.6, 0.4], group="a"), example([0.4, 0.6], group="b"))
    loss = OptionShares(kind="none", shift=1.0)
    assert float(loss(logits_for(batch, [[0.4, 0.6], [0.2, 0.8]]), batch)) == pytest.approx(
        0, abs=1e-6
    )
    assert float(loss(logits_for(batch, [[0.4, 0.6], [0.4, 0.6]]), batch)) == pytest.approx(
        0.2, rel=1e-5
    )


@pytest.mark.parametrize("extra", [{}, {"ordinal": 1.0}, {"shift": 1.0}])
def test_gradients_are_those_of_finite_differences(extra: dict[str, float]) -> None:
    batch = batch_of(example([0.6, 0.1, 0.3], group="a"), example([0.2, 0.5, 0.3], group="b"))
    loss = OptionShares(positions=PLACES, from_scores=True, **extra)
    scores = torch.tensor([[0.1, -0.4, 0.7], [0.9, 0.2, -0.3]], requires_grad=True)
    loss(scores, batch).backward()
    assert scores.grad is not None
    step = torch.zeros(2, 3)
    step[1, 2] = 1e-2
    with torch.no_grad():
        slope = (loss(scores + step, batch) - loss(scores - step, batch)) / 2e-2
    assert float(scores.grad[1, 2]) == pytest.approx(float(slope), abs=1e-3)


def test_the_gradient_is_a_number_where_items_have_different_numbers_of_options() -> None:
    batch = batch_of(example([0.5, 0.5]), example([0.2, 0.3, 0.5]))
    logits = torch.randn(4, 20, generator=torch.Generator().manual_seed(1)).requires_grad_()
    OptionShares(ordinal=1.0, positions={"mood": np.arange(3.0)})(logits, batch).backward()
    assert logits.grad is not None
    assert bool(torch.isfinite(logits.grad).all())


def test_what_cannot_be_learned_is_refused() -> None:
    batch = batch_of(example(None))
    with pytest.raises(InputError, match="no human shares"):
        OptionShares()(torch.zeros(2, 20), batch)
    bare = Example(NONE, np.array([1]), np.array([2]), (), np.array([1.0]), item="essay")
    with pytest.raises(InputError, match="no lettered options"):
        OptionShares()(torch.zeros(1, 20), batch_of(bare))
    with pytest.raises(InputError, match="nothing to make small"):
        OptionShares(kind="none")
    with pytest.raises(InputError, match="0 or more"):
        OptionShares(shift=-1)


def test_every_named_loss_can_be_made() -> None:
    assert {name: make().name for name, make in LOSSES.items()} == {name: name for name in LOSSES}
