"""Interview answers against what the respondent said: similarity that needs no judge.

These are not judge scores and are never shown as such: a good answer may share few words with the
real one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from itertools import pairwise

import numpy as np

from alignsurvey import metrics
from alignsurvey.benchmark.rows import FileScore
from alignsurvey.benchmark.strict.similarity import rouge_l, words
from alignsurvey.randomness import hash_ids, stable_hash
from alignsurvey.tasks.replies.thoughts import strip_thoughts

LONGEST_NGRAM = 6
BETA_SQUARED = 4.0
REPLICATES = 1000


def chrf(reference: str, candidate: str) -> float:
    """Character n-gram F-score, n = 1 to 6, recall counted twice (chrF2).

    White space does not count. Orders longer than either text are passed over.

    References
    ----------
    Popović (2015).

    Examples
    --------
    >>> chrf("很满意", "很满意"), chrf("很满意", "")
    (1.0, 0.0)
    """
    gold, said = ("".join(text.split()) for text in (reference, candidate))
    precisions, recalls = [], []
    for n in range(1, LONGEST_NGRAM + 1):
        real, given = _ngrams(gold, n), _ngrams(said, n)
        if not real or not given:
            continue
        common = sum((real & given).values())
        precisions.append(common / sum(given.values()))
        recalls.append(common / sum(real.values()))
    if not precisions:
        return 0.0
    precision, recall = float(np.mean(precisions)), float(np.mean(recalls))
    if precision + recall == 0:
        return 0.0
    return (1 + BETA_SQUARED) * precision * recall / (BETA_SQUARED * precision + recall)


def _ngrams(text: str, n: int) -> Counter[str]:
    return Counter(text[place : place + n] for place in range(len(text) - n + 1))


def distinct_2(texts: Sequence[Sequence[str]]) -> float:
    """Share of different word pairs among all pairs of all answers; low where they are alike.

    References
    ----------
    Li et al. (2016).

    Examples
    --------
    >>> distinct_2([["I", "do", "not", "know"], ["I", "do", "not", "care"]])
    0.6666666666666666
    """
    pairs = [pair for text in texts for pair in pairwise(text)]
    return len(set(pairs)) / len(pairs) if pairs else float("nan")


def score_references(
    replies: Sequence[str], golds: Sequence[str], people: Sequence[Hashable], seed: int = 42
) -> FileScore:
    """Score interview answers by their likeness to the real ones.

    Parameters
    ----------
    replies, golds : sequence of str
    people : sequence
        Who gave each answer: the bootstrap draws persons.
    seed : int

    Returns
    -------
    FileScore
        ``rouge_l`` and ``chrf`` with ``_low`` and ``_high``, ``distinct_2`` of the replies and
        ``distinct_2_human`` of the real answers; empty replies count as 0 and lower parse_rate.
    """
    said = [strip_thoughts(reply) for reply in replies]
    tokens = [words(text) for text in said]
    real = [words(text) for text in golds]
    values = {
        "rouge_l": [rouge_l(gold, text) for gold, text in zip(real, tokens, strict=True)],
        "chrf": [chrf(gold, text) for gold, text in zip(golds, said, strict=True)],
    }
    unique, person = np.unique(hash_ids(people), return_inverse=True)
    key = stable_hash(seed, "references") >> 32
    weights = metrics.replicate_weights(len(unique), REPLICATES, key)[:, person]
    found: dict[str, float | int] = {
        "n": len(said),
        "parse_rate": float(np.mean([bool(text) for text in said])) if said else float("nan"),
        "distinct_2": distinct_2(tokens),
        "distinct_2_human": distinct_2(real),
    }
    for name, numbers in values.items():
        scores = np.array(numbers)
        mean = float(scores.mean()) if len(scores) else float("nan")
        low, high = metrics.interval(mean, metrics.mean(scores, weights), bounds=(0.0, 1.0))
        found |= {name: mean, f"{name}_low": float(low), f"{name}_high": float(high)}
    rows = {
        str(place): {
            "outcome": "answered" if text else "no_reply",
            "answer": text,
            "gold": gold,
            **{name: numbers[place - 1] for name, numbers in values.items()},
        }
        for place, (text, gold) in enumerate(zip(said, golds, strict=True), 1)
    }
    return FileScore(found, rows)
