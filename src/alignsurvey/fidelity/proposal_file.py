"""The study file that `init` writes: a proposal with comments, ready to edit and to run."""

from __future__ import annotations

import os
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

import yaml

from alignsurvey.errors import InputError
from alignsurvey.fidelity.proposal import Proposal, propose
from alignsurvey.fidelity.study import SurveySource
from alignsurvey.survey import Survey, codebook_to_yaml, read_survey

_CODEBOOK_HEAD = """\
# Inferred from {file}: nobody declared these texts, scales and values. Correct what is wrong:
# text (the question as it was asked), scale (nominal, ordinal, interval, text), the order and the
# labels of the values, and which codes are missing answers, in one variable (under it)
#   missing: {{8: dont_know, 9: refused}}
# or in all of them (here at the top; they are taken out of the values)
#missing: {{{code}: refused}}
"""


def write_proposal(source: SurveySource, target: Path, force: bool = False) -> list[str]:
    """Write a commented study file, and the codebook beside it where it was inferred.

    Parameters
    ----------
    source : SurveySource
        The data file, relative to the working folder.
    target : Path
        Study file to write.
    force : bool
        Overwrite files that exist.

    Returns
    -------
    list of str
        What was written and guessed, a line each.

    Raises
    ------
    InputError
        The data cannot be read, or a file is in the way.
    """
    assert source.file is not None  # a proposal is for a file
    survey = read_survey(
        source.file,
        codebook=source.codebook,
        id=source.id,
        weight=source.weight,
        strata=source.strata,
        cluster=source.cluster,
        encoding=source.encoding,
    )
    proposal = propose(survey, source.id, source.weight)
    suspicious = _negative_codes(survey)
    content: dict[Path, str] = {}
    codebook = source.codebook
    if codebook is None and any(variable.inferred for variable in survey.codebook):
        codebook = target.with_name(f"{source.file.stem}.codebook.yaml")
        code = next(iter(suspicious), -1)
        head = _CODEBOOK_HEAD.format(file=source.file.name, code=code)
        content[codebook] = head + codebook_to_yaml(survey.codebook)
    content[target] = _study_text(source, codebook, survey, proposal, target)
    for path in content:
        if path.exists() and not force:
            raise InputError(f"{path}: exists; choose another --out, or overwrite it with --force")
    for path, text in content.items():
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise InputError(f"{path}: cannot be written: {error.strerror}") from error
    written = [f"wrote {path}" for path in content]
    return [
        *_told(survey, proposal, source),
        *(
            f"check: {count} variables hold the code {code}, which looks like no answer; if so, "
            f"write 'missing: {{{code}: refused}}' at the top of the codebook"
            for code, count in suspicious.items()
        ),
        *written,
        f"next: alignsurvey fidelity {target}",
    ]


def _negative_codes(survey: Survey) -> dict[int, int]:
    """Count the variables that list a negative code beside others that are not."""
    found: dict[int, int] = {}
    for variable in survey.codebook:
        codes = [code for code in variable.codes if isinstance(code, int)]
        if max(codes, default=0) > 0:
            for code in codes:
                if code < 0 and "values" in variable.inferred:
                    found[code] = found.get(code, 0) + 1
    return found


def _told(survey: Survey, proposal: Proposal, source: SurveySource) -> Iterable[str]:
    yield f"{survey.source}: {survey.n} respondents, {len(survey.codebook)} variables"
    if source.id is None:
        yield f"id: {proposal.id} (guessed)" if proposal.id else "id: none found, rows are numbered"
    if source.weight is None:
        yield f"weight: {f'{proposal.weight} (guessed)' if proposal.weight else 'none found'}"
    yield f"profile (guessed): {', '.join(proposal.profile) or 'none'}"
    more = f", {len(proposal.more_items)} more listed in the file" if proposal.more_items else ""
    yield f"items: {len(proposal.items)} taken{more}"


def _study_text(
    source: SurveySource, codebook: Path | None, survey: Survey, proposal: Proposal, target: Path
) -> str:
    from jinja2 import Environment, StrictUndefined

    assert source.file is not None
    base = target.parent
    design = {
        "file": os.path.relpath(source.file, base),
        "codebook": os.path.relpath(codebook, base) if codebook else None,
        "id": proposal.id,
        "weight": proposal.weight,
        "strata": source.strata,
        "cluster": source.cluster,
        "encoding": source.encoding,
    }
    environment = Environment(
        undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True
    )
    environment.filters["flow"] = _flow
    template = files("alignsurvey.fidelity") / "studies" / "proposal.yaml.j2"
    return environment.from_string(template.read_text(encoding="utf-8")).render(
        name=source.file.name,
        design={key: value for key, value in design.items() if value},
        proposal=proposal,
        texts={one.name: _comment(one.text, one.name) for one in survey.codebook},
    )


def _flow(value: object) -> str:
    """Write a value as YAML on one line."""
    plain = list(value) if isinstance(value, tuple) else value
    dumped: str = yaml.safe_dump(plain, default_flow_style=True, allow_unicode=True, width=10_000)
    return dumped.strip().removesuffix("...").strip()


def _comment(text: str, name: str) -> str:
    words = " ".join(text.split())
    return f"    # {words[:70]}" if words and words != name else ""
