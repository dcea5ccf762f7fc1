"""Who answers the parts of a benchmark: baselines, recordings, and simulators that are asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alignsurvey.benchmark.asking import (
    Elicitation,
    Pair,
    Planned,
    ask_parts,
    plan_groups,
    plan_parts,
)
from alignsurvey.benchmark.baselines import baseline_replies
from alignsurvey.benchmark.held_out import HeldOut
from alignsurvey.benchmark.paired_groups import SaidShares
from alignsurvey.benchmark.parts import Part, question_of
from alignsurvey.benchmark.replies import recorded_replies, recorded_shares
from alignsurvey.benchmark.rows import Problem
from alignsurvey.benchmark.scored import Scored, score_replies
from alignsurvey.benchmark.share_baselines import baseline_shares, released_shares
from alignsurvey.benchmark.verbalized import (
    GROUP_TASKS,
    GroupPart,
    group_part,
    score_verbalized,
)
from alignsurvey.errors import InputError
from alignsurvey.running import Asker
from alignsurvey.simulators.protocols import Simulator
from alignsurvey.tasks.queries import Query, respondent_text
from alignsurvey.tasks.records import GroupRecord

Model = str | Simulator
Progress = Callable[[int, int, str], None]
Problems = list[tuple[str, Problem]]
Row = dict[str, Any]


@dataclass(frozen=True)
class Answers:
    """What one model answered, scored.

    Parameters
    ----------
    scored : tuple of Scored
    rows : tuple of dict
        Rows of the score table for verbalized shares.
    shares : tuple of (Query, Reply)
        What was asked about groups, and what came back; empty for models that were not asked.
    problems : tuple of (where, Problem)
    verbalized : tuple of SaidShares
        The distances of verbalized shares, one a group task.
    """

    scored: tuple[Scored, ...]
    rows: tuple[Row, ...] = ()
    shares: tuple[Pair, ...] = ()
    problems: tuple[tuple[str, Problem], ...] = ()
    verbalized: tuple[SaidShares, ...] = ()


@dataclass(frozen=True)
class Questions:
    """Everything that a benchmark asks of each of its models.

    Parameters
    ----------
    held_out : HeldOut
        Parts without the people who serve as examples, and these.
    elicitation : Elicitation
    groups : tuple of GroupPart
    seed : int
    base : Path
        Where recorded files are looked for.
    asker : Asker
        On what terms simulators are asked.
    """

    held_out: HeldOut
    elicitation: Elicitation
    groups: tuple[GroupPart, ...] = ()
    seed: int = 42
    base: Path = Path()
    asker: Asker = field(default_factory=Asker)
    _plans: dict[str, Planned] = field(default_factory=dict, repr=False)

    @property
    def groups_asked(self) -> list[GroupRecord]:
        """The groups of all parts."""
        return [one for part in self.groups for one in part.groups]

    def planned(self, simulator: Simulator) -> Planned:
        """Plan what a simulator is asked, once.

        Raises
        ------
        InputError
            People of the records trained it.
        """
        if simulator.name not in self._plans:
            _refuse_trained(simulator, self.held_out.parts)
            self._plans[simulator.name] = plan_parts(
                simulator, self.held_out, self.elicitation, self.groups_asked
            )
        return self._plans[simulator.name]

    def announce(self, models: Sequence[Model]) -> None:
        """Say what asking all simulators comes to, before the first is asked.

        Raises
        ------
        InputError
            It would cost more than it may.
        """
        asked = [one for one in models if not isinstance(one, str)]
        self.asker.announce(
            [(one, [query for part in self.planned(one) for query in part]) for one in asked]
        )


def _refuse_trained(simulator: Simulator, parts: Sequence[Part]) -> None:
    """Refuse to score a model by people who trained it, as its folder says."""
    trained = frozenset(getattr(simulator, "trained_on", ()))
    people = {
        respondent_text(one.person)
        for part in parts
        for one in part.records
        if one.person is not None
    }
    both = sorted(trained & people)
    if both:
        shown = ", ".join(both[:3]) + (", …" if len(both) > 3 else "")
        raise InputError(
            f"{simulator.name}: {len(both)} people of these records trained it ({shown}); score it "
            "by others, or give the records ids of their own if they are others"
        )


def find_models(models: Sequence[Model], seed: int) -> list[Model]:
    """Find the simulators among the names; baselines and recordings stay names.

    Raises
    ------
    InputError
        A name is unknown, or stands for something that answers no queries, or two models have
        one name.
    """
    from alignsurvey.simulators.registry import find_simulator

    own = ("baseline/", "recorded/")
    found = [
        find_simulator(one, seed=seed) if isinstance(one, str) and not one.startswith(own) else one
        for place, one in enumerate(models)
        if not isinstance(one, str) or one not in models[:place]
    ]
    names = [name_of(one) for one in found]
    for place, name in enumerate(names):
        if name in names[:place]:
            raise InputError(f"two models are called '{name}'; give each a name of its own")
    return found


def name_of(model: Model) -> str:
    """Return the name that a model's scores stand under."""
    return model if isinstance(model, str) else model.name


