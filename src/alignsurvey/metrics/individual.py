"""How well each respondent's own answer is predicted."""

import numpy as np
from numpy.typing import ArrayLike

from alignsurvey.metrics._arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    Weights,
    as_codes,
    as_scores,
    as_weights,
    by_respondent,
    number,
    ratio,
    same_length,
)
from alignsurvey.metrics._moments import pair_moments


def accuracy(human: ArrayLike, simulated: ArrayLike, weights: Weights = None) -> FloatArray:
    """Weighted share of answers that the simulator gets exactly right.

    Parameters
    ----------
    human, simulated : (n,) or (n, m) option indices, -1 for missing; with m items a
        respondent, the items are pooled. Pairs with a missing side are dropped.
    weights : None, (n,) one per respondent, or (B, n).

    Returns
    -------
    A number, or (B,), from 0 to 1. NaN when no pair has weight.

    Examples
    --------
    >>> accuracy([0, 1, 2, -1], [0, 1, 1, 0], weights=[[1, 1, 1, 1], [1, 1, 2, 0]]).round(3)
    array([0.667, 0.5  ])
    """
    truth, guess = paired_codes(human, simulated)
    w = as_weights(weights, len(truth))
    known = (truth >= 0) & (guess >= 0)
    hit = known & (truth == guess)
    hits, pairs = by_respondent(hit).sum(axis=1), by_respondent(known).sum(axis=1)
    return ratio(w @ hits, w @ pairs)


def paired_codes(
    human: ArrayLike, simulated: ArrayLike, n_options: int | None = None
) -> tuple[IntArray, IntArray]:
    """Return two arrays of codes of one shape."""
    truth, guess = as_codes(human, n_options), as_codes(simulated, n_options)
    if truth.shape != guess.shape:
        raise ValueError(f"human codes {truth.shape} and simulated codes {guess.shape} differ")
    return truth, guess


def confusion(
    human: ArrayLike, simulated: ArrayLike, n_options: int, weights: Weights = None
) -> FloatArray:
    """Weighted counts of human option (rows) by simulated option (columns).

    Parameters
    ----------
    human, simulated : (n,) or (n, m) option indices, -1 for missing; items are pooled and
        pairs with a missing side dropped.
    n_options : the number of options, K.
    weights : None, (n,) or (B, n).

    Returns
    -------
    (K, K), or (B, K, K), sums of weights.

    Examples
    --------
    >>> confusion([0, 0, 1], [0, 1, 1], 2).tolist()
    [[1.0, 1.0], [0.0, 1.0]]
    """
    counts = pair_counts(human, simulated, n_options)
    w = as_weights(weights, len(counts))
    return (w @ counts).reshape(*w.shape[:-1], n_options, n_options)


def pair_counts(human: ArrayLike, simulated: ArrayLike, n_options: int) -> FloatArray:
    """Return how often each respondent has each (human, simulated) pair of options, (n, K * K)."""
    truth, guess = paired_codes(human, simulated, n_options)
    n, cells = len(truth), n_options * n_options
    known = (truth >= 0) & (guess >= 0)
    cell = by_respondent(np.where(known, truth * n_options + guess, -1))
    place = np.broadcast_to(np.arange(n)[:, None] * cells, cell.shape) + cell
    counts = np.bincount(place[cell >= 0], minlength=n * cells)
    return counts.reshape(n, cells).astype(np.float64)


def macro_f1(
    human: ArrayLike, simulated: ArrayLike, n_options: int, weights: Weights = None
) -> FloatArray:
    """Mean F1 over the options that some human in the weighted sample chose.

    An option that the simulator never names has F1 0. Options only the simulator uses are not
    averaged over; naming them costs recall of the option that was right.

    Parameters
    ----------
    human, simulated : (n,) or (n, m) option indices, -1 for missing; items are pooled and
        pairs with a missing side dropped.
    n_options : the number of options, K.
    weights : None, (n,) or (B, n).

    Returns
    -------
    A number, or (B,), from 0 to 1. NaN when no pair has weight.

    References
    ----------
    Equals ``sklearn.metrics.f1_score(average="macro", labels=<human options>,
    zero_division=0)``.

    Examples
    --------
    >>> round(float(macro_f1([0, 0, 1, 1], [0, 0, 0, 2], 3)), 3)
    0.4
    """
    return macro_f1_from_confusion(confusion(human, simulated, n_options, weights))


def macro_f1_from_confusion(table: ArrayLike) -> FloatArray:
    """Macro-F1 of confusion tables, over the options of non-empty rows.

    Parameters
    ----------
    table : (..., K, K) weighted counts, humans in rows.

    Returns
    -------
    (...) from 0 to 1; NaN for an empty table.

    Examples
    --------
    >>> float(macro_f1_from_confusion([[2, 0], [0, 2]]))
    1.0
    """
    counts = np.asarray(table, dtype=np.float64)
    chosen, named = counts.sum(axis=-1), counts.sum(axis=-2)
    real = chosen > 0
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    f1 = np.divide(2 * hits, chosen + named, out=np.zeros(real.shape), where=real)
    return ratio(f1.sum(axis=-1), real.sum(axis=-1))


