"""An interview corpus as a document of mappings and lists, as YAML and JSON hold it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from alignsurvey.errors import InputError, nearest
from alignsurvey.survey.cells import counted
from alignsurvey.survey.codebook import Codebook
from alignsurvey.survey.codebook_schema import parse_codebook
from alignsurvey.survey.codebook_yaml import codebook_to_yaml
from alignsurvey.survey.interview_values import Attribute, takes_several
from alignsurvey.survey.interview_words import labelled_turn, language_of, speaker_of, stance_of
from alignsurvey.survey.interviews import (
    LANGUAGES,
    Interview,
    Interviews,
    Segment,
    Turn,
)
from alignsurvey.yamlfile import load_yaml

CORPUS_KEYS = ("language", "synthetic", "about", "attributes", "questionnaire", "interviews")
INTERVIEW_KEYS = ("id", "language", "profile", "answers", "segments")
SEGMENT_KEYS = ("theme", "stance", "reason", "turns")


def corpus_from(content: object, name: str, language: str | None = None) -> Interviews:
    """Make a corpus of a document's content.

    Parameters
    ----------
    content : object
        A list of interviews, or a mapping with `CORPUS_KEYS`.
    name : str
        What to call the document in messages.
    language : {"en", "zh"}, optional
        Of interviews that do not say theirs, where the document does not either; told from the
        characters if nobody says.

    Raises
    ------
    InputError
        One line: document, interview, segment and turn, and what is wrong.
    """
    if isinstance(content, list):
        content = {"interviews": content}
    if not isinstance(content, dict) or "interviews" not in content:
        raise InputError(f"{name}: interviews are a list, or stand under 'interviews:'")
    _refuse_unknown(content, CORPUS_KEYS, name)
    entries = content["interviews"]
    if not isinstance(entries, list) or not entries:
        raise InputError(f"{name}: 'interviews:' must be a list with at least one interview")
    synthetic = content.get("synthetic", False)
    if not isinstance(synthetic, bool):
        raise InputError(f"{name}: synthetic: {synthetic!r} is neither true nor false")
    attributes = _codebook(content.get("attributes"), f"{name}: attributes")
    questionnaire = _codebook(content.get("questionnaire"), f"{name}: questionnaire")
    spoken = _language(content.get("language"), name) or language
    interviews, guessed = [], 0
    for place, entry in enumerate(entries, start=1):
        known = spoken or (isinstance(entry, dict) and entry.get("language"))
        guessed += not known
        interviews.append(_interview(entry, f"{name}: interview {place}", spoken, attributes, name))
    notes = (
        (f"language told from the characters in {counted(guessed, 'interview')}",)
        if guessed
        else ()
    )
    about = _text(content.get("about") or "", f"{name}: about")
    return Interviews(tuple(interviews), attributes, questionnaire, synthetic, about, name, notes)


def document_of(corpus: Interviews) -> dict[str, Any]:
    """Give a corpus as a document; `corpus_from` makes the same corpus of it."""
    document: dict[str, Any] = {}
    if len(corpus.languages) == 1:
        document["language"] = corpus.languages[0]
    document["synthetic"] = corpus.synthetic
    if corpus.about:
        document["about"] = corpus.about
    for key, book in (("attributes", corpus.attributes), ("questionnaire", corpus.questionnaire)):
        if len(book):
            document[key] = _book_document(book)
    only = document.get("language")
    document["interviews"] = [_interview_document(one, only) for one in corpus]
    return document


def _interview_document(one: Interview, only: str | None) -> dict[str, Any]:
    document: dict[str, Any] = {"id": one.id}
    if one.language != only:
        document["language"] = one.language
    if one.profile:
        document["profile"] = {
            name: list(value) if isinstance(value, tuple) else value for name, value in one.profile
        }
    if one.answers:
        document["answers"] = dict(one.answers)
    document["segments"] = []
    for segment in one.segments:
        part: dict[str, Any] = {"theme": segment.theme}
        if segment.stance is not None:
            part["stance"] = segment.stance
        if segment.reason is not None:
            part["reason"] = segment.reason
        part["turns"] = [{turn.speaker: turn.text} for turn in segment.turns]
        document["segments"].append(part)
    return document


def _book_document(book: Codebook) -> dict[str, Any]:
    variables: dict[str, Any] = load_yaml(codebook_to_yaml(book), "codebook")["variables"]
    for entry in variables.values():
        # JSON would turn the missing code 9 into the text "9": pairs keep its type.
        if isinstance(entry.get("missing"), dict):
            entry["missing"] = [list(pair) for pair in entry["missing"].items()]
        pairs = entry.get("values", [])
        if pairs and all(len(pair) == 2 and pair[0] == pair[1] for pair in pairs):
            entry["options"] = [label for _, label in entry.pop("values")]
    return variables


def _codebook(content: object, where: str) -> Codebook:
    """Read declared variables: a codebook's entries, or `options` in order, `several`."""
    if content is None:
        return Codebook(())
    if not isinstance(content, dict):
        raise InputError(f"{where}: must be a mapping from names to their text, scale and options")
    entries = {}
    for name, given in content.items():
        entry = dict(given) if isinstance(given, dict) else given
        if isinstance(entry, dict) and "options" in entry:
            options = entry.pop("options")
            if not isinstance(options, list) or not options or "values" in entry:
                raise InputError(
                    f"{where}: {name}: options must be a list, and stand without values"
                )
            entry["values"] = [[one, one] for one in options]
        if isinstance(entry, dict) and "several" in entry:
            if entry.pop("several") is True:
                if entry.get("scale", "text") != "text" or not entry.get("values"):
                    raise InputError(f"{where}: {name}: several options have no scale, but options")
                entry["scale"] = "text"
        elif isinstance(entry, dict) and "scale" not in entry and "values" in entry:
            entry["scale"] = "nominal"
        entries[name] = entry
    return Codebook(parse_codebook({"variables": entries}, where))


