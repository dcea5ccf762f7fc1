"""What asking costs: a price file, the price of a model, and what its tokens come to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

from alignsurvey.errors import InputError, nearest
from alignsurvey.tasks.queries import Usage
from alignsurvey.yamlfile import read_yaml

__all__ = ["PACKAGED", "CostRange", "ModelPrice", "Prices", "packaged_prices", "read_prices"]

PACKAGED = Path(__file__).with_name("prices.yaml")
_MILLION = 1e6
_DATED = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|\d{8})$")
_FILE_KEYS = ("date", "source", "currency", "models")


@dataclass(frozen=True, slots=True)
class ModelPrice:
    """What a model costs, by the million tokens.

    Parameters
    ----------
    input, output : float
    cached : float, optional
        Of prompt tokens that the provider had kept; as ``input`` if not given.
    batch : float
        Share of these prices that a provider batch costs.

    Examples
    --------
    >>> price = ModelPrice(input=2.0, output=8.0, cached=0.5)
    >>> price.of(Usage(prompt_tokens=1_000_000, reply_tokens=100_000, cached_tokens=500_000))
    2.05
    """

    input: float
    output: float
    cached: float | None = None
    batch: float = 1.0

    def of(self, usage: Usage, *, batch: bool = False) -> float:
        """Say what tokens cost. Reasoning tokens are among the reply's."""
        kept = min(usage.cached_tokens, usage.prompt_tokens)
        cached = self.input if self.cached is None else self.cached
        whole = (usage.prompt_tokens - kept) * self.input + kept * cached
        whole += usage.reply_tokens * self.output
        return whole / _MILLION * (self.batch if batch else 1.0)


@dataclass(frozen=True, slots=True)
class CostRange:
    """What a run may cost, at least and at most.

    Examples
    --------
    >>> str(CostRange(0.5, 2.0, "USD"))
    '0.50 to 2.00 USD'
    """

    low: float
    high: float
    currency: str

    def __str__(self) -> str:
        """Write it with two decimals, more where there would be nothing to see."""
        low, high = money(self.low), money(self.high)
        return f"{low} {self.currency}" if low == high else f"{low} to {high} {self.currency}"


def money(amount: float) -> str:
    """Write an amount: two decimals, two digits below a hundredth.

    Examples
    --------
    >>> money(12.3), money(0.00123), money(0.0)
    ('12.30', '0.0012', '0.00')
    """
    if amount <= 0 or amount >= 0.095:
        return f"{amount:,.2f}"
    return f"{amount:.2g}" if amount >= 0.0001 else f"{amount:.6f}"


@dataclass(frozen=True)
class Prices:
    """A price file.

    Parameters
    ----------
    models : mapping of str to ModelPrice
        By simulator name; one that ends in ``*`` stands for all that begin so.
    currency, date, source : str
    path : Path
    """

    models: Mapping[str, ModelPrice]
    currency: str = "USD"
    date: str = ""
    source: str = ""
    path: Path = PACKAGED

    def find(self, model: str) -> ModelPrice | None:
        """Find the price of a model; None where the file has none.

        Examples
        --------
        >>> prices = Prices({"openai/gpt-4o-mini": ModelPrice(0.15, 0.6), "vllm/*": ModelPrice(0, 0)})
        >>> prices.find("openai/gpt-4o-mini-2024-07-18").input, prices.find("vllm/Qwen/Q").input
        (0.15, 0)
        >>> prices.find("openai/gpt-4o") is None
        True
        """  # noqa: E501 - a table is one line
        for name in (model, _DATED.sub("", model)):
            if name in self.models:
                return self.models[name]
        whole = [name for name in self.models if name.endswith("*") and model.startswith(name[:-1])]
        return self.models[max(whole, key=len)] if whole else None

    @property
    def name(self) -> str:
        """How messages call it."""
        return "the packaged prices" if self.path == PACKAGED else str(self.path)

    def settings(self) -> dict[str, str]:
        """What a manifest keeps of it."""
        whence = "packaged" if self.path == PACKAGED else str(self.path)
        return {"file": whence, "date": self.date, "source": self.source, "currency": self.currency}


@cache
def packaged_prices() -> Prices:
    """Read the price file that comes with the library."""
    return read_prices(PACKAGED)


def read_prices(path: str | Path) -> Prices:
    """Read a price file.

    Parameters
    ----------
    path : str or Path
        YAML, as ``alignsurvey/running/prices.yaml``.

    Raises
    ------
    InputError
        The file cannot be read, or a key or a number in it is wrong.

    Examples
    --------
    >>> packaged_prices().find("openai/gpt-4o-mini").output
    0.6
    """
    path = Path(path)
    content = read_yaml(path)
    if not isinstance(content, Mapping):
        raise InputError(f"{path}: is no price file; write models: {{provider/model: …}}")
    for key in content:
        if key not in _FILE_KEYS:
            raise InputError(f"{path}: '{key}' is unknown; {nearest(str(key), _FILE_KEYS)}")
    rows = content.get("models")
    if not isinstance(rows, Mapping) or not rows:
        raise InputError(f"{path}: models: there are none; write provider/model: {{input, output}}")
    models = {str(name): _price(row, f"{path}: models: {name}") for name, row in rows.items()}
    texts = {key: str(content[key]) for key in _FILE_KEYS[:3] if key in content}
    return Prices(models, path=path, **texts)


def _price(row: Any, where: str) -> ModelPrice:
    if not isinstance(row, Mapping):
        raise InputError(f"{where}: prices are missing; write {{input: 0.15, output: 0.60}}")
    known = [one.name for one in fields(ModelPrice)]
    for key, value in row.items():
        if key not in known:
            raise InputError(f"{where}: '{key}' is unknown; {nearest(str(key), known)}")
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:
            raise InputError(f"{where}: {key}: '{value}' is no price; write a number, 0 or more")
    for key in ("input", "output"):
        if key not in row:
            raise InputError(f"{where}: '{key}' is missing; write its price a million tokens")
    if row.get("batch", 1) > 1:
        raise InputError(f"{where}: batch: {row['batch']} is no share of the price; write 0 to 1")
    return ModelPrice(**row)
