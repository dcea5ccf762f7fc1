"""The run folder: everything that a run used and found, in files that anyone can open."""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import polars as pl

from alignsurvey import files
from alignsurvey.errors import InputError

MANIFEST = "manifest.json"
REPLIES = "replies.sqlite"
"""A run that asks keeps its replies here unless told otherwise, long before it has a manifest."""

_PARTS = ("numpy", "scipy", "polars", "scikit-learn", "statsmodels", "pyreadstat")


@dataclass(frozen=True)
class RunFolder:
    """A folder that belongs to one run.

    Every file is written under another name and then renamed, the manifest last, so that a run
    that was cut short leaves no file that looks finished.
    """

    path: Path

    @classmethod
    def open(cls, path: str | Path) -> RunFolder:
        """Take a folder for a run: a new one, an empty one, or that of an earlier run.

        Raises
        ------
        InputError
            The folder holds something else, or cannot be written.
        """
        path = Path(path)
        if path.exists() and not path.is_dir():
            raise InputError(f"{path}: is a file; name a folder for the run")
        try:
            path.mkdir(parents=True, exist_ok=True)
            names = {one.name for one in path.iterdir()}
        except OSError as error:
            raise InputError(f"{path}: cannot be made a run folder: {error.strerror}") from error
        # What a run that was killed leaves half-written is hidden.
        shown = any(not name.startswith(".") for name in names)
        if shown and not names & {MANIFEST, REPLIES}:
            raise InputError(
                f"{path}: holds files that no run of alignsurvey wrote; name a new folder"
            )
        return cls(path)

    @contextmanager
    def writing(self, name: str) -> Iterator[Path]:
        """Give a temporary path that becomes the file once it is complete."""
        with files.writing(self.path / name) as draft:
            yield draft

    def write_table(self, name: str, table: pl.DataFrame) -> None:
        """Write a table as Parquet."""
        with self.writing(name) as path:
            table.write_parquet(path)

    def write_text(self, name: str, text: str) -> None:
        """Write a text file."""
        with self.writing(name) as path:
            path.write_text(text, encoding="utf-8")

    def write_manifest(self, content: Mapping[str, Any], study_file: Path | None) -> None:
        """Write the manifest: content, versions, and the revision of the study file."""
        manifest = {
            "written": datetime.now(UTC).isoformat(timespec="seconds"),
            "versions": versions(),
            "git_revision": _git_revision(study_file) if study_file else None,
            **content,
        }
        text = json.dumps(manifest, ensure_ascii=False, indent=2, default=str, allow_nan=False)
        self.write_text(MANIFEST, text + "\n")


def versions() -> dict[str, str]:
    """Versions of Python, of alignsurvey and of what its numbers depend on."""
    found = {"python": platform.python_version()}
    for name in ("alignsurvey", *_PARTS):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _git_revision(file: Path) -> str | None:
    """Revision of the checkout that a file lies in, None outside one."""
    try:
        done = subprocess.run(
            ["git", "-C", str(file.resolve().parent), "rev-parse", "HEAD"],
            capture_output=True, text=True, check=True, timeout=10,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
