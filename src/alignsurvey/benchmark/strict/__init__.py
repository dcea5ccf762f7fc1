"""Strict scores: replies read as they were meant, nothing guessed, nothing dropped unseen."""

from alignsurvey.benchmark.strict.score import REPLICATES, score_strict

__all__ = ["REPLICATES", "score_strict"]
