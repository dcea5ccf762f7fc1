"""Asking a simulator the items of a survey: people's profiles in, predictions out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from alignsurvey.errors import InputError
from alignsurvey.predictions import Predictions
from alignsurvey.simulators.elicit import Elicit
from alignsurvey.simulators.elicited import AskingReport, Tally
from alignsurvey.simulators.protocols import Simulator
from alignsurvey.survey.codebook import Codebook, Missing, Variable
from alignsurvey.survey.survey import Survey
from alignsurvey.tasks.prompts import Templates, render
from alignsurvey.tasks.queries import Message, Query, Reply, Shown, Task, letters, option_order

__all__ = ["Ask", "Asked", "SurveyPlan", "ask_directly"]

Ask = Callable[[Simulator, Iterable[Query]], Iterable[tuple[Query, Reply]]]
"""Asks a plan, and gives each query with its reply; the runner's way keeps replies in a store."""

Options = Sequence[tuple[str, int | float | str]]


def ask_directly(simulator: Simulator, queries: Iterable[Query]) -> Iterator[tuple[Query, Reply]]:
    """Ask without a store; all queries are held in memory."""
    plan = {query.id: query for query in queries}
    for reply in simulator.answer(list(plan.values())):
        yield plan[reply.query], reply


@dataclass(frozen=True)
class SurveyPlan:
    """All queries to simulate people's answers, person by person, made anew at each passing.

    A server keeps the start of a prompt, which is the person, from one question to the next.

    Parameters
    ----------
    people : Survey
        Their profiles; answers to the items are not looked at.
    items : Codebook
    profile : tuple of str
        What is told of a person, in this order. Missing attributes are left out.
    elicit : Elicit
    seed : int
        Of the orders of options.
    templates : Templates, optional

    Examples
    --------
    >>> from alignsurvey.survey import load_example
    >>> anes = load_example("anes96")
    >>> plan = SurveyPlan(anes, anes.codebook.select(["vote"]), ("age", "educ"), Elicit())
    >>> len(plan)
    944
    >>> print(next(iter(plan)).messages[-1].content)
    About you:
    Age in years: 36
    Highest level of education completed: High school graduate
    <BLANKLINE>
    The survey asks:
    Expected vote for president
    A. Bill Clinton
    B. Bob Dole
    <BLANKLINE>
    Reply with one option, letter and text as above, and nothing else.
    """

    people: Survey
    items: Codebook
    profile: tuple[str, ...]
    elicit: Elicit
    seed: int = 42
    templates: Templates | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Refuse what cannot be asked."""
        for item in self.items:
            if not item.categories:
                raise InputError(
                    f"'{item.name}' has no declared categories to choose from; list its values "
                    "in the codebook"
                )
        for name in self.profile:
            self.people.variable(name)

    def __len__(self) -> int:
        return self.people.n * len(self.items) * self.elicit.replies

    def __iter__(self) -> Iterator[Query]:
        variables = [self.people.variable(name) for name in self.profile]
        columns = [self.people.answers[name].to_list() for name in self.profile]
        people = self.people.ids.to_list()
        offered = [(item, options_of(item, self.elicit)) for item in self.items]
        for row, respondent in enumerate(people):
            told = [
                (variable.title, variable.label(column[row]))
                for variable, column in zip(variables, columns, strict=True)
                if column[row] is not None
            ]
            for item, options in offered:
                yield from self._questions(respondent, told, item, options)

    def _questions(
        self, respondent: int | str, told: list[tuple[str, str]], item: Variable, options: Options
    ) -> Iterator[Query]:
        draws, task = self.elicit.draws, Task.RESPONSE
        if self.elicit.by == "verbalized":
            task = Task.RESPONSE_SHARES
        for turn in range(self.elicit.orders):
            shown = self._shown(respondent, item, options, turn)
            messages = self._messages(task, told, item, shown)
            for draw in range(turn * draws, (turn + 1) * draws):
                yield Query(respondent, item.name, task, messages, shown, draw)

    def _shown(
        self, respondent: int | str, item: Variable, options: Options, turn: int
    ) -> tuple[Shown, ...]:
        """Letter the options in the order of this turn; those off the scale stay last."""
        k = len(item.categories)
        order: Sequence[int] = range(k)
        if self.elicit.is_shuffled:
            order = option_order(
                k, seed=self.seed, respondent=respondent, item=item.name, turn=turn
            )
        return _lettered(tuple(options), (*order, *range(k, len(options))))

    def _messages(
        self, task: Task, told: list[tuple[str, str]], item: Variable, shown: tuple[Shown, ...]
    ) -> tuple[Message, ...]:
        messages = render(
            task,
            self.elicit.language or self.people.language,
            templates=self.templates,
            setting=self.elicit.setting,
            profile=told,
            question=item.title,
            options=shown,
        )
        if self.elicit.system is None:
            return messages
        return (Message("system", self.elicit.system), messages[-1])


@lru_cache(maxsize=4096)
def _lettered(
    options: tuple[tuple[str, int | float | str], ...], places: tuple[int, ...]
) -> tuple[Shown, ...]:
    return tuple(
        Shown(letter, *options[place])
        for letter, place in zip(letters(len(options)), places, strict=True)
    )


def options_of(item: Variable, elicit: Elicit) -> Options:
    """List what can be chosen: text and code of each category, then don't know where offered."""
    found = [(item.label(one.code), one.code) for one in item.categories]
    if elicit.dont_know:
        found += [
            (one.label, one.code)
            for one in item.missing
            if one.kind is Missing.DONT_KNOW and one.label
        ]
    return found


