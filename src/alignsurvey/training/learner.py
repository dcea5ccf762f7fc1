"""Fine-tuning as a learner: from a pilot's answers to a predictor, like any baseline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from alignsurvey.errors import InputError, nearest
from alignsurvey.predictions import Predictions, Provenance
from alignsurvey.simulators.local.loading import Loading, load_model
from alignsurvey.simulators.pilot import TrainingData, prepare, smoothed
from alignsurvey.survey.codebook import Codebook
from alignsurvey.survey.survey import Survey
from alignsurvey.training.encoding import Example
from alignsurvey.training.head import WithHead, head_scores
from alignsurvey.training.loop import Forward, train
from alignsurvey.training.lora import Lora, with_lora
from alignsurvey.training.losses import (
    Loss,
    OptionShares,
    Sft,
    option_log_shares,
    score_log_shares,
)
from alignsurvey.training.packing import answer_logits, make_batch
from alignsurvey.training.schedule import device_batches, encoded_packs
from alignsurvey.training.settings import Settings
from alignsurvey.training.survey_examples import survey_examples
from alignsurvey.training.targets import group_targets

__all__ = ["KINDS", "SCRATCH", "SHAPE", "FineTuned", "FineTunedPredictor"]

KINDS = ("sft", "distribution", "kl", "ordinal", "shift", "head")
"""Losses that a study can name."""
SCRATCH = "scratch"
"""In place of a model's folder: a tiny model made for the pilot, all of whose weights learn."""
SHAPE: Mapping[str, float] = {"hidden_size": 64, "intermediate_size": 128,
                              "num_hidden_layers": 2, "num_attention_heads": 4,
                              "num_key_value_heads": 4, "initializer_range": 0.1}  # fmt: skip
"""Of that model. With the usual spread of 0.02 attention starts out the same everywhere, and a
model this small finds no trait in a hundred tokens."""
MARGINAL_SHARES = (0.0, 0.1, 0.2, 0.35, 0.5, 0.7, 0.85, 1.0)
"""How far predictions may be drawn to the pilot's shares; people kept out choose."""


@dataclass(frozen=True, kw_only=True)
class FineTuned:
    """A language model that is fine-tuned on a pilot; a `Learner`.

    Parameters
    ----------
    base : str
        Folder of the model, or "scratch" for a tiny one without any knowledge.
    loss : str
        "sft", "distribution", "kl", "ordinal", "shift" or "head"; see docs/losses.md.
    settings : Settings
    lora : Lora
        Of the adapter; a model from scratch has none.
    groups : tuple of str
        Variables whose groups' shrunk shares are the target, in place of each person's answer.
    strength : float
        How far small groups are shrunk; see `group_targets`.
    calibrate : bool
        Keep a fifth of the pilot out and let it choose how far predictions are drawn to the
        pilot's own shares, which no fine-tuned model should do worse than.
    name : str
    seed : int

    Raises
    ------
    InputError
        There is no such loss.
    """

    base: str = SCRATCH
    loss: str = "head"
    settings: Settings = field(default_factory=Settings)
    lora: Lora = field(default_factory=Lora)
    groups: tuple[str, ...] = ()
    strength: float = 10.0
    calibrate: bool = False
    name: str = "fine-tuned"
    seed: int = 42

    def __post_init__(self) -> None:
        """Check the loss."""
        if self.loss not in KINDS:
            raise InputError(f"train: loss: no loss '{self.loss}'; {nearest(self.loss, KINDS)}")

    def fit(
        self, pilot: Survey, items: Sequence[str], profile: Sequence[str]
    ) -> FineTunedPredictor:
        """Fine-tune on a pilot.

        Raises
        ------
        InputError
            An item is in the profile, nobody answered one, or the model cannot be used.
        """
        data = prepare(pilot, items, profile, self.seed)
        book = data.codebook
        with _one_thread():
            chat, model, device = self._model(data, book, tuple(profile))
            learning, kept_out = data.pilot, None
            if self.calibrate:
                learning, kept_out = next(iter(data.pilot.folds(5, self.seed)))
            targets = group_targets(learning, items, self.groups, self.strength)
            source = survey_examples(
                learning, book, tuple(profile), chat,
                targets=targets if self.groups else None, groups=targets.groups,
            )  # fmt: skip
            forward: Forward = answer_logits
            if self.loss == "head":
                model, forward = WithHead(model, chat.tokenizer, self.seed).to(device), head_scores
                for item in book:
                    # Now, for the embeddings of a model from scratch learn, too.
                    model.options(item.labels)
            pad = chat.tokenizer.pad_token_id or 0
            train(model, source, self.settings, self._loss(book), pad_id=pad, forward=forward)
            model.eval()
            fitted = FineTunedPredictor(self, model, chat, data, tuple(profile))
            return fitted.calibrated(kept_out) if kept_out is not None else fitted

    def _loss(self, book: Codebook) -> Loss:
        places = {one.name: one.positions for one in book if one.is_ordered}
        if self.loss == "sft":
            return Sft()
        if self.loss == "head":
            return OptionShares(ordinal=1.0, positions=places, from_scores=True, name="head")
        if self.loss == "ordinal":
            return OptionShares(ordinal=1.0, positions=places, name="ordinal")
        if self.loss == "shift":
            return OptionShares(shift=1.0, name="shift")
        return OptionShares(kind="kl" if self.loss == "kl" else "cross_entropy")

    def _model(self, data: TrainingData, book: Codebook, profile: tuple[str, ...]) -> Any:
        if self.base != SCRATCH:
            loaded = load_model(Loading(self.base))
            loaded.model.requires_grad_(False)
            return loaded.chat, with_lora(loaded.model, self.lora), loaded.device
        from alignsurvey.simulators.local.tiny import tiny_model
        from alignsurvey.training.survey_examples import plan

        texts = [one.content for query in plan(data.pilot, book, profile) for one in query.messages]
        with TemporaryDirectory() as folder:
            made = tiny_model(texts, f"{folder}/tiny", tokens=800, seed=self.seed, **SHAPE)
            loaded = load_model(Loading(str(made), device="cpu", dtype="float32"))
        return loaded.chat, loaded.model, loaded.device


