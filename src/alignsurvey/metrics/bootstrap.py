"""Replicate weights: the bootstrap as a matrix that any metric takes."""

from collections.abc import Hashable, Iterator

import numpy as np
from numpy.typing import ArrayLike

from alignsurvey.metrics._arrays import FloatArray, IntArray, Weights, as_weights
from alignsurvey.metrics._labels import index_labels

# blocks that stay in the processor's cache are drawn and counted several times faster
BLOCK_DRAWS = 2**18


def replicate_weights(
    n: int,
    replicates: int,
    seed: int,
    weights: Weights = None,
    strata: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
) -> FloatArray:
    """Draw bootstrap weights for n respondents, to hand to any metric as its weights.

    Respondents, or whole clusters, are drawn with replacement, and a weight is multiplied by
    how often its respondent was drawn. Within strata it is the Rao-Wu rescaling bootstrap:
    n_h - 1 of the n_h units are drawn and counts are multiplied by n_h / (n_h - 1), which keeps
    the variance unbiased however few units a stratum has.

    Parameters
    ----------
    n : number of respondents.
    replicates : number of replicates, B.
    seed : the same seed gives the same weights on any machine; the first replicates do not
        depend on how many follow.
    weights : None or (n,) survey weights.
    strata : None or (n,) labels.
    cluster : None or (n,) labels; the same label in two strata means two clusters.

    Returns
    -------
    (B, n) weights, float64.

    Raises
    ------
    ValueError
        When a stratum has a single unit, naming it, or a label is missing.

    References
    ----------
    Efron (1979); Rao and Wu (1988); Rao, Wu and Yue (1992).

    Examples
    --------
    >>> w = replicate_weights(4, 2, seed=1, strata=["a", "a", "b", "b"])
    >>> w.tolist(), w.sum(axis=1).tolist()
    ([[2.0, 0.0, 0.0, 2.0], [0.0, 2.0, 2.0, 0.0]], [4.0, 4.0])
    """
    base = as_weights(weights, n)
    if base.ndim != 1:
        raise ValueError("replicate weights start from one weight per respondent")
    if replicates < 1:
        raise ValueError(f"replicates must be at least 1, not {replicates}")
    drawn = np.zeros((replicates, n))
    groups = _strata(n, strata, cluster)
    seeds = np.random.SeedSequence(seed).spawn(len(groups))
    for (rows, unit), child in zip(groups, seeds, strict=True):
        units = int(unit.max()) + 1
        draws = units if strata is None else units - 1
        generator = np.random.Generator(np.random.PCG64(child))
        for block, counts in _counts(generator, replicates, units, draws):
            drawn[block, rows] = (counts if cluster is None else counts[:, unit]) * (units / draws)
    if weights is not None:
        drawn *= base
    return drawn


def _strata(
    n: int, strata: ArrayLike | None, cluster: ArrayLike | None
) -> list[tuple[IntArray | slice, IntArray]]:
    """Return each stratum's rows, and the sampling unit of each of these rows."""
    everyone = np.arange(n)
    units = everyone if cluster is None else _complete_index(cluster, n, "cluster")[0]
    if strata is None:
        return [(slice(None), units)] if n else []
    index, levels = _complete_index(strata, n, "stratum")
    groups: list[tuple[IntArray | slice, IntArray]] = []
    for place, level in enumerate(levels):
        rows = np.flatnonzero(index == place)
        unit = np.unique(units[rows], return_inverse=True)[1]
        if unit.max() == 0:
            raise ValueError(
                f"stratum {level!r} has a single sampling unit, so its variance cannot be "
                "estimated: merge it with a similar stratum"
            )
        groups.append((rows, unit))
    return groups


def _complete_index(labels: ArrayLike, n: int, kind: str) -> tuple[IntArray, list[Hashable]]:
    index, levels = index_labels(labels)
    if len(index) != n:
        raise ValueError(f"{len(index)} {kind} labels for {n} respondents")
    if n and index.min() < 0:
        raise ValueError(f"respondent in row {int(index.argmin())} has no {kind}")
    return index, levels


def _counts(
    generator: np.random.Generator, replicates: int, units: int, draws: int
) -> Iterator[tuple[slice, IntArray]]:
    """Yield how often each unit was drawn, (b, units), for blocks of replicates."""
    size = max(1, BLOCK_DRAWS // max(1, units))
    for start in range(0, replicates, size):
        block = slice(start, min(start + size, replicates))
        b = block.stop - start
        picked = generator.integers(units, size=(b, draws))
        picked += np.arange(b)[:, None] * units
        yield block, np.bincount(picked.ravel(), minlength=b * units).reshape(b, units)