@dataclass(frozen=True)
class Asked:
    """A simulator that is asked the items of a survey; a `Predictor`.

    Parameters
    ----------
    simulator : Simulator
    elicit : Elicit
    items : Codebook
        What is asked: variables with categories.
    profile : tuple of str
        What it is told of each person.
    seed : int
        Of the orders of options.
    ask : callable, optional
        How its replies are got, such as ``alignsurvey.running.ask_each`` with a store; otherwise
        it is asked directly.
    templates : Templates, optional
    label : str, optional
        Name of the predictions; the simulator's own without.

    Raises
    ------
    InputError
        The simulator is set up for another way of eliciting.

    Examples
    --------
    >>> from alignsurvey.survey import load_example
    >>> class Undecided:
    ...     name = "undecided"
    ...     def answer(self, queries):
    ...         return (Reply(query.id, '{"A": 50, "B": 50}') for query in queries)
    >>> anes = load_example("anes96")
    >>> asked = Asked(Undecided(), Elicit(by="verbalized"), anes.codebook.select(["vote"]), ("age",))
    >>> predictions, report = asked.answers(anes)
    >>> predictions.shares["vote"][0], report.parse_rate
    (array([0.5, 0.5]), 1.0)
    """  # noqa: E501 - doctests keep one call on one line

    simulator: Simulator
    elicit: Elicit
    items: Codebook
    profile: tuple[str, ...] = ()
    seed: int = 42
    ask: Ask = field(default=ask_directly, repr=False)
    templates: Templates | None = field(default=None, repr=False)
    label: str | None = None

    def __post_init__(self) -> None:
        """Refuse a simulator whose parameters say otherwise."""
        by = (getattr(self.simulator, "parameters", None) or {}).get("by", self.elicit.by)
        if by != self.elicit.by:
            raise InputError(
                f"simulator '{self.simulator.name}' is set up for by: {by}, and would be asked "
                f"by: {self.elicit.by}; give it Elicit.parameters()"
            )

    @property
    def name(self) -> str:
        """Name of the predictions."""
        return self.label or self.simulator.name

    def plan(self, people: Survey) -> SurveyPlan:
        """Plan what is asked about these people."""
        return SurveyPlan(people, self.items, self.profile, self.elicit, self.seed, self.templates)

    def predict(self, people: Survey) -> Predictions:
        """Ask about these people, and read the replies."""
        return self.answers(people)[0]

    def answers(self, people: Survey) -> tuple[Predictions, AskingReport]:
        """Ask about these people; give what was read, and how reading it went."""
        plan = self.plan(people)
        tally = Tally(people.ids, self.items, self.elicit)
        for query, reply in self.ask(self.simulator, plan):
            tally.add(query, reply)
        predictions, report = tally.finish(self.name)
        # A model that was fine-tuned here knows by whom; they must not judge it.
        trained_on = frozenset(getattr(self.simulator, "trained_on", ()))
        provenance = replace(predictions.provenance, trained_on=trained_on)
        predictions = replace(predictions, provenance=provenance)
        notes = tuple(getattr(self.simulator, "notes", ()))
        return predictions, replace(report, notes=(*report.notes, *notes))
