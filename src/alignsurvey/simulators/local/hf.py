"""``hf/PATH[:ADAPTER]``: a model on this machine as a simulator."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

from alignsurvey.errors import InputError
from alignsurvey.simulators.endpoints.parameters import Parameters
from alignsurvey.simulators.local.budget import Budget
from alignsurvey.simulators.local.folders import adapter_folder, fingerprint, model_folder
from alignsurvey.simulators.local.loading import Loading, placed
from alignsurvey.simulators.local.trained import trained_on
from alignsurvey.tasks.queries import Query, Reply, Task, Usage

if TYPE_CHECKING:
    from alignsurvey.simulators.local.loading import Loaded
    from alignsurvey.simulators.local.prompts import Prompt, Scored

    Score = Callable[[Sequence[Prompt]], Iterable[Scored]]

__all__ = ["LocalModel", "find_local"]

_WINDOW = 2048
"""Queries that are looked at together, so that those of one respondent and length meet."""
_MAX_TOKENS = 512
_TOLERANCE = {"float32": 1e-3, "float16": 0.1, "bfloat16": 0.25}
"""Difference of log-probabilities that rounding explains."""
_SLOW = "they are computed one by one, which is slow"


@dataclass(frozen=True)
class LocalModel:
    """A model on this machine; a `Simulator`. `find_local` makes one from a name.

    It is loaded when it is first asked.

    Parameters
    ----------
    loading : Loading
    settings : Parameters
        By likelihood, questions with options (task 4) are scored, and all else is written.
    seed : int
        From which draws are derived, where the parameters have none.
    """

    loading: Loading
    settings: Parameters = field(default_factory=lambda: Parameters(by="likelihood"))
    seed: int = 42
    notes_found: list[str] = field(default_factory=list, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse what is not there, and what would be ignored."""
        model_folder(self.loading.path)
        for one in self.loading.adapters:
            adapter_folder(one)
        if self.settings.constrain != "none":
            raise InputError(
                "hf: holds replies to no schema; take out 'constrain' and use by: likelihood"
            )
        if extra := sorted(self.settings.extra):
            raise InputError(f"hf: '{extra[0]}' is unknown to local models; take it out")

    @property
    def name(self) -> str:
        """``hf/PATH[:ADAPTER]``."""
        return f"hf/{self.loading.label}"

    @property
    def model(self) -> str:
        """What replies are kept under."""
        return self.name

    @cached_property
    def parameters(self) -> Mapping[str, Any]:
        """How it is asked, in which numbers it computes, and a fingerprint of its weights."""
        dtype = placed(self.loading)[1]
        folders = [model_folder(self.loading.path), *map(adapter_folder, self.loading.adapters)]
        quantize = {} if self.loading.quantize == "none" else {"quantize": self.loading.quantize}
        asked = replace(
            self.settings,
            seed=self.seed if self.settings.seed is None else self.settings.seed,
            max_tokens=self.settings.max_tokens or _MAX_TOKENS,
            top_logprobs=None,
        )
        return {**asked.as_dict(), "dtype": dtype, **quantize, "weights": fingerprint(*folders)}

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found out about the model that a user should know."""
        return (*self.notes_found, *self._budget.notes)

    @cached_property
    def trained_on(self) -> frozenset[str]:
        """Ids of the respondents that trained it, as its folders say."""
        return trained_on(
            [model_folder(self.loading.path), *map(adapter_folder, self.loading.adapters)]
        )

    @cached_property
    def _budget(self) -> Budget:
        return Budget.on(placed(self.loading)[0], self.loading.batch_tokens)

    @cached_property
    def _loaded(self) -> Loaded:
        from alignsurvey.simulators.local.loading import load_model

        found = load_model(self.loading, thinks=self.settings.reasoning_effort is not None)
        self.notes_found.extend(found.notes)
        return found

    @cached_property
    def _singles(self) -> Mapping[str, tuple[int, ...]]:
        from alignsurvey.simulators.local.labels import single_tokens

        return single_tokens(self._loaded.chat.tokenizer)

    @cached_property
    def _labels(self) -> dict[tuple[str, ...], Any]:
        return {}

    @cached_property
    def _ways(self) -> list[Score]:
        """How prompts can be scored, the fastest first; what gives other numbers is taken out."""
        from alignsurvey.simulators.local.likelihood import one_by_one, score_prompts
        from alignsurvey.simulators.local.tree_pass import TreePass, find_tree_pass

        model, budget = self._loaded.model, self._budget
        ways: list[Score] = [
            lambda prompts: score_prompts(model, prompts, budget),
            lambda prompts: (one_by_one(model, one) for one in prompts),
        ]
        found = find_tree_pass(model)
        if isinstance(found, TreePass):
            return [lambda prompts: score_prompts(model, prompts, budget, found), *ways]
        self.notes_found.append(f"{found} are scored by transformers' own pass, which is slower")
        return ways

    @cached_property
    def _checked(self) -> set[str]:
        return set()

    @property
    def prompt_tokens(self) -> int:
        """Tokens that the texts of a prompt may have, so that there is room for a reply."""
        longest = self._loaded.longest or 10**9
        reply = self.parameters["max_tokens"]
        return max(1, longest - int(reply) - self._loaded.chat.overhead)

    def count_tokens(self, text: str) -> int:
        """Count the tokens of a text."""
        return self._loaded.chat.count(text)

    def answer(self, queries: Iterable[Query]) -> Iterator[Reply]:
        """Answer each query once; those of one respondent should come together.

        Raises
        ------
        InputError
            The model cannot be loaded, or memory runs out for a single prompt.
        """
        rest = iter(queries)
        while window := list(islice(rest, _WINDOW)):
            yield from self._answered(window)

    def _answered(self, window: Sequence[Query]) -> Iterator[Reply]:
        ids = self._loaded.chat.encode([one.messages for one in window])
        fits: list[tuple[Query, list[int]]] = []
        for query, own in zip(window, ids, strict=True):
            longest = self._loaded.longest
            room = 2 if self._is_scored(query) else int(self.parameters["max_tokens"])
            if longest is not None and len(own) + room > longest:
                why = f"a prompt of {len(own):,} tokens and a reply of {room}; the model takes"
                yield Reply(query.id, None, error=f"{why} {longest:,}")
            else:
                fits.append((query, own))
        yield from self._scored([one for one in fits if self._is_scored(one[0])])
        yield from self._written([one for one in fits if not self._is_scored(one[0])])

    def _is_scored(self, query: Query) -> bool:
        by_likelihood = self.settings.by == "likelihood"
        return by_likelihood and query.task is Task.RESPONSE and bool(query.options)

    def _scored(self, asked: Sequence[tuple[Query, list[int]]]) -> Iterator[Reply]:
        from alignsurvey.simulators.local.likelihood import Prompt

        prompts = [
            Prompt(tuple(ids), self._label_tokens(query), query.respondent, query.item, query.id)
            for query, ids in asked
        ]
        if not prompts:
            return
        if "numbers" not in self._checked:
            self._check_numbers(prompts[:3])
            self._checked.add("numbers")
        by_key = {query.id: query for query, _ in asked}
        for one in self._ways[0](prompts):
            query, logs = by_key[one.prompt.key], one.log_probabilities
            best = max(query.options, key=lambda option: logs.get(_label(option), -1e9))
            text = f"{best.letter}. {best.text}" if best.letter else best.text
            usage = Usage(len(one.prompt.ids), 1, cached_tokens=one.shared)
            yield Reply(query.id, text, logs, usage, "stop", one.outside_share)

    def _label_tokens(self, query: Query) -> Any:
        from alignsurvey.simulators.local.labels import label_tokens

        labels = tuple(_label(one) for one in query.options)
        if labels not in self._labels:
            tokenizer = self._loaded.chat.tokenizer
            self._labels[labels] = label_tokens(tokenizer, labels, self._singles)
        return self._labels[labels]

    def _check_numbers(self, few: Sequence[Prompt]) -> None:
        """Compare a few scores with those computed plainly, once: models differ in what they bear.

        Some computed otherwise would be wrong without a word.
        """
        *quick, plain = self._ways
        most = _TOLERANCE[self._loaded.dtype]
        alone = {one.prompt.key: one.log_probabilities for one in plain(few)}
        for way in quick:
            if all(
                one.log_probabilities.keys() == alone[one.prompt.key].keys()
                and all(
                    abs(log - alone[one.prompt.key][label]) <= most
                    for label, log in one.log_probabilities.items()
                )
                for one in way(few)
            ):
                return
            self._ways.remove(way)
            self.notes_found.append(
                "this model gives other numbers when prompts share their start; "
                + ("transformers' own pass is used" if len(self._ways) > 1 else _SLOW)
            )

    def _written(self, asked: Sequence[tuple[Query, list[int]]]) -> Iterator[Reply]:
        from alignsurvey.simulators.local.generation import Drawing, write_replies

        told = self.parameters
        drawing = Drawing(told["temperature"], told.get("top_p"), told["max_tokens"], told["seed"])
        tokenizer = self._loaded.chat.tokenizer
        prompts = [(query.id, ids) for query, ids in asked]
        for one in write_replies(self._loaded.model, prompts, drawing, self._budget):
            text = tokenizer.decode(one.ids, skip_special_tokens=True)
            usage = Usage(one.prompt_tokens, len(one.ids))
            reason = "stop" if one.is_whole else "length"
            yield Reply(one.key, text.strip(), None, usage, reason)


def _label(option: Any) -> str:
    return str(option.letter or option.text)


def find_local(name: str, parameters: Parameters | None = None, *, seed: int = 42) -> LocalModel:
    """Find the model on this machine that a simulator's name stands for.

    Parameters
    ----------
    name : str
        ``hf/PATH[:ADAPTER[:ADAPTER]]``, with settings of `Loading` after a question mark, such as
        ``hf/models/qwen?dtype=float32``.
    parameters : Parameters, optional
        By likelihood if not given.
    seed : int
        From which draws are derived, where the parameters have none.

    Raises
    ------
    InputError
        A folder is not there or holds no model, or a setting is unknown.
    """
    loading = Loading.from_name(name.removeprefix("hf/"))
    return LocalModel(loading, parameters or Parameters(by="likelihood"), seed)
