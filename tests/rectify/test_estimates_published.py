"""The published method: the same numbers as ppi-python 0.2.3 on 200 random cases."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alignsurvey import rectify
from alignsurvey.rectify import Estimate, Estimates

HERE = Path(__file__).parent


def _load_cases() -> Any:
    spec = importlib.util.spec_from_file_location("published_cases", HERE / "published_cases.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CASES = _load_cases()
WRITTEN = json.loads((HERE / "ppi_python_0_2_3.json").read_text(encoding="utf-8"))


def _ours(number: int, statistic: str, method: Any) -> Estimate | Estimates:
    c = CASES.case(number)
    w: dict[str, Any] = {"weights": c["w"], "weights_rest": c["w_rest"], "method": method}
    three = (c["y"], c["f"], c["f_rest"])
    x = (c["X"], c["X_rest"])
    match statistic:
        case "mean":
            return rectify.mean(*three, interval="z", **w)
        case "quantile":
            return rectify.quantile(*three, c["q"], interval="z", **w)
        case "ols":
            return rectify.ols(*three, *x, intercept=False, interval="z", **w)
        case _:
            vote = (c["vote"], c["guess"], c["guess_rest"])
            return rectify.logistic(*vote, *x, intercept=False, interval="z", **w)


def _equally_near(number: int, first: float, second: float) -> bool:
    """Whether two values solve F = q equally well: ppi-python lets rounding decide between them."""
    c = CASES.case(number)
    w, w_rest = c["w"] / c["w"].sum(), c["w_rest"] / c["w_rest"].sum()

    def distance(at: float) -> float:
        at += 1e-9
        cdf = w_rest @ (c["f_rest"] <= at) + w @ ((c["y"] <= at) * 1.0 - (c["f"] <= at))
        return abs(float(cdf) - c["q"])

    return distance(first) == pytest.approx(distance(second), abs=1e-12)


@pytest.mark.parametrize(
    ("statistic", "method"),
    [("mean", "ppi"), ("mean", "ppi++"), ("quantile", "ppi"), ("ols", "ppi"), ("ols", "ppi++"),
     ("logistic", "ppi"), ("logistic", "ppi++")],
)  # fmt: skip
def test_estimates_and_intervals_are_those_of_ppi_python(statistic: str, method: str) -> None:
    for number, written in enumerate(WRITTEN):
        found = _ours(number, statistic, method)
        rows = [found] if isinstance(found, Estimate) else list(found)
        ours = np.array(
            [[row.value for row in rows], [r.low for r in rows], [r.high for r in rows]]
        )
        known = np.array(written[f"{statistic} {method}"]).reshape(3, -1)
        if statistic == "quantile" and _equally_near(number, ours[0, 0], known[0, 0]):
            ours[0] = known[0]
        np.testing.assert_allclose(ours, known, rtol=1e-8, atol=1e-8, err_msg=f"case {number}")


@pytest.mark.parametrize("number", range(0, 200, 10))
def test_without_weights_the_small_sample_interval_has_the_published_mean(number: int) -> None:
    c = CASES.case(number)
    lambda_ = 1.0
    ours = rectify.mean(c["y"], c["f"], c["f_rest"], method="ppi")
    z = rectify.mean(c["y"], c["f"], c["f_rest"], method="ppi", interval="z")
    assert ours.lambda_ == lambda_
    assert ours.value == pytest.approx(z.value, abs=1e-12)
    assert ours.width > z.width


def test_least_squares_with_one_lambda_is_the_published_estimate() -> None:
    c = CASES.case(4)
    x = (c["X"], c["X_rest"])
    ours = rectify.ols(c["y"], c["f"], c["f_rest"], *x, intercept=False, method="ppi")
    z = rectify.ols(c["y"], c["f"], c["f_rest"], *x, intercept=False, method="ppi", interval="z")
    for mine, theirs in zip(ours, z, strict=True):
        assert mine.value == pytest.approx(theirs.value, abs=1e-10)
