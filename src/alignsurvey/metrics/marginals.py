"""Option shares of coded answers, their entropy, and the options nobody uses."""

import numpy as np
from numpy.typing import ArrayLike

from alignsurvey.metrics._arrays import (
    BoolArray,
    FloatArray,
    Weights,
    as_codes,
    as_weights,
    by_respondent,
    number,
    ratio,
)


def normalised(shares: ArrayLike) -> FloatArray:
    """Return shares that sum to 1 over the last axis; NaN where they cannot."""
    p = np.asarray(shares, dtype=np.float64)
    total = p.sum(axis=-1, keepdims=True)
    bad = ~np.isfinite(total) | np.any(p < 0, axis=-1, keepdims=True)
    return np.asarray(ratio(p, np.where(bad, np.nan, total)))


def pair_of_shares(p: ArrayLike, q: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return two normalised share arrays over the same options."""
    left, right = normalised(p), normalised(q)
    if left.shape[-1] != right.shape[-1]:
        raise ValueError(f"shares over {left.shape[-1]} and {right.shape[-1]} options")
    return left, right


def shares(codes: ArrayLike, n_options: int, weights: Weights = None) -> FloatArray:
    """Weighted share of each option among the answers that are not missing.

    Parameters
    ----------
    codes : (n,) or (n, m) option indices 0..K-1, -1 for missing. With m items a respondent,
        the items are pooled.
    n_options : the number of options, K.
    weights : None, (n,) one per respondent, or (B, n) replicate weights.

    Returns
    -------
    (K,), or (B, K) for replicate weights. NaN when every answer is missing or has weight 0.

    Examples
    --------
    >>> shares([0, 0, 1, -1], 3).round(3).tolist()
    [0.667, 0.333, 0.0]
    >>> shares([0, 0, 1, -1], 3, weights=[[1, 1, 2, 9], [0, 0, 1, 1]]).tolist()
    [[0.5, 0.5, 0.0], [0.0, 1.0, 0.0]]
    """
    whole = as_codes(codes, n_options)
    w = as_weights(weights, len(whole))
    return normalised(w @ option_counts(whole, n_options))


def option_counts(codes: ArrayLike, n_options: int) -> FloatArray:
    """Return how often each respondent gave each option, (n, K); missing answers count nowhere."""
    whole = as_codes(codes, n_options)
    items = by_respondent(whole)
    row = np.broadcast_to(np.arange(len(items))[:, None], items.shape)
    known = items >= 0
    cell = row[known] * n_options + items[known]
    counts = np.bincount(cell, minlength=len(items) * n_options)
    return counts.reshape(len(items), n_options).astype(np.float64)


def entropy(p: ArrayLike) -> FloatArray:
    """Shannon entropy of option shares, in bits: 0 when all agree, log2(K) when spread evenly.

    Parameters
    ----------
    p : (..., K) shares; normalised to sum to 1.

    Returns
    -------
    (...) bits; NaN for shares that are all 0, negative or NaN.

    References
    ----------
    Shannon (1948).

    Examples
    --------
    >>> float(entropy([0.5, 0.5, 0.0]))
    1.0
    """
    share = normalised(p)
    logs = np.log2(np.where(share > 0, share, 1.0))
    return number(np.abs(-(share * logs).sum(axis=-1)))


def entropy_ratio(p_human: ArrayLike, q_sim: ArrayLike) -> FloatArray:
    """Entropy of the simulated shares relative to the humans': below 1, opinions are flattened.

    Parameters
    ----------
    p_human, q_sim : (..., K) shares of humans and simulator.

    Returns
    -------
    (...) from 0 up; NaN when the humans all agree (entropy 0) or a share is undefined.

    References
    ----------
    arXiv 2606.28963.

    Examples
    --------
    >>> round(float(entropy_ratio([0.5, 0.5], [0.9, 0.1])), 3)
    0.469
    """
    return ratio(entropy(q_sim), entropy(p_human))


def unused_option_mask(p_human: ArrayLike, q_sim: ArrayLike) -> BoolArray:
    """Which options some human chose and the simulator never did.

    Parameters
    ----------
    p_human, q_sim : (..., K) shares of humans and simulator.

    Returns
    -------
    (..., K) booleans; False throughout where a share is undefined.

    Examples
    --------
    >>> unused_option_mask([0.5, 0.3, 0.2], [1.0, 0.0, 0.0]).tolist()
    [False, True, True]
    """
    p, q = pair_of_shares(p_human, q_sim)
    unused: BoolArray = (p > 0) & (q == 0)
    return unused


def unused_options(p_human: ArrayLike, q_sim: ArrayLike) -> FloatArray:
    """Number of options that humans use and the simulator never does.

    Parameters
    ----------
    p_human, q_sim : (..., K) shares of humans and simulator.

    Returns
    -------
    (...) counts from 0 to K - 1; NaN where a share is undefined.

    References
    ----------
    arXiv 2606.28963.

    Examples
    --------
    >>> float(unused_options([0.5, 0.3, 0.2], [1.0, 0.0, 0.0]))
    2.0
    """
    p, q = pair_of_shares(p_human, q_sim)
    undefined = np.isnan(p).any(axis=-1) | np.isnan(q).any(axis=-1)
    return number(np.where(undefined, np.nan, unused_option_mask(p, q).sum(axis=-1)))
