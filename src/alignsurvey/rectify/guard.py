"""Training people never judge: nobody rectifies a simulator that learned from them."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable

import numpy as np

from alignsurvey.errors import InputError
from alignsurvey.randomness import hash_ids


def refuse_leak(
    pilot: Iterable[Hashable], trained_on: Collection[Hashable], simulator: str
) -> None:
    """Refuse a pilot whose respondents trained, prompted or calibrated the simulator.

    Parameters
    ----------
    pilot : iterable
        Ids of the respondents that shall rectify.
    trained_on : collection
        `Provenance.trained_on` of the predictions.
    simulator : str
        Its name, for the message.

    Raises
    ------
    InputError
        The two share a respondent.

    Examples
    --------
    >>> refuse_leak([1, 2], {3, 4}, "baseline/logit")
    >>> refuse_leak([1, 2], {2, 3}, "baseline/logit")
    Traceback (most recent call last):
    ...
    alignsurvey.errors.InputError: baseline/logit learned from 1 of the 2 ... (the first is 2)...
    """
    if not trained_on:
        return
    ids = list(pilot)
    leaked = np.isin(hash_ids(ids), hash_ids(trained_on))
    if leaked.any():
        first = ids[int(np.argmax(leaked))]
        raise InputError(
            f"{simulator} learned from {int(leaked.sum())} of the {len(ids)} respondents that "
            f"shall rectify it (the first is {first!r}), so its intervals would not cover; "
            "rectify with other people, or use cross-fitted predictions (rectify.cross_fit)"
        )
