"""Where a study's survey and recorded replies come from."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from alignsurvey.errors import InputError
from alignsurvey.fidelity.study import SimulatorSpec, Study
from alignsurvey.predictions import Predictions
from alignsurvey.randomness import hash_ids
from alignsurvey.simulators import read_recorded
from alignsurvey.survey import Codebook, Survey, load_example, read_survey


def load_survey(study: Study) -> Survey:
    """Read the survey that a study names.

    Raises
    ------
    InputError
        A file is missing or unreadable, or the design names a column that is not there.
    """
    source = study.survey
    if source.example is not None:
        return load_example(source.example)
    assert source.file is not None  # the study has one of the two
    survey = read_survey(
        study.base / source.file,
        codebook=study.base / source.codebook if source.codebook else None,
        id=source.id,
        weight=source.weight,
        strata=source.strata,
        cluster=source.cluster,
        language=source.language,
        encoding=source.encoding,
    )
    for path in source.join:
        other = read_survey(study.base / path, id=source.id, encoding=source.encoding)
        survey = join(survey, other)
    return survey


def join(survey: Survey, other: Survey) -> Survey:
    """Add another file's variables about the same people, matched by respondent id.

    Raises
    ------
    InputError
        A respondent is missing from the other file, or both have a variable of the same name.
    """
    place = {one: row for row, one in enumerate(other.id_hashes.tolist())}
    rows = [place.get(one, -1) for one in hash_ids(survey.ids.to_list()).tolist()]
    if -1 in rows:
        first = survey.ids[rows.index(-1)]
        raise InputError(
            f"{other.source}: has no respondent {first!r} of {survey.source} "
            f"({rows.count(-1)} are missing); join files about the same people"
        )
    new = [name for name in other.codebook.names if name not in other.design.columns]
    for name in new:
        if name in survey.answers.columns:
            raise InputError(f"{other.source}: '{name}' is in {survey.source} too; rename one")
    missing = [name for name in other.missing.columns if name in new]
    frames = [survey.missing] if survey.missing.width else []
    if missing:
        frames.append(other.missing.select(missing)[rows])
    return Survey(
        pl.concat([survey.answers, other.answers.select(new)[rows]], how="horizontal"),
        Codebook((*survey.codebook, *other.codebook.select(new))),
        survey.design,
        pl.concat(frames, how="horizontal") if frames else pl.DataFrame(),
        survey.language,
        survey.source,
        (*survey.notes, *other.notes),
    )


def recorded_predictions(
    study: Study, spec: SimulatorSpec, survey: Survey, items: list[str]
) -> Predictions:
    """Read the replies of a ``recorded/FILE`` simulator for everybody in the survey."""
    path = Path(spec.use.removeprefix("recorded/"))
    return read_recorded(
        path,
        survey,
        items,
        base=study.base,
        id=spec.id,
        columns=spec.columns or None,
        allow_missing=spec.allow_missing,
    )
