"""The result: an adapter with its tokenizer, what it was trained on and how, and a model card."""

from __future__ import annotations

import json
import platform
import warnings
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from alignsurvey.errors import InputError
from alignsurvey.files import writing
from alignsurvey.simulators.local.chat import Chat
from alignsurvey.simulators.local.head import save_head
from alignsurvey.simulators.local.trained import RECORD

CARD = "README.md"
_PARTS = ("alignsurvey", "torch", "transformers", "peft", "safetensors", "numpy")


def file_hash(path: Path) -> str:
    """SHA-256 of a file, 64 hexadecimal digits.

    Raises
    ------
    InputError
        It cannot be read.
    """
    try:
        with path.open("rb") as file:
            found = sha256()
            while block := file.read(1 << 20):
                found.update(block)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    return found.hexdigest()


def is_finished(folder: Path, key: str) -> bool:
    """Whether a folder holds what a stage with this key would give.

    Raises
    ------
    InputError
        It holds the result of another run.
    """
    path = folder / RECORD
    if not path.exists():
        return False
    try:
        found = json.loads(path.read_text(encoding="utf-8")).get("key")
    except (OSError, ValueError, AttributeError) as error:
        raise InputError(f"{path}: cannot be read ({error}); name a new folder") from error
    if found != key:
        raise InputError(
            f"{folder}: holds a model that was trained on other data or with other settings; name "
            "a new folder"
        )
    return True


def write_result(folder: Path, model: Any, chat: Chat, record: Mapping[str, Any]) -> None:
    """Write adapter, tokenizer, template, record and card; the record last, as the sign of an end.

    Parameters
    ----------
    folder : Path
    model : peft.PeftModel, or one with a head around it
    chat : Chat
        Its tokenizer is saved, and loaded again to see that its tokens are the same.
    record : mapping
        What ``training.json`` says; see docs/train.md.

    Raises
    ------
    InputError
        The folder cannot be written, or the tokenizer comes back as another one.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        head = getattr(model, "head", None)
        adapted = model if head is None else model.model
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            adapted.save_pretrained(
                str(folder), safe_serialization=True, save_embedding_layers=False
            )
        chat.tokenizer.save_pretrained(str(folder))
    except OSError as error:
        raise InputError(f"{folder}: cannot be written: {error.strerror or error}") from error
    if head is not None:
        save_head(folder, head, str(record["base_weights"]))
    _check_tokenizer(folder, chat)
    text = json.dumps(record, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    with writing(folder / CARD) as draft:
        draft.write_text(card(record), encoding="utf-8")
    with writing(folder / RECORD) as draft:
        draft.write_text(text, encoding="utf-8")


def _check_tokenizer(folder: Path, chat: Chat) -> None:
    from alignsurvey.simulators.local.chat import load_chat

    probe = "About you:\nage: 64\n\nA. yes\nB. no\n是的，完全同意 1 10"
    again = load_chat(folder)
    same = again.tokenizer(probe)["input_ids"] == chat.tokenizer(probe)["input_ids"]
    if not same or again.has_template != chat.has_template:
        raise InputError(f"{folder}: the saved tokenizer gives other tokens when it is loaded")


def versions() -> dict[str, str]:
    """Versions of what the weights depend on."""
    found = {"python": platform.python_version()}
    for name in _PARTS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def written_now() -> str:
    """The time, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def card(record: Mapping[str, Any]) -> str:
    """Write the model card in Markdown.

    Examples
    --------
    >>> made = {"base": "tiny", "stage": "stage2", "loss": "sft", "settings": {"rank": 8},
    ...         "data": [{"file": "a.json", "rows": 9, "sha256": "ab" * 32}],
    ...         "trained_on": {"respondents": ["7"], "fingerprints": [], "questions": ["vote"]},
    ...         "curve": {"losses": [2.0, 1.0], "validation": []}}
    >>> print(card(made).split("## ")[0].strip())
    # An adapter for tiny, trained on survey answers
    """
    who = record["trained_on"]
    curve = record["curve"]
    losses = curve["losses"]
    data = "\n".join(
        f"| {one['file']} | {one['rows']:,} | `{one['sha256'][:16]}` |" for one in record["data"]
    )
    settings = "\n".join(f"| {name} | {value} |" for name, value in record["settings"].items())
    ends = f"{losses[0]:.3f} at the first update, {losses[-1]:.3f} at the last of {len(losses):,}"
    lines = [
        f"# An adapter for {Path(record['base']).name}, trained on survey answers",
        "",
        "## What it is for",
        "",
        "It answers survey questions as respondents of the surveys below did. It does not speak "
        "for any person, and says nothing of populations that were not surveyed. Compare it with "
        "people before you use it: `alignsurvey fidelity`.",
        "",
        "## Who trained it",
        "",
        f"{len(who['respondents']):,} respondents with ids, {len(who['fingerprints']):,} profiles, "
        f"{len(who['questions']):,} questions; they are listed in `{RECORD}`, and "
        "alignsurvey refuses to score or rectify the model with these people.",
        "",
        "| data | rows | SHA-256 |",
        "|---|---|---|",
        data,
        "",
        "## How",
        "",
        f"{record['stage']}, loss `{record['loss']}`: {ends}.",
        "",
        "| setting | value |",
        "|---|---|",
        settings,
        "",
        "## Fidelity",
        "",
        *_fidelity(record.get("fidelity")),
        "",
    ]
    return "\n".join(lines)


def _fidelity(found: Mapping[str, Any] | None) -> list[str]:
    """What held-out people said of the model, as a table."""
    if not found:
        return [
            "Nobody was held out of this training, so it has not been compared with people: "
            "`hold_out` of the training file, or `alignsurvey fidelity`, does."
        ]

    def text(interval: Sequence[float]) -> str:
        return "{:.3f} [{:.3f} {:.3f}]".format(*interval)

    rows = [
        f"| {one['measure']} | {one['group']} | {one['people']:,} | {text(one['model'])} | "
        f"{text(one['majority'])} |"
        for one in found["rows"]
    ]
    return [
        f"Judged by {found['answers']:,} answers of {found['people']:,} people who did not train "
        "it. [low high]: 95% bootstrap interval over them. Majority: the shares of those who "
        "trained it, the same for everybody. W1 (as a share of the scale, items that are ordered) "
        "and TV (other items) are distances of mean shares from people's, averaged over items; "
        "those of small groups are above 0 by chance alone.",
        "",
        "| measure | people are | n | model | majority |",
        "|---|---|---|---|---|",
        *rows,
    ]
