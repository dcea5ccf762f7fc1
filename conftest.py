"""Modules that import torch have no doctests where torch is not installed (extra local)."""

from importlib.util import find_spec
from pathlib import Path

_TRAINING = Path(__file__).parent / "src" / "alignsurvey" / "training"

collect_ignore = (
    []
    if find_spec("torch")
    else [
        str(path)
        for path in _TRAINING.glob("*.py")
        if any(f"\n{word} torch" in path.read_text(encoding="utf-8") for word in ("import", "from"))
        or "alignsurvey.training.loop" in path.read_text(encoding="utf-8")
    ]
)
