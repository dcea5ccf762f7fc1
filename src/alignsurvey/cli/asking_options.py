"""Options of every command that asks: how, how fast, for how much, and where replies are kept."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_type_hints

import typer

if TYPE_CHECKING:
    from alignsurvey.running.asker import Asker
    from alignsurvey.running.costs import Prices
    from alignsurvey.running.plan_report import PlanReport
    from alignsurvey.running.shown_progress import Display
    from alignsurvey.simulators.endpoints import Limits, Parameters
    from alignsurvey.simulators.protocols import Simulator

__all__ = ["ASKING", "SENT", "AskingOptions", "SentOptions", "with_options"]

_SENT, _SPEED, _MONEY = "What is sent", "How fast", "Cost and replies"
_WITHOUT_LIMIT = {
    "max_requests": Annotated[
        int | None,
        typer.Option(
            "--max-requests", min=0, help="Stop after so many queries.", rich_help_panel=_MONEY
        ),
    ]
}
"""For a command whose --limit means something else."""
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class SentOptions:
    """What is sent with each request, for commands whose study does not say it."""

    temperature: Annotated[
        float | None, typer.Option(help="Sent always; 1 by default.", rich_help_panel=_SENT)
    ] = None
    top_p: Annotated[
        float | None, typer.Option(help="As the provider has it without.", rich_help_panel=_SENT)
    ] = None
    request_seed: Annotated[
        int | None,
        typer.Option(help="From which each request's seed is derived.", rich_help_panel=_SENT),
    ] = None
    max_tokens: Annotated[
        int | None, typer.Option(help="Longest reply, in tokens.", rich_help_panel=_SENT)
    ] = None
    reasoning_effort: Annotated[
        str | None, typer.Option(help="Such as low.", rich_help_panel=_SENT)
    ] = None

    def parameters(self) -> Parameters:
        """Give them as an endpoint takes them."""
        from alignsurvey.simulators.endpoints import Parameters

        return Parameters(
            temperature=1.0 if self.temperature is None else self.temperature,
            top_p=self.top_p,
            seed=self.request_seed,
            max_tokens=self.max_tokens,
            reasoning_effort=self.reasoning_effort,
        )

    def settings(self) -> dict[str, Any]:
        """What was set, for a manifest."""
        return {
            one.name: value
            for one in fields(self)
            if (value := getattr(self, one.name)) is not None
        }


@dataclass(frozen=True)
class AskingOptions:
    """On what terms simulators are asked."""

    base_url: Annotated[
        str | None, typer.Option(help="Address of the endpoint.", rich_help_panel=_SENT)
    ] = None
    min_connections: Annotated[
        int | None, typer.Option(min=1, help="Requests at a time at least.", rich_help_panel=_SPEED)
    ] = None
    max_connections: Annotated[
        int | None, typer.Option(min=1, help="Requests at a time at most.", rich_help_panel=_SPEED)
    ] = None
    rpm: Annotated[
        int | None, typer.Option(min=1, help="Requests a minute at most.", rich_help_panel=_SPEED)
    ] = None
    tpm: Annotated[
        int | None, typer.Option(min=1, help="Tokens a minute at most.", rich_help_panel=_SPEED)
    ] = None
    store: Annotated[
        Path | None,
        typer.Option(
            help="Reply store; ALIGNSURVEY_STORE, else replies.sqlite in the run folder, else "
            "alignsurvey-replies.sqlite here.",
            rich_help_panel=_MONEY,
        ),
    ] = None
    prices: Annotated[
        Path | None, typer.Option(help="Price file, YAML.", rich_help_panel=_MONEY)
    ] = None
    max_cost: Annotated[
        float | None,
        typer.Option(min=0, help="Refuse, or stop, at this cost.", rich_help_panel=_MONEY),
    ] = None
    max_requests: Annotated[
        int | None,
        typer.Option(
            "--max-requests", "--limit", min=0, help="Stop after so many queries.",
            rich_help_panel=_MONEY,
        ),
    ] = None  # fmt: skip
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Show counts, cost and three prompts; ask nothing.",
            rich_help_panel=_MONEY,
        ),
    ] = False  # fmt: skip
    batch: Annotated[
        bool,
        typer.Option(
            "--batch", help="By the provider's batches: slower, cheaper.", rich_help_panel=_MONEY
        ),
    ] = False

    def limits(self, name: str) -> Limits:
        """Give how fast a simulator of this name is asked."""
        from alignsurvey.simulators.endpoints import PROVIDERS, Limits

        provider = PROVIDERS.get(name.partition("/")[0])
        usual = provider.max_connections if provider else Limits().max_connections
        least = self.min_connections or 1
        most = self.max_connections or max(usual, least)
        return Limits(least, most, self.rpm, self.tpm)

    def find(self, name: str, sent: SentOptions, seed: int) -> Simulator:
        """Find the simulator that a name stands for, set up as the options say."""
        from alignsurvey.simulators.registry import find_simulator

        # What nobody set is the simulator's own: a local model scores options, others draw.
        parameters = sent.parameters() if sent.settings() else None
        return find_simulator(
            name, seed=seed, parameters=parameters, limits=self.limits(name),
            base_url=self.base_url,
        )  # fmt: skip

    def price_file(self) -> Prices:
        """Read the prices."""
        from alignsurvey.running.costs import packaged_prices, read_prices

        return read_prices(self.prices) if self.prices else packaged_prices()

    @contextmanager
    def asker(self, out: Path | None, display: Display, *, json: bool = False) -> Iterator[Asker]:
        """Give who asks on these terms; afterwards the bills are shown on the error stream.

        Parameters
        ----------
        out : Path, optional
            The run folder.
        display : Display
            Shows how far asking is.
        json : bool
            Whether a dry run prints JSON.
        """
        from alignsurvey.running.asker import Asker
        from alignsurvey.running.batches import BatchTerms
        from alignsurvey.running.bills import bill_line
        from alignsurvey.running.unanswered import store_path

        def shown(reports: Sequence[PlanReport]) -> None:
            _show(reports, self.dry_run, json, display.tell)
            if self.dry_run:
                raise typer.Exit

        path = store_path(self.store, out)
        batch = BatchTerms(told=display.tell) if self.batch else None
        with Asker(
            path, self.price_file(), self.max_cost, self.max_requests, batch, shown, display.asked
        ) as asker:
            try:
                yield asker
            finally:
                for bill in asker.bills:
                    display.tell(bill_line(bill))
                    for note in bill.notes:
                        display.tell(f"  {note}")
                if asker.has_store:
                    display.tell(f"replies: {path}")

    def settings(self, asker: Asker) -> dict[str, Any]:
        """What a manifest keeps: limits, prices, the store, and the bills."""
        named = ("base_url", "min_connections", "max_connections", "rpm", "tpm", "max_cost",
                 "max_requests", "batch")  # fmt: skip
        set_options = {name: value for name in named if (value := getattr(self, name))}
        store = str(asker.store_path) if asker.has_store else None
        bills = [bill.as_dict() for bill in asker.bills]
        prices = self.price_file().settings()
        return {"options": set_options, "store": store, "prices": prices, "bills": bills}


SENT, ASKING = SentOptions(), AskingOptions()
"""Defaults of a command's parameters."""


