"""``head/FOLDER``: a model with a trained head as a simulator, which gives options their shares."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from alignsurvey.errors import InputError
from alignsurvey.simulators.endpoints.parameters import Parameters
from alignsurvey.simulators.local.budget import Budget, in_batches
from alignsurvey.simulators.local.folders import (
    HEAD,
    adapter_folder,
    check_base,
    fingerprint,
    model_folder,
)
from alignsurvey.simulators.local.loading import Loading, placed
from alignsurvey.simulators.local.trained import RECORD, trained_on
from alignsurvey.tasks.queries import Query, Reply, Task, Usage

if TYPE_CHECKING:
    from alignsurvey.simulators.local.loading import Loaded

__all__ = ["LocalHead", "find_head"]

_WINDOW = 2048


@dataclass(frozen=True)
class LocalHead:
    """A base model with an adapter and a head; a `Simulator`. `find_head` makes one from a name.

    A question's options get a softmax over the head's scores of their texts: one pass a question,
    and nothing is written. It is loaded when it is first asked.

    Parameters
    ----------
    loading : Loading
        The base, and as its only adapter the folder that ``alignsurvey train`` wrote.
    label : str
        As it stands in the simulator's name.
    settings : Parameters
        By likelihood.
    """

    loading: Loading
    label: str
    settings: Parameters = field(default_factory=lambda: Parameters(by="likelihood"))
    notes_found: list[str] = field(default_factory=list, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse what is not there, is of another base, or would be ignored."""
        base, folder = model_folder(self.loading.path), self.folder
        adapter_folder(str(folder), with_head=True)
        check_base(folder, base)
        if self.settings.by != "likelihood":
            raise InputError(
                f"{self.name}: a head gives options their shares and writes nothing; set by: "
                "likelihood"
            )

    @property
    def folder(self) -> Path:
        """What ``alignsurvey train`` wrote."""
        return Path(self.loading.adapters[0]).expanduser()

    @property
    def name(self) -> str:
        """``head/FOLDER`` or ``head/BASE:FOLDER``."""
        return f"head/{self.label}"

    @property
    def model(self) -> str:
        """What replies are kept under."""
        return self.name

    @cached_property
    def parameters(self) -> Mapping[str, Any]:
        """In which numbers it computes, and a fingerprint of its weights."""
        folders = (model_folder(self.loading.path), self.folder)
        dtype = placed(self.loading)[1]
        return {"by": "likelihood", "dtype": dtype, "weights": fingerprint(*folders)}

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found out about the model that a user should know."""
        return (*self.notes_found, *self._budget.notes)

    @cached_property
    def trained_on(self) -> frozenset[str]:
        """Ids of the respondents that trained it, as its folders say."""
        return trained_on([model_folder(self.loading.path), self.folder])

    @cached_property
    def _budget(self) -> Budget:
        return Budget.on(placed(self.loading)[0], self.loading.batch_tokens)

    @cached_property
    def _parts(self) -> tuple[Loaded, dict[str, Any], Any]:
        """Model, head, and the vectors of options."""
        from alignsurvey.simulators.local.head import OptionVectors, read_head
        from alignsurvey.simulators.local.loading import load_model

        found = load_model(self.loading, with_head=True)
        self.notes_found.extend(found.notes)
        table = found.model.get_input_embeddings().weight
        head = read_head(self.folder, table.shape[1])
        on_device = {name: one.to(table.device) for name, one in head.items()}
        return found, on_device, OptionVectors(found.model, found.chat.tokenizer)

    @property
    def prompt_tokens(self) -> int:
        """Tokens that the texts of a prompt may have."""
        loaded = self._parts[0]
        return max(1, (loaded.longest or 10**9) - loaded.chat.overhead)

    def count_tokens(self, text: str) -> int:
        """Count the tokens of a text."""
        return self._parts[0].chat.count(text)

    def answer(self, queries: Iterable[Query]) -> Iterator[Reply]:
        """Answer each query once; one without options gets a reply that says why it has none.

        Raises
        ------
        InputError
            The model cannot be loaded, or memory runs out for a single prompt.
        """
        rest = iter(queries)
        while window := list(islice(rest, _WINDOW)):
            chat, longest = self._parts[0].chat, self._parts[0].longest
            ids = chat.encode([one.messages for one in window])
            fits: list[tuple[Query, list[int]]] = []
            for query, own in zip(window, ids, strict=True):
                if query.task is not Task.RESPONSE or not query.options:
                    yield Reply(query.id, None, error="no options; a head answers closed questions")
                elif longest is not None and len(own) > longest:
                    yield Reply(
                        query.id, None, error=f"{len(own):,} tokens; the model takes {longest:,}"
                    )
                else:
                    fits.append((query, own))
            fits.sort(key=lambda one: len(one[1]), reverse=True)
            yield from self._scored(fits)

    def _scored(self, asked: Sequence[tuple[Query, list[int]]]) -> Iterator[Reply]:
        for few in in_batches(asked, lambda one: len(one[1]), self._budget, self._log_shares):
            yield from few

    def _log_shares(self, asked: Sequence[tuple[Query, list[int]]]) -> list[Reply]:
        import torch

        from alignsurvey.simulators.local.head import option_scores

        loaded, head, vectors = self._parts
        ids = np.zeros((len(asked), max(len(own) for _, own in asked)), dtype=np.int64)
        for place, (_, own) in enumerate(asked):
            ids[place, : len(own)] = own
        device = head["state"].device
        with torch.inference_mode():
            # Padding stands on the right, where causal attention does not look.
            states = loaded.model.get_decoder()(
                input_ids=torch.from_numpy(ids).to(device), use_cache=False
            ).last_hidden_state
            last = torch.tensor([len(own) - 1 for _, own in asked], device=device)
            chosen = states[torch.arange(len(asked), device=device), last]
            texts = [[option.text for option in query.options] for query, _ in asked]
            shown = torch.nn.utils.rnn.pad_sequence([vectors(one) for one in texts], True)
            scores = option_scores(head, chosen, shown)
            logs = [
                row[: len(one)].double().log_softmax(dim=0).tolist()
                for row, one in zip(scores, texts, strict=True)
            ]
        return [
            _reply(query, len(own), mine) for (query, own), mine in zip(asked, logs, strict=True)
        ]


def _reply(query: Query, tokens: int, logs: Sequence[float]) -> Reply:
    best = query.options[int(np.argmax(logs))]
    text = f"{best.letter}. {best.text}" if best.letter else best.text
    named = {one.letter or one.text: log for one, log in zip(query.options, logs, strict=True)}
    return Reply(query.id, text, named, Usage(tokens, 0), "stop", 0.0)


def find_head(name: str, parameters: Parameters | None = None) -> LocalHead:
    """Find the model with a head that a simulator's name stands for.

    Parameters
    ----------
    name : str
        ``head/FOLDER``, where the base lies where it was trained, or ``head/BASE:FOLDER``; with
        settings of `Loading` after a question mark.
    parameters : Parameters, optional

    Raises
    ------
    InputError
        There is no head in the folder, its base is not there or is another one, or a setting is
        unknown.

    Examples
    --------
    >>> find_head("head/no/such/folder")
    Traceback (most recent call last):
    ...
    alignsurvey.errors.InputError: head/no/such/folder: no head, since there is no head.json; train one with loss: head
    """  # noqa: E501 - a message is one line
    given = Loading.from_name(name.removeprefix("head/"))
    folders = (given.path, *given.adapters)
    if len(folders) > 2:
        raise InputError(f"{name}: has {len(folders)} parts; write head/FOLDER or head/BASE:FOLDER")
    folder = Path(folders[-1]).expanduser()
    if not (folder / f"{HEAD}.json").exists():
        raise InputError(
            f"head/{folders[-1]}: no head, since there is no head.json; train one with loss: head"
        )
    base = given.path if given.adapters else _base_of(folder)
    loading = replace(given, path=base, adapters=(folders[-1],))
    return LocalHead(loading, ":".join(folders), parameters or Parameters(by="likelihood"))


def _base_of(folder: Path) -> str:
    """Where the base lay when the head was trained."""
    try:
        base = str(json.loads((folder / RECORD).read_text(encoding="utf-8"))["base"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{folder}: {RECORD} does not say which base it belongs to; write head/BASE:{folder}"
        ) from error
    if not Path(base).expanduser().is_dir():
        raise InputError(f"{folder}: its base {base} is not there; write head/BASE:{folder}")
    return base
