"""Task 2 judged: models' interview answers put to judges, or to the record of what they said."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from alignsurvey.benchmark.asking import fitting
from alignsurvey.benchmark.judge_files import Asked, Given, RecordedJudge, read_judges
from alignsurvey.benchmark.judge_scores import Judged, Row, judge_rows
from alignsurvey.benchmark.respondents import respondents
from alignsurvey.benchmark.rows import Problem, Task
from alignsurvey.benchmark.scored import Scored
from alignsurvey.errors import InputError
from alignsurvey.running import Asker
from alignsurvey.simulators.protocols import Simulator
from alignsurvey.tasks.prompts import Asking, judge_queries
from alignsurvey.tasks.queries import Query
from alignsurvey.tasks.records import Record
from alignsurvey.tasks.replies.thoughts import strip_thoughts

Judge = Simulator | RecordedJudge


@dataclass(frozen=True)
class Judging:
    """What judges add to a benchmark run.

    Parameters
    ----------
    rows : tuple of dict
        Rows of the benchmark's scores.
    problems : tuple of (where, Problem)
    judged : tuple of Judged
        One a model, with the raw replies.
    """

    rows: tuple[Row, ...] = ()
    problems: tuple[tuple[str, Problem], ...] = ()
    judged: tuple[Judged, ...] = ()


def find_judges(
    names: Sequence[str],
    seed: int = 42,
    base: Path = Path(),
    find: Callable[[str], Simulator] | None = None,
) -> list[Judge]:
    """Find judges by name: a file of their replies, or any simulator that reads prompts.

    Parameters
    ----------
    names : sequence of str
        ``recorded/FILE``, which may hold several judges, or ``provider/model``.
    seed : int
        Of simulators.
    base : Path
        Where recorded files are looked for.
    find : callable, optional
        Finds the simulator of a name, in place of the registry: with an address, say.

    Raises
    ------
    InputError
        A name is unknown or cannot judge, or a file cannot be read.
    """
    from alignsurvey.simulators.registry import find_simulator

    judges: list[Judge] = []
    for name in dict.fromkeys(names):
        if name.startswith("recorded/"):
            judges += read_judges(base / name.removeprefix("recorded/"), name)
        else:
            judges.append(find(name) if find else find_simulator(name, seed=seed))
    return judges


def judge_interviews(
    scored: Sequence[Scored],
    judges: Sequence[Judge],
    asking: Asking | None = None,
    seed: int = 42,
    asker: Asker | None = None,
) -> Judging:
    """Judge the interview answers of a benchmark run; see `judge_answers` and `judge_rows`.

    Raises
    ------
    InputError
        There are judges but no interviews.
    """
    if not judges:
        return Judging()
    own = {one.model: one for one in scored if one.part.task is Task.INTERVIEW}
    if not own:
        raise InputError("judges score interviews, and no interviews are asked; add task interview")
    records = next(iter(own.values())).part.records
    answers = {model: one.replies for model, one in own.items()}
    judged, problems = judge_answers(records, answers, judges, asking, asker=asker)
    rows = [row for one in judged for row in judge_rows(one, seed)]
    return Judging(tuple(rows), tuple(problems), tuple(judged))


def judge_answers(
    records: Sequence[Record],
    answers: Mapping[str, Sequence[str]],
    judges: Sequence[Judge],
    asking: Asking | None = None,
    *,
    reference: bool = False,
    asker: Asker | None = None,
) -> tuple[list[Judged], list[tuple[str, Problem]]]:
    """Let judges score models' interview answers.

    A judge is asked about one answer at a time and is not told whose it is. Equal answers to one
    question are asked about once. An answer without words is not judged; it is counted.

    Parameters
    ----------
    records : sequence of InterviewRecord
    answers : mapping of str to sequence of str
        Model -> its raw answers, one a record; thoughts are taken off before judges see them.
    judges : sequence of Simulator or RecordedJudge
    asking : Asking, optional
        Language and templates of the judges' prompt.
    reference : bool
        Whether judges see what the real respondent said.
    asker : Asker, optional
        On what terms judges are asked; without, nothing is kept.

    Returns
    -------
    judged : list of Judged
        One a model.
    problems : list of (where, Problem)
        Answers and replies that are missing or cannot be read, and judges that judge themselves.

    Raises
    ------
    InputError
        Two judges have one name, there are more answers than records or fewer, or a file of
        replies does not belong to the answers.

    Examples
    --------
    >>> from alignsurvey.tasks.queries import Reply
    >>> from alignsurvey.tasks.records import InterviewRecord
    >>> class Kind:
    ...     name = "kind"
    ...     def answer(self, queries):
    ...         reply = '{"naturalness": 5, "style": 4, "consistency": 5}'
    ...         return (Reply(query.id, reply) for query in queries)
    >>> asked = [InterviewRecord(row=1, instruction="…", person=7, question="Do you like it here?")]
    >>> judged, problems = judge_answers(asked, {"echo": ["I do."]}, [Kind()])
    >>> judged[0].scores().tolist()
    [[[5.0, 4.0, 5.0]]]
    """
    names = [judge.name for judge in judges]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"judge '{name}' is named twice; its replies would count double")
    asked = {model: _questions(records, own, asking, reference)
             for model, own in answers.items()}  # fmt: skip
    problems = [
        (f"{model}: interview", one) for model, own in asked.items() for one in _silent(own)
    ]
    given: dict[str, Given] = {}
    for judge in judges:
        given[judge.name], odd = _given(judge, asked, asker or Asker())
        problems += [(f"judge {judge.name}", one) for one in odd]
    people = tuple(respondents(records))
    judged = []
    for model, queries in asked.items():
        replies = {name: tuple(given[name][model]) for name in names}
        judged.append(Judged(model, people, tuple(queries), replies))
        problems += _told(judged[-1])
    return judged, problems


def _questions(
    records: Sequence[Record], answers: Sequence[str], asking: Asking | None, reference: bool
) -> list[Query | None]:
    if len(answers) != len(records):
        raise InputError(f"judges need one answer a record: {len(records)} records, {len(answers)}")
    said = [strip_thoughts(one) for one in answers]
    spoken = [place for place, one in enumerate(said) if one]
    queries = judge_queries(
        [records[place] for place in spoken],
        [said[place] for place in spoken],
        replace(asking or Asking(), draws=1),
        reference=reference,
    )
    asked = dict(zip(spoken, queries, strict=True))
    return [asked.get(place) for place in range(len(records))]


def _silent(queries: Sequence[Query | None]) -> list[Problem]:
    n = sum(query is None for query in queries)
    return [Problem(0, f"{n} of {len(queries)} answers have no words and were not judged")] * (
        n > 0
    )


def _given(judge: Judge, asked: Asked, asker: Asker) -> tuple[Given, list[Problem]]:
    if isinstance(judge, RecordedJudge):
        return judge.replies(asked)
    # Files name an answer by its whole question, whatever a judge's context cuts off.
    fitted = {query.id: fitting(query, judge)
              for own in asked.values() for query in own if query is not None}  # fmt: skip
    asker.announce([(judge, list(fitted.values()))])
    replies = asker.ask(judge, list(fitted.values()))
    texts = {
        model: [replies[fitted[query.id].id].text if query else None for query in own]
        for model, own in asked.items()
    }
    failed = [reply.error for reply in replies.values() if reply.error]
    if not failed:
        return texts, []
    return texts, [Problem(0, f"{len(failed)} requests failed; the first: {failed[0]}")]


def _told(judged: Judged) -> Iterator[tuple[str, Problem]]:
    """Say which replies could not be read, and who judged itself."""
    for judge, counts in judged.outcomes().items():
        where = f"judge {judge} of {judged.model}"
        if _same(judge, judged.model):
            what = "the judge is the model it judges; models prefer their own answers: take another"
            yield where, Problem(0, what)
        total = sum(counts.values())
        for outcome, n in counts.items():
            if n and outcome != "answered":
                yield where, Problem(0, f"{n} of {total} replies: {outcome.replace('_', ' ')}")


def _same(judge: str, model: str) -> bool:
    """Whether two names are of one model, with or without an adapter."""
    return judge == model or judge.startswith(f"{model}:") or model.startswith(f"{judge}:")
