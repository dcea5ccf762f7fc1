"""Who trained an adapter, as its folder says."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from alignsurvey.errors import InputError

RECORD = "training.json"


def trained_on(folders: Iterable[Path]) -> frozenset[str]:
    """Collect the ids of the respondents that trained models or adapters.

    Parameters
    ----------
    folders : iterable of Path
        Of models and adapters; one without a ``training.json`` adds nobody.

    Raises
    ------
    InputError
        A ``training.json`` cannot be read.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     text = '{"trained_on": {"respondents": ["7"]}}'
    ...     _ = Path(folder, RECORD).write_text(text)
    ...     print(*trained_on([Path(folder)]))
    7
    """
    found: set[str] = set()
    for folder in folders:
        path = folder / RECORD
        if not path.exists():
            continue
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            found.update(str(one) for one in content["trained_on"]["respondents"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"{path}: does not say who trained the model ({error}); training writes it"
            ) from error
    return frozenset(found)