def _show(
    reports: Sequence[PlanReport], in_full: bool, json: bool, tell: Callable[[str], object]
) -> None:
    from alignsurvey.running.plan_report import plan_lines

    if in_full and json:
        from json import dumps

        content = {"dry_run": True, "plans": [report.as_dict() for report in reports]}
        typer.echo(dumps(content, ensure_ascii=False, indent=1))
        return
    for report in reports:
        for line in plan_lines(report):
            (typer.echo if in_full else tell)(line)
        for place, query in enumerate(report.prompts if in_full else (), 1):
            who = f"respondent {query.respondent}, {query.item}"
            typer.echo(f"\nprompt {place} of {len(report.prompts)}: {who}")
            for turn in query.messages:
                typer.echo(f"[{turn.role}]\n{turn.content}")
    if in_full:
        typer.echo("\nDry run: nothing was asked." if reports else "Dry run: nobody is asked.")


def with_options(command: F) -> F:
    """Give a command the options of each parameter that is a dataclass of options.

    The parameter itself becomes keyword-only options; the command gets the dataclass, filled.
    """
    hints = get_type_hints(command, include_extras=True)
    groups = {name: kind for name, kind in hints.items() if is_dataclass(kind) and name != "return"}
    own = inspect.signature(command)
    plain: list[inspect.Parameter] = []
    for name, one in own.parameters.items():
        if name not in groups:
            plain.append(one.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY))
            continue
        types = get_type_hints(groups[name], include_extras=True)
        if "limit" in own.parameters:
            types |= _WITHOUT_LIMIT
        plain += [
            inspect.Parameter(option.name, inspect.Parameter.KEYWORD_ONLY, default=option.default,
                              annotation=types[option.name])
            for option in fields(groups[name])
        ]  # fmt: skip

    @wraps(command)
    def filled(**given: Any) -> Any:
        for name, kind in groups.items():
            options = {one.name: given.pop(one.name) for one in fields(kind)}
            given[name] = kind(**options)  # type: ignore[operator]
        return command(**given)

    filled.__signature__ = own.replace(parameters=plain)  # type: ignore[attr-defined]
    filled.__annotations__ = {one.name: one.annotation for one in plain}
    return filled  # type: ignore[return-value]
