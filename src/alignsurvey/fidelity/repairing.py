"""Repairs in a study: a simulator before and after, judged by the same held-out people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alignsurvey.errors import InputError, nearest
from alignsurvey.fidelity.study_parts import SimulatorSpec
from alignsurvey.rectify.repair import (
    Chain,
    Evidence,
    parse_repairs,
    read_margins,
    refuse_trained,
)
from alignsurvey.survey.codebook import Codebook
from alignsurvey.survey.margins import Margin, parse_margins

if TYPE_CHECKING:
    from alignsurvey.fidelity.study import Study
    from alignsurvey.predictions import Predictions
    from alignsurvey.survey.survey import Survey

NONE = "none"

ESTIMATES = ("ppi", "ppi++", "greg", "multi")
"""Rectifiers of estimates, which somebody may look for among the repairs."""

REPAIR_FOLDS = 5
"""Folds in which a learner predicts its own pilot, for repairs to learn from."""


@dataclass(frozen=True)
class Line:
    """A line of a study's tables: a simulator as it is, or repaired.

    Parameters
    ----------
    spec : SimulatorSpec
    repair : Chain, optional
    """

    spec: SimulatorSpec
    repair: Chain | None = None

    @property
    def name(self) -> str:
        """Name in tables, such as ``openai/gpt-4o-mini|tilt``."""
        return self.spec.name if self.repair is None else f"{self.spec.name}|{self.repair.name}"


def repairs_of(study: Study, spec: SimulatorSpec) -> list[Chain]:
    """List the repairs that a study's ``rectify`` names for a simulator.

    Raises
    ------
    InputError
        A repair or simulator is unknown.
    """
    chains = [chain for only, chain in _entries(study) if only in (None, spec.name)]
    return list({chain.name: chain for chain in chains}.values())


def study_lines(study: Study) -> list[Line]:
    """List each simulator of a study, followed by its repairs."""
    return [
        Line(spec, chain) for spec in study.simulators for chain in (None, *repairs_of(study, spec))
    ]


def check_repairs(study: Study) -> None:
    """Check a study's ``rectify`` before anything is asked.

    Raises
    ------
    InputError
        A repair is unknown, or lacks people, a profile or margins to learn from.
    """
    for _, chain in _entries(study):
        if study.pilot is not None and study.pilot.n < 2:
            raise InputError(
                f"'{chain.name}' learns from a pilot, and the pilot is one person; set 'pilot'"
            )
        if "structure" in chain.name.split("|") and not study.profile:
            raise InputError("'structure' repairs gaps between groups of 'profile', which is empty")
        if chain.needs_margins and study.margins is None:
            raise InputError(
                f"'{chain.name}' needs the population's margins; name a file under 'margins'"
            )


def check_pilot(study: Study) -> None:
    """Check that repairs have a pilot to learn from before they are scored.

    Without one, `estimate` and `plan` take whoever answered; nobody is then left to judge.

    Raises
    ------
    InputError
        There are repairs, and no pilot.
    """
    for _, chain in _entries(study):
        if study.pilot is None:
            raise InputError(
                f"'{chain.name}' learns from a pilot, and there is no pilot; set 'pilot', or see "
                "'alignsurvey estimate'"
            )


def study_margins(study: Study, codebook: Codebook) -> tuple[Margin, ...]:
    """Read a study's margins, from its own lines or from the file that it names."""
    if study.margins is None:
        return ()
    if isinstance(study.margins, Path):
        return read_margins(study.base / study.margins, codebook)
    return parse_margins(study.margins, codebook, "margins")


def _entries(study: Study) -> Iterator[tuple[str | None, Chain]]:
    """Give the simulator that an entry is for, None for all, and its repairs."""
    names = [spec.name for spec in study.simulators]
    for entry in study.rectify:
        head, _, rest = entry.partition("|")
        if head in names:
            if rest:
                yield head, parse_repairs(rest)
        elif "/" in head:
            raise InputError(f"no simulator '{head}' in this study; {nearest(head, names)}")
        elif head in ESTIMATES:
            raise InputError(
                f"'{head}' rectifies estimates, not answers; take it out here, and see "
                "'alignsurvey estimate'"
            )
        elif entry != NONE:
            yield None, parse_repairs(entry)


def repaired(
    chain: Chain,
    predictions: Predictions,
    pilot_predictions: Predictions,
    pilot: Survey,
    people: Survey,
    profile: tuple[str, ...],
    margins: tuple[Margin, ...],
) -> tuple[Predictions, tuple[str, ...]]:
    """Repair predictions for the judges by the pilot; with notes.

    Parameters
    ----------
    predictions, pilot_predictions : Predictions
        For the judges, and for the pilot without its answers.
    pilot, people : Survey
        The pilot, and the judges, whose answers are not looked at.
    """
    refuse_trained(pilot_predictions, pilot)
    evidence = Evidence(
        pilot, pilot_predictions.align(pilot.ids), people, predictions, profile, margins
    )
    fitted = chain.fit(evidence)
    return fitted.apply(predictions, people), fitted.notes


def repair_fact(line: Line) -> dict[str, Any]:
    """What a report must know of a line's repair: whose it is, and which."""
    if line.repair is None:
        return {"repair": None, "repaired_from": None}
    return {"repair": line.repair.name, "repaired_from": line.spec.name}
