"""The paper's Tables 3 and 4: their columns, their published scores, and ours by their side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from alignsurvey.report.vocabulary import known

if TYPE_CHECKING:
    import polars as pl

SOURCE = "arXiv 2511.07871"
SURVEYLM = "SurveyLM-Qwen2.5-7B"
GPT_4O = "GPT-4o (zero-shot)"

PUBLISHED, OURS, REFERENCE = "published", "ours", "reference"
MODES = ("strict", "paper")
MAJORITY, MARGINAL = "baseline/majority", "baseline/marginal"
_ESTIMATORS = {"aggregate": " aggregated", "verbalized": " verbalized"}
_PUBLISHED_3 = {
    ("role", "basic", "accuracy"): 0.547,
    ("role", "social", "accuracy"): 0.572,
    ("role", "family", "accuracy"): 0.487,
    ("interview", "", "naturalness"): 3.98,
    ("interview", "", "style"): 2.96,
    ("interview", "", "consistency"): 3.01,
    ("stance", "", "accuracy"): 0.568,
    ("stance-group", "verbalized", "w1"): 0.385,
}
_PUBLISHED_4 = {
    (SURVEYLM, "ASE"): (0.555, 0.418, 0.054),
    (SURVEYLM, "CHIP"): (0.672, 0.349, 0.069),
    (SURVEYLM, "GSS"): (0.515, 0.362, 0.185),
    (GPT_4O, "ASE"): (0.466, 0.221, 2.134),
}
_RESPONSE = (
    ("response", "", "accuracy"),
    ("response", "", "macro_f1"),
    ("response-group", "verbalized", "w1"),
)
DATASETS = ("ASE", "CHIP", "GSS")
"""Datasets that the paper has scores for, as it spells them."""

Place = tuple[str, str, str]


def published_scores() -> pl.DataFrame:
    """Return the published scores that are known, in the columns of a run's scores.

    Returns
    -------
    polars.DataFrame
        Columns dataset, model, task, part, metric, value, and mode, which is "paper": the released
        scripts made these numbers. Group distances are of "verbalized" shares, which is what the
        released scripts score. There are no intervals, n or parse rates: none were published.

    References
    ----------
    arXiv 2511.07871, Tables 3 and 4.

    Examples
    --------
    >>> published_scores().filter(dataset="CHIP").select("model", "metric", "value").rows()
    [('SurveyLM-Qwen2.5-7B', 'accuracy', 0.672),
     ('SurveyLM-Qwen2.5-7B', 'macro_f1', 0.349),
     ('SurveyLM-Qwen2.5-7B', 'w1', 0.069)]
    """
    import polars as pl

    columns = ["dataset", "model", "task", "part", "metric", "value"]
    rows = [(dataset, model, *place, value) for dataset, model, place, value in _scores()]
    table = pl.DataFrame(rows, schema=columns, orient="row")
    return table.with_columns(mode=pl.lit("paper"))


def _scores() -> Iterator[tuple[str, str, Place, float]]:
    for place, value in _PUBLISHED_3.items():
        yield "ASE", SURVEYLM, place, value
    for (model, dataset), values in _PUBLISHED_4.items():
        for place, value in zip(_RESPONSE, values, strict=True):
            yield dataset, model, place, value


def dataset_spelling(name: str) -> str:
    """Spell a dataset as the paper does if it is one of the paper's.

    Examples
    --------
    >>> dataset_spelling("chip"), dataset_spelling("our town")
    ('CHIP', 'our town')
    """
    return next((one for one in DATASETS if one.casefold() == name.casefold()), name)


NOTES = (
    f"published †: the paper's own numbers ({SOURCE}), made by the released scripts on its "
    "test rows; no interval, n or parse rate is known of them. A dash is a number not known.",
    "strict: replies read as they were meant, and right. paper: as the released scripts score, "
    "faults included; published numbers compare with these alone, and only on the same rows.",
    "Majority: the most frequent answer of other people, in the same mode. Marginal: one of their "
    "answers, by lot. Floor: the distance of a second sample of people. Brackets: 95% interval, "
    "bootstrap over respondents.",
    "* p < .05, ** p < .01 against the first model of the run, or the one named with --against: "
    "two-sided paired t-test of the respondents' means, bootstrap for group distances; not "
    "corrected. Holm's p-values are in the run's comparisons.",
    "Parsed: share of replies that could be read. n: rows, for distances questions and groups.",
    "W1 aggregated: individual answers added up, options in their own order. W1 verbalized: shares "
    "the model wrote; the published one sorts options as strings and gives an unreadable reply "
    "the largest distance. They are two quantities. TV: nominal questions, which have no W1.",
    "Task 2: judges' scores from 1 to 5, means over judges. Alpha: their agreement, Krippendorff's "
    "for ordinal scores; 1 is full agreement, 0 is chance. Likeness to the reference answer is no "
    "judge's score and has no column.",
)

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Run:
    """A benchmark run: its name, the dataset it is of, and its scores.

    Parameters
    ----------
    name : str
    dataset : str
        "ASE", "CHIP" and "GSS" stand beside the paper's rows.
    scores : polars.DataFrame
        Columns of `alignsurvey.benchmark.bench.BenchResult.scores`; NaN is as good as missing.
    response_dataset : str, optional
        Of the survey responses, if they are of another dataset than the interviews.
    comparisons : polars.DataFrame, optional
        Paired tests between the run's models; scores that differ from the reference get stars.
    """

    name: str
    dataset: str
    scores: pl.DataFrame
    response_dataset: str | None = None
    comparisons: pl.DataFrame | None = None

    def stars(self) -> dict[tuple[str, ...], str]:
        """Stars by model, task, part, metric and mode."""
        if self.comparisons is None:
            return {}
        rows = self.comparisons.select("model", "task", "part", "metric", "mode", "stars").rows()
        return {tuple(row[:-1]): row[-1] for row in rows}

    def dataset_of(self, task: str) -> str:
        """Which dataset a task is of, as the paper spells it."""
        of_responses = self.response_dataset if task.startswith("response") else None
        return dataset_spelling(of_responses or self.dataset)


@dataclass(frozen=True)
class Column:
    """A column of a table: what it holds and how it is written.

    kind is "text", "score" (value, low, high, stars), "interval" (low, high), or "count" or "share"
    (lowest, highest).
    """

    label: str
    kind: str = "score"
    key: tuple[str, str, str] = ("", "", "")
    digits: int = 3


@dataclass(frozen=True)
class Line:
    """A row of a table; origin is "ours", "published" or "reference"; digits, if all have them."""

    origin: str
    cells: tuple[Any, ...]
    digits: int | None = None


@dataclass(frozen=True)
class BenchmarkTable:
    """A table as numbers; a writer makes text of it."""

    name: str
    title: str
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]

    @property
    def has_ours(self) -> bool:
        """Whether a run of ours has a score in it."""
        return any(line.origin == OURS for line in self.lines)


TABLE_3 = (
    Column("T1 Basic", key=("role", "basic", "accuracy")),
    Column("T1 Social", key=("role", "social", "accuracy")),
    Column("T1 Family", key=("role", "family", "accuracy")),
    Column("T2 Natural", key=("interview", "", "naturalness"), digits=2),
    Column("T2 Style", key=("interview", "", "style"), digits=2),
    Column("T2 Consistent", key=("interview", "", "consistency"), digits=2),
    Column("T3 Accuracy", key=("stance", "", "accuracy")),
)
AGREEMENT = (
    Column("T2 alpha, natural", key=("interview", "", "alpha_naturalness")),
    Column("T2 alpha, style", key=("interview", "", "alpha_style")),
    Column("T2 alpha, consistent", key=("interview", "", "alpha_consistency")),
)
"""Agreement of the judges, in Table 3 in full alone."""
TABLE_4 = (
    Column("T4 Accuracy", key=("response", "", "accuracy")),
    Column("T4 Macro-F1", key=("response", "", "macro_f1")),
)


class Scores:
    """Scores of all runs and the published ones, found by dataset, model, column and mode."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self.rows: dict[tuple[Any, ...], dict[str, Any]] = {}
        self.models: dict[tuple[str, str, str, str], None] = {}
        for run in runs:
            stars = run.stars()
            for row in run.scores.iter_rows(named=True):
                key = tuple(row[name] for name in ("model", "task", "part", "metric", "mode"))
                row["stars"] = stars.get(key, "")
                self._add(row, OURS, run.dataset_of(row["task"]), run.name)
        for row in published_scores().iter_rows(named=True):
            self._add(row, PUBLISHED, row["dataset"], PUBLISHED)

    def _add(self, row: dict[str, Any], origin: str, dataset: str, run: str) -> None:
        who = (origin, dataset, run, row["model"])
        metric = "w1" if row["metric"] == "mean_wd" else row["metric"]
        self.models[who] = None
        if known(row["value"]):
            self.rows[*who, row["task"], row["part"] or "", metric, row["mode"]] = row

    def cell(self, who: tuple[Any, ...], key: tuple[str, str, str], mode: str) -> dict[str, Any]:
        return self.rows.get((*who, *key, mode), {})

    def columns(self, task: str, of: tuple[Column, ...]) -> tuple[Column, ...]:
        """Give a table's columns, with a column for each estimator of a group distance there is."""
        keys = {row[4:7] for row in self.rows if row[4] == f"{task}-group"}
        places = sorted(key for key in keys if key[2] in ("w1", "tv"))
        short = "T3" if task == "stance" else "T4"
        words = [f"{short} {key[2].upper()}{_ESTIMATORS.get(key[1], key[1])}" for key in places]
        found = [Column(word, key=key) for word, key in zip(words, places, strict=True)]
        return (*of, *sorted(found, key=lambda one: one.key[2] != "w1"))

    @cached_property
    def datasets(self) -> list[str]:
        """Datasets of ours first, in the order given."""
        return list(dict.fromkeys(who[1] for who in self.models))

    def who(self, dataset: str, origin: str) -> list[tuple[str, str, str, str]]:
        return [one for one in self.models if one[0] == origin and one[1] == dataset]

    def label(self, who: tuple[str, str, str, str]) -> str:
        """Name a model, with its run where two runs of a dataset have it."""
        model = " ".join(who[3].split())
        twice = sum(one[:2] == who[:2] and one[3] == who[3] for one in self.models) > 1
        return f"{model} ({who[2]})" if twice else model


def scored(row: dict[str, Any], *keys: str) -> tuple[float | None, ...]:
    """Give numbers of a row of scores, None for those that are not known."""
    return tuple(row[key] if known(row.get(key)) else None for key in keys)


def starred(row: dict[str, Any]) -> tuple[Any, ...]:
    """Give a score with its interval, and with its stars if it has some."""
    stars = row.get("stars")
    return (*scored(row, "value", "low", "high"), *((stars,) if stars else ()))


def span(rows: Sequence[dict[str, Any]], key: str) -> tuple[float, float] | None:
    """Give the lowest and the highest of a number over rows of scores."""
    values = [row[key] for row in rows if known(row.get(key))]
    return (min(values), max(values)) if values else None
