"""From messages to token ids: the model's own chat template, or a plain one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alignsurvey.errors import InputError
from alignsurvey.tasks.queries import Message

__all__ = ["Chat", "load_chat", "plain_text"]

_CJK = re.compile("[\u3400-\u9fff]")
_PROBE = (
    "About you:\nage: 64\nincome: 12,500\n\nA. yes\nB. no\n  1 10 100\tAA\n"
    "是的，完全同意。您觉得幸福吗？\nIt's — “½” naïve"
)
"""Digits, spaces, line ends and signs on which tokenizers differ."""
_SYSTEM = "qqsystemqq"


@dataclass(frozen=True)
class Chat:
    """A tokenizer with its way to write a conversation.

    Parameters
    ----------
    tokenizer : transformers.PreTrainedTokenizerBase
    has_template : bool
        Whether it has a chat template; else `plain_text` is used.
    folds_system : bool
        Whether the system message is put before the first user message: the template has no
        place for it.
    thinks : bool
        Whether a template that knows of thinking is asked for it.
    notes : tuple of str
        What a user should know of this.
    """

    tokenizer: Any = field(repr=False)
    has_template: bool = True
    folds_system: bool = False
    thinks: bool = False
    notes: tuple[str, ...] = ()

    def texts(self, conversations: Sequence[Sequence[Message]]) -> list[str]:
        """Write conversations up to where the model goes on."""
        if not self.has_template:
            return [plain_text(one) for one in conversations]
        turns = [_turns(one, self.folds_system) for one in conversations]
        written: list[str] = self.tokenizer.apply_chat_template(
            turns, tokenize=False, add_generation_prompt=True, enable_thinking=self.thinks
        )
        return written

    def encode(self, conversations: Sequence[Sequence[Message]]) -> list[list[int]]:
        """Give the token ids of conversations, up to where the model goes on."""
        if not conversations:
            return []
        # A chat template writes the mark of the beginning itself.
        batch = self.tokenizer(self.texts(conversations), add_special_tokens=not self.has_template)
        ids: list[list[int]] = batch["input_ids"]
        return ids

    def count(self, text: str) -> int:
        """Count the tokens of a text."""
        return len(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    @property
    def overhead(self) -> int:
        """Tokens that a conversation of a system and a user message has beside their texts."""
        return len(self.encode([(Message("system", ""), Message("user", ""))])[0])


def plain_text(messages: Sequence[Message]) -> str:
    """Write a conversation for a model without a chat template.

    Examples
    --------
    >>> plain_text([Message("user", "Did you vote?")])
    'Did you vote?\\n\\nAnswer:'
    >>> plain_text([Message("user", "您投票了吗？")])
    '您投票了吗？\\n\\n回答：'
    """
    is_chinese = any(_CJK.search(one.content) for one in messages)
    mark, space = ("回答：", "") if is_chinese else ("Answer:", " ")
    parts = [
        f"{mark}{space}{one.content}" if one.role == "assistant" else one.content
        for one in messages
    ]
    return "\n\n".join([*parts, mark])


def _turns(messages: Sequence[Message], folds_system: bool) -> list[dict[str, str]]:
    turns = [{"role": str(one.role), "content": one.content} for one in messages]
    if folds_system and len(turns) > 1 and turns[0]["role"] == "system":
        first = {"role": "user", "content": f"{turns[0]['content']}\n\n{turns[1]['content']}"}
        return [first, *turns[2:]]
    return turns


def load_chat(folder: Path, *, thinks: bool = False) -> Chat:
    """Load a tokenizer, and check that it gives the tokens that its file says.

    Some kinds of models replace a custom pre-tokenizer when they are loaded, unsaid, and every
    number would be wrong. Then the file's own is used, and it is said.

    Parameters
    ----------
    folder : Path
    thinks : bool

    Raises
    ------
    InputError
        There is no tokenizer that can be read, or it gives other tokens than its file.
    """
    tokenizer, notes = _checked_tokenizer(folder)
    if not getattr(tokenizer, "chat_template", None):
        notes.append(
            f"{folder.name} has no chat template: messages are put as plain text, a blank line "
            "between them"
        )
        return Chat(tokenizer, has_template=False, notes=tuple(notes))
    folds = not _takes_system(tokenizer)
    if folds:
        notes.append(
            f"the chat template of {folder.name} has no system message: it stands before the user's"
        )
    return Chat(tokenizer, folds_system=folds, thinks=thinks, notes=tuple(notes))


def _checked_tokenizer(folder: Path) -> tuple[Any, list[str]]:
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise InputError(
            f"{folder}: no tokenizer can be read ({_first_line(error)}); copy the model's "
            "tokenizer files there"
        ) from error
    tokenizer.padding_side = "left"
    expected = _file_tokens(folder)
    if expected is None or _tokens(tokenizer) == expected:
        return tokenizer, []
    own = PreTrainedTokenizerFast.from_pretrained(folder, local_files_only=True)
    own.padding_side = "left"
    if _tokens(own) != expected:
        raise InputError(
            f"{folder}: the tokenizer gives other tokens when it is loaded than its "
            "tokenizer.json says; save it anew with the version of transformers in use"
        )
    own.chat_template = own.chat_template or tokenizer.chat_template
    return own, [
        f"transformers would load the tokenizer of {folder.name} with other tokens than its file "
        "says; the file's are used"
    ]


def _file_tokens(folder: Path) -> list[int] | None:
    """Tokens of the probe as the file itself has them; None without such a file."""
    path = folder / "tokenizer.json"
    if not path.exists():
        return None
    from tokenizers import Tokenizer

    ids: list[int] = Tokenizer.from_file(str(path)).encode(_PROBE, add_special_tokens=False).ids
    return ids


def _tokens(tokenizer: Any) -> list[int]:
    ids: list[int] = tokenizer(_PROBE, add_special_tokens=False)["input_ids"]
    return ids


def _takes_system(tokenizer: Any) -> bool:
    from jinja2 import TemplateError

    turns = [{"role": "system", "content": _SYSTEM}, {"role": "user", "content": "?"}]
    try:
        text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    except TemplateError:
        return False
    return _SYSTEM in text


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", maxsplit=1)[0][:200]
