"""Options that change how a study asks its language models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from alignsurvey.cli.asking_options import AskingOptions, SentOptions

if TYPE_CHECKING:
    from alignsurvey.fidelity.study import Study

__all__ = ["AS_SENT", "AS_STUDY", "USUAL_TERMS", "ElicitOptions", "eliciting"]

_PANEL = "How models are asked, in place of the study's elicit"


@dataclass(frozen=True)
class ElicitOptions:
    """How answers are elicited; what is not given is the study's."""

    by: Annotated[
        Literal["sampled", "likelihood", "verbalized"] | None,
        typer.Option(help="Draws, letters' likelihoods, or shares.", rich_help_panel=_PANEL),
    ] = None
    draws: Annotated[
        int | None, typer.Option(min=1, help="Replies to each question.", rich_help_panel=_PANEL)
    ] = None
    orders: Annotated[
        int | None, typer.Option(min=1, help="Orders of the options.", rich_help_panel=_PANEL)
    ] = None


AS_STUDY, AS_SENT, USUAL_TERMS = ElicitOptions(), SentOptions(), AskingOptions()
"""Options as they are where none is given."""


def eliciting(study: Study, elicit: ElicitOptions, sent: SentOptions) -> Study:
    """Put the options in place of the study's keys."""
    return study.eliciting(
        by=elicit.by,
        draws=elicit.draws,
        orders=elicit.orders,
        temperature=sent.temperature,
        top_p=sent.top_p,
        seed=sent.request_seed,
        max_tokens=sent.max_tokens,
        reasoning_effort=sent.reasoning_effort,
    )
