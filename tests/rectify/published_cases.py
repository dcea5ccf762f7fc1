"""Random cases for the comparison with ppi-python; run as a script they write its answers down.

In an environment with numpy, numba, pandas, statsmodels, scikit-learn and ppi-python 0.2.3:
``python tests/rectify/published_cases.py tests/rectify/ppi_python_0_2_3.json``
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

CASES = 200


def case(number: int) -> dict[str, Any]:
    """Draw a case: pilot and rest, half of them with weights, all sizes and strengths."""
    rng = np.random.Generator(np.random.Philox(key=1000 + number))
    n, N, p = int(rng.integers(30, 150)), int(rng.integers(100, 600)), int(rng.integers(1, 4))
    X = np.column_stack([np.ones(n + N), rng.random((n + N, p)) * 2 - 1])
    beta = rng.random(p + 1) * 2 - 1
    strength = rng.random()
    noise, other = rng.random(n + N) * 2 - 1, rng.random(n + N) * 2 - 1
    line = X @ beta
    y = line + noise
    f = strength * y + (1 - strength) * (other + 0.3)
    chance = 1 / (1 + np.exp(-line))
    vote = (rng.random(n + N) < chance).astype(float)
    guess = np.clip(strength * vote + (1 - strength) * (0.5 + 0.4 * other), 0, 1)
    w = rng.random(n + N) + 0.3 if number % 2 else np.ones(n + N)
    return {
        "y": y[:n], "f": f[:n], "f_rest": f[n:], "X": X[:n], "X_rest": X[n:],
        "vote": vote[:n], "guess": guess[:n], "guess_rest": guess[n:],
        "w": w[:n], "w_rest": w[n:], "q": float(np.round(0.2 + 0.6 * rng.random(), 2)),
    }  # fmt: skip


def written_down(number: int, level: float = 0.95) -> dict[str, Any]:
    """Give ppi-python's answers; lambda is tuned once, and its intervals are asked at that."""
    import ppi_py
    from ppi_py import ppi

    ppi.minimize = to_the_last_digit
    c, alpha = case(number), 1 - level
    w = {"w": c["w"], "w_unlabeled": c["w_rest"]}
    three = (c["y"], c["f"], c["f_rest"])
    regression = (c["X"], *three[:2], c["X_rest"], three[2])
    logit = (c["X"], c["vote"], c["guess"], c["X_rest"], c["guess_rest"])
    exact = {"optimizer_options": {"ftol": 1e-16, "gtol": 1e-12, "maxiter": 5000}}
    found: dict[str, Any] = {}
    for method, lam in (("ppi++", None), ("ppi", 1.0)):
        low, high = ppi_py.ppi_mean_ci(*three, alpha=alpha, lam=lam, **w)
        found[f"mean {method}"] = [ppi_py.ppi_mean_pointestimate(*three, lam=lam, **w), low, high]
        for name, data, point, interval, more in (
            ("ols", regression, ppi_py.ppi_ols_pointestimate, ppi_py.ppi_ols_ci, {}),
            ("logistic", logit, ppi_py.ppi_logistic_pointestimate, ppi_py.ppi_logistic_ci, exact),
        ):
            at = lam if lam is not None else tuned_at_start(name, data, point, w, more)
            value = point(*data, lam=lam, **w, **more)
            low, high = interval(*data, lam=at, alpha=alpha, **w, **more)
            found[f"{name} {method}"] = [value, low, high]
    low, high = ppi_py.ppi_quantile_ci(*three, c["q"], alpha=alpha, exact_grid=True, **w)
    value = ppi_py.ppi_quantile_pointestimate(*three, c["q"], exact_grid=True, **w)
    found["quantile ppi"] = [value, low, high]
    return {key: np.array(values, dtype=float).squeeze().tolist() for key, values in found.items()}


def to_the_last_digit(loss: Any, start: Any, jac: Any, **options: Any) -> Any:
    """Minimise as ppi-python does, then solve for a zero of its own gradient.

    Its search stops where the loss no longer changes, some 1e-8 from the minimum.
    """
    from scipy.optimize import minimize, root

    found = minimize(loss, start, jac=jac, **options)
    found.x = root(jac, found.x, tol=1e-14).x
    return found


def tuned_at_start(name: str, data: Any, point: Any, w: Any, more: Any) -> float:
    """Tune lambda at the estimate for lambda 1, as the point estimates of ppi-python do."""
    from ppi_py import ppi

    statistics = ppi._ols_get_stats if name == "ols" else ppi._logistic_get_stats
    start = point(*data, lam=1.0, **w, **more)
    found = statistics(start, *data, w["w"], w["w_unlabeled"])
    return float(ppi._calc_lam_glm(*found, clip=True))


if __name__ == "__main__":
    answers = [written_down(number) for number in range(CASES)]
    Path(sys.argv[1]).write_text(json.dumps(answers) + "\n", encoding="utf-8")
