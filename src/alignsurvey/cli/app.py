"""The application: which commands there are."""

from __future__ import annotations

from typing import Annotated

import typer

from alignsurvey._version import __version__
from alignsurvey.cli.ablate import ablate
from alignsurvey.cli.bench import bench
from alignsurvey.cli.data import data
from alignsurvey.cli.demo import demo
from alignsurvey.cli.estimate import estimate
from alignsurvey.cli.fidelity import fidelity
from alignsurvey.cli.init import init
from alignsurvey.cli.inspect import inspect
from alignsurvey.cli.merge import merge
from alignsurvey.cli.plan import plan
from alignsurvey.cli.records import records
from alignsurvey.cli.replies import replies
from alignsurvey.cli.score import score
from alignsurvey.cli.simulate import simulate
from alignsurvey.cli.table import table
from alignsurvey.cli.train import train

app = typer.Typer(
    name="alignsurvey",
    help="How far are a language model's survey answers from people's?",
    epilog="Start with: alignsurvey demo",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"alignsurvey {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    pass


for command in (
    demo,
    inspect,
    init,
    fidelity,
    estimate,
    plan,
    simulate,
    records,
    score,
    bench,
    table,
    train,
    merge,
    ablate,
):
    app.command()(command)
app.add_typer(data, name="data")
app.add_typer(replies, name="replies")
