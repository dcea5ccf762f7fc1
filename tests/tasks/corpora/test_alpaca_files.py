"""Files: valid JSON in the shape that LLaMA-Factory and TRL document, all of them or none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from alignsurvey.errors import InputError
from alignsurvey.tasks.corpora import CorpusRow, write_corpus

KNOWN = {
    "file_name", "formatting", "columns", "ranking", "subset", "split", "folder",
    "num_samples", "tags", "hf_hub_url", "ms_hub_url", "script_url", "cloud_file_name",
}  # fmt: skip
COLUMNS = {"prompt", "query", "response", "history", "system", "messages", "tools"}
ROWS = [
    CorpusRow(instruction="幸福吗？", input="请", output='A. "是"', person=7,
              metadata=(("person_id", 7),)),
    CorpusRow(instruction="Happy?", output="B. no\\", person="b", metadata=(("person_id", "b"),)),
]  # fmt: skip


def load(path: Path) -> Any:
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    return json.loads(path.read_bytes().decode("utf-8"), parse_constant=refuse)


def test_dataset_info_has_the_keys_that_llama_factory_documents(tmp_path: Path) -> None:
    write_corpus(tmp_path, {"one": ROWS, "two": ROWS})
    info = load(tmp_path / "dataset_info.json")
    assert list(info) == ["one", "two"]
    for entry in info.values():
        assert set(entry) <= KNOWN
        assert entry.get("formatting", "alpaca") == "alpaca"
        assert set(entry["columns"]) <= COLUMNS
        rows = load(tmp_path / entry["file_name"])
        assert all(entry["columns"][key] in row for key in entry["columns"] for row in rows)


def test_a_table_reader_finds_one_type_in_each_column(tmp_path: Path) -> None:
    rows = load(write_corpus(tmp_path, {"one": ROWS})[0])
    assert pa.Table.from_pylist(rows)["person_id"].to_pylist() == ["7", "b"]
    assert [row["output"] for row in rows] == [row.output for row in ROWS]


def test_trl_rows_are_a_user_and_an_assistant(tmp_path: Path) -> None:
    files = write_corpus(tmp_path, {"one": ROWS}, ["trl"])
    assert [file.name for file in files] == ["one.jsonl"]
    first = json.loads(files[0].read_text(encoding="utf-8").splitlines()[0])
    assert first == {
        "prompt": [{"role": "user", "content": "幸福吗？\n请"}],
        "completion": [{"role": "assistant", "content": 'A. "是"'}],
    }


def test_other_entries_stay_and_building_again_gives_the_same(tmp_path: Path) -> None:
    other = {"file_name": "mine.json", "num_samples": 3}
    (tmp_path / "dataset_info.json").write_text(json.dumps({"mine": other}), encoding="utf-8")
    write_corpus(tmp_path, {"one": ROWS})
    before = (tmp_path / "dataset_info.json").read_bytes()
    assert load(tmp_path / "dataset_info.json")["mine"] == other
    write_corpus(tmp_path, {"one": ROWS})
    assert (tmp_path / "dataset_info.json").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dataset_info.json", "one.json"]


@pytest.mark.parametrize(
    ("info", "said"),
    [
        ('{"a": {},}', "not valid JSON"),
        ("[]", "must be an object"),
        ('{"one": {"file_name": "../else.json"}}', "'one' is another data set"),
        ('{"one": 3}', "'one' is another data set"),
    ],
)
def test_a_dataset_info_that_is_none_stops_everything(tmp_path: Path, info: str, said: str) -> None:
    (tmp_path / "dataset_info.json").write_text(info, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        write_corpus(tmp_path, {"one": ROWS})
    assert [path.name for path in tmp_path.iterdir()] == ["dataset_info.json"]
    assert (tmp_path / "dataset_info.json").read_text(encoding="utf-8") == info


def test_a_folder_that_is_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        write_corpus(tmp_path / "out", {"one": ROWS})
    with pytest.raises(InputError, match="did you mean 'alpaca'"):
        write_corpus(tmp_path, {"one": ROWS}, ["alpacca"])


def test_nothing_stays_when_a_file_cannot_be_put_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "one.jsonl").mkdir()
    with pytest.raises(InputError, match="cannot be written"):
        write_corpus(tmp_path, {"one": ROWS}, ["trl"])
    assert [path.name for path in tmp_path.iterdir()] == ["one.jsonl"]
