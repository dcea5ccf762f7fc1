"""The qualitative foundation corpus: windows of a dialogue, and what is said next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Sequence

from alignsurvey.survey.interviews import Interviews
from alignsurvey.tasks.corpora.rows import Corpus, CorpusRow, flat
from alignsurvey.tasks.records import InterviewRecord, Record, Turn
from alignsurvey.tasks.records.dialogue import write_turns
from alignsurvey.tasks.records.people import profile_fingerprint

WINDOW = 5
INSTRUCTION = "Based on the following dialogue context, generate the next response."
"""The heading by which records of this corpus are known, whatever their dialogue's language."""

RESPONDENTS = frozenset(
    {"Interviewee", "Respondent", "respondent", "受访者", "被访者", "回答", "答"}
)
SPEAKERS = {
    "en": {"interviewer": "Interviewer", "respondent": "Interviewee"},
    "zh": {"interviewer": "采访者", "respondent": "受访者"},
}
NO_CONTEXT = "respondent's utterance with nothing before it"
NO_RESPONDENT = "dialogue in which no respondent speaks"
REPEATED = "dialogue that stands in an earlier record"
SILENT = "utterance without text"
NO_DIALOGUE = "record without a dialogue"


def dialogue_windows(
    turns: Sequence[Turn | tuple[str, str]],
    *,
    window: int = WINDOW,
    person: Hashable = None,
    theme: str = "",
    fingerprint: str | None = None,
    respondents: Collection[str] = RESPONDENTS,
    last_only: bool = False,
) -> Corpus:
    r"""Cut a dialogue into windows, each with the respondent's next utterance.

    Each utterance of the respondent that has something before it gives one row. Early in a
    dialogue, and in a short one, the window holds what there is.

    Parameters
    ----------
    turns : sequence of (speaker, text)
    window : int
        Utterances of a window at most.
    person, theme, fingerprint
        Who speaks, on what; written beside the texts.
    respondents : collection of str
        Names of the speakers who are respondents.
    last_only : bool
        Only the last utterance is to be said; the others have their own records.

    Returns
    -------
    Corpus

    Examples
    --------
    >>> talk = [("Interviewer", "Do you ride?"), ("Interviewee", "By bus."),
    ...         ("Interviewer", "Daily?"), ("Interviewee", "Not on Sundays.")]
    >>> corpus = dialogue_windows(talk, window=2)
    >>> [row.output for row in corpus]
    ['By bus.', 'Not on Sundays.']
    >>> print(corpus.rows[1].input)
    Interviewee: By bus.
    Interviewer: Daily?
    """
    said = [Turn(speaker.strip(), flat(text)) for speaker, text in turns]
    spoken = [turn for turn in said if turn.text]
    skipped: Counter[str] = Counter({SILENT: len(said) - len(spoken)})
    places = [place for place, turn in enumerate(spoken) if turn.speaker in respondents]
    if last_only:
        # An empty last utterance is no row, and the one before it is another record's.
        places = [place for place in places if place == len(spoken) - 1 and said[-1].text]
    elif not places:
        skipped[NO_RESPONDENT] = 1
    skipped[NO_CONTEXT] = sum(place == 0 for place in places)
    about = [("person_id", person), ("theme", theme), ("fingerprint", fingerprint)]
    rows = tuple(
        CorpusRow(
            instruction=INSTRUCTION, input=_write(spoken[max(0, place - window) : place]),
            output=spoken[place].text, person=person, fingerprint=fingerprint, question=theme,
            metadata=tuple((key, one) for key, one in about if one not in (None, "")),
        )
        for place in places if place
    )  # fmt: skip
    return Corpus(rows, {reason: n for reason, n in skipped.items() if n})


def _write(turns: Sequence[Turn]) -> str:
    chinese = any("\u4e00" <= sign <= "\u9fff" for turn in turns for sign in turn.speaker)
    return write_turns(turns, colon="：" if chinese else ": ")


def record_windows(records: Iterable[Record], window: int = WINDOW) -> Corpus:
    """Cut the dialogues of records into windows.

    A record of the interview task is one window: its dialogue and question, then its answer. Other
    records' dialogues are cut throughout, each once however many records (fields) share it.

    Parameters
    ----------
    records : iterable of Record
    window : int

    Returns
    -------
    Corpus
    """
    rows: list[CorpusRow] = []
    skipped: Counter[str] = Counter()
    seen: set[tuple[object, ...]] = set()
    for record in records:
        is_answer = isinstance(record, InterviewRecord)
        turns = _with_answer(record) if is_answer else record.dialogue
        key = (record.person, record.theme, turns)
        if not turns or key in seen:
            skipped[REPEATED if turns else NO_DIALOGUE] += 1
            continue
        seen.add(key)
        # A role record shows no profile: its person is known by id alone.
        cut = dialogue_windows(
            turns, window=window, person=record.person, theme=record.theme,
            fingerprint=profile_fingerprint(record), last_only=is_answer,
        )  # fmt: skip
        rows.extend(cut.rows)
        skipped.update(cut.skipped)
    return Corpus(tuple(rows), dict(skipped))


def _with_answer(record: Record) -> tuple[Turn, ...]:
    names = [turn.speaker for turn in record.dialogue]
    chinese = any("\u4e00" <= sign <= "\u9fff" for sign in "".join(names) + record.question)
    usual = SPEAKERS["zh" if chinese else "en"]
    asks = next((name for name in names if name not in RESPONDENTS), usual["interviewer"])
    answers = next((name for name in names if name in RESPONDENTS), usual["respondent"])
    question = (Turn(asks, record.question),) if record.question.strip() else ()
    return (*record.dialogue, *question, Turn(answers, record.answer))


def interview_windows(corpus: Interviews, window: int = WINDOW) -> Corpus:
    """Cut a corpus of one's own interviews into windows, segment by segment.

    Examples
    --------
    >>> from alignsurvey.survey import load_interviews
    >>> rows = interview_windows(load_interviews("zh")).rows
    >>> rows[0].question, rows[0].input.split("：")[0]
    ('公共服务', '采访者')
    """
    rows: list[CorpusRow] = []
    skipped: Counter[str] = Counter()
    for interview in corpus:
        names = SPEAKERS[interview.language]
        about = InterviewRecord(row=1, instruction="", profile=interview.profile)
        fingerprint = profile_fingerprint(about)
        for segment in interview.segments:
            turns = [Turn(names[turn.speaker], turn.text) for turn in segment.turns]
            cut = dialogue_windows(
                turns, window=window, person=interview.id, theme=segment.theme,
                fingerprint=fingerprint,
            )  # fmt: skip
            rows.extend(cut.rows)
            skipped.update(cut.skipped)
    return Corpus(tuple(rows), dict(skipped))
