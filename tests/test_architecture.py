"""Data moves forward only: who may import whom, and what may not be loaded at import time."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "alignsurvey"
FOUNDATION = {"errors", "_version", "randomness", "yamlfile", "files"}
"""Root modules without knowledge of surveys or models, which every stage may use."""

STAGES = {
    "metrics": set(),
    "survey": FOUNDATION,
    "predictions": FOUNDATION | {"survey"},
    "tasks": FOUNDATION | {"survey"},
    "simulators": FOUNDATION | {"survey", "predictions", "tasks"},
    "running": FOUNDATION | {"survey", "predictions", "tasks", "simulators"},
    "rectify": FOUNDATION | {"survey", "metrics", "predictions"},
    "fidelity": FOUNDATION
    | {"survey", "metrics", "predictions", "tasks", "simulators", "running", "rectify"}
    | {"training"},
    "benchmark": FOUNDATION
    | {"survey", "metrics", "predictions", "tasks", "simulators", "running", "rectify"},
    "training": FOUNDATION | {"survey", "metrics", "predictions", "tasks", "simulators"},
    "report": FOUNDATION | {"metrics"},
    "testing": FOUNDATION | {"survey", "tasks", "simulators"},
}
HEAVY = {"torch", "transformers", "aiohttp", "ray", "sklearn", "statsmodels", "altair", "jieba"}


def _imports(path: Path, *, typing_too: bool) -> set[str]:
    """Modules that a file imports anywhere, or (typing apart) at run time."""
    found: set[str] = set()

    class Visitor(ast.NodeVisitor):
        def visit_If(self, node: ast.If) -> None:
            if "TYPE_CHECKING" in ast.dump(node.test) and not typing_too:
                return
            self.generic_visit(node)

        def visit_Import(self, node: ast.Import) -> None:
            found.update(alias.name for alias in node.names)

        def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
            if node.module == "alignsurvey":
                found.update(f"alignsurvey.{alias.name}" for alias in node.names)
            elif node.module:
                found.add(node.module)

    Visitor().visit(ast.parse(path.read_text(encoding="utf-8")))
    return found


def _files(stage: str) -> list[Path]:
    folder = SOURCE / stage
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]


@pytest.mark.parametrize("stage", [name for name in STAGES if _files(name)[0].exists()])
def test_a_stage_imports_only_earlier_stages(stage: str) -> None:
    strangers = {
        f"{path.relative_to(SOURCE)}: {name}"
        for path in _files(stage)
        for name in _imports(path, typing_too=stage != "report")
        if name.startswith("alignsurvey.") and name.split(".")[1] not in STAGES[stage] | {stage}
    }
    assert not strangers


@pytest.mark.parametrize("folder", ["cli", "testing"])
def test_nobody_imports_the_command_line_or_the_servers_to_test_against(folder: str) -> None:
    guilty = {
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        if path.relative_to(SOURCE).parts[0] not in (folder, "__main__.py")
        and any(
            name.startswith(f"alignsurvey.{folder}") for name in _imports(path, typing_too=True)
        )
    }
    assert not guilty


@pytest.mark.parametrize("module", ["alignsurvey", "alignsurvey.cli"])
def test_importing_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not HEAVY & set(done.stdout.split())


def test_every_public_name_can_be_reached() -> None:
    import alignsurvey

    for name in alignsurvey.__all__:
        assert getattr(alignsurvey, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        alignsurvey.nonsense  # noqa: B018
