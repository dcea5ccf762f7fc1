"""A file is there whole or not at all, and so are those that belong to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from alignsurvey.errors import InputError
from alignsurvey.files import writing


def test_companions_are_put_beside_the_file_and_nothing_else_stays(tmp_path: Path) -> None:
    with writing(tmp_path / "people.csv") as draft:
        draft.write_text("id\n1\n")
        draft.with_name("people.codebook.yaml").write_text("id: {}\n")
        assert not (tmp_path / "people.csv").exists()
    assert {one.name for one in tmp_path.iterdir()} == {"people.csv", "people.codebook.yaml"}


@pytest.mark.parametrize("error", [OSError("disk full"), ValueError("no"), KeyboardInterrupt()])
def test_a_failure_leaves_the_old_file(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "people.csv"
    path.write_text("old")

    def interrupted() -> None:
        with writing(path) as draft:
            draft.write_text("half")
            raise error

    with pytest.raises((InputError, type(error))):
        interrupted()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_errors_name_the_file_and_not_its_draft(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    with pytest.raises(InputError) as caught, writing(path) as draft:
        raise InputError(f"{draft}: too long a label")
    assert str(caught.value) == f"{path}: too long a label"


@pytest.mark.parametrize(
    ("name", "what"),
    [("none/x.csv", "cannot be written: there is no folder '.*none'"), (".", "is a folder")],
)
def test_no_place_to_write_to_is_one_line(tmp_path: Path, name: str, what: str) -> None:
    with pytest.raises(InputError, match=what), writing(tmp_path / name):
        pass


def test_a_file_under_a_name_as_long_as_a_name_may_be(tmp_path: Path) -> None:
    path = tmp_path / ("问" * 80 + ".json")
    with writing(path) as draft:
        draft.write_text("{}")
    assert path.exists()