def groups_of(parts: Sequence[Part], by: Sequence[str]) -> tuple[list[GroupPart], Problems]:
    """Make the groups that verbalized shares are asked of, where a task has no released ones."""
    found: list[GroupPart] = []
    problems: Problems = []
    released = {part.task for part in parts}
    for part in parts:
        if not by or part.task not in GROUP_TASKS:
            continue
        task = GROUP_TASKS[part.task]
        if task in released:
            what = "the released groups are asked for; none are made of the individual records"
            problems.append((task.value, Problem(0, what)))
            continue
        had = {name for one in part.records for name, _ in one.profile}
        present = [name for name in by if name in had]
        if present:
            what = "no groups by it: no profile has the attribute"
            problems += [(task.value, Problem(0, f"{what} '{one}'")) for one in by
                         if one not in had]  # fmt: skip
        try:
            groups = group_part(part, present or by)
        except InputError as error:
            problems.append((task.value, Problem(0, f"no verbalized shares: {error}")))
            continue
        if groups.cells:
            found.append(groups)
        else:
            what = "no verbalized shares: no group of 10 people or more that is not everybody"
            problems.append((task.value, Problem(0, what)))
    return found, problems


def answer(model: Model, questions: Questions, progress: Progress | None = None) -> Answers:
    """Let one model answer everything, and score it.

    Parameters
    ----------
    model : str or Simulator
        A baseline, a recording, or who is asked.
    questions : Questions
    progress : callable, optional
        Called as ``progress(done, total, what)``.

    Raises
    ------
    InputError
        A recorded file cannot be read, or a simulator cannot be asked.
    """
    if isinstance(model, str):
        return _told(model, questions, progress or _silent)
    return _asked(model, questions)


def _silent(done: int, total: int, what: str) -> None:
    """Show no progress."""


def _told(model: str, questions: Questions, progress: Progress) -> Answers:
    scored: list[Scored] = []
    rows: list[Row] = []
    verbalized: list[SaidShares] = []
    problems: Problems = []
    parts = questions.held_out.parts
    for place, part in enumerate(parts):
        progress(place, len(parts), f"{model}: {part.task} {part.name}")
        texts, odd = _known(model, part, questions)
        problems += [(f"{model}: {part.task}", one) for one in odd]
        scored += score_replies(part, model, texts, questions.seed)
    for groups in questions.groups:
        queries = plan_groups(groups.groups, questions.elicitation)
        said, odd = _known_shares(model, groups, queries, questions)
        problems += [(f"{model}: {groups.task}", one) for one in odd]
        if any(said):
            found, distances = score_verbalized(groups, model, queries, said, questions.seed)
            rows += found
            verbalized.append(distances)
    return Answers(tuple(scored), tuple(rows), (), tuple(problems), tuple(verbalized))


def _known(model: str, part: Part, questions: Questions) -> tuple[list[str], list[Problem]]:
    if model.startswith("recorded/"):
        path = questions.base / model.removeprefix("recorded/")
        return recorded_replies(path, part.task, part.records)
    if part.task in GROUP_TASKS.values():
        return released_shares(model, part.records), []
    return baseline_replies(model, part.records, questions.seed), []


def _known_shares(
    model: str, groups: GroupPart, queries: Sequence[Query], questions: Questions
) -> tuple[list[str], list[Problem]]:
    if model.startswith("recorded/"):
        path = questions.base / model.removeprefix("recorded/")
        return recorded_shares(path, groups.task, [question_of(query) for query in queries])
    return baseline_shares(model, groups), []


def _asked(model: Simulator, questions: Questions) -> Answers:
    asked, shares = ask_parts(
        model, questions.held_out, questions.elicitation, questions.groups_asked,
        questions.asker, questions.planned(model),
    )  # fmt: skip
    scored: list[Scored] = []
    rows: list[Row] = []
    verbalized: list[SaidShares] = []
    problems: Problems = []
    for one in asked:
        scored += score_replies(one.part, model.name, one.texts, questions.seed, one.pairs)
        if silent := sum(reply.text is None for _, reply in one.pairs):
            what = Problem(0, f"no reply to {silent} of {len(one.pairs)} queries")
            problems.append((f"{model.name}: {one.part.task} {one.part.name}".strip(), what))
    start = 0
    for part in questions.groups:
        own = shares[start : start + len(part.cells)]
        start += len(own)
        queries, texts = [query for query, _ in own], [reply.text or "" for _, reply in own]
        found, distances = score_verbalized(part, model.name, queries, texts, questions.seed)
        rows += found
        verbalized.append(distances)
        if silent := sum(reply.text is None for _, reply in own):
            what = Problem(0, f"no reply to {silent} of {len(own)} queries")
            problems.append((f"{model.name}: {part.task}", what))
    return Answers(tuple(scored), tuple(rows), tuple(shares), tuple(problems), tuple(verbalized))
