"""Gradient-boosted trees, small ones; how many is chosen by folds inside the pilot."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alignsurvey.simulators.itemwise import Itemwise, ProfilePredictor, ShareModel, constant
from alignsurvey.simulators.pilot import ItemAnswers
from alignsurvey.simulators.tuning import log_losses, simplest_good
from alignsurvey.survey.survey import Survey

Array = NDArray[np.float64]

_FOLDS = 3
_TREES, _FEWEST, _MOST = 100, 6, 40
"""Trees a fit may cost, and its rounds: an item with many options grows a tree for each a round."""

_THREADS_FROM = 5000
"""Respondents from which a second thread costs less than it brings."""


@dataclass(frozen=True)
class Boosting(Itemwise):
    """`baseline/boosting`: gradient-boosted trees of at most four leaves on the profile.

    scikit-learn's `HistGradientBoostingClassifier`, which finds interactions and bends by itself.
    The number of rounds is chosen by log loss over three folds of the pilot, none among them, so
    that a profile without signal gives the pilot's shares. The baseline to beat with a large pilot;
    with a hundred respondents the logit is usually better.

    Examples
    --------
    >>> import alignsurvey as als
    >>> anes = als.load_example("anes96")
    >>> pilot = anes.pilot(300, seed=1)
    >>> predictor = Boosting().fit(pilot, ["vote"], ["PID", "age", "educ"])
    >>> predictor.predict(anes.without(pilot)).shares["vote"].shape
    (644, 2)
    """

    @property
    def name(self) -> str:
        """Its name."""
        return "baseline/boosting"

    def fit(self, pilot: Survey, items: Sequence[str], profile: Sequence[str]) -> ProfilePredictor:
        """Learn from the pilot; the predictions remember who was in it."""
        with _threads(pilot.n), warnings.catch_warnings():
            # An income in 24 bands is a class to us, however few people are in each.
            warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
            return super().fit(pilot, items, profile)

    def fit_item(self, answers: ItemAnswers) -> ShareModel:
        """Fit one item with the number of rounds that its folds choose."""
        m = len(answers.observed)
        rounds = int(np.clip(_TREES // (m if m > 2 else 1), _FEWEST, _MOST))
        folds = answers.folds(_FOLDS)
        staged = np.empty((rounds + 1, answers.n, m))
        for fold in range(folds.max() + 1):
            held = folds == fold
            staged[:, held] = _stages(answers, ~held, answers.X[held], rounds)
        losses = [log_losses(answers, shares) for shares in staged]
        chosen = simplest_good(losses, answers.weights)
        if chosen == 0:
            return constant(answers.shares)
        model = _grown(answers, np.ones(answers.n, dtype=bool), rounds, chosen)

        def shares(X: Array) -> Array:
            with _threads(len(X)):
                return np.asarray(model.predict_proba(X), dtype=np.float64)

        return shares


@cache
def _pools() -> Any:
    """OpenMP's threads, found once: looking for them costs more than growing a tree."""
    import sklearn.ensemble  # noqa: F401
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="openmp")


def _threads(n: int) -> AbstractContextManager[object]:
    """One thread for few respondents, all of them for many."""
    if n >= _THREADS_FROM:
        return nullcontext()
    limited: AbstractContextManager[object] = _pools().limit(limits=1)
    return limited


def _grown(answers: ItemAnswers, rows: NDArray[np.bool_], planned: int, rounds: int) -> Any:
    """Grow trees on some respondents; fewer rounds planned, larger steps."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(
        learning_rate=float(np.clip(2.0 / planned, 0.1, 0.25)),
        max_iter=rounds,
        max_leaf_nodes=4,
        min_samples_leaf=max(5, int(rows.sum()) // 20),
        l2_regularization=1.0,
        early_stopping=False,
        random_state=0,
    )
    weights = answers.weights[rows] / answers.weights[rows].mean()
    return model.fit(answers.X[rows], answers.target[rows], sample_weight=weights)


def _stages(answers: ItemAnswers, rows: NDArray[np.bool_], X: Array, rounds: int) -> Array:
    """Shares after each round of training on some respondents, shape (rounds + 1, len(X), m)."""
    seen = np.unique(answers.target[rows])
    own = np.bincount(answers.target[rows], answers.weights[rows], len(answers.observed))
    stages = np.zeros((rounds + 1, len(X), len(answers.observed)))
    stages[:] = own / own.sum()
    if len(seen) > 1:
        model = _grown(answers, rows, rounds, rounds)
        for stage, shares in enumerate(model.staged_predict_proba(X), start=1):
            stages[stage][:, seen] = shares
    return stages
