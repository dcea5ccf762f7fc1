"""Asking models the records of a benchmark: how they are put, what was asked, what came back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol, runtime_checkable

from alignsurvey.benchmark.held_out import HeldOut, check_examples
from alignsurvey.benchmark.parts import VERBALIZED, Part
from alignsurvey.errors import InputError
from alignsurvey.running import Asker, Standing
from alignsurvey.simulators.protocols import Simulator
from alignsurvey.tasks.prompts import Asking, Examples, Templates, plan, shorten
from alignsurvey.tasks.queries import Query, Reply
from alignsurvey.tasks.records import GroupRecord, GroupRow, Record, RecordTask
from alignsurvey.tasks.records.nouns import attribute_text

Prompts = Literal["verbatim", "template"]
Pair = tuple[Query, Reply]
Planned = list[list[Query]]
"""Queries by part; those about groups last."""


@runtime_checkable
class Bounded(Protocol):
    """A simulator whose prompts may only be so long; longer ones lose their middle."""

    prompt_tokens: int

    def count_tokens(self, text: str) -> int:
        """Count the tokens of a text with the simulator's own tokenizer."""
        ...


@dataclass(frozen=True)
class Elicitation:
    """How models are asked.

    Parameters
    ----------
    prompts : "verbatim" or "template", optional
        A record's own prompt, or the library's template. Otherwise released records are put as
        they were released, and all others by template.
    language : str, optional
        Of the templates ("en", "zh"); otherwise each record's own.
    templates : Templates, optional
        Instead of the library's own.
    few_shot : int
        Examples of other people's answers before each question about a person. Groups are always
        asked without.
    examples_by : "seed" or "nearest"
        Whether examples are chosen by lot, or by equal attributes.
    seed : int
    """

    prompts: Prompts | None = None
    language: str | None = None
    templates: Templates | None = field(default=None, repr=False)
    few_shot: int = 0
    examples_by: Literal["seed", "nearest"] = "seed"
    seed: int = 42

    def __post_init__(self) -> None:
        if self.few_shot < 0:
            raise InputError(f"few-shot: examples must be 0 or more, not {self.few_shot}")
        if self.prompts not in (None, "verbatim", "template"):
            raise InputError(f"prompts are 'verbatim' or 'template', not '{self.prompts}'")
        if self.prompts == "verbatim" and (self.language or self.templates):
            raise InputError("verbatim prompts have a language and words of their own")

    def settings(self) -> dict[str, Any]:
        """What a manifest keeps of it."""
        return {
            "prompts": self.prompts or "verbatim where released, else template",
            "language": self.language or "each record's own",
            "few_shot": self.few_shot,
            "examples_by": self.examples_by if self.few_shot else None,
            "templates": (self.templates or Templates()).hashes(),
        }


@dataclass(frozen=True)
class Asked:
    """What a model was asked about a part, and what it replied.

    Parameters
    ----------
    part : Part
    pairs : tuple of (Query, Reply)
        One a record, in their order.
    """

    part: Part
    pairs: tuple[Pair, ...]

    @property
    def texts(self) -> list[str]:
        """Raw replies, "" where none came."""
        return [reply.text or "" for _, reply in self.pairs]


def ask_parts(
    simulator: Simulator,
    held_out: HeldOut,
    elicitation: Elicitation,
    groups: Sequence[GroupRecord] = (),
    asker: Asker | None = None,
    planned: Planned | None = None,
) -> tuple[list[Asked], list[Pair]]:
    """Ask a simulator everything about the parts of a benchmark, in one go.

    Parameters
    ----------
    simulator : Simulator
        Where it is `Bounded`, longer prompts lose examples, then their middle.
    held_out : HeldOut
        Parts, and whose answers may be shown as examples.
    elicitation : Elicitation
    groups : sequence of GroupRecord
        Whose shares are asked for as well.
    asker : Asker, optional
        On what terms it is asked; without, nothing is kept.
    planned : list of list of Query, optional
        From `plan_parts`, where they are planned already.

    Returns
    -------
    asked : list of Asked
        One a part.
    shares : list of (Query, Reply)
        One a group.

    Raises
    ------
    InputError
        An example's respondent would be scored, there are too few examples, or a prompt is longer
        than the simulator takes and cannot be shortened.
    """
    planned = planned or plan_parts(simulator, held_out, elicitation, groups)
    everything = [query for queries in planned for query in queries]
    replies = (asker or Asker()).ask(simulator, everything)
    pairs = [tuple((query, replies[query.id]) for query in queries) for queries in planned]
    asked = [Asked(part, own) for part, own in zip(held_out.parts, pairs[:-1], strict=True)]
    return asked, list(pairs[-1])


