"""Scoring in the style of the released scripts: a row at a time, scikit-learn at the end."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jieba
from scipy.stats import wasserstein_distance
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics import accuracy_score, precision_recall_fscore_support
from sklearn.metrics.pairwise import cosine_similarity

Row = dict[str, Any]


def read_lines(path: Path) -> list[Row]:
    """Read a file of one JSON object a line."""
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _final(text: str) -> str:
    return text.rsplit("assistantfinal", maxsplit=1)[-1] if "assistantfinal" in text else text


def _averages(labels: list[str], said: list[str], kinds: Sequence[str]) -> dict[str, float]:
    scores = {"accuracy": float(accuracy_score(labels, said))}
    for kind in kinds:
        p, r, f, _ = precision_recall_fscore_support(labels, said, average=kind, zero_division=0)
        scores |= {f"precision_{kind}": p, f"recall_{kind}": r, f"f1_{kind}": f}
    return scores


def role(rows: list[Row]) -> dict[str, float]:
    """Task 1: a rule a field, then equal strings."""
    right = 0
    for row in rows:
        said, gold = _final(row["predict"]).strip(), row["label"].strip()
        if "<think>" in said:
            said = [*said.split("</think>"), ""][1].strip()
        if row["field"] == "家庭成员关系":
            right += bool(set(re.findall(r"'([^']*)'", said)) & set(re.findall(r"'([^']*)'", gold)))
        elif row["field"] == "家里人口数":
            right += re.findall(r"\d+", said) == [gold]
        elif row["field"] == "家庭年收入" and gold.startswith("[") and gold.endswith("]"):
            right += said.strip("[]").strip("'\"") == gold.strip("[]").strip("'\"")
        else:
            right += said == gold
    return {"accuracy": right / len(rows)}


def _json(text: str) -> dict[str, str]:
    text = re.sub(r"\\u(?![0-9a-fA-F]{4})", r"\\\\u", _final(text))
    text = re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
    text = text.split("</think>\n\n")[-1].strip()
    fenced = re.match(r"```\w*\s*(.*?)\s*(?:```)?$", text, re.DOTALL)
    text = fenced[1] if fenced else text
    for attempt in (text, text + '"}'):
        try:
            read: dict[str, str] = json.loads(attempt)
        except ValueError:
            continue
        return read
    return {"predict": "错误", "reason": " "}


def _words(text: str) -> set[str]:
    return set(jieba.lcut(re.sub(r"[^\u4e00-\u9fa5a-zA-Z0-9]", "", text)))


def stance(rows: list[Row]) -> dict[str, float]:
    """Task 3: stances, and for each pair of reasons jieba and a vectorizer."""
    labels, said, jaccards, cosines = [], [], [], []
    for row in rows:
        ours, theirs = _json(row["predict"]), _json(row["label"])
        labels.append(theirs["predict"])
        said.append(ours["predict"])
        one, other = _words(ours["reason"]), _words(theirs["reason"])
        jaccards.append(len(one & other) / len(one | other) if one | other else 0.0)
        vectorizer = CountVectorizer(token_pattern=r"(?u)\b\w+\b|[\u4e00-\u9fff]+")
        try:
            counts = vectorizer.fit_transform([ours["reason"], theirs["reason"]])
            cosines.append(float(cosine_similarity(counts[0], counts[1])[0][0]))
        except ValueError:
            cosines.append(0.0)
    alike = {"jaccard": sum(jaccards) / len(rows), "cosine": sum(cosines) / len(rows)}
    return _averages(labels, said, ("micro", "macro", "weighted")) | alike


def _option(text: str) -> tuple[str, str]:
    text = text.strip()
    if len(text) >= 2 and text[0].isalpha() and text[1] in ". ":
        return text[0].upper(), text[2:].strip()
    found = re.match(r"\(([A-Za-z])\)\s*(.*)", text) or re.search(r"([A-Za-z])[.)\s]+(.*)", text)
    return (found[1].upper(), found[2].strip()) if found else ("", text)


def response(rows: list[Row]) -> dict[str, float]:
    """Task 4: letter and text as one class; accuracy by letter."""
    labels, said, letters = [], [], []
    for row in rows:
        gold, text = row["label"], row["predict"]
        if not gold or "不了解" in gold:
            continue
        if "<think>" in text:
            text = text.split("</think>")[-1]
        letter, option = _option(gold)
        labels.append(letter + option)
        letters.append(letter)
        said.append("".join(_option(_final(text))))
    scores = _averages(labels, said, ("macro", "weighted"))
    for one in "ABC":
        rows_of = [place for place, own in enumerate(letters) if own == one]
        hits = [labels[place] == said[place] for place in rows_of]
        scores[f"accuracy_{one}"] = sum(hits) / len(hits) if hits else 0.0
    return scores


def _shares(text: str, options: dict[str, str]) -> dict[str, float]:
    try:
        read = json.loads(text)
        if isinstance(read, dict):
            return {name: float(str(value).rstrip("%")) / 100 for name, value in read.items()}
    except ValueError:
        pass
    found = re.findall(r"([A-Z])\.\s*([^:：]+)[:：]\s*(\d+(?:\.\d+)?)%", text)
    if found:
        return {options.get(one, name.strip()): float(share) / 100 for one, name, share in found}
    named = re.findall(r"([^:：]+)[:：]\s*(\d+(?:\.\d+)?)%", text)
    return {name.strip(): float(share) / 100 for name, share in named}


def groups(rows: list[Row]) -> dict[str, float]:
    """Tasks 3.2 and 4.2: the distance of two distributions over sorted categories."""
    distances = []
    for row in rows:
        block = re.search(r"选项：(.*?)(?:\n\s*\n|\Z)", row["prompt"], re.DOTALL)
        lines = re.findall(r"^\s*([A-Z])\.\s*(.*)", block[1] if block else "", re.MULTILINE)
        options = {letter: text.strip() for letter, text in lines}
        gold, said = _shares(row["label"], options), _shares(row["predict"], options)
        if not gold:
            continue
        if sum(said.values()) == 0:
            distances.append(float(len(gold) - 1))
            continue
        names = sorted(set(gold) | set(said))
        weights = [
            [one.get(name, 0.0) / sum(one.values()) for name in names] for one in (said, gold)
        ]
        places = range(len(names))
        distances.append(float(wasserstein_distance(places, places, *weights)))
    return {"mean_wd": sum(distances) / len(distances)}
