"""Files of population margins: YAML, or CSV with a column for each attribute and one for shares."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from alignsurvey.errors import InputError
from alignsurvey.survey.codebook import Codebook
from alignsurvey.survey.margins import Margin, parse_margins
from alignsurvey.survey.margins import read_margins as read_yaml_margins
from alignsurvey.yamlfile import read_text

_LONG = ["attribute", "value", "share"]


def read_margins(path: str | Path, codebook: Codebook) -> tuple[Margin, ...]:
    """Read margins from YAML or CSV.

    Parameters
    ----------
    path : str or Path
        YAML: see `alignsurvey.survey.margins.parse_margins`. CSV: either the columns attribute,
        value, share, a row a value of each margin; or a column for each attribute and ``share``,
        a row a cell of one joint margin. Values are labels or codes; shares may be percent or
        counts.
    codebook : Codebook

    Raises
    ------
    InputError
        The file cannot be read, an attribute or value is unknown, shares do not sum, or margins
        contradict each other; with their names.
    """
    path = Path(path)
    if path.suffix.lower() != ".csv":
        return read_yaml_margins(path, codebook)
    rows = list(csv.reader(io.StringIO(read_text(path))))
    rows = [[cell.strip() for cell in row] for row in rows if any(cell.strip() for cell in row)]
    if len(rows) < 2 or rows[0][-1:] != ["share"] or len(rows[0]) < 2:
        raise InputError(
            f"{path}: needs the columns attribute, value, share, or the attributes of a joint "
            "margin and share last"
        )
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(rows[0]):
            raise InputError(
                f"{path}: row {number} has {len(row)} cells, the header {len(rows[0])}"
            )
    return parse_margins(_content(rows, path), codebook, str(path))


def _content(rows: list[list[str]], path: Path) -> dict[str, Any]:
    """Bring a table into the nested form of the YAML file."""
    content: dict[str, Any] = {}
    header, *body = rows
    joint = " & ".join(header[:-1])
    for number, row in enumerate(body, 2):
        try:
            share = float(row[-1])
        except ValueError:
            raise InputError(f"{path}: row {number}: {row[-1]!r} is no share") from None
        values = row[1:-1] if header == _LONG else row[:-1]
        place = content.setdefault(row[0] if header == _LONG else joint, {})
        for value in values[:-1]:
            place = place.setdefault(value, {})
        if values[-1] in place:
            raise InputError(f"{path}: row {number}: {' & '.join(values)} stands twice")
        place[values[-1]] = share
    return content
