"""The embedded survey against statsmodels, which it comes from."""

import subprocess
import sys

import numpy as np
import pytest

from alignsurvey.errors import InputError
from alignsurvey.survey import Scale, example_names, load_example

ANES = load_example("anes96")


def test_the_data_are_those_of_statsmodels():
    from statsmodels.datasets import anes96

    oracle = anes96.load_pandas().data
    assert set(oracle.columns) == set(ANES.codebook.names)
    for name in oracle.columns:
        ours = ANES.answers[name].to_numpy()
        np.testing.assert_allclose(ours, oracle[name].to_numpy(), rtol=1e-12)


def test_every_answer_has_a_label_and_nothing_is_inferred():
    for variable in ANES.codebook:
        assert variable.text
        assert variable.inferred == ()
        if variable.scale is Scale.INTERVAL:
            assert variable.categories == ()
            assert np.isfinite(ANES.scores(variable.name)).all()
        else:
            assert (ANES.codes(variable.name) >= 0).all()
            assert len(set(variable.labels)) == len(variable.labels)
            np.testing.assert_array_equal(variable.positions, variable.codes)


@pytest.mark.parametrize(
    ("name", "k", "low", "high"),
    [
        ("PID", 7, "Strong Democrat", "Strong Republican"),
        ("income", 24, "None or less than $2,999", "$105,000 and over"),
        ("educ", 7, "Grades 1 to 8", "PhD"),
        ("TVnews", 8, "0 days", "7 days"),
        ("selfLR", 7, "Extremely liberal", "Extremely conservative"),
        ("vote", 2, "Bill Clinton", "Bob Dole"),
    ],
)
def test_scales_and_their_ends(name, k, low, high):
    variable = ANES.codebook[name]
    assert (len(variable.categories), variable.labels[0], variable.labels[-1]) == (k, low, high)


def test_the_design():
    assert ANES.n == 944
    assert ANES.ids.to_list() == list(range(1, 945))
    assert ANES.design.weight is None
    assert "sex" not in ANES.codebook


def test_loading_does_not_import_statsmodels():
    code = (
        "import sys; from alignsurvey.survey import load_example; load_example('anes96'); "
        "print([m for m in ('statsmodels', 'pandas', 'pyreadstat') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_importing_the_package_is_cheap():
    code = (
        "import sys, alignsurvey.survey; "
        "print([m for m in ('statsmodels', 'pandas', 'pyreadstat', 'pydantic', 'narwhals') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_is_there():
    import alignsurvey.survey as package

    for name in package.__all__:
        assert getattr(package, name) is not None
    assert set(package.__all__) <= set(dir(package))
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        package.nothing  # noqa: B018


def test_an_unknown_example_names_the_nearest():
    assert example_names() == ("anes96",)
    with pytest.raises(InputError, match="no example 'anes97'; did you mean 'anes96'"):
        load_example("anes97")
