"""`alignsurvey replies`: what a reply store holds, and how it is shared."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_Store = Annotated[Path, typer.Argument(help="The store, such as alignsurvey-replies.sqlite.")]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_Model = Annotated[str | None, typer.Option(help="Only replies of this model.")]

replies = typer.Typer(help="Look after the replies that were paid for.", no_args_is_help=True)


@replies.callback()
def _replies() -> None:
    """Look after the replies that were paid for."""


@replies.command()
def stats(store: _Store, json: _Json = False) -> None:
    """Show what a store holds: replies, tokens and outcomes by model and parameters.

    Example: alignsurvey replies stats alignsurvey-replies.sqlite
    """
    from dataclasses import asdict
    from json import dumps

    from rich.console import Console
    from rich.table import Table

    from alignsurvey.running.store import ReplyStore
    from alignsurvey.running.upkeep import holdings

    with ReplyStore(store, create=False) as opened:
        held = holdings(opened)
    size = store.stat().st_size
    if json:
        rows = [asdict(one) | {"usage": one.usage._asdict()} for one in held]
        content = {"store": str(store), "bytes": size, "holdings": rows}
        typer.echo(dumps(content, ensure_ascii=False, indent=1, default=str))
        return
    table = Table("model", "parameters", box=None, pad_edge=False)
    for name in ("replies", "prompt tokens", "reply tokens", "finished", "last"):
        table.add_column(name, justify="right")
    for one in held:
        parameters = ", ".join(f"{name} {value}" for name, value in one.parameters.items())
        reasons = ", ".join(f"{name or 'unsaid'} {n:,}" for name, n in one.finish_reasons.items())
        table.add_row(one.model, parameters, f"{one.replies:,}", f"{one.usage.prompt_tokens:,}",
                      f"{one.usage.reply_tokens:,}", reasons, f"{one.last:%Y-%m-%d}")  # fmt: skip
    Console().print(table)
    total = sum(one.replies for one in held)
    typer.echo(f"\n{total:,} replies, {size / 1e6:,.1f} MB")


@replies.command()
def export(
    store: _Store,
    out: Annotated[Path, typer.Option(help="File to write: .parquet or .jsonl.")],
    model: _Model = None,
    bodies: Annotated[
        bool, typer.Option(help="With what the endpoint sent, word for word.")
    ] = True,
    json: _Json = False,
) -> None:
    """Write replies with their prompts to a file, so that others can score them without a key.

    Example: alignsurvey replies export alignsurvey-replies.sqlite --out replies.parquet
    """
    from json import dumps

    from alignsurvey.running.archive import export_replies
    from alignsurvey.running.store import ReplyStore

    with ReplyStore(store, create=False) as opened:
        n = export_replies(opened, out, model=model, bodies=bodies)
    found = dumps({"replies": n, "file": str(out)})
    typer.echo(found if json else f"wrote {n:,} replies to {out}")


@replies.command(name="import")
def import_(
    store: _Store,
    file: Annotated[Path, typer.Argument(help="File from replies export.")],
    json: _Json = False,
) -> None:
    """Take replies from a file into a store; a study then runs without asking for them.

    Each reply's key is made anew from its prompt, model and parameters, and must be the one in the
    file.

    Example: alignsurvey replies import alignsurvey-replies.sqlite replies.parquet
    """
    from dataclasses import asdict
    from json import dumps

    from alignsurvey.errors import InputError
    from alignsurvey.running.importing import import_replies
    from alignsurvey.running.store import ReplyStore

    if not file.is_file():
        raise InputError(f"{file}: no such file; check the path")
    with ReplyStore(store) as opened:
        found = import_replies(opened, file)
    if json:
        typer.echo(dumps(asdict(found)))
        return
    typer.echo(f"{found.new:,} new replies, {found.known:,} were there")
    if found.kept:
        typer.echo(f"{found.kept:,} were there in other words; the store's own stay")


@replies.command()
def verify(store: _Store, json: _Json = False) -> None:
    """Examine a store: is the file whole, and is each reply that of its prompt?

    Example: alignsurvey replies verify alignsurvey-replies.sqlite
    """
    from dataclasses import asdict
    from json import dumps

    from alignsurvey.errors import InputError
    from alignsurvey.running.store import ReplyStore
    from alignsurvey.running.upkeep import verify as examine

    with ReplyStore(store, create=False) as opened:
        found = examine(opened)
    if json:
        typer.echo(dumps(asdict(found), ensure_ascii=False))
    elif not found.problems:
        typer.echo(f"{store}: whole; {found.replies:,} replies are those of their prompts")
    if found.problems:
        first, n = found.problems[0], len(found.problems)
        raise InputError(f"{store}: {n} problem{'s' * (n > 1)}, the first: {first}")


@replies.command()
def prune(
    store: _Store,
    model: _Model = None,
    before: Annotated[
        str | None, typer.Option(help="Only replies from before this day, such as 2026-01-31.")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Delete; without it they are counted.")
    ] = False,
    json: _Json = False,
) -> None:
    """Delete replies of a model or from before a day, and make the file smaller.

    Example: alignsurvey replies prune alignsurvey-replies.sqlite --model openai/gpt-4o-mini
    """
    from datetime import UTC, datetime
    from json import dumps

    from alignsurvey.errors import InputError
    from alignsurvey.running.store import ReplyStore
    from alignsurvey.running.upkeep import prune as cut

    try:
        day = datetime.fromisoformat(before).replace(tzinfo=UTC) if before else None
    except ValueError as error:
        raise InputError(f"--before {before}: is no day; write it as 2026-01-31") from error
    with ReplyStore(store, create=False) as opened:
        n = cut(opened, model=model, before=day, delete=yes)
    if json:
        typer.echo(dumps({"replies": n, "deleted": yes}))
    else:
        typer.echo(f"deleted {n:,} replies" if yes else f"{n:,} replies; delete them with --yes")
