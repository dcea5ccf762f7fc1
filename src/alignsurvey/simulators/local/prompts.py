"""Prompts whose options are to be scored, their scores, and the plain computation of them."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np

from alignsurvey.simulators.local.labels import Ids, LabelTokens

__all__ = ["Prompt", "Scored", "one_by_one"]


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question to be scored.

    Parameters
    ----------
    ids : tuple of int
        Token ids up to where the model goes on.
    labels : LabelTokens
    respondent : int or str
        Whose prompts begin alike.
    item : str
        Which is asked in several orders of its options, after the same words.
    key : str
        By which its score is known.
    """

    ids: Ids
    labels: LabelTokens
    respondent: Hashable = None
    item: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Scored:
    """The score of a prompt.

    Parameters
    ----------
    prompt : Prompt
    log_probabilities : mapping of str to float
        Of each label, not renormalized.
    outside_share : float
        Probability that lies on none of them.
    shared : int
        Tokens of the prompt that were computed together with other prompts.
    """

    prompt: Prompt
    log_probabilities: dict[str, float]
    outside_share: float
    shared: int = 0


def one_by_one(model: Any, prompt: Prompt) -> Scored:
    """Score one prompt plainly: a pass of its own for each way to write each label.

    It is what `score_prompts` must agree with.
    """
    import torch

    logs = np.empty(len(prompt.labels.sequences))
    device = model.get_input_embeddings().weight.device
    for place, way in enumerate(prompt.labels.sequences):
        ids = torch.tensor([[*prompt.ids, *way]], device=device)
        with torch.inference_mode():
            logits = model(input_ids=ids).logits[0, len(prompt.ids) - 1 : -1]
        found = logits.float().log_softmax(-1).cpu()
        logs[place] = sum(float(found[step, token]) for step, token in enumerate(way))
    return Scored(prompt, *prompt.labels.masses(logs))
