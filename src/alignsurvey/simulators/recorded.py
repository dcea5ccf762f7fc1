"""`recorded/FILE`: replies that were collected elsewhere, matched to the survey's respondents."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alignsurvey.errors import InputError, nearest
from alignsurvey.predictions import Outcome, Predictions, Provenance
from alignsurvey.simulators.recording import Recording, cell_text, open_recording
from alignsurvey.simulators.reply_codes import ReplyCodes
from alignsurvey.survey.survey import Survey

_ITEM = ("item", "question", "variable")
_ANSWER = ("code", "answer", "reply")
_PROBABILITY = ("probability", "prob", "share")
_ROUNDING = 0.01


def read_recorded(
    path: str | Path,
    survey: Survey,
    items: Sequence[str],
    base: str | Path | None = None,
    id: str | None = None,
    columns: Mapping[str, str] | None = None,
    *,
    allow_missing: bool = False,
    trained_on: Collection[Hashable] = (),
) -> Predictions:
    """Read recorded replies for everybody in a survey.

    Two forms are read. Wide: a column with the respondent's id and one column an item. Long:
    columns respondent (or id), item and code (or answer); several rows for the same respondent and
    item are draws, or, with a column probability, the shares of the codes, which must sum to 1
    (within .01, for rounding). What `Predictions.table` writes is read back.

    Parameters
    ----------
    path : str or pathlib.Path
        CSV, TSV or Parquet.
    survey : Survey
    items : sequence of str
        Other items in the file are ignored.
    base : str or pathlib.Path, optional
        Folder that a relative path starts from.
    id : str, optional
        Column with the respondent's id. Without it: the survey's own id column, else ``id``,
        ``index``, ``respondent``, ``respondent_id``, ``person_id``, or a first column without a
        name. Ids match by value: "17", 17 and 17.0 are one.
    columns : mapping of str to str, optional
        Recorded column (or, in long form, recorded item) -> item; items of the same name need
        none.
    allow_missing : bool
        Take respondents without a row as "no reply" instead of refusing the file.
    trained_on : collection
        Ids of the respondents that trained or prompted the simulator, where they are known.

    Returns
    -------
    Predictions
        In the survey's order. Codes or labels that the codebook declares missing are refusals and
        don't-knows, an empty cell is "no reply".

    Raises
    ------
    InputError
        With file, row (of the data, from 1) and column: an unknown or doubled id, an unknown
        code, a respondent or item without replies.

    Examples
    --------
    >>> import tempfile, alignsurvey as als
    >>> anes = als.load_example("anes96")
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "replies.csv").write_text(
    ...     "respondent,Q1\\n" + "".join(f"{one},1\\n" for one in anes.ids))
    >>> read_recorded("replies.csv", anes, ["vote"], base=folder, columns={"Q1": "vote"}).n
    944
    """
    recording = open_recording(path, base, survey, id)
    names = _recorded_names(recording, survey, items, columns or {})
    long = _long_columns(recording.table, names)
    codes = {item: ReplyCodes.of(survey.codebook[item]) for item in names}
    if long is None:
        tallies = _read_wide(recording, names, codes)
    else:
        tallies = _read_long(recording, names, codes, long)
    if not allow_missing:
        for item, tally in tallies.items():
            _refuse_absent(recording, survey, item, tally)
    most = max((int(tally.replies.max(initial=0)) for tally in tallies.values()), default=0)
    draws = None if long and long[2] else most
    return Predictions(
        survey.ids,
        {item: tally.shares() for item, tally in tallies.items()},
        survey.codebook.select(tallies),
        Provenance(f"recorded/{path}", "recorded", draws, frozenset(trained_on)),
        {item: tally.outcomes() for item, tally in tallies.items()},
    )


@dataclass(frozen=True)
class _Tally:
    """What was recorded for one item: amounts of each category and of each kind of no answer.

    An amount is a number of draws, or a probability.
    """

    given: NDArray[np.float64]
    withheld: NDArray[np.float64]
    replies: NDArray[np.int64]

    @classmethod
    def empty(cls, n: int, k: int) -> _Tally:
        return cls(np.zeros((n, k)), np.zeros((n, len(Outcome))), np.zeros(n, dtype=np.int64))

    def add(self, row: int, code: int, outcome: Outcome, amount: float) -> None:
        if outcome is Outcome.ANSWERED:
            self.given[row, code] += amount
        else:
            self.withheld[row, outcome] += amount
        self.replies[row] += 1

    def shares(self) -> NDArray[np.float64]:
        total = self.given.sum(axis=1, keepdims=True)
        return np.where(total > 0, self.given / np.where(total > 0, total, 1.0), np.nan)

    def outcomes(self) -> NDArray[np.int8]:
        """Answered if any draw was; else the most frequent kind of no answer."""
        withheld = self.withheld.copy()
        withheld[:, Outcome.NO_REPLY] += 1e-9  # holds where there is no row at all
        kind = np.argmax(withheld, axis=1)
        answered = self.given.sum(axis=1) > 0
        return np.where(answered, Outcome.ANSWERED, kind).astype(np.int8)


def _recorded_names(
    recording: Recording, survey: Survey, items: Sequence[str], columns: Mapping[str, str]
) -> dict[str, str]:
    """Say what each item is called in the file: item -> name there."""
    mapped: dict[str, str] = {}
    for recorded, item in columns.items():
        if item in mapped:
            raise InputError(
                f"{recording.source}: columns: '{mapped[item]}' and '{recorded}' are both mapped "
                f"to '{item}'; keep one"
            )
        mapped[item] = recorded
    for item in items:
        survey.variable(item)
    return {item: mapped.get(item, item) for item in items}


def _long_columns(
    table: pl.DataFrame, names: Mapping[str, str]
) -> tuple[str, str, str | None] | None:
    """Find the columns of the long form: item, answer and probability; None for a wide file."""
    lower = {name.lower(): name for name in reversed(table.columns)}

    def first(candidates: Sequence[str]) -> str | None:
        return next((lower[name] for name in candidates if name in lower), None)

    item, answer = first(_ITEM), first(_ANSWER)
    if item is None or answer is None or any(name in table.columns for name in names.values()):
        return None
    return item, answer, first(_PROBABILITY)


def _read_wide(
    recording: Recording, names: Mapping[str, str], codes: Mapping[str, ReplyCodes]
) -> dict[str, _Tally]:
    table = recording.table
    others = [name for name in table.columns if name != recording.id]
    rows = recording.unique_rows()
    tallies = {}
    for item, column in names.items():
        if column not in others:
            raise InputError(
                f"{recording.source}: no column '{column}' for '{item}'; "
                f"{nearest(column, others)}; name one with columns: {{COLUMN: {item}}}"
            )
        tally = _Tally.empty(recording.people, len(codes[item].variable.categories))
        for row, value in enumerate(table[column].to_list()):
            read = codes[item].read(value)
            if read is None:
                raise codes[item].unknown(value, recording.place(row, column))
            tally.add(rows[row], *read, 1.0)
        tallies[item] = tally
    return tallies


def _read_long(
    recording: Recording,
    names: Mapping[str, str],
    codes: Mapping[str, ReplyCodes],
    long: tuple[str, str, str | None],
) -> dict[str, _Tally]:
    item_column, answer, probability = long
    table = recording.table
    recorded = [cell_text(value) for value in table[item_column].to_list()]
    for item, name in names.items():
        if name not in recorded:
            raise InputError(
                f"{recording.source}: column '{item_column}' has no item '{name}'; "
                f"{nearest(name, dict.fromkeys(recorded))}; name one with columns: "
                f"{{RECORDED: {item}}}"
            )
    wanted = {name: item for item, name in names.items()}
    tallies = {
        item: _Tally.empty(recording.people, len(one.variable.categories))
        for item, one in codes.items()
    }
    amounts = table[probability].to_list() if probability else [1.0] * table.height
    rows = recording.rows()
    for row, (name, value, amount) in enumerate(
        zip(recorded, table[answer].to_list(), amounts, strict=True)
    ):
        if name not in wanted:
            continue
        tally = tallies[wanted[name]]
        read = codes[wanted[name]].read(value)
        if read is None:
            raise codes[wanted[name]].unknown(value, recording.place(row, answer))
        share = 1.0 if probability is None else _share(recording, row, probability, amount)
        if probability and read[0] >= 0 and tally.given[rows[row], read[0]] > 0:
            raise InputError(
                f"{recording.place(row, answer)}: {value!r} has a probability for this respondent "
                f"and '{name}' already; keep one row a code"
            )
        tally.add(rows[row], *read, share)
    if probability:
        _check_sums(recording, tallies)
    return tallies


def _share(recording: Recording, row: int, column: str, value: object) -> float:
    """Read a probability; an empty one counts for nothing."""
    text = cell_text(value)
    if text in ("", "NaN", "nan", "NA"):
        return 0.0
    try:
        share = float(text)
    except ValueError:
        share = float("nan")
    if not 0 <= share <= 1:
        raise InputError(
            f"{recording.place(row, column)}: {text!r} is no probability; give numbers from 0 to 1 "
            "(percentages divided by 100)"
        )
    return share


def _check_sums(recording: Recording, tallies: Mapping[str, _Tally]) -> None:
    for item, tally in tallies.items():
        total = tally.given.sum(axis=1) + tally.withheld.sum(axis=1)
        off = (total > 0) & (np.abs(total - 1) > _ROUNDING)
        if off.any():
            row = int(np.argmax(off))
            raise InputError(
                f"{recording.source}: '{item}': the probabilities of respondent "
                f"{recording.ids[row]!r} sum to {total[row]:.4g} ({int(off.sum())} respondents in "
                "all); they must sum to 1"
            )


def _refuse_absent(recording: Recording, survey: Survey, item: str, tally: _Tally) -> None:
    absent = tally.replies == 0
    if absent.any():
        first = survey.ids[int(np.argmax(absent))]
        raise InputError(
            f"{recording.source}: no row for {int(absent.sum())} of {survey.n} respondents in "
            f"'{item}' (the first is {first!r}); add them, leave them out of the survey, or allow "
            "missing ones, which then count as no reply"
        )