def plan_parts(
    simulator: Simulator,
    held_out: HeldOut,
    elicitation: Elicitation,
    groups: Sequence[GroupRecord] = (),
) -> Planned:
    """Plan everything that `ask_parts` asks a simulator.

    Raises
    ------
    InputError
        As `ask_parts`.
    """
    planned = [plan_part(part, held_out, elicitation) for part in held_out.parts]
    planned.append(plan_groups(groups, elicitation))
    planned = [[fitting(query, simulator) for query in queries] for queries in planned]
    everything = [query for queries in planned for query in queries]
    check_examples(everything, [one for part in held_out.parts for one in part.records])
    return planned


def showing_asker(progress: Callable[[int, int, str], None] | None) -> Asker:
    """Give an asker without terms that shows its progress as other work does."""

    def shown(name: str, standing: Standing, outcomes: Mapping[str, int]) -> None:
        if progress:
            progress(standing.done, standing.total, f"{name}: replies")

    return Asker(shown=shown)


def plan_part(part: Part, held_out: HeldOut, elicitation: Elicitation) -> list[Query]:
    """Plan one query for each record of a part."""
    pool = held_out.pools.get((part.task.value, part.name), ())
    verbatim = _verbatim(part.records, elicitation)
    examples = None
    if part.name == VERBALIZED:
        groups = part.records if verbatim else [_as_group(one) for one in part.records]
        return plan(groups, _asking(elicitation, verbatim=verbatim, examples=None))
    if elicitation.few_shot:
        examples = Examples(pool, elicitation.few_shot, elicitation.examples_by)
    return plan(part.records, _asking(elicitation, verbatim=verbatim, examples=examples))


def _as_group(record: Record) -> GroupRecord:
    """Take a released group for the template; how many people it has is not known."""
    assert isinstance(record, GroupRow)
    definition = tuple((name, attribute_text(value)) for name, value in record.profile)
    theme = record.question if record.task is RecordTask.STANCE_GROUP else ""
    texts = tuple(option.text for option in record.options)
    return GroupRecord(definition, theme, record.question, texts, record.shares, 0, 0.0, 0.0)


def plan_groups(groups: Sequence[GroupRecord], elicitation: Elicitation) -> list[Query]:
    """Plan one query for each group, by template and without examples."""
    return plan(groups, _asking(elicitation, verbatim=False, examples=None))


def _asking(elicitation: Elicitation, *, verbatim: bool, examples: Examples | None) -> Asking:
    return Asking(
        language=elicitation.language,
        templates=None if verbatim else elicitation.templates,
        verbatim=verbatim,
        seed=elicitation.seed,
        examples=examples,
    )


def _verbatim(records: Sequence[Record], elicitation: Elicitation) -> bool:
    """Whether records are put as released: asked for, or all of them come with a known layout."""
    if elicitation.prompts is not None:
        return elicitation.prompts == "verbatim"
    chosen = elicitation.language or elicitation.templates
    return not chosen and all(record.layout.frame for record in records)


def fitting(query: Query, simulator: Simulator) -> Query:
    """Shorten a query for a simulator that says how long its prompts may be; see `shorten`."""
    if not isinstance(simulator, Bounded):
        return query
    messages = shorten(query.messages, simulator.prompt_tokens, simulator.count_tokens)
    return query if messages == query.messages else replace(query, messages=messages)
