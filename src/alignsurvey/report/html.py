"""What all pages share: the templates' environment, and a file that appears when complete."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

from alignsurvey.files import writing
from alignsurvey.report import numbers


def breakable(name: str) -> Markup:
    """Allow a line to break within a name, where its parts meet."""
    parts = re.split(r"(?<=[/\\_:.-])", str(name))
    return Markup("<wbr>").join(parts)


def render(template: str, context: Mapping[str, Any]) -> str:
    """Fill a template; a name that the context lacks is an error, and all text is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("alignsurvey.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["breakable"] = breakable
    environment.globals.update(
        number=numbers.number,
        interval=numbers.interval,
        percent=numbers.percent,
        probability=numbers.probability,
        count=numbers.count,
    )
    return environment.get_template(template).render(context)


def write_page(page: str, path: str | os.PathLike[str]) -> Path:
    """Write a page; the file appears only when it is complete."""
    with writing(Path(path)) as draft:
        draft.write_text(page, encoding="utf-8", newline="\n")
    return Path(path)


def embedded(svg: str) -> Markup:
    """Prepare an SVG file for a page: no namespaces, which are web addresses, and no paper.

    Examples
    --------
    >>> embedded('<svg xmlns="http://www.w3.org/2000/svg" width="9">\\n<title>t</title></svg>')
    Markup('<svg width="9"><title>t</title></svg>')
    """
    start, rest = svg.split(">", 1)
    start = re.sub(r' xmlns(?::\w+)?="[^"]*"', "", start)
    rest = re.sub(r'<rect [^>]*fill="#ffffff"/>\n?', "", rest, count=1)
    return Markup(f"{start}>{rest.lstrip()}")


def versions(own: str | None) -> list[tuple[str, str]]:
    """List the versions that numbers may depend on, ours first."""
    from importlib.metadata import version
    from platform import python_version

    first = [("alignsurvey", own)] if own else []
    others = ("numpy", "scipy", "polars", "scikit-learn")
    return [*first, ("Python", python_version()), *((name, version(name)) for name in others)]
