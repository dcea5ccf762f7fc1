"""Gaussian copula: profile and items jointly, so that a person's answers fit together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from alignsurvey.predictions import Predictions
from alignsurvey.randomness import uniforms
from alignsurvey.simulators.itemwise import ProfilePredictor, ShareModel, constant
from alignsurvey.simulators.logit import fit_logit
from alignsurvey.simulators.ordinal import nominal_note
from alignsurvey.simulators.pilot import ItemAnswers, TrainingData, prepare
from alignsurvey.simulators.tuning import log_losses, simplest_good, trainings
from alignsurvey.survey.survey import Survey

Array = NDArray[np.float64]

SHRINKAGES = (1.0, 0.95, 0.9, 0.8, 0.7, 0.5, 0.3, 0.2, 0.1, 0.05, 0.02)
"""Shares of the identity in the profile's correlations, strongest first: at 1 the profile counts
for nothing."""

_MOST_EXPLAINED = 0.98


@dataclass(frozen=True)
class CopulaPredictor:
    """Predicts each item from the profile, and draws the items of a person together."""

    itemwise: ProfilePredictor
    root: Array
    joint: tuple[str, ...]
    seed: int
    name: str = "baseline/copula"

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done otherwise than the name says."""
        return self.itemwise.notes

    def predict(self, people: Survey) -> Predictions:
        """Predict the items for each respondent, from their profile alone."""
        given = self.itemwise.predict(people)
        lots = [uniforms(people.id_hashes, self.seed, "copula", item) for item in self.joint]
        if not lots:
            return given
        normal = ndtri(np.clip(np.column_stack(lots), 2.0**-54, 1 - 2.0**-53)) @ self.root
        together = ndtr(normal)
        return replace(given, lots=dict(zip(self.joint, together.T, strict=True)))


@dataclass(frozen=True)
class Copula:
    """`baseline/copula`: a Gaussian copula of profile and items.

    Behind each ordered item, or item with two options, stands a normal variable that is cut at the
    pilot's shares. Its correlations with the profile come from normal scores, corrected for the
    cutting (the cut variable has a smaller variance); they are shrunk by as much as predicts
    held-out folds best. Options' probabilities are those of the normal given the profile. Draws
    use lots (`Predictions.lots`) that are correlated as the items are, given the profile. The
    baseline to beat at structure: it has the pilot's shares *and* correlations *and* what the
    profile says.

    A nominal item with three options or more has no normal variable behind it: it gets the
    multinomial logit and is drawn by itself, and `notes` of the predictor says so.

    Examples
    --------
    >>> import alignsurvey as als
    >>> anes = als.load_example("anes96")
    >>> pilot = anes.pilot(100, seed=1)
    >>> predictions = Copula().fit(pilot, ["selfLR", "ClinLR"], ["PID"]).predict(anes)
    >>> sorted(predictions.lots)
    ['ClinLR', 'selfLR']
    """

    seed: int = 42
    name: str = "baseline/copula"

    def fit(self, pilot: Survey, items: Sequence[str], profile: Sequence[str]) -> CopulaPredictor:
        """Learn from the pilot; the predictions remember who was in it.

        Parameters
        ----------
        pilot : Survey
        items, profile : sequence of str

        Raises
        ------
        InputError
            A variable is unknown or unsuitable, or nobody in the pilot answered an item.
        """
        data = prepare(pilot, items, profile, self.seed, ranks=True)
        latent = {
            item: Latent.fit(answers)
            for item, answers in data.items.items()
            if answers.variable.is_ordered or len(answers.variable.categories) == 2
        }
        others = [answers for item, answers in data.items.items() if item not in latent]
        notes = [nominal_note(self.name, answers) for answers in others]
        itemwise = ProfilePredictor(
            name=self.name,
            features=data.features,
            models={
                item: latent[item].shares if item in latent else _logit(answers)
                for item, answers in data.items.items()
            },
            answers=data.items,
            codebook=data.codebook,
            trained_on=data.trained_on,
            notes=tuple(note for note in notes if note is not None),
        )
        root = _square_root(_residual_correlation(data, latent))
        return CopulaPredictor(itemwise, root, tuple(latent), self.seed, self.name)


@dataclass(frozen=True)
class Latent:
    """The normal variable behind one item, and how it hangs on the profile.

    Parameters
    ----------
    cuts : array, shape (m - 1,)
        Thresholds between the observed categories.
    scores : array, shape (m,)
        Mean of the normal variable within each category.
    reliability : float
        Variance of those means; what cutting has left of 1.
    mean : array, shape (p,)
    slopes : array, shape (p,)
    residual : float
        Standard deviation of the normal variable given the profile.
    """

    cuts: Array
    scores: Array
    reliability: float
    mean: Array
    slopes: Array = field(repr=False)
    residual: float

    @classmethod
    def fit(cls, answers: ItemAnswers) -> Latent:
        """Fit the variable behind one item."""
        reached = np.concatenate([[0.0], np.cumsum(answers.shares)[:-1], [1.0]])
        cuts = ndtri(reached)
        density = np.exp(-(cuts**2) / 2) / np.sqrt(2 * np.pi)
        scores = -np.diff(density) / answers.shares
        null = cls(
            cuts=cuts[1:-1],
            scores=scores,
            reliability=float(answers.shares @ scores**2),
            mean=answers.weights @ answers.X,
            slopes=np.zeros(answers.X.shape[1]),
            residual=1.0,
        )
        if len(scores) == 1 or not answers.X.shape[1]:
            return null
        return null._on_profile(answers)

    def _on_profile(self, answers: ItemAnswers) -> Latent:
        latent = self.scores[answers.target]
        slopes, explained = _slopes(answers, latent / self.reliability)
        own = slopes[1 + answers.folds()]
        shift = np.einsum("np,nlp->ln", answers.X - self.mean, own)
        residuals = np.sqrt(1.0 - explained[1 + answers.folds()]).T
        losses = [
            log_losses(answers, self._cut(one, spread))
            for one, spread in zip(shift, residuals, strict=True)
        ]
        chosen = simplest_good(losses, answers.weights)
        residual = float(np.sqrt(1.0 - explained[0, chosen]))
        return replace(self, slopes=slopes[0, chosen], residual=residual)

    def position(self, X: Array) -> Array:
        """Mean of the normal variable given the profile, shape (n,)."""
        position: Array = (X - self.mean) @ self.slopes
        return position

    def shares(self, X: Array) -> Array:
        """Shares of the observed categories, shape (n, m)."""
        return self._cut(self.position(X), np.full(len(X), self.residual))

    def _cut(self, position: Array, residual: Array) -> Array:
        reached = ndtr((self.cuts - position[:, None]) / residual[:, None])
        return np.diff(reached, axis=1, prepend=0.0, append=1.0)


