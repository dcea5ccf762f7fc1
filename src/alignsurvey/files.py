"""Files that are there whole or not at all."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alignsurvey.errors import InputError


@contextmanager
def writing(path: str | Path) -> Iterator[Path]:
    """Give a draft that becomes the file once it is complete.

    The draft has the file's name, in a hidden folder beside it. What else is written beside the
    draft is put beside the file, the file itself last. Where anything fails, the file and its
    companions stay what they were.

    Parameters
    ----------
    path : str or Path
        The file; its folder must exist.

    Yields
    ------
    Path
        Where to write.

    Raises
    ------
    InputError
        The folder does not exist or may not be written to, the path is a folder, the disk is full.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with writing(f"{folder}/shares.csv") as draft:
    ...         _ = draft.write_text("option,share")
    ...         early = Path(f"{folder}/shares.csv").exists()
    ...     early, [one.name for one in Path(folder).iterdir()]
    (False, ['shares.csv'])
    """
    path = Path(path)
    if path.is_dir():
        raise InputError(f"{path}: cannot be written: is a folder; name a file in it")
    if not path.parent.is_dir():
        raise InputError(
            f"{path}: cannot be written: there is no folder '{path.parent}'; make it first"
        )
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name[:80]}.") as folder:
            draft = Path(folder) / path.name
            try:
                yield draft
            except InputError as error:
                if str(draft) not in str(error):
                    raise
                raise InputError(str(error).replace(str(draft), str(path))) from error
            for one in sorted(Path(folder).iterdir(), key=lambda one: (one == draft, one.name)):
                one.replace(path.parent / one.name)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from error
