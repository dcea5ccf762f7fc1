"""Surveys from and to files: SPSS, Stata, Parquet, and CSV with a codebook."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import polars as pl

from alignsurvey.errors import InputError, nearest
from alignsurvey.files import writing
from alignsurvey.survey.codebook import Codebook, Scale, Variable
from alignsurvey.survey.codebook_yaml import codebook_from_yaml
from alignsurvey.survey.coding import check_codes
from alignsurvey.survey.labelled import SurveyParts
from alignsurvey.survey.readstat import answer_labels
from alignsurvey.survey.survey import Design, Survey
from alignsurvey.yamlfile import read_text

ROW_COLUMN = "row"
LANGUAGES = ("en", "zh")
Stored = Mapping[str, str | None]


def read_survey(
    path: str | Path,
    codebook: Codebook | str | Path | None = None,
    id: str | None = None,
    weight: str | None = None,
    strata: str | None = None,
    cluster: str | None = None,
    language: str | None = None,
    encoding: str | None = None,
) -> Survey:
    """Read a survey from a file.

    Parameters
    ----------
    path : str or Path
        SPSS (.sav, .zsav), Stata (.dta), Parquet (.parquet), or text (.csv, .tsv). Value labels,
        missing codes and ranges, levels of measurement and formats come from the file; what it
        does not declare is inferred, and said in the survey's `notes` and each variable's
        `inferred`. The codebook of NAME.csv is sought in NAME.codebook.yaml beside it.
    codebook : Codebook, str or Path, optional
        A codebook or the path of one (YAML). Takes the place of what the file declares for the
        variables that it names; what an entry leaves empty is taken from the file, and codes that
        the file declares missing stay missing unless the entry lists them as answers.
    id : str, optional
        Column with the respondents' identifiers. Without one the rows are numbered 1, 2, … in a
        column ``row``; pilots and folds then depend on the order of the rows.
    weight, strata, cluster : str, optional
        Columns of the design.
    language : {"en", "zh"}, optional
        Language of labels and wordings; English if neither this nor the file says.
    encoding : str, optional
        For text files that are not UTF-8 and old .sav and .dta files, such as "gb18030".

    Returns
    -------
    Survey
        Valid codes in `answers`; missing ones are null there and stand in `missing`: numbers and
        texts as in the file, Stata's as ".a" to ".z".

    Raises
    ------
    InputError
        The file is missing, damaged or of an unknown kind; a column of the design or of the
        codebook is not in it; ids are doubled; weights are no weights; or a code is not in the
        codebook.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import alignsurvey as als
    >>> with TemporaryDirectory() as folder:
    ...     als.write_survey(als.load_example("anes96"), f"{folder}/anes96.sav")
    ...     anes = als.read_survey(f"{folder}/anes96.sav", id="id")
    >>> anes.n, anes.codebook["vote"].labels
    (944, ('Bill Clinton', 'Bob Dole'))
    """
    path = Path(path)
    if language is not None and language not in LANGUAGES:
        raise InputError(f"language: {language!r} is not one of {', '.join(LANGUAGES)}")
    given = _codebook(codebook)
    (answers, missing, entries, notes), stored = _read(path, given, encoding)
    if not answers.height:
        raise InputError(f"{path}: has no rows; export it again with its data")
    for variable in given or ():
        check_codes(answers[variable.name], entries[variable.name], str(path))
    identifier = id or stored.get("id")
    if identifier is None:
        answers, entries, note = _number_rows(answers, entries, str(path))
        identifier, notes = ROW_COLUMN, (*notes, note)
    design = Design(
        identifier,
        weight or stored.get("weight"),
        strata or stored.get("strata"),
        cluster or stored.get("cluster"),
    )
    entries = _plain_design(entries, design)
    spoken = language or stored.get("language") or LANGUAGES[0]
    return Survey(answers, entries, design, missing, spoken, str(path), notes)


def write_survey(survey: Survey, path: str | Path) -> None:
    """Write a survey to a file that `read_survey` reads.

    The file is written under another name in the same folder and then renamed, so that there is
    never half a file. The same survey gives the same bytes: dates of writing in a file's header
    are fixed.

    Parameters
    ----------
    survey : Survey
    path : str or Path
        SPSS (.sav, .zsav) and Stata (.dta) keep labels, missing codes and formats, but not the
        design, scores, an order of categories other than that of their codes, or a kind of
        missing that its label does not tell; Stata keeps no levels of measurement
        and cuts texts to 80 characters, with a warning. Missing codes
        are told in the format's own way: numbers become Stata's .a, .b, … in order; Stata's
        letters become numbers below all others in SPSS. Text (.csv, .tsv, with NAME.codebook.yaml
        beside it) keeps all but the design; Parquet (.parquet) keeps everything.

    Raises
    ------
    InputError
        The folder does not exist or may not be written to, or the format cannot hold the survey:
        a name or label is too long, a code is of a type that it has no labels for.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import alignsurvey as als
    >>> with TemporaryDirectory() as folder:
    ...     als.write_survey(als.load_example("anes96"), f"{folder}/anes96.parquet")
    ...     als.read_survey(f"{folder}/anes96.parquet").design.id
    'id'
    """
    path = Path(path)
    writer = _writer(path)
    with writing(path) as draft:
        writer(survey, draft)


_SPSS, _STATA, _PARQUET = (".sav", ".zsav"), (".dta",), (".parquet",)
_DELIMITED = (".csv", ".tsv")
EXTENSIONS = (*_SPSS, *_STATA, *_DELIMITED, *_PARQUET)


def _known_extension(path: Path) -> str:
    extension = path.suffix.lower()
    if extension not in EXTENSIONS:
        what = f"unknown extension '{path.suffix}'" if path.suffix else "no extension"
        raise InputError(f"{path}: {what}; known: {', '.join(EXTENSIONS)}")
    return extension


def _read(path: Path, given: Codebook | None, encoding: str | None) -> tuple[SurveyParts, Stored]:
    """Read by extension; the libraries of a format are imported when it is met."""
    extension = _known_extension(path)
    _check_file(path)
    if extension in _SPSS:
        from alignsurvey.survey.spss import read_spss

        return read_spss(path, given, encoding), {}
    if extension in _STATA:
        from alignsurvey.survey.stata import read_stata

        return read_stata(path, given, encoding), {}
    if extension in _PARQUET:
        from alignsurvey.survey.parquet import read_parquet

        return read_parquet(path, given)
    from alignsurvey.survey.delimited import read_delimited

    return read_delimited(path, given, encoding), {}


def _writer(path: Path) -> Callable[[Survey, Path], None]:
    extension = _known_extension(path)
    if extension in _SPSS:
        from alignsurvey.survey.spss import write_spss

        return write_spss
    if extension in _STATA:
        from alignsurvey.survey.stata import write_stata

        return write_stata
    if extension in _PARQUET:
        from alignsurvey.survey.parquet import write_parquet

        return write_parquet
    from alignsurvey.survey.delimited import write_delimited

    return write_delimited


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise InputError(f"{path}: is a folder, a file is needed")
    try:
        with path.open("rb") as file:
            if not file.read(1):
                raise InputError(f"{path}: is empty; export it again")
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; {_nearest_file(path)}") from error
    except PermissionError as error:
        raise InputError(f"{path}: may not be read; check its permissions") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error


def _nearest_file(path: Path) -> str:
    if not path.parent.is_dir():
        return "nor is there its folder; check the path"
    names = [one.name for one in path.parent.iterdir() if one.suffix.lower() in EXTENSIONS]
    close = nearest(path.name, names)
    return close if close.startswith("did you mean") else "check the path"


def _codebook(codebook: Codebook | str | Path | None) -> Codebook | None:
    if codebook is None or isinstance(codebook, Codebook):
        return codebook
    return codebook_from_yaml(read_text(Path(codebook)), str(codebook))


def _number_rows(
    answers: pl.DataFrame, codebook: Codebook, source: str
) -> tuple[pl.DataFrame, Codebook, str]:
    """Make an id of the row numbers, or take the one that was made at an earlier reading."""
    note = f"no id named: rows numbered 1..n in column '{ROW_COLUMN}'"
    numbers = pl.int_range(1, answers.height + 1, eager=True).alias(ROW_COLUMN)
    if ROW_COLUMN not in answers.columns:
        return answers.insert_column(0, numbers), codebook, note
    column = answers[ROW_COLUMN]
    if column.dtype.is_integer() and (column == numbers).all() and not column.null_count():
        others = codebook.select(name for name in codebook.names if name != ROW_COLUMN)
        return answers, others, note
    raise InputError(
        f"{source}: name the id column: no id was named, and '{ROW_COLUMN}', which would take the "
        "row numbers, holds something else"
    )


def _plain_design(codebook: Codebook, design: Design) -> Codebook:
    """Undo what was inferred of id and weight: nobody was asked for them.

    An entry stays where the file declares something, so that writing gives the file again.
    """
    variables = []
    for variable in codebook:
        guessed = "scale" in variable.inferred and not answer_labels(variable)
        if variable.name not in (design.id, design.weight) or not guessed:
            variables.append(variable)
            continue
        plain = replace(variable, scale=Scale.INTERVAL, categories=(), inferred=("scale",))
        if plain != Variable(variable.name, scale=Scale.INTERVAL, inferred=("scale",)):
            variables.append(plain)
    return Codebook(tuple(variables))
