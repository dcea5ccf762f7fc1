"""The twelve fields of Task 1, and which one a file name is about."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from alignsurvey.errors import InputError, nearest
from alignsurvey.tasks.replies.role import ROLE_FIELDS as KNOWN_FIELDS

ROLE_FIELDS = {field.name: field.english for field in KNOWN_FIELDS.values()}
"""Field as the released data call it -> what it is."""


def listed_fields() -> str:
    """Write the twelve fields in one line.

    Examples
    --------
    >>> listed_fields()[:21]
    '性别 (gender), 年龄 (age)'
    """
    return ", ".join(f"{field} ({gloss})" for field, gloss in ROLE_FIELDS.items())


def known_field(field: str) -> str:
    """Return the field's name in the released data.

    Parameters
    ----------
    field : str
        That name, or its English gloss.

    Raises
    ------
    InputError
        There is no such field; the twelve are listed.

    Examples
    --------
    >>> known_field("annual household income")
    '家庭年收入'
    """
    if field in ROLE_FIELDS:
        return field
    for name, gloss in ROLE_FIELDS.items():
        if gloss == field.casefold():
            return name
    meant = nearest(field, [*ROLE_FIELDS, *ROLE_FIELDS.values()])
    meant = meant + "; " if meant.startswith("did") else ""
    raise InputError(f"no field '{field}' in Task 1: {meant}the fields are {listed_fields()}")


def field_in_name(path: Path) -> str | None:
    """Find the field that a prediction file's name speaks of, if it is one field.

    Examples
    --------
    >>> field_in_name(Path("runs/task1_家庭年收入_pred.json"))
    '家庭年收入'
    >>> field_in_name(Path("task1.jsonl")) is None
    True
    """
    name = unicodedata.normalize("NFC", path.stem)
    found = [field for field in ROLE_FIELDS if field in name]
    return found[0] if len(found) == 1 else None