def accuracy_from_confusion(table: ArrayLike) -> FloatArray:
    """Accuracy of confusion tables: the share on the diagonal.

    Parameters
    ----------
    table : (..., K, K) weighted counts.

    Returns
    -------
    (...) from 0 to 1; NaN for an empty table.

    Examples
    --------
    >>> float(accuracy_from_confusion([[3, 1], [0, 0]]))
    0.75
    """
    counts = np.asarray(table, dtype=np.float64)
    hits = np.diagonal(counts, axis1=-2, axis2=-1).sum(axis=-1)
    return ratio(hits, counts.sum(axis=(-2, -1)))


def brier(probabilities: ArrayLike, codes: ArrayLike, weights: Weights = None) -> FloatArray:
    """Multiclass Brier score: squared error of the option probabilities, summed over options.

    Parameters
    ----------
    probabilities : (n, K) probabilities of the options, used as they are; a row with NaN is
        dropped.
    codes : (n,) the option chosen, -1 for missing.
    weights : None, (n,) or (B, n).

    Returns
    -------
    A number, or (B,), from 0 (certain and right) to 2 (certain and wrong). NaN without a row.

    References
    ----------
    Brier (1950). For K = 2 it is twice the binary score of scikit-learn.

    Examples
    --------
    >>> float(brier([[0.5, 0.5], [1.0, 0.0]], [0, 0]))
    0.25
    """
    p, chosen, known = _forecasts(probabilities, codes)
    target = np.equal(chosen[:, None], np.arange(p.shape[1]))
    return _mean_loss(((p - target) ** 2).sum(axis=1), known, weights)


def log_loss(
    probabilities: ArrayLike, codes: ArrayLike, weights: Weights = None, eps: float = 1e-15
) -> FloatArray:
    """Mean negative natural logarithm of the probability given to the option chosen.

    Parameters
    ----------
    probabilities : (n, K) probabilities of the options; a row with NaN is dropped.
    codes : (n,) the option chosen, -1 for missing.
    weights : None, (n,) or (B, n).
    eps : probabilities are clipped to [eps, 1]: an impossible answer that happened costs
        -ln(1e-15) = 34.5, not infinity.

    Returns
    -------
    A number, or (B,), in nats from 0 up. NaN without a row.

    References
    ----------
    Good (1952).

    Examples
    --------
    >>> round(float(log_loss([[0.5, 0.5], [0.9, 0.1]], [0, 0])), 3)
    0.399
    """
    p, chosen, known = _forecasts(probabilities, codes)
    given = np.where(known, p[np.arange(len(p)), chosen], 1.0)
    return _mean_loss(np.abs(-np.log(np.clip(given, eps, 1.0))), known, weights)


def _forecasts(
    probabilities: ArrayLike, codes: ArrayLike
) -> tuple[FloatArray, IntArray, BoolArray]:
    p = as_scores(probabilities)
    chosen = as_codes(codes, p.shape[1])
    same_length(p, chosen)
    return p, chosen, (chosen >= 0) & ~np.isnan(p).any(axis=1)


def _mean_loss(loss: FloatArray, known: BoolArray, weights: Weights) -> FloatArray:
    w = as_weights(weights, len(loss))
    return ratio(w @ np.where(known, loss, 0.0), w @ known.astype(np.float64))


def pearson_r(human: ArrayLike, simulated: ArrayLike, weights: Weights = None) -> FloatArray:
    """Weighted Pearson correlation of each respondent's human and simulated score.

    Parameters
    ----------
    human, simulated : (n,) floats, NaN for missing; pairs with a missing side are dropped.
    weights : None, (n,) or (B, n).

    Returns
    -------
    A number, or (B,), from -1 to 1. NaN when a side does not vary.

    Examples
    --------
    >>> float(pearson_r([1, 2, 3], [2, 4, 6]))
    1.0
    """
    x, y = as_scores(human), as_scores(simulated)
    moments = pair_moments(x[:, None], y, as_weights(weights, same_length(x, y)))
    spread = np.sqrt(moments.variance_x) * np.sqrt(moments.variance_y)
    return number(np.clip(ratio(moments.covariance, spread), -1.0, 1.0)[..., 0])


def mae(human: ArrayLike, simulated: ArrayLike, weights: Weights = None) -> FloatArray:
    """Weighted mean absolute error of simulated scores.

    Parameters
    ----------
    human, simulated : (n,) floats, NaN for missing; pairs with a missing side are dropped.
    weights : None, (n,) or (B, n).

    Returns
    -------
    A number, or (B,), in units of the scores, from 0 up. NaN when no pair has weight.

    Examples
    --------
    >>> float(mae([1, 2, 3], [1, 2, 5], weights=[1, 1, 2]))
    1.0
    """
    x, y = as_scores(human), as_scores(simulated)
    same_length(x, y)
    error = np.abs(x - y)
    return _mean_loss(error, ~np.isnan(error), weights)
