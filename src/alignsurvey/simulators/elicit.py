"""How a language model is asked for its answer: draws, likelihoods or shares that it writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from alignsurvey.errors import InputError, nearest
from alignsurvey.predictions import Elicited

if TYPE_CHECKING:
    from alignsurvey.simulators.endpoints import Parameters

WAYS: tuple[Elicited, ...] = ("sampled", "likelihood", "verbalized")
"""Three estimators of one quantity: the probability of each answer given a profile."""

_WHOLE = ("draws", "orders", "seed", "max_tokens")
_NUMBERS = ("temperature", "top_p")
_SWITCHES = ("shuffle", "dont_know")


@dataclass(frozen=True)
class Elicit:
    """How a language model is asked; the key ``elicit`` of a study.

    Parameters
    ----------
    by : "sampled", "likelihood" or "verbalized"
        Answers drawn; log-probabilities of the options' letters; percentages that the model
        writes.
    draws : int
        How often each question is asked, in each order; their shares are the probabilities.
        Of no use with likelihood, nor at temperature 0.
    orders : int
        Ask with so many orders of the options and average. As many orders as options put each
        option once at each place, so that a liking for A cancels out (arXiv 2306.07951).
    shuffle : bool
        Show a single order shuffled, in place of the questionnaire's. Several orders always are.
    temperature, top_p, seed, max_tokens, reasoning_effort, constrain
        Sent along; see `alignsurvey.simulators.endpoints.Parameters`.
    language : str, optional
        Of the prompts; the survey's without.
    setting : str
        A sentence about the survey (country, year), put before everything else.
    system : str, optional
        In place of the prompt's system message.
    dont_know : bool
        Offer the don't-know codes that the codebook labels as further options, after the others.
        Otherwise only what the codebook lists as a category is an option, as in most interviews;
        a model that says that it does not know is understood either way.

    Raises
    ------
    InputError
        A value is out of range or of the wrong kind, or two of them contradict each other.

    Examples
    --------
    >>> Elicit(by="likelihood", orders=4).by
    'likelihood'
    >>> Elicit(by="likelihood", draws=5)
    Traceback (most recent call last):
    ...
    alignsurvey.errors.InputError: elicit: likelihood needs no draws; take out 'draws'
    """

    by: Elicited = "sampled"
    draws: int = 1
    orders: int = 1
    shuffle: bool = False
    temperature: float = 1.0
    top_p: float | None = None
    seed: int | None = None
    max_tokens: int | None = None
    reasoning_effort: str | None = None
    constrain: str = "none"
    language: str | None = None
    setting: str = ""
    system: str | None = None
    dont_know: bool = False

    def __post_init__(self) -> None:
        """Check kinds, ranges and combinations."""
        for one in fields(self):
            value = getattr(self, one.name)
            if value is not None or one.default is not None:
                _check_kind(one.name, value)
        if self.by not in WAYS:
            raise InputError(f"elicit: by: '{self.by}' is unknown; {nearest(self.by, WAYS)}")
        for name in ("draws", "orders"):
            if getattr(self, name) < 1:
                raise InputError(f"elicit: {name} must be 1 or more, not {getattr(self, name)}")
        if self.draws > 1 and self.by == "likelihood":
            raise InputError("elicit: likelihood needs no draws; take out 'draws'")
        if self.draws > 1 and self.temperature == 0:
            raise InputError(
                "elicit: at temperature 0 all draws are one; take out 'draws' or raise it"
            )
        self.parameters()

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Elicit:
        """Make one from the keys of a study.

        Raises
        ------
        InputError
            A key is unknown (with the nearest known one), or a value is wrong.

        Examples
        --------
        >>> Elicit.from_mapping({"by": "verbalized", "order": 2})
        Traceback (most recent call last):
        ...
        alignsurvey.errors.InputError: elicit: unknown key 'order'; did you mean 'orders'?
        """
        known = [one.name for one in fields(cls)]
        for key in values:
            if key not in known:
                raise InputError(f"elicit: unknown key '{key}'; {nearest(str(key), known)}")
        return cls(**values)

    def parameters(self) -> Parameters:
        """Give what is sent along to an endpoint."""
        from alignsurvey.simulators.endpoints import Parameters

        try:
            return Parameters(
                by=self.by,  # type: ignore[arg-type]
                temperature=self.temperature,
                top_p=self.top_p,
                seed=self.seed,
                max_tokens=self.max_tokens,
                reasoning_effort=self.reasoning_effort,
                constrain=self.constrain,  # type: ignore[arg-type]
            )
        except InputError as error:
            raise InputError(f"elicit: {error}") from error

    @property
    def replies(self) -> int:
        """Replies that each question of each person gets."""
        return self.draws * self.orders

    @property
    def is_shuffled(self) -> bool:
        """Whether options are shown in other orders than the questionnaire's."""
        return self.shuffle or self.orders > 1

    def as_dict(self) -> dict[str, Any]:
        """Give all of it, for a manifest."""
        return asdict(self)


def _check_kind(name: str, value: object) -> None:
    kinds: tuple[type, ...] = (str,)
    wanted = "a text"
    if name in _WHOLE:
        kinds, wanted = (int,), "a whole number"
    elif name in _NUMBERS:
        kinds, wanted = (int, float), "a number"
    elif name in _SWITCHES:
        kinds, wanted = (bool,), "true or false"
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise InputError(f"elicit: {name}: {value!r} is not {wanted}")
