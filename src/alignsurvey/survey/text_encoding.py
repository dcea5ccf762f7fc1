"""Bytes of a text file to text: no letter is guessed, a wrong encoding is said to be wrong."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from alignsurvey.errors import InputError, nearest

_LEGACY = ("gb18030", "cp1252")
_USUAL = ("utf-8", "utf-16", "gb18030", "gbk", "big5", "shift_jis", "cp1252", "latin-1")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins with UTF-16's mark, so it is asked for first
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CELL_ENDS = re.compile(rb'[,;\t\r\n"]')
_SAMPLE = 24  # characters shown of a cell


def read_bytes(path: Path) -> bytes:
    """Read a file whole, with errors that name it.

    Raises
    ------
    InputError
        The file is missing, a folder, unreadable or empty.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; check the path") from error
    except IsADirectoryError as error:
        raise InputError(f"{path}: is a folder, a file is needed") from error
    except PermissionError as error:
        raise InputError(f"{path}: may not be read; check its permissions") from error
    if not raw.strip():
        raise InputError(f"{path}: is empty; a header and at least one row are needed")
    return raw


def decode(raw: bytes, source: str, encoding: str | None = None) -> str:
    """Decode a text file.

    Parameters
    ----------
    raw : bytes
    source : str
        Name of the file, for messages.
    encoding : str, optional
        A Python codec. Without one: what a byte order mark says, else UTF-8.

    Returns
    -------
    str

    Raises
    ------
    InputError
        The bytes are not in this encoding. Says where, and how the place would read in GB18030
        and Windows-1252 where these are possible.

    Examples
    --------
    >>> decode("性别,年龄".encode("gb18030"), "people.csv", "gb18030")
    '性别,年龄'
    >>> decode("性别,年龄".encode("gb18030"), "people.csv")
    Traceback (most recent call last):
    ...
    alignsurvey.errors.InputError: people.csv: byte 1 (line 1) is not UTF-8; name the encoding:
    with 'gb18030' (likelier) it reads '性别', with 'cp1252' 'ÐÔ±ð'
    """
    if raw.startswith(b"PK\x03\x04"):
        raise InputError(f"{source}: is an Excel or zip file, not text; save it as CSV")
    marked = next((codec for mark, codec in _BOMS if raw.startswith(mark)), None)
    if encoding is not None:
        return _as_told(raw, source, encoding, marked)
    try:
        text = raw.decode(marked or "utf-8")
    except UnicodeDecodeError as error:
        if marked is not None:
            place = _place(raw, error, marked)
            raise InputError(
                f"{source}: begins as {marked} but {place} is not; the file is damaged or cut off"
            ) from error
        place = f"{source}: {_place(raw, error, 'utf-8')} is not UTF-8"
        raise InputError(place + _advice(raw, error.start)) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise InputError(
            f"{source}: holds zero bytes (first in line {line}), so it is no UTF-8 text; if it is "
            "UTF-16, say encoding='utf-16-le'"
        )
    return text


def _as_told(raw: bytes, source: str, encoding: str, marked: str | None) -> str:
    try:
        codec = codecs.lookup(encoding).name
    except LookupError as error:
        hint = nearest(encoding, _USUAL)
        raise InputError(f"{source}: no encoding '{encoding}'; {hint}") from error
    if codec == "utf-8":
        codec = "utf-8-sig"
    elif marked in ("utf-16", "utf-32") and codec.startswith(marked):
        codec = marked  # utf-16-le would keep the mark as a letter of the first header
    try:
        return raw.decode(codec)
    except UnicodeDecodeError as error:
        raise InputError(
            f"{source}: {_place(raw, error, codec)} is not {encoding}; name another encoding"
        ) from error
    except (LookupError, UnicodeError) as error:
        # Python's hex or idna turn bytes into something, but not into the text of a file.
        hint = nearest("", _USUAL)
        raise InputError(f"{source}: '{encoding}' is no encoding of text files; {hint}") from error


def _place(raw: bytes, error: UnicodeDecodeError, codec: str) -> str:
    """Say where the first wrong byte is, counted from 1; this codec counts after its mark."""
    skipped = 3 if codec == "utf-8-sig" and raw.startswith(codecs.BOM_UTF8) else 0
    start = error.start + skipped
    return f"byte {start + 1} (line {raw.count(bytes([10]), 0, start) + 1})"


def _advice(raw: bytes, first_bad: int) -> str:
    readings = {codec: _reading(raw, codec, first_bad) for codec in _LEGACY}
    order = sorted(_LEGACY, key=lambda codec: (codec == "gb18030") != _looks_chinese(raw))
    possible = [codec for codec in order if readings[codec] is not None]
    if not possible:
        return f", nor {' or '.join(_LEGACY)}; save it as UTF-8 or name its encoding"
    first, *others = possible
    more = "".join(f", with '{codec}' {readings[codec]!r}" for codec in others)
    likelier = " (likelier)" if others else ""
    return f"; name the encoding: with '{first}'{likelier} it reads {readings[first]!r}{more}"


def _reading(raw: bytes, codec: str, place: int) -> str | None:
    """Read the cell around a byte in an encoding; None where the whole file cannot be in it."""
    try:
        raw.decode(codec)
    except UnicodeDecodeError:
        return None
    start = max((end.end() for end in _CELL_ENDS.finditer(raw, 0, place)), default=0)
    ends = _CELL_ENDS.search(raw, place)
    cell = raw[start : ends.start() if ends else None].decode(codec).strip()
    return cell if len(cell) <= _SAMPLE else cell[:_SAMPLE] + "…"


def _looks_chinese(raw: bytes) -> bool:
    """Hanzi of GB2312 are pairs of high bytes; letters with accents mostly stand alone."""
    pairs = sum(len(run) // 2 * 2 for run in re.findall(rb"[\xa1-\xfe]+", raw))
    return pairs > 0.8 * len(re.findall(rb"[\x80-\xff]", raw))
