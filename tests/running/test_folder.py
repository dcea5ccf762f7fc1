"""A run folder is new, empty, or a run's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from alignsurvey.errors import InputError
from alignsurvey.running import RunFolder


@pytest.mark.parametrize(
    "names", [(), ("manifest.json", "scores.parquet"), ("replies.sqlite",), (".scores.parquet.x",)]
)
def test_a_folder_of_an_earlier_run_is_taken_even_where_it_was_killed(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    for name in names:
        (tmp_path / name).touch()
    RunFolder.open(tmp_path).write_text("result.json", "{}")
    assert (tmp_path / "result.json").read_text() == "{}"


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").touch()
    with pytest.raises(InputError, match="holds files that no run of alignsurvey wrote"):
        RunFolder.open(tmp_path)
