"""Prices: what tokens cost, which row is a model's, and typing errors in a price file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignsurvey.errors import InputError
from alignsurvey.running.costs import PACKAGED, ModelPrice, packaged_prices, read_prices
from alignsurvey.tasks.queries import Usage

FILE = "currency: EUR\nmodels:\n  openai/gpt-4o-mini: {input: 1, output: 2}\n"


@pytest.mark.parametrize(
    ("usage", "batch", "cost"),
    [
        (Usage(1_000_000), False, 2.0),
        (Usage(0, 1_000_000), False, 8.0),
        # Reasoning tokens are among the reply's, and are not billed twice.
        (Usage(0, 1_000_000, 900_000), False, 8.0),
        (Usage(1_000_000, 0, 0, 1_000_000), False, 0.5),
        (Usage(1_000_000, 1_000_000, 0, 500_000), True, 4.625),
    ],
)
def test_what_tokens_cost(usage: Usage, batch: bool, cost: float) -> None:
    price = ModelPrice(input=2, output=8, cached=0.5, batch=0.5)
    assert price.of(usage, batch=batch) == pytest.approx(cost)


@given(st.lists(st.tuples(*[st.integers(0, 10**6)] * 4), max_size=5))
def test_costs_add_up(usages: list[tuple[int, int, int, int]]) -> None:
    price = ModelPrice(0.15, 0.6, 0.075)
    each = [Usage(p + c, r, min(t, r), c) for p, r, t, c in usages]
    total = Usage(*(sum(column) for column in zip(*each, strict=True))) if each else Usage()
    assert price.of(total) == pytest.approx(sum(price.of(one) for one in each))


@pytest.mark.parametrize(
    ("model", "price"),
    [
        ("openai/gpt-4o-mini", 0.15),
        ("openai/gpt-4o-mini-2024-07-18", 0.15),
        ("anthropic/claude-haiku-4-5-20251001", 1),
        ("openai/gpt-4o-mini-audio", None),
        ("vllm/Qwen/Qwen2.5-7B-Instruct", 0),
        ("endpoint/anything", None),
    ],
)
def test_which_row_is_a_models(model: str, price: float | None) -> None:
    found = packaged_prices().find(model)
    assert (found and found.input) == price


def test_packaged_prices_say_when_and_whence() -> None:
    prices = packaged_prices()
    assert len(prices.date) == 10
    assert prices.source
    assert prices.settings()["file"] == "packaged"
    assert read_prices(PACKAGED) == prices


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("models", "modles", "'modles' is unknown; did you mean 'models'?"),
        ("input", "inptu", "openai/gpt-4o-mini: 'inptu' is unknown; did you mean 'input'?"),
        ("input: 1, ", "", "openai/gpt-4o-mini: 'input' is missing"),
        ("input: 1", "input: $1", r"openai/gpt-4o-mini: input: '\$1' is no price"),
        ("input: 1", "input: -1", "input: '-1' is no price"),
        ("input: 1", "input: true", "input: 'True' is no price"),
        ("input: 1", "batch: 50, input: 1", "batch: 50 is no share"),
        ("{input: 1, output: 2}", "2.5", "prices are missing"),
        (FILE, "- 1", "is no price file"),
        (FILE, "currency: EUR", "models: there are none"),
        ("models:", "models: {", "not valid YAML"),
    ],
)
def test_a_typing_error_is_one_line_with_its_key(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    path = tmp_path / "prices.yaml"
    path.write_text(FILE.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=said) as caught:
        read_prices(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)
