"""Reports of finished tables: a terminal, one HTML page, Markdown, LaTeX, figures.

Names are loaded when they are first used: a table in a terminal needs no figures.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alignsurvey.report.benchmark_page import TaskRun as TaskRun
    from alignsurvey.report.benchmark_page import write_benchmark as write_benchmark
    from alignsurvey.report.figures import axes_chart as axes_chart
    from alignsurvey.report.page import render_report as render_report
    from alignsurvey.report.page import write_report as write_report
    from alignsurvey.report.tables import scores_latex as scores_latex
    from alignsurvey.report.tables import scores_markdown as scores_markdown
    from alignsurvey.report.terminal import fidelity_table as fidelity_table

_HOME = {
    "TaskRun": "benchmark_page",
    "write_benchmark": "benchmark_page",
    "axes_chart": "figures",
    "fidelity_table": "terminal",
    "render_report": "page",
    "scores_latex": "tables",
    "scores_markdown": "tables",
    "write_report": "page",
}

__all__ = sorted(_HOME)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"alignsurvey.report.{_HOME[name]}"), name)
    raise AttributeError(f"module 'alignsurvey.report' has no attribute '{name}'")


def __dir__() -> list[str]:
    return __all__
