"""Says that training was not tested, where what it needs is not installed."""

from importlib.util import find_spec

import pytest

MISSING = [name for name in ("torch", "transformers", "peft") if not find_spec(name)]


@pytest.mark.skipif(
    bool(MISSING), reason=f"training is not tested (extra local): no {', '.join(MISSING)}"
)
def test_what_training_needs_is_installed() -> None:
    from alignsurvey.training import loop

    assert callable(loop.train)