def _slopes(answers: ItemAnswers, latent: Array) -> tuple[Array, Array]:
    """Slopes for whole pilot and folds at each shrinkage, and the variance that they explain.

    Shapes (B, L, p) and (B, L). The columns are scaled to unit variance for the shrinkage alone.
    """
    training = trainings(answers)
    scale = np.sqrt(training[0] @ (answers.X - training[0] @ answers.X) ** 2)
    X = answers.X / np.where(scale > 0, scale, 1.0)
    mean_x, mean_z = training @ X, training @ latent
    weighted = (training[:, :, None] * X).transpose(0, 2, 1)
    among = weighted @ X - mean_x[:, :, None] * mean_x[:, None, :]
    across = weighted @ latent - mean_x * mean_z[:, None]
    shrinkage = np.array(SHRINKAGES)[None, :, None, None]
    system = (1 - shrinkage) * among[:, None] + shrinkage * np.eye(X.shape[1])
    slopes = np.linalg.solve(system, (1 - shrinkage) * across[:, None, :, None])[..., 0]
    explained = np.einsum("blp,bpq,blq->bl", slopes, among, slopes)
    excess = np.sqrt(np.maximum(explained / _MOST_EXPLAINED, 1.0))
    return slopes / excess[:, :, None] / np.where(scale > 0, scale, 1.0), explained / excess**2


def _residual_correlation(data: TrainingData, latent: Mapping[str, Latent]) -> Array:
    """Correlations of the normal variables given the profile, shape (items, items).

    Shrunk towards 0 by the share that Schaefer & Strimmer (2005) find: the sampling variance of
    the correlations over their size.
    """
    n, weights = data.pilot.n, data.pilot.weights / data.pilot.weights.sum()
    scores, fitted = np.full((n, len(latent)), np.nan), np.empty((n, len(latent)))
    for column, (item, one) in enumerate(latent.items()):
        answers = data.items[item]
        scores[answers.rows, column] = one.scores[answers.target]
        fitted[:, column] = one.position(data.X)
    # Cutting has left this of the normal variables' spread; of a constant item nothing.
    left = np.sqrt([one.reliability for one in latent.values()])
    left = np.where(left > 0, left, np.inf)
    cut = np.outer(left, left)
    observed, pairs = _pairwise(scores, weights)
    centred = fitted - weights @ fitted
    explained = (centred * weights[:, None]).T @ centred
    residual = np.array([one.residual for one in latent.values()])
    given = np.clip((observed / cut - explained) / np.outer(residual, residual), -0.95, 0.95)
    off = ~np.eye(len(latent), dtype=bool)
    noise = float(((1 - observed**2) ** 2 / np.maximum(pairs - 1, 1) / cut**2)[off].sum())
    signal = float((given[off] ** 2).sum())
    keep = max(0.0, 1.0 - noise / signal) if signal > 0 else 0.0
    return np.where(off, keep * given, 1.0)


def _pairwise(scores: Array, weights: Array) -> tuple[Array, Array]:
    """Weighted correlations over the respondents who answered both items, and how many did."""
    there = ~np.isnan(scores)
    filled = np.nan_to_num(scores)
    total = (there * weights[:, None]).T @ there
    cross = (filled * weights[:, None]).T @ filled
    squares = (filled**2 * weights[:, None]).T @ there
    scale = np.sqrt(squares * squares.T)
    correlation = np.divide(cross, scale, out=np.zeros_like(cross), where=scale > 0)
    size = np.divide(total**2, (there * weights[:, None] ** 2).T @ there,
                     out=np.ones_like(total), where=total > 0)  # fmt: skip
    return correlation, size


def _square_root(correlation: Array) -> Array:
    """Symmetric square root of the nearest correlation matrix, whatever the order of the items."""
    if not correlation.size:
        return correlation
    values, vectors = np.linalg.eigh(correlation)
    proper = (vectors * np.maximum(values, 1e-6)) @ vectors.T
    scale = 1.0 / np.sqrt(np.diag(proper))
    values, vectors = np.linalg.eigh(proper * np.outer(scale, scale))
    root: Array = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    return root


def _logit(answers: ItemAnswers) -> ShareModel:
    if len(answers.observed) == 1 or not answers.X.shape[1]:
        return constant(answers.shares)
    return fit_logit(answers)
