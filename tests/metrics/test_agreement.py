"""Krippendorff's alpha against published values, another implementation, and its definition."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from alignsurvey import metrics as m

NAN = float("nan")
LEVELS = ("nominal", "ordinal", "interval")

# Krippendorff (2011), "Computing Krippendorff's alpha-reliability": four observers, twelve units.
CODERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
    [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
]
JUDGES = [
    [5, 4, 4, NAN, 3, NAN, NAN, 2, 1, 2, 2, 5],
    [5, 1, NAN, NAN, 1, 4, 1, NAN, 5, NAN, 2, 2],
    [4, 2, 5, 3, NAN, 3, 3, 3, 3, 5, NAN, 4],
]

ratings = arrays(np.float64, (3, 8), elements=st.sampled_from([1.0, 2.0, 3.0, 4.0, 5.0, NAN]))


@pytest.mark.parametrize(
    ("table", "level", "expected"),
    [
        (CODERS, "nominal", 0.743),
        (CODERS, "ordinal", 0.815),
        (CODERS, "interval", 0.849),
    ],
)
def test_published_values(table, level, expected):
    assert float(m.krippendorff_alpha(table, level)) == pytest.approx(expected, abs=5e-4)


# krippendorff 0.9.0: krippendorff.alpha(reliability_data=JUDGES, level_of_measurement=LEVEL)
@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("nominal", -0.06877323420074344),
        ("ordinal", 0.10256410256410253),
        ("interval", 0.10782080485952927),
    ],
)
def test_values_of_another_implementation(level, expected):
    assert float(m.krippendorff_alpha(JUDGES, level)) == pytest.approx(expected, abs=1e-12)


def by_definition(table, level):
    """Compare every two ratings of a unit, and every two ratings of all, one pair at a time."""
    units = [[one for one in unit if not np.isnan(one)] for unit in np.transpose(table)]
    units = [unit for unit in units if len(unit) > 1]
    pooled = [one for unit in units for one in unit]

    def apart(a, b):
        if level == "nominal":
            return float(a != b)
        if level == "interval":
            return (a - b) ** 2
        low, high = min(a, b), max(a, b)
        between = sum(low <= one <= high for one in pooled)
        return (between - (pooled.count(a) + pooled.count(b)) / 2) ** 2

    n = len(pooled)
    found = sum(
        apart(a, b) / (len(unit) - 1)
        for unit in units for a, b in itertools.permutations(unit, 2)
    ) / n if n else NAN  # fmt: skip
    chance = sum(apart(a, b) for a, b in itertools.permutations(pooled, 2)) / (n * (n - 1) or NAN)
    return 1 - found / chance if chance else NAN


@pytest.mark.parametrize("level", LEVELS)
@given(ratings)
def test_it_is_what_the_definition_says(level, table):
    expected = pytest.approx(by_definition(table, level), abs=1e-9, nan_ok=True)
    assert float(m.krippendorff_alpha(table, level)) == expected


@pytest.mark.parametrize("level", LEVELS)
@given(ratings, st.lists(st.integers(0, 7), min_size=8, max_size=8))
def test_a_unit_drawn_twice_counts_as_two(level, table, drawn):
    weights = np.bincount(drawn, minlength=8)
    whole = m.krippendorff_alpha(table[:, drawn], level)
    weighted = m.krippendorff_alpha(table, level, [weights, 3 * weights])
    assert weighted.tolist() == pytest.approx([float(whole)] * 2, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize(
    ("table", "weights", "expected"),
    [
        ([[1, 2, 5], [1, 2, 5]], None, 1),
        ([[1, 2, 5], [1, 2, NAN]], None, 1),
        ([[3, 3], [3, 3]], None, NAN),
        ([[1, 2, 3]], None, NAN),
        ([[1, NAN], [NAN, 2]], None, NAN),
        ([[NAN, NAN], [NAN, NAN]], None, NAN),
        ([[1, 2], [2, 1]], None, -0.5),
        ([[1, 2], [1, 2]], [0, 0], NAN),
        (np.empty((2, 0)), None, NAN),
        (np.empty((0, 3)), None, NAN),
    ],
)
def test_edges(table, weights, expected):
    found = m.krippendorff_alpha(table, "ordinal", weights)
    assert float(found) == pytest.approx(expected, nan_ok=True)


def test_ordinal_alpha_knows_the_order_and_not_the_distance():
    stretched = np.array([0, 1, 2, 10, 11, 500])[np.nan_to_num(CODERS).astype(int)]
    table = np.where(np.isnan(CODERS), NAN, stretched)
    assert m.krippendorff_alpha(table) == pytest.approx(m.krippendorff_alpha(CODERS))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: m.krippendorff_alpha([1, 2]), r"shape \(judges, n\)"),
        (lambda: m.krippendorff_alpha([[1, 2]], "ratio"), "nominal, ordinal, interval"),
        (lambda: m.krippendorff_alpha([[1, 2]], weights=[1]), r"shape \(2,\)"),
    ],
)
def test_what_cannot_be_meant_is_an_error(call, message):
    with pytest.raises(ValueError, match=message):
        call()
