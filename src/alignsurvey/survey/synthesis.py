"""People to be simulated: profiles drawn from a survey, or made to have a population's margins."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alignsurvey.errors import InputError
from alignsurvey.randomness import stable_hash
from alignsurvey.survey.codebook import Codebook
from alignsurvey.survey.margins import Margin, Span
from alignsurvey.survey.raking import rake
from alignsurvey.survey.survey import Design, Survey

__all__ = ["Profiles", "draw_profiles", "independent_profiles"]

_MOST_CELLS = 1_000_000


@dataclass(frozen=True)
class Profiles:
    """People to be simulated, without any answers.

    Parameters
    ----------
    people : Survey
        Their attributes, numbered from 1; everybody counts the same.
    origin : polars.Series, optional
        For each the respondent whose profile it is; None where nobody's.
    notes : tuple of str
        How they were made.
    """

    people: Survey
    origin: pl.Series | None = None
    notes: tuple[str, ...] = ()


def draw_profiles(
    survey: Survey, names: Sequence[str], n: int, seed: int, margins: Sequence[Margin] = ()
) -> Profiles:
    """Draw profiles of a survey's respondents, in proportion to their weights.

    The draw is systematic: a respondent with a share w of all weight is drawn n w times, rounded
    up or down. With margins the weights are raked to them first, so that the joint distribution
    is the survey's as far as the margins leave it.

    Parameters
    ----------
    survey : Survey
    names : sequence of str
        Attributes of a profile.
    n : int
        People to be made.
    seed : int
    margins : sequence of Margin
        Of attributes of the survey, whether or not they are in the profile.

    Raises
    ------
    InputError
        The margins cannot be met by the survey's respondents.

    Examples
    --------
    >>> import alignsurvey as als
    >>> made = draw_profiles(als.load_example("anes96"), ["age", "educ"], 2000, seed=1)
    >>> made.people.n, made.people.codebook.names
    (2000, ('age', 'educ'))
    """
    weights, notes = survey.weights, []
    used: list[str] = []
    if margins:
        used = list(dict.fromkeys(name for margin in margins for name in margin.names))
        weights = rake(survey.answers.select(used), weights, margins, survey.source)
        effect = survey.n * float((weights**2).sum())
        notes.append(
            f"profiles: raked to {', '.join(margin.title for margin in margins)}; design effect "
            f"of the raked weights {effect:.2f}"
        )
    else:
        weighted = " by weight" if survey.design.weight else ""
        notes.append(f"profiles: drawn from the {survey.n:,} respondents of {survey.source}"
                     f"{weighted}")  # fmt: skip
    rows = _systematic(weights, n, seed, survey.answers.select(used) if margins else None)
    people = _numbered(survey.answers.select(names)[rows], survey.codebook.select(names), survey)
    return Profiles(people, survey.ids[rows], tuple(notes))


def independent_profiles(
    like: Survey, names: Sequence[str], n: int, seed: int, margins: Sequence[Margin]
) -> Profiles:
    """Make profiles from margins alone: attributes are independent but for joint margins.

    Parameters
    ----------
    like : Survey
        Whose codebook holds; its respondents are not used.
    names : sequence of str
        Attributes of a profile; each needs categories, and a margin.
    n : int
    seed : int
    margins : sequence of Margin

    Raises
    ------
    InputError
        An attribute has no margin or no categories, or there are more than a million combinations.
    """
    marginal = {name: margin.onto([name]) for margin in margins for name in margin.names}
    for name in names:
        if name not in marginal:
            raise InputError(f"profile attribute '{name}' has no margin; give one, or draw from "
                             "the survey")  # fmt: skip
    if spans := [
        name for name, one in marginal.items() if any(isinstance(v, Span) for (v,) in one)
    ]:
        raise InputError(f"'{spans[0]}' has no categories to draw from; draw from the survey")
    if (cells := math.prod(len(one) for one in marginal.values())) > _MOST_CELLS:
        raise InputError(f"margins make {cells:,} combinations; the most is {_MOST_CELLS:,}")
    values = list(product(*([value for (value,) in one] for one in marginal.values())))
    seeds = [math.prod(shares) for shares in product(*(one.values() for one in marginal.values()))]
    table = pl.DataFrame(values, schema=list(marginal), orient="row")
    weights = rake(table, np.array(seeds), margins, "the margins' combinations")
    rows = _systematic(weights, n, seed)
    codebook = like.codebook.select(names)
    titles = ", ".join(margin.title for margin in margins)
    note = f"profiles: made from the margins {titles}; attributes are independent otherwise"
    return Profiles(_numbered(table.select(names)[rows], codebook, like), None, (note,))


def _systematic(
    weights: NDArray[np.float64], n: int, seed: int, along: pl.DataFrame | None = None
) -> NDArray[np.int64]:
    """Draw n rows at equal steps along the weights, from a start that is derived.

    Steps go along sorted attributes where these are given, so that their shares are met to within
    a person or so. The rows come in their own order.
    """
    if n < 1:
        raise InputError(f"a sample of {n}; draw at least 1")
    order = np.arange(len(weights))
    if along is not None:
        order = (
            along.with_row_index("row number")
            .sort(along.columns, maintain_order=True)["row number"]
            .to_numpy()
        )
    reached = np.cumsum(weights[order])
    start = (stable_hash(seed, "profiles") >> 11) * 2.0**-53
    points = (np.arange(n) + start) / n * reached[-1]
    rows = np.searchsorted(reached, points, side="right")
    rows = np.minimum(rows, int(np.flatnonzero(weights[order])[-1]))
    found: NDArray[np.int64] = np.sort(order[rows].astype(np.int64))
    return found


def _numbered(profiles: pl.DataFrame, codebook: Codebook, like: Survey) -> Survey:
    name = "id" if "id" not in profiles.columns else "simulated_id"
    ids = pl.Series(name, range(1, profiles.height + 1), dtype=pl.Int64)
    answers = profiles.insert_column(0, ids)
    return Survey(
        answers, codebook, Design(name), language=like.language, source=f"simulated {like.source}"
    )
