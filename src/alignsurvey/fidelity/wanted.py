"""What shall be estimated, as a user writes it: ``share:vote=1 by sex``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast, get_args

from alignsurvey.errors import InputError, nearest
from alignsurvey.fidelity.study import Structure, Study
from alignsurvey.fidelity.targets import Target
from alignsurvey.survey.codebook import Codebook

Kind = Literal["mean", "share", "quantile", "ols", "logistic", "ordinal", "difference", "crosstab"]
KINDS: tuple[Kind, ...] = get_args(Kind)
REGRESSIONS: tuple[Kind, ...] = ("ols", "logistic", "ordinal")
_PATTERN = re.compile(r"(?P<kind>\w+)\s*:\s*(?P<rest>.+)", re.DOTALL)


@dataclass(frozen=True)
class Wanted:
    """One thing to estimate.

    Parameters
    ----------
    kind : str
    target : str
        An item or a scale.
    text : str
        As it was written.
    option : int, optional
        Position of the option whose share is wanted.
    q : float
        Of a quantile.
    predictors : tuple of str
        Of a regression.
    by : str, optional
        A variable whose groups are wanted one by one.
    pair : (str, str), optional
        Labels of the two groups of a difference.
    """

    kind: Kind
    target: str
    text: str
    option: int | None = None
    q: float = 0.5
    predictors: tuple[str, ...] = ()
    by: str | None = None
    pair: tuple[str, str] | None = None


def parse_wanted(
    text: str, study: Study, targets: Mapping[str, Target], codebook: Codebook
) -> Wanted:
    """Read what shall be estimated.

    Parameters
    ----------
    text : str
        ``mean:ITEM``, ``share:ITEM=CODE`` (or the option's label), ``quantile:ITEM@0.9``,
        ``crosstab:ITEM by VARIABLE``, ``difference:ITEM by VARIABLE=A,B``, ``ols:ITEM`` with the
        study's predictors, or ``ols:ITEM ~ age + educ``; so ``logistic`` and ``ordinal``. Means,
        shares and quantiles may have ``by VARIABLE`` too.

    Raises
    ------
    InputError
        An item, option, variable or kind is unknown.
    """
    found = _PATTERN.fullmatch(text.strip())
    if not found or found["kind"] not in KINDS:
        word = found["kind"] if found else text
        raise InputError(
            f"target '{text}': write KIND:ITEM, such as mean:{next(iter(targets))}; "
            f"{nearest(word, KINDS)}"
        )
    kind = cast("Kind", found["kind"])
    rest, _, by = (part.strip() for part in found["rest"].partition(" by "))
    pair = None
    if kind == "difference":
        by, _, groups = (part.strip() for part in by.partition("="))
        pair = _pair(text, groups)
    if by and by not in codebook:
        raise InputError(f"target '{text}': no variable '{by}'; {nearest(by, codebook.names)}")
    if kind in ("difference", "crosstab") and not by:
        raise InputError(f"target '{text}': write which groups, such as '{text} by sex'")
    if kind in REGRESSIONS:
        return _regression(text, kind, rest, study, targets)
    separator = {"share": "=", "quantile": "@"}.get(kind, "\0")
    name, _, detail = (part.strip() for part in rest.partition(separator))
    _check_target(text, name, targets)
    option = _option(text, name, detail, targets, codebook) if kind == "share" else None
    q = _quantile(text, detail) if kind == "quantile" else 0.5
    if kind in ("mean", "quantile", "difference") and not targets[name].has_scores:
        raise InputError(
            f"target '{text}': '{name}' is nominal and has no numbers; write share:{name}=CODE, "
            f"or crosstab:{name} by VARIABLE"
        )
    return Wanted(kind, name, text.strip(), option, q, by=by or None, pair=pair)


def _pair(text: str, groups: str) -> tuple[str, str] | None:
    if not groups:
        return None
    parts = [part.strip() for part in groups.split(",")]
    if len(parts) != 2 or not all(parts):
        raise InputError(f"target '{text}': name two groups, as in 'by sex=female,male'")
    return parts[0], parts[1]


def _check_target(text: str, name: str, targets: Mapping[str, Target]) -> None:
    if name not in targets:
        raise InputError(
            f"target '{text}': '{name}' is neither an item nor a scale of the study; "
            f"{nearest(name, targets)}"
        )


def _option(
    text: str, name: str, detail: str, targets: Mapping[str, Target], codebook: Codebook
) -> int:
    if targets[name].variable is None:
        raise InputError(f"target '{text}': '{name}' is a scale; write mean:{name}")
    variable = codebook[name]
    for place, (code, label) in enumerate(zip(variable.codes, variable.labels, strict=True)):
        if detail in (str(code), label):
            return place
    known = [f"{code} ({label})" for code, label in zip(variable.codes, variable.labels,
                                                        strict=True)]  # fmt: skip
    what = (
        f"'{name}' has no option '{detail}'"
        if detail
        else f"write which option of '{name}', after a ="
    )
    raise InputError(f"target '{text}': {what}; options: {', '.join(known)}")


def _quantile(text: str, detail: str) -> float:
    try:
        q = float(detail or 0.5)
    except ValueError:
        q = 0.0
    if not 0 < q < 1:
        raise InputError(f"target '{text}': a quantile lies between 0 and 1, as in @0.9")
    return q


def _regression(
    text: str, kind: Kind, rest: str, study: Study, targets: Mapping[str, Target]
) -> Wanted:
    name, _, formula = (part.strip() for part in rest.partition("~"))
    _check_target(text, name, targets)
    predictors = tuple(part.strip() for part in formula.split("+")) if formula else ()
    if not predictors:
        own = [one for one in study.structure if one.outcome == name]
        if not own:
            raise InputError(
                f"target '{text}': which predictors? write '{kind}:{name} ~ age + educ', or put "
                "the regression under 'structure' in the study"
            )
        predictors = own[0].predictors
    return Wanted(kind, name, text.strip(), predictors=predictors)


def usual_targets(study: Study, targets: Mapping[str, Target], codebook: Codebook) -> list[str]:
    """List what is estimated where nothing is named.

    Shares of every option of items with up to two options or without an order, else means; means of
    scales; and the study's regressions.
    """
    found = []
    for name, target in targets.items():
        if target.variable is None or (target.has_scores and not target.is_binary):
            found.append(f"mean:{name}")
        else:
            options = codebook[name].codes
            found += [f"share:{name}={code}" for code in (options[1:] if target.is_binary
                                                          else options)]  # fmt: skip
    for structure in study.structure:
        if targets[structure.outcome].has_scores:
            found.append(structure_target(structure, targets))
    return found


def structure_target(structure: Structure, targets: Mapping[str, Target]) -> str:
    """Name a regression of the study: logistic for two options, else linear."""
    kind = "logistic" if targets[structure.outcome].is_binary else "ols"
    return f"{kind}:{structure.outcome}"