def _interview(
    entry: object, where: str, spoken: str | None, attributes: Codebook, source: str
) -> Interview:
    if not isinstance(entry, dict):
        raise InputError(f"{where}: must be a mapping with id, profile and segments")
    if entry.get("id") is None:
        raise InputError(f"{where}: has no id; give each interview a different one")
    person = _id(entry["id"], where)
    where = f"{source}: interview '{person}'"
    _refuse_unknown(entry, INTERVIEW_KEYS, where)
    segments = entry.get("segments")
    if not isinstance(segments, list) or not segments:
        raise InputError(f"{where}: 'segments' must be a list with at least one segment")
    parts = tuple(_segment(one, f"{where}, segment {k}") for k, one in enumerate(segments, start=1))
    profile = tuple(
        (name, _attribute(name, value, attributes, where))
        for name, value in _pairs(entry.get("profile"), f"{where}: profile")
        if value is not None
    )
    answers = tuple(
        (item, _text(label, f"{where}: answers: {item}"))
        for item, label in _pairs(entry.get("answers"), f"{where}: answers")
        if label is not None
    )
    language = _language(entry.get("language"), where) or spoken
    if language is None:
        language = language_of("".join(turn.text for part in parts for turn in part.turns))
    try:
        return Interview(person, language, profile, parts, answers)
    except InputError as error:
        raise InputError(f"{source}: {error}") from error


def _segment(entry: object, where: str) -> Segment:
    if not isinstance(entry, dict):
        raise InputError(f"{where}: must be a mapping with theme and turns")
    _refuse_unknown(entry, SEGMENT_KEYS, where)
    turns = entry.get("turns")
    if not isinstance(turns, list):
        raise InputError(f"{where}: 'turns' must be a list")
    theme = _text(entry.get("theme") or "", f"{where}: theme")
    said = tuple(_turn(one, f"{where}, turn {k}") for k, one in enumerate(turns, start=1))
    stance, reason = entry.get("stance"), entry.get("reason")
    try:
        return Segment(
            theme,
            said,
            stance_of(_text(stance, "stance")) if stance is not None else None,
            _text(reason, "reason") if reason is not None else None,
        )
    except InputError as error:
        raise InputError(f"{where}: {error}") from error


def _turn(entry: object, where: str) -> Turn:
    """Read ``{interviewer: text}``, ``{speaker: …, text: …}`` or ``"Q: text"``."""
    pair: tuple[object, object] | None = None
    if isinstance(entry, str):
        pair = labelled_turn(entry)
    elif isinstance(entry, dict) and len(entry) == 1:
        pair = next(iter(entry.items()))
    elif isinstance(entry, dict):
        for speaker, text in (("speaker", "text"), ("role", "content")):
            if entry.keys() == {speaker, text}:
                pair = entry[speaker], entry[text]
    if pair is None:
        raise InputError(f"{where}: must be 'interviewer: text' or 'respondent: text'")
    try:
        speaker = speaker_of(_text(pair[0], "the speaker"))
        return Turn(speaker, _text("" if pair[1] is None else pair[1], f"what the {speaker} says"))
    except InputError as error:
        raise InputError(f"{where}: {error}") from error


def _attribute(name: str, value: object, attributes: Codebook, where: str) -> Attribute:
    several = name in attributes and takes_several(attributes[name])
    if isinstance(value, list):
        return tuple(_text(one, f"{where}: profile: {name}") for one in value)
    if isinstance(value, float) and math.isfinite(value) and not several:
        return int(value) if value.is_integer() else value
    if isinstance(value, int) and not isinstance(value, bool) and not several:
        return value
    text = _text(value, f"{where}: profile: {name}")
    return (text,) if several else text


def _id(value: object, where: str) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return _text(value, f"{where}: id")


def _language(value: object, where: str) -> str | None:
    if value is not None and value not in LANGUAGES:
        raise InputError(f"{where}: the language {value!r} is not one of en, zh")
    return None if value is None else str(value)


def _text(value: object, where: str) -> str:
    if isinstance(value, str):
        if any("\ud800" <= char <= "\udfff" for char in value):
            raise InputError(f"{where}: {value!r} holds half a character; export the file again")
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    shown = (
        "a mapping" if isinstance(value, dict) else "a list" if isinstance(value, list) else value
    )
    raise InputError(f"{where}: {shown} is not a text; put it in quotes")


def _pairs(value: object, where: str) -> list[tuple[str, object]]:
    if value is None:
        return []
    if not isinstance(value, dict):
        raise InputError(f"{where}: must be a mapping from names to values")
    return [(_text(name, where), one) for name, one in value.items()]


def _refuse_unknown(entry: Mapping[object, object], known: tuple[str, ...], where: str) -> None:
    for key in entry:
        if key not in known:
            raise InputError(f"{where}: unknown key '{key}'; {nearest(str(key), known)}")
