"""`alignsurvey merge`: add an adapter to its base, so that any tool can load the model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def merge(
    adapter: Annotated[Path, typer.Argument(help="Folder of the adapter.")],
    out: Annotated[Path, typer.Option(help="New folder of the model.")],
    base: Annotated[
        str | None, typer.Option(help="Folder of the base; as the adapter names it without.")
    ] = None,
    dtype: Annotated[str, typer.Option(help="auto, float32, bfloat16 or float16.")] = "auto",
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Merge an adapter into its base: one folder, safetensors, with the tokenizer.

    Who trained it goes along, so that scoring and rectifying still refuse these people.

    Example: alignsurvey merge models/surveylm --out models/surveylm-merged
    """
    from alignsurvey.cli.train import require_local

    require_local()
    from alignsurvey.training.merging import merge_adapter

    merged = merge_adapter(adapter, out, base, dtype)
    if json:
        from json import dumps

        typer.echo(dumps(merged.as_dict(), indent=1))
        return
    for note in merged.notes:
        typer.echo(f"note: {note}", err=True)
    typer.echo(f"{merged.parameters:,} parameters in {merged.folder}")
