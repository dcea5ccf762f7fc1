"""Synthetic samples: a questionnaire answered by a simulator for people that are made up."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from alignsurvey.errors import InputError
from alignsurvey.fidelity.answered import with_answers
from alignsurvey.fidelity.asking import Terms, ask_study, asked_simulators, in_words, plan_asking
from alignsurvey.fidelity.sources import load_survey, recorded_predictions
from alignsurvey.fidelity.study import SimulatorSpec, Study
from alignsurvey.files import writing
from alignsurvey.predictions import Outcome, Predictions
from alignsurvey.running.folder import versions
from alignsurvey.simulators import resolve
from alignsurvey.simulators.elicited import AskingReport
from alignsurvey.survey import Survey, write_survey
from alignsurvey.survey.margins import Margin
from alignsurvey.survey.reading import EXTENSIONS
from alignsurvey.survey.synthesis import Profiles, draw_profiles, independent_profiles

__all__ = ["SimulatedSample", "check_out", "sample_lines", "simulate", "write_sample"]


@dataclass(frozen=True)
class SimulatedSample:
    """A synthetic sample.

    Parameters
    ----------
    survey : Survey
        A row a simulated person: profile, items, ``simulated`` (1 in every row) and ``simulator``.
    simulator : str
    outcomes : mapping of str to int
        What became of the questions: answered, refused, dont_know, unparseable, no_reply.
    report : AskingReport, optional
        How asking went, of a simulator that was asked.
    notes : tuple of str
        How profiles and answers were made.
    settings : mapping
        What the manifest keeps.
    """

    survey: Survey
    simulator: str
    outcomes: Mapping[str, int]
    report: AskingReport | None = None
    notes: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def as_dict(self) -> dict[str, Any]:
        """Give all but the rows as plain values."""
        return {
            "simulator": self.simulator,
            "n": self.survey.n,
            "outcomes": dict(self.outcomes),
            "asked": self.report.as_dict() if self.report else None,
            "notes": list(self.notes),
            **self.settings,
        }


def simulate(
    study: Study,
    simulator: str,
    n: int,
    seed: int = 42,
    margins: Sequence[Margin] = (),
    *,
    independent: bool = False,
    terms: Terms | None = None,
    survey: Survey | None = None,
) -> SimulatedSample:
    """Let a simulator answer a study's items for people that are drawn or made.

    Parameters
    ----------
    study : Study
    simulator : str
        A name or label of the study, or any other simulator's name. Baselines learn from the
        study's survey first; recorded replies are those of the people whose profiles are drawn.
    n : int
    seed : int
        Of profiles and answers.
    margins : sequence of Margin
        Of the population, see `alignsurvey.survey.margins`.
    independent : bool
        Make profiles from the margins alone, not from the survey's respondents.
    terms : Terms, optional
        On what terms a language model is asked.
    survey : Survey, optional
        Instead of the one that the study names.

    Raises
    ------
    InputError
        The simulator is unknown, or made of people's own answers; margins cannot be met.
    EndpointError
        A language model cannot be asked.

    Examples
    --------
    >>> study = Study.parse({"survey": {"example": "anes96"}, "profile": ["age", "educ"],
    ...                      "items": ["vote"], "simulators": ["baseline/logit"]})
    >>> sample = simulate(study, "baseline/logit", n=50)
    >>> sample.survey.codebook.names
    ('age', 'educ', 'vote', 'simulated', 'simulator')
    """
    terms = terms or Terms()
    survey = survey if survey is not None else load_survey(study)
    spec = _spec(study, simulator)
    profiles = _profiles(study, survey, n, seed, margins, independent)
    predictions, report = _predictions(study, spec, survey, profiles, seed, terms)
    drawn = with_answers(profiles.people, predictions, survey.codebook, spec.name, seed)
    kinds = np.concatenate([predictions.outcome(item) for item in predictions.items])
    outcomes = {one.name.lower(): int((kinds == one).sum()) for one in Outcome}
    settings = {
        "seed": seed,
        "margins": [margin.title for margin in margins],
        "independent": independent,
        "elicited": study.elicit_of(spec).as_dict() if report else None,
        "asking": terms.as_dict(),
        "study": study.model_dump(mode="json"),
        "versions": versions(),
    }
    return SimulatedSample(drawn, spec.name, outcomes, report, profiles.notes, settings)


def sample_lines(sample: SimulatedSample, path: Path) -> list[str]:
    """Say what was made, in lines for people."""
    asked = sum(sample.outcomes.values())
    answered = sample.outcomes["answered"] / asked if asked else 0.0
    lost = [f"{name.replace('_', ' ')} {n:,}" for name, n in sample.outcomes.items()
            if n and name != "answered"]  # fmt: skip
    beside = f" ({', '.join(lost)})" if lost else ""
    lines = [
        f"{sample.survey.n:,} simulated people by {sample.simulator}; "
        f"{100 * answered:.1f} % of the questions answered{beside}",
        *sample.notes,
    ]
    if sample.report:
        lines.append(in_words(sample.report))
    return [
        *lines,
        f"Written to {path}; 'simulated' is 1 in every row.",
        "Nobody gave these answers: score the simulator with `alignsurvey fidelity` before you "
        "draw conclusions from them.",
    ]


def check_out(path: Path) -> None:
    """Refuse a file that could not be written, before anything is asked.

    Raises
    ------
    InputError
        The extension is unknown, or there is no such folder.
    """
    if path.suffix.lower() not in EXTENSIONS:
        raise InputError(f"{path}: unknown extension '{path.suffix}'; known: "
                         f"{', '.join(EXTENSIONS)}")  # fmt: skip
    if path.is_dir() or not path.parent.is_dir():
        raise InputError(f"{path}: cannot be written: it is a folder, or its folder is missing")


def write_sample(sample: SimulatedSample, path: Path) -> None:
    """Write a sample, and beside it NAME.manifest.json that says how it was made."""
    write_survey(sample.survey, path)
    with writing(path.with_name(f"{path.name}.manifest.json")) as draft:
        text = json.dumps(sample.as_dict(), ensure_ascii=False, indent=2, default=str)
        draft.write_text(text + "\n", encoding="utf-8")


def _spec(study: Study, simulator: str) -> SimulatorSpec:
    named = {spec.name: spec for spec in study.simulators}
    by_use = {spec.use: spec for spec in study.simulators}
    spec = named.get(simulator) or by_use.get(simulator) or SimulatorSpec(use=simulator)
    if spec.use.startswith("planted/"):
        raise InputError(
            f"simulator '{spec.use}' is made of people's own answers, to test scores; name one "
            "that simulates"
        )
    return spec


def _profiles(
    study: Study, survey: Survey, n: int, seed: int, margins: Sequence[Margin], independent: bool
) -> Profiles:
    for name in (*study.profile, *study.asked):
        survey.variable(name)
    if not independent:
        return draw_profiles(survey, study.profile, n, seed, margins)
    if not margins:
        raise InputError("independent attributes need margins; give a file of them")
    return independent_profiles(survey, study.profile, n, seed, margins)


def _predictions(
    study: Study, spec: SimulatorSpec, survey: Survey, profiles: Profiles, seed: int, terms: Terms
) -> tuple[Predictions, AskingReport | None]:
    items, people = list(study.asked), profiles.people
    if spec.use.startswith("recorded/"):
        return _recorded(study, spec, survey, profiles), None
    alone = study.model_copy(update={"simulators": (spec,)})
    simulators = asked_simulators(alone, terms)
    if not simulators:
        learner = resolve(spec.use, seed=seed)
        terms.asker.announce([])
        told = survey.select([*study.profile, *items])
        return learner.fit(told, items, study.profile).predict(people), None
    with terms.asker:
        asked = plan_asking(alone, _with_items(people, survey, items), simulators, terms)
        found = ask_study(asked, people)
    return found.predictions[spec.name], found.reports[spec.name]


def _with_items(people: Survey, survey: Survey, items: Sequence[str]) -> Survey:
    """Give people the items' entries in the codebook, with nothing answered."""
    empty = [pl.Series(item, [None] * people.n, dtype=survey.answers[item].dtype) for item in items]
    codebook = people.codebook.updated(*survey.codebook.select(items))
    return Survey(
        people.answers.with_columns(empty), codebook, people.design,
        language=people.language, source=people.source,
    )  # fmt: skip


def _recorded(study: Study, spec: SimulatorSpec, survey: Survey, profiles: Profiles) -> Predictions:
    """Give each person made the recorded answers of the respondent whose profile it has."""
    if profiles.origin is None:
        raise InputError(
            f"simulator '{spec.use}' answered for the survey's respondents; draw profiles from "
            "them, not from margins alone"
        )
    found = recorded_predictions(study, spec, survey, list(study.asked))
    place = {one: row for row, one in enumerate(found.ids.to_list())}
    rows = np.array([place[one] for one in profiles.origin.to_list()])
    return Predictions(
        profiles.people.ids,
        {item: shares[rows] for item, shares in found.shares.items()},
        found.codebook,
        found.provenance,
        {item: found.outcome(item)[rows] for item in found.items},
    )
