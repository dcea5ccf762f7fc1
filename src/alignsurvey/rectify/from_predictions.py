"""From a survey of people and predictions for everybody to the arrays of an estimate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alignsurvey.errors import InputError
from alignsurvey.predictions import Predictions
from alignsurvey.randomness import hash_ids
from alignsurvey.rectify.data import Sample, sample_of
from alignsurvey.rectify.guard import refuse_leak
from alignsurvey.survey.codebook import Code
from alignsurvey.survey.survey import Survey, category_scores

Array = NDArray[np.float64]


def from_predictions(
    pilot: Survey,
    predictions: Predictions | Sequence[Predictions],
    target: str | Sequence[str],
    *,
    everybody: Survey | None = None,
    category: Code | None = None,
    predictors: Sequence[str] = (),
    group: str | None = None,
    where: pl.Expr | None = None,
    _guard: bool = True,
) -> Sample:
    """Lay a pilot beside the predictions for everybody.

    Parameters
    ----------
    pilot : Survey
        People whose answers are known; their weights, strata and clusters count.
    predictions : Predictions, or several
        For everybody, the pilot included; by expectation. Several simulators are proxies for
        ``multi``.
    target : str or sequence of str
        An item, or the items of a scale (their mean).
    everybody : Survey, optional
        Who is predicted, for weights, strata, clusters, predictors and groups of the rest; its
        answers to the target are never looked at. Without it the rest has equal weights.
    category : code, optional
        Estimate the share of this answer instead of the mean.
    predictors : sequence of str
        Of a regression; numbers on their scales.
    group : str, optional
        A variable that names groups or strata.
    where : polars.Expr, optional
        Keep a subpopulation, of pilot and of rest.

    Returns
    -------
    Sample

    Raises
    ------
    InputError
        Someone of the pilot trained the simulator or is not predicted; something that is needed
        of the rest is not there; a code is unknown.

    Examples
    --------
    >>> import alignsurvey as als
    >>> from alignsurvey.simulators import resolve
    >>> anes = als.load_example("anes96")
    >>> train, field = anes.split(0.7, seed=1)
    >>> logit = resolve("baseline/logit", seed=1).fit(train, ["vote"], ["PID", "educ"])
    >>> pilot = field.pilot(100, seed=2)
    >>> sample = from_predictions(pilot, logit.predict(field), "vote", everybody=field)
    >>> als.rectify.share(sample).n
    100
    """
    sources = [predictions] if isinstance(predictions, Predictions) else list(predictions)
    items = [target] if isinstance(target, str) else list(target)
    if where is not None:
        pilot, everybody = pilot.where(where), _need(everybody, "where").where(where)
    rest_ids = _rest_ids(pilot, sources[0], everybody)
    if _guard:
        for one in sources:
            refuse_leak(pilot.ids.to_list(), one.provenance.trained_on, one.provenance.simulator)
    rest = None if everybody is None else everybody.take(rest_ids.to_list())
    if rest is not None:
        rest_ids = rest.ids
    if (predictors or group) and rest is None:
        raise InputError("predictors and groups of the rest are needed; give everybody=")
    human = np.mean([_human(pilot, item, category) for item in items], axis=0)
    f, f_rest = (
        np.column_stack([_simulated(one, ids, items, category) for one in sources])
        for ids in (pilot.ids, rest_ids)
    )
    return sample_of(
        human,
        f,
        f_rest,
        np.column_stack([pilot.scores(name) for name in predictors]) if predictors else None,
        np.column_stack([rest.scores(name) for name in predictors])
        if predictors and rest is not None
        else None,
        weights=pilot.weights,
        weights_rest=None if rest is None else rest.weights,
        strata=pilot.stratum(),
        strata_rest=None if rest is None else rest.stratum(),
        clusters=pilot.cluster(),
        clusters_rest=None if rest is None else rest.cluster(),
        groups=_groups(pilot, group),
        groups_rest=None if rest is None else _groups(rest, group),
        name=_name(items, category),
        simulators=[one.provenance.simulator for one in sources],
        limits=_limits(pilot, items, category),
    )


def _need(everybody: Survey | None, why: str) -> Survey:
    if everybody is None:
        raise InputError(f"{why}= needs the variables of everybody; give everybody= as well")
    return everybody


def _rest_ids(pilot: Survey, predictions: Predictions, everybody: Survey | None) -> pl.Series:
    """Ids of those who are predicted and not in the pilot."""
    known = np.isin(pilot.id_hashes, predictions.id_hashes)
    if not known.all():
        first = pilot.ids[int(np.argmin(known))]
        raise InputError(
            f"{predictions.provenance.simulator}: {int((~known).sum())} of {pilot.n} people in "
            f"the pilot are not predicted (the first is {first!r}); predict them too, for the "
            "correction compares both"
        )
    rest = predictions.ids.filter(pl.Series(~np.isin(predictions.id_hashes, pilot.id_hashes)))
    if everybody is not None:
        rest = rest.filter(pl.Series(np.isin(hash_ids(rest.to_list()), everybody.id_hashes)))
    return rest


def _human(pilot: Survey, item: str, category: Code | None) -> Array:
    if category is None:
        return pilot.scores(item)
    codes = pilot.codes(item)
    place = _place(pilot, item, category)
    return np.where(codes < 0, np.nan, (codes == place).astype(float))


def _place(survey: Survey, item: str, category: Code) -> int:
    variable = survey.variable(item)
    place = variable.index(category)
    if place < 0:
        raise InputError(
            f"'{item}' has no category {category!r}; its codes are "
            f"{', '.join(map(repr, variable.codes))}"
        )
    return place


def _simulated(
    predictions: Predictions, ids: pl.Series, items: list[str], category: Code | None
) -> Array:
    aligned = predictions.align(ids)
    if category is None:
        return np.asarray(np.mean([aligned.expectation(item) for item in items], axis=0))
    place = [aligned.codebook[item].index(category) for item in items]
    return np.asarray(
        np.mean([aligned.shares[i][:, k] for i, k in zip(items, place, strict=True)], axis=0)
    )


def _groups(survey: Survey, group: str | None) -> NDArray[np.object_] | None:
    if group is None:
        return None
    variable = survey.variable(group)
    values = survey.answers[group].to_list()
    named = ["(missing)" if value is None else variable.label(value) for value in values]
    return np.array(named, dtype=object)


def _name(items: list[str], category: Code | None) -> str:
    base = items[0] if len(items) == 1 else f"mean of {', '.join(items)}"
    return base if category is None else f"{base} = {category}"


def _limits(pilot: Survey, items: list[str], category: Code | None) -> tuple[float, float] | None:
    if category is not None:
        return 0.0, 1.0
    if not all(pilot.variable(item).categories for item in items):
        return None
    scores = [category_scores(pilot.variable(item)) for item in items]
    return float(np.mean([s.min() for s in scores])), float(np.mean([s.max() for s in scores]))
