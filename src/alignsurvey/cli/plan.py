"""`alignsurvey plan`: how many humans, how many simulated people, whom to ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alignsurvey.cli.asking_options import AskingOptions, SentOptions, with_options
from alignsurvey.cli.elicit_options import (
    AS_SENT,
    AS_STUDY,
    USUAL_TERMS,
    ElicitOptions,
    eliciting,
)
from alignsurvey.cli.estimate import fielded_on_terms

if TYPE_CHECKING:
    import polars as pl

    from alignsurvey.fidelity.planned import StudyPlan

_ASSUMED, _BUYING = "Without a study", "What it costs and finds"


@with_options
def plan(
    study: Annotated[
        Path | None, typer.Argument(help="Study file; its pilot tells rho. Or give --rho.")
    ] = None,
    rho: Annotated[
        float | None,
        typer.Option(help="Correlation of human and simulated answers.", rich_help_panel=_ASSUMED),
    ] = None,
    sd: Annotated[
        float, typer.Option(help="Of the human answers.", rich_help_panel=_ASSUMED)
    ] = 1.0,
    others: Annotated[
        int, typer.Option(min=0, help="People simulated only.", rich_help_panel=_ASSUMED)
    ] = 10_000,
    target: Annotated[
        list[str] | None, typer.Option(help="mean:ITEM or share:ITEM=CODE; repeat it.")
    ] = None,
    humans: Annotated[
        int | None,
        typer.Option(min=8, help="To share out over strata, and to train or rectify with."),
    ] = None,
    ask: Annotated[
        int, typer.Option(min=0, help="Respondents to choose next, by the study's groups.")
    ] = 0,
    level: Annotated[float, typer.Option(help="Confidence level.")] = 0.95,
    width: Annotated[
        float | None,
        typer.Option(help="Widest interval allowed, end to end.", rich_help_panel=_BUYING),
    ] = None,
    budget: Annotated[
        float | None, typer.Option(help="Money there is.", rich_help_panel=_BUYING)
    ] = None,
    cost_human: Annotated[
        float, typer.Option(help="Of a human answer.", rich_help_panel=_BUYING)
    ] = 5.0,
    cost_simulated: Annotated[
        float, typer.Option(help="Of a simulated answer.", rich_help_panel=_BUYING)
    ] = 0.002,
    difference: Annotated[
        float | None,
        typer.Option(help="Between two groups, that shall be found.", rich_help_panel=_BUYING),
    ] = None,
    power: Annotated[
        float, typer.Option(help="With which it shall be found.", rich_help_panel=_BUYING)
    ] = 0.8,
    out: Annotated[
        Path | None, typer.Option(help="Page with the curve, .html; or the curve alone, .svg.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    elicit: ElicitOptions = AS_STUDY,
    sent: SentOptions = AS_SENT,
    asking: AskingOptions = USUAL_TERMS,
) -> None:
    """Plan a sample: interval widths for n humans and N simulated people, costs, power, strata.

    From a study's pilot, or from assumptions: --rho .4 --sd 1 --others 10000.

    Example: alignsurvey plan study.yaml --width .1 --cost-human 5 --cost-simulated .002 --ask 20
    """
    from alignsurvey.errors import InputError
    from alignsurvey.fidelity import planned
    from alignsurvey.fidelity.study import Study
    from alignsurvey.rectify.planning import Assumed, Costs

    if (study is None) == (rho is None):
        raise InputError("plan from a study file, or from --rho; give one of the two")
    if out is not None and out.suffix not in (".html", ".svg"):
        raise InputError(f"--out {out}: ends neither in .html nor in .svg; rename it")
    if study is None:
        assumed = Assumed(0.0 if rho is None else rho, sd, level)
        found = planned.plan_assumed(assumed, others)
    else:
        read = eliciting(Study.read(study), elicit, sent)
        found = planned.plan_study(
            read, tuple(target or ()), n=humans, level=level, ask=ask,
            fielded=fielded_on_terms(read, asking, json=json),
        )  # fmt: skip
    more = []
    if width is not None or budget is not None:
        costs = Costs(cost_human, cost_simulated)
        more.append(planned.purchases(found, costs, width, budget, limited=study is not None))
    if difference is not None:
        more.append(planned.powers(found, difference, power))
    _show(found, more, study, out, json=json)


def _show(
    found: StudyPlan, more: Sequence[pl.DataFrame], study: Path | None, out: Path | None,
    *, json: bool,
) -> None:  # fmt: skip
    from alignsurvey._version import __version__
    from alignsurvey.files import writing
    from alignsurvey.report.planning import planning_chart, planning_text, write_plan

    if out is not None and out.suffix == ".html":
        write_plan(found, out, f"Plan of {study.stem}" if study else "A plan", more, __version__)
    elif out is not None:
        with writing(out) as draft:
            planning_chart(found.curve).save(draft)
    if json:
        from json import dumps

        typer.echo(dumps(_plain(found, more), ensure_ascii=False, indent=1, allow_nan=False))
    else:
        typer.echo(planning_text(found, more), nl=False)
    if out is not None:
        typer.echo(f"Written: {out}", err=json)


def _plain(found: StudyPlan, more: Sequence[pl.DataFrame]) -> Mapping[str, Any]:
    from math import isfinite

    def rows(table: pl.DataFrame) -> list[dict[str, Any]]:
        return [
            {key: None if isinstance(value, float) and not isfinite(value) else value
             for key, value in row.items()}
            for row in table.to_dicts()
        ]  # fmt: skip

    questions = [{**vars(one), "assumed": vars(one.assumed)} for one in found.questions]
    content: dict[str, Any] = {
        "questions": questions, "curve": rows(found.curve), "strata": rows(found.strata),
        "divisions": rows(found.divisions), "notes": list(found.notes),
    }  # fmt: skip
    for table in more:
        content["purchases" if "wanted" in table.columns else "power"] = rows(table)
    if found.next is not None:
        content["next"] = {
            "profiles": rows(found.next.profiles), "items": rows(found.next.items),
            "intervals": rows(found.next.intervals), "notes": list(found.next.notes),
        }  # fmt: skip
    return content
