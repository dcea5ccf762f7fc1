"""Cross-fitting: everybody is predicted by a model that did not see them."""

from __future__ import annotations

from collections.abc import Sequence

from alignsurvey.predictions import Predictions, concatenate
from alignsurvey.simulators.protocols import Learner
from alignsurvey.survey.survey import Survey


def cross_predict(
    learner: Learner,
    survey: Survey,
    items: Sequence[str],
    profile: Sequence[str],
    k: int = 5,
    seed: int = 42,
) -> Predictions:
    """Predict everybody in a survey out of fold.

    Parameters
    ----------
    learner : Learner
    survey : Survey
    items, profile : sequence of str
    k : int
        Folds; each is predicted by a model fitted to the others.
    seed : int
        A respondent's fold depends on it and on the ids alone.

    Returns
    -------
    Predictions
        In the survey's order. Their `trained_on` is empty, for nobody trained the model that
        predicted them; nobody may be left out of what it is judged on, either.

    Raises
    ------
    InputError
        There are fewer respondents than folds, or the learner refuses.

    Examples
    --------
    >>> import alignsurvey as als
    >>> from alignsurvey.simulators import cross_predict, resolve
    >>> anes = als.load_example("anes96")
    >>> logit = resolve("baseline/logit", seed=42)
    >>> cross_predict(logit, anes, ["vote"], ["PID", "educ"]).n
    944
    """
    parts = []
    for others, fold in survey.folds(k, seed):
        predictor = learner.fit(others, items, profile)
        parts.append(predictor.predict(fold.select(profile)))
    return concatenate(parts).align(survey.ids)