@dataclass(frozen=True)
class FineTunedPredictor:
    """A fine-tuned model; a `Predictor`.

    Parameters
    ----------
    learner : FineTuned
    model : torch module
    chat : Chat
    data : TrainingData
        Of the pilot.
    profile : tuple of str
    marginal_share : float
        How far predictions are drawn to the pilot's shares.
    """

    learner: FineTuned
    model: Any = field(repr=False)
    chat: Any = field(repr=False)
    data: TrainingData = field(repr=False)
    profile: tuple[str, ...]
    marginal_share: float = 0.0

    @property
    def name(self) -> str:
        """Name of the learner."""
        return self.learner.name

    @cached_property
    def marginals(self) -> Mapping[str, NDArray[np.float64]]:
        """The pilot's smoothed shares of each item."""
        return {item: one.spread_out(one.shares) for item, one in self.data.items.items()}

    def predict(self, people: Survey) -> Predictions:
        """Predict the items for each respondent, from their profile alone."""
        shares = {
            item: (1 - self.marginal_share) * mine + self.marginal_share * self.marginals[item]
            for item, mine in self._shares(people).items()
        }
        provenance = Provenance(self.name, "model", trained_on=self.data.trained_on)
        return Predictions(people.ids, shares, self.data.codebook, provenance)

    def calibrated(self, kept_out: Survey) -> FineTunedPredictor:
        """Choose how far predictions are drawn to the pilot's shares, by log loss of others."""
        found = self._shares(kept_out)
        losses = [sum(self._log_loss(kept_out, found, w)) for w in MARGINAL_SHARES]
        best = MARGINAL_SHARES[int(np.argmin(losses))]
        return FineTunedPredictor(
            self.learner, self.model, self.chat, self.data, self.profile, best
        )

    def _log_loss(
        self, people: Survey, found: Mapping[str, NDArray[np.float64]], share: float
    ) -> Iterator[float]:
        for item, mine in found.items():
            codes = people.codes(item)
            rows = np.flatnonzero(codes >= 0)
            mixed = (1 - share) * mine + share * self.marginals[item]
            yield -float(people.weights[rows] @ np.log(mixed[rows, codes[rows]]))

    def _shares(self, people: Survey) -> dict[str, NDArray[np.float64]]:
        source = survey_examples(people, self.data.codebook, self.profile, self.chat, answers=False)
        learner = self.learner
        packs = encoded_packs(source, source.packs(learner.settings.pack), 0)
        rows: dict[tuple[Any, str], NDArray[np.float64]] = {}
        with torch.no_grad(), _one_thread():
            for parts in device_batches(packs, learner.settings):
                rows.update(self._batch_shares(parts))
        return {
            item.name: smoothed(
                np.stack([rows[one, item.name] for one in people.ids.to_list()]), 1e4
            )
            for item in self.data.codebook
        }

    def _batch_shares(
        self, parts: Sequence[Sequence[Example]]
    ) -> dict[tuple[Any, str], NDArray[np.float64]]:
        device = next(self.model.parameters()).device
        batch = make_batch(parts, self.chat.tokenizer.pad_token_id or 0, device)
        if self.learner.loss == "head":
            logs = score_log_shares(head_scores(self.model, batch), batch)
        else:
            logs = option_log_shares(answer_logits(self.model, batch), batch)
        found = logs.double().exp().cpu().numpy()
        return {
            (one.respondent, one.item): row[: len(one.label_ids)] / row[: len(one.label_ids)].sum()
            for one, row in zip(batch.examples, found, strict=True)
        }


@contextmanager
def _one_thread() -> Iterator[None]:
    """Compute small matrices in one thread: threads that wait for a busy core cost more."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
