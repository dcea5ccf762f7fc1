"""Asking a study's language models: once, for everybody, before the first pilot is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from alignsurvey.errors import InputError
from alignsurvey.fidelity.changes import changes_in_words
from alignsurvey.fidelity.study import SimulatorSpec, Study
from alignsurvey.predictions import Predictions
from alignsurvey.running.asker import Asker
from alignsurvey.simulators.asked import Asked
from alignsurvey.simulators.elicited import AskingReport
from alignsurvey.simulators.endpoints import Limits
from alignsurvey.simulators.protocols import Simulator
from alignsurvey.simulators.registry import (
    ENDPOINTS,
    LOCAL,
    PROVIDERS,
    find_simulator,
    parse_name,
    third_parties,
)
from alignsurvey.survey.survey import Survey

__all__ = ["AskedStudy", "Terms", "ask_study", "asked_of", "asked_simulators", "plan_asking"]


@dataclass(frozen=True)
class Terms:
    """On what terms a study's language models are asked.

    Parameters
    ----------
    asker : Asker
        With its store, prices and limits; by default nothing is kept.
    limits : callable, optional
        Gives, for a simulator's name, how fast it is asked; the provider's own by default.
    base_url : str, optional
        Address of the server, in place of the study's.
    simulators : mapping of str to Simulator
        Who answers under a name of the study, in place of who would be found by it.
    tell : callable, optional
        Is told in a line each what a user should know before anything is asked.
    settings : callable, optional
        Gives what the manifest keeps of these terms; the bills by default.
    """

    asker: Asker = field(default_factory=Asker)
    limits: Callable[[str], Limits] | None = None
    base_url: str | None = None
    simulators: Mapping[str, Simulator] = field(default_factory=dict)
    tell: Callable[[str], object] | None = None
    settings: Callable[[Asker], Mapping[str, Any]] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Give what a manifest keeps: the terms, and the bills."""
        if self.settings:
            return dict(self.settings(self.asker))
        return {"bills": [bill.as_dict() for bill in self.asker.bills]}


@dataclass(frozen=True)
class AskedStudy:
    """What a study's language models answered.

    Parameters
    ----------
    predictions : mapping of str to Predictions
        By the simulators' names in the study.
    reports : mapping of str to AskingReport
    elicited : mapping of str to mapping
        How each was asked, for the manifest.
    """

    predictions: Mapping[str, Predictions] = field(default_factory=dict)
    reports: Mapping[str, AskingReport] = field(default_factory=dict)
    elicited: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def asked_simulators(study: Study, terms: Terms) -> dict[str, Simulator]:
    """Find those of a study's simulators that are asked, by their names in the study.

    Raises
    ------
    InputError
        A name is unknown, or its provider would ignore how it is to be asked.
    EndpointError
        There is no key for it.
    """
    found = {spec.name: _asked(study, spec, terms) for spec in study.simulators}
    return {name: simulator for name, simulator in found.items() if simulator is not None}


def _asked(study: Study, spec: SimulatorSpec, terms: Terms) -> Simulator | None:
    if spec.name in terms.simulators:
        return terms.simulators[spec.name]
    if spec.train is not None:
        return None  # it is fine-tuned on each pilot, and then gives shares itself
    provider = parse_name(spec.use).provider
    if provider in (*ENDPOINTS, *LOCAL):
        return find_simulator(
            spec.use,
            seed=study.seed,
            parameters=study.elicit_of(spec).parameters(),
            limits=terms.limits(spec.use) if terms.limits else None,
            base_url=terms.base_url or spec.base_url,
        )
    if provider in PROVIDERS or provider not in third_parties():
        return None
    try:
        return find_simulator(spec.use, seed=study.seed)
    except InputError:
        return None  # it learns; whether it can is checked where learners are


def plan_asking(
    study: Study,
    survey: Survey,
    simulators: Mapping[str, Simulator],
    terms: Terms,
    changed: Sequence[str] = (),
) -> list[Asked]:
    """Plan what is asked of whom, and say what it comes to; nothing is asked yet.

    Parameters
    ----------
    study : Study
    survey : Survey
    simulators : mapping of str to Simulator
        From `asked_simulators`.
    terms : Terms
    changed : sequence of str
        Keys that changed since the last run; what is asked anew on their account is told.

    Raises
    ------
    InputError
        An item cannot be asked, or asking would cost more than it may.
    """
    specs = [spec for spec in study.simulators if spec.name in simulators]
    asked = [asked_of(study, spec, survey, simulators[spec.name], terms.asker) for spec in specs]
    reports = terms.asker.announce([(one.simulator, one.plan(survey)) for one in asked])
    if terms.tell:
        for line in changes_in_words(changed, reports):
            terms.tell(line)
    return asked


def asked_of(
    study: Study, spec: SimulatorSpec, survey: Survey, simulator: Simulator, asker: Asker
) -> Asked:
    """Set a simulator up to be asked a study's items."""
    return Asked(
        simulator,
        study.elicit_of(spec),
        survey.codebook.select(study.asked),
        study.profile,
        study.seed,
        asker.ask_each,
        label=spec.name,
    )


def ask_study(asked: Sequence[Asked], survey: Survey) -> AskedStudy:
    """Ask simulators all items for everybody in the survey, zero-shot.

    Raises
    ------
    InputError
        A simulator gives something else than it was asked for.
    EndpointError
        An endpoint cannot be asked at all. Replies that had come are in the store.
    StoppedError
        The terms did not allow to ask everything.
    """
    found = {one.name: one.answers(survey) for one in asked}
    return AskedStudy(
        {name: predictions for name, (predictions, _) in found.items()},
        {name: report for name, (_, report) in found.items()},
        {one.name: one.elicit.as_dict() | {"seed_of_orders": one.seed} for one in asked},
    )


def in_words(report: AskingReport) -> str:
    """Say in a line how a simulator was asked and what came of it.

    Examples
    --------
    >>> in_words(AskingReport("openai/o3", "sampled", 2, 1, 2000, {"answered": 1980, "refused": 20}))
    'openai/o3 was asked 2,000 queries: sampled, 2 draws; 99.0 % read (refused 20)'
    """  # noqa: E501 - an example is one line
    parts: list[str] = [report.by]
    if report.draws > 1:
        parts.append(f"{report.draws} draws")
    if report.orders > 1:
        parts.append(f"{report.orders} orders of the options")
    lost = [f"{name.replace('_', ' ')} {n:,}" for name, n in report.outcomes.items()
            if n and name != "answered"]  # fmt: skip
    beside = f" ({', '.join(lost)})" if lost else ""
    line = (f"{report.simulator} was asked {report.queries:,} queries: {', '.join(parts)}; "
            f"{100 * report.parse_rate:.1f} % read{beside}")  # fmt: skip
    if report.a_bias is not None:
        line += f"; liking for the option shown first {report.a_bias:+.3f}"
    if report.outside_share is not None:
        line += f"; {100 * report.outside_share:.1f} % of the probability on no option"
    if report.dont_know_share is not None:
        line += f"; {100 * report.dont_know_share:.1f} % on don't know, set aside"
    return line
