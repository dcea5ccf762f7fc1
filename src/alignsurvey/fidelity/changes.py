"""What changed in a study since the last run into the same folder, as far as models see it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from alignsurvey.fidelity.study import Study
from alignsurvey.running.folder import MANIFEST
from alignsurvey.running.plan_report import PlanReport

__all__ = ["changed_keys", "changes_in_words", "keys_changed_since"]


def keys_changed_since(folder: Path | None, study: Study) -> list[str]:
    """Name the keys that changed since the run that filled a folder; none without one."""
    path = folder / MANIFEST if folder is not None else None
    if path is None or not path.is_file():
        return []
    try:
        before = json.loads(path.read_text(encoding="utf-8")).get("study")
    except (ValueError, AttributeError):
        return []  # the folder's manifest is written anew at the end of the run
    return changed_keys(before, study) if isinstance(before, Mapping) else []


def changed_keys(before: Mapping[str, Any], study: Study) -> list[str]:
    """Name the keys of a study that change what a model is asked.

    Parameters
    ----------
    before : mapping
        The study of a manifest.
    study : Study

    Examples
    --------
    >>> content = {"survey": {"example": "anes96"}, "items": ["vote"], "profile": ["age"],
    ...            "simulators": ["openai/o3"]}
    >>> before = Study.parse(content).model_dump(mode="json")
    >>> changed_keys(before, Study.parse({**content, "profile": ["educ"], "elicit": {"draws": 2}}))
    ['profile', 'elicit.draws']
    """
    now = study.model_dump(mode="json")
    found = [key for key in ("survey", "profile", "items", "scales") if before.get(key) != now[key]]
    old, new = before.get("elicit") or {}, now["elicit"]
    found += [f"elicit.{key}" for key in {**old, **new} if old.get(key) != new.get(key)]
    if (before.get("pilot") or {}).get("seed") != (now["pilot"] or {}).get("seed"):
        found.append("pilot.seed")
    own = {one["label"] or one["use"]: one.get("elicit") for one in before.get("simulators") or ()}
    for spec in study.simulators:
        if spec.name in own and (own[spec.name] or {}) != spec.elicit:
            found.append(f"simulators: {spec.name}: elicit")
    return found


def changes_in_words(changed: Sequence[str], reports: Sequence[PlanReport]) -> list[str]:
    """Say what will be asked anew, a line a simulator; nothing where nothing changed.

    Examples
    --------
    >>> changes_in_words(["profile"], [PlanReport("openai/o3", 20, 5)])
    ['the study has changed since the last run into this folder (profile): openai/o3 is asked 5 of 20 queries anew']
    """  # noqa: E501 - an example is one line
    start = f"the study has changed since the last run into this folder ({', '.join(changed)}): "
    return [
        start + f"{one.simulator} is asked {one.new:,} of {one.queries:,} queries anew"
        for one in (reports if changed else ())
    ]
