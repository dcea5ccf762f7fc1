"""A fidelity study's run folder: questions, answers, scores, report and manifest."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from alignsurvey.fidelity.asking import Terms, ask_study, asked_simulators, plan_asking
from alignsurvey.fidelity.changes import keys_changed_since
from alignsurvey.fidelity.rectified import rectify_study
from alignsurvey.fidelity.repairing import check_pilot
from alignsurvey.fidelity.result import FidelityResult
from alignsurvey.fidelity.run import Progress, run_prepared
from alignsurvey.fidelity.setup import prepare
from alignsurvey.fidelity.sources import load_survey
from alignsurvey.fidelity.study import Study
from alignsurvey.predictions import Outcome, Predictions
from alignsurvey.running.asker import Asker
from alignsurvey.running.folder import RunFolder
from alignsurvey.running.unanswered import store_path
from alignsurvey.survey.survey import Survey

if TYPE_CHECKING:
    import pyarrow.parquet as pq


def run_in_folder(
    study: Study,
    out: Path | None,
    study_file: Path | None = None,
    write_report: Callable[[FidelityResult, Path], object] | None = None,
    progress: Progress | None = None,
    workers: int = 1,
    terms: Terms | None = None,
) -> FidelityResult:
    """Run a study and fill its run folder.

    Parameters
    ----------
    study : Study
    out : Path, optional
        The folder; without it nothing is written.
    study_file : Path, optional
        Where the study was read from: its git revision goes to the manifest.
    write_report : callable, optional
        Called as ``write_report(result, path)`` for report.html.
    progress : callable, optional
        Called as ``progress(done, total, what)``.
    workers : int
        Processes that share the replicates.
    terms : Terms, optional
        On what terms language models are asked; by default their replies are kept in the folder.

    Returns
    -------
    FidelityResult

    Raises
    ------
    InputError
        The folder holds something else, or the study cannot be run; see `run_study`.
    EndpointError
        A language model cannot be asked. What it had replied is kept.
    """
    started = time.monotonic()
    check_pilot(study)
    survey = load_survey(study)
    terms = terms or Terms(Asker(store_path(None, out) if out else None))
    simulators = asked_simulators(study, terms)
    setup = prepare(study, survey, simulators)  # before a folder is made for what cannot run
    with terms.asker:
        changed = keys_changed_since(out, study)
        planned = plan_asking(study, setup.survey, simulators, terms, changed)
        folder = RunFolder.open(out) if out is not None else None
        setup = replace(setup, asked=ask_study(planned, setup.survey))
    if folder is None:
        return run_prepared(setup, progress, workers=workers)
    with folder.writing("answers.parquet") as path, AnswerFile(path) as answers:
        result = run_prepared(setup, progress, answers.add, workers)
    result = replace(result, rectified=rectify_study(setup))
    folder.write_table("queries.parquet", queries(study, survey))
    folder.write_table("scores.parquet", result.scores)
    folder.write_text("result.json", result.to_json() + "\n")
    if write_report is not None:
        with folder.writing("report.html") as path:
            write_report(result, path)
    content = {
        "kind": "fidelity",
        "study": study.model_dump(mode="json"),
        "study_file": study_file.name if study_file else None,
        "about": dict(result.about),
        "notes": list(result.notes),
        "elicited": dict(setup.asked.elicited),
        "asking": terms.as_dict(),
        "seconds": round(time.monotonic() - started, 1),
    }
    folder.write_manifest(content, study_file)
    return result


class AnswerFile:
    """Simulated answers, written replicate by replicate, so that memory stays small."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> AnswerFile:
        return self

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.close()

    def add(self, replicate: int, simulator: str, seed: int, predictions: Predictions) -> None:
        """Add a simulator's answers in one replicate: for each item the answer drawn."""
        import pyarrow.parquet as pq

        table = answer_table(replicate, simulator, seed, predictions).to_arrow()
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._path, table.schema, compression="zstd")
        self._writer.write_table(table)


def answer_table(
    replicate: int, simulator: str, seed: int, predictions: Predictions
) -> pl.DataFrame:
    """Write a simulator's answers as a wide table.

    Returns
    -------
    polars.DataFrame
        Columns replicate, simulator, respondent, and for each item the code drawn (null where
        there is no answer), ``ITEM:outcome``, and ``ITEM:probabilities`` in the codebook's order.
    """
    columns: dict[str, object] = {
        "replicate": pl.repeat(replicate, predictions.n, dtype=pl.Int32, eager=True),
        "simulator": pl.repeat(simulator, predictions.n, eager=True),
        "respondent": predictions.ids.cast(pl.String),
    }
    kinds = np.array([kind.name.lower() for kind in Outcome])
    for item in predictions.items:
        codes = np.array(predictions.codebook[item].codes)
        drawn = predictions.draw(item, seed)
        column = pl.Series(codes[np.maximum(drawn, 0)])
        columns[item] = column.set(pl.Series(drawn < 0), None) if (drawn < 0).any() else column
        columns[f"{item}:outcome"] = pl.Series(kinds[predictions.outcome(item)])
        shares = predictions.shares[item].astype(np.float32)
        columns[f"{item}:probabilities"] = pl.Series(shares, dtype=pl.List(pl.Float32))
    return pl.DataFrame(columns)


def queries(study: Study, survey: Survey) -> pl.DataFrame:
    """List the questions of a study: a row for each respondent and item.

    Returns
    -------
    polars.DataFrame
        Columns respondent, item, text, options (labels in the order of the codebook).
    """
    parts = []
    for item in study.asked:
        variable = survey.codebook[item]
        parts.append(
            pl.DataFrame(
                {
                    "respondent": survey.ids.cast(pl.String),
                    "item": item,
                    "text": variable.title,
                    "options": pl.Series([list(variable.labels)] * survey.n),
                }
            )
        )
    return pl.concat(parts)
