"""The study file: which survey, which items, which simulators, and how they are judged."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from alignsurvey.errors import InputError, nearest
from alignsurvey.fidelity.repairing import check_repairs
from alignsurvey.fidelity.study_parts import (
    Bootstrap,
    GroupingField,
    Part,
    Pilot,
    PilotField,
    Scale,
    ScaleField,
    SimulatorField,
    SimulatorSpec,
    Structure,
    SurveySource,
)
from alignsurvey.simulators.elicit import Elicit
from alignsurvey.yamlfile import read_yaml

__all__ = [
    "Bootstrap",
    "Pilot",
    "Scale",
    "SimulatorSpec",
    "Structure",
    "Study",
    "SurveySource",
]

OWN_SERVERS = ("vllm", "ollama", "llamacpp", "endpoint")
"""Providers whose servers are wherever their users have them."""


class Study(Part):
    """A fidelity study.

    Read one with `Study.read`; every key is described in the documentation of the study file.

    Examples
    --------
    >>> study = Study.parse({"survey": {"example": "anes96"}, "profile": ["age", "educ"],
    ...                      "items": ["vote"], "simulators": ["baseline/logit"]})
    >>> study.pilot.n
    100
    """

    survey: SurveySource
    profile: tuple[str, ...] = Field((), description="What a simulator is told of a respondent")
    items: tuple[str, ...] = Field((), description="What it is asked")
    scales: Mapping[str, ScaleField] = Field({}, description="Means of items")
    groups: tuple[GroupingField, ...] = Field((), description="Subgroups: variables, lists of them")
    structure: tuple[Structure, ...] = Field((), description="Regressions to reproduce")
    pilot: PilotField = Field(Pilot(), description="The human pilot, or none")
    simulators: tuple[SimulatorField, ...] = Field(min_length=1, description="Who answers")
    bootstrap: Bootstrap = Field(Bootstrap(), description="Intervals")
    minimum_n: int = Field(30, ge=2, description="Smaller groups are named, not scored")
    elicit: Mapping[str, Any] = Field({}, description="How a language model is asked")
    rectify: tuple[str, ...] = Field(
        ("none",), description="Repairs by the pilot, such as tilt or tilt|structure"
    )
    margins: Path | Mapping[str, Any] | None = Field(
        None, description="Margins of the population, for rake: a file, or the margins themselves"
    )
    base: Path = Field(Path(), exclude=True, description="Folder that paths start from")

    @classmethod
    def parse(cls, content: Any, base: Path = Path(), name: str = "study") -> Study:
        """Check a study given as plain values.

        Raises
        ------
        InputError
            A key is unknown or a value is wrong; with the nearest known key.
        """
        if not isinstance(content, Mapping):
            raise InputError(f"{name}: a study is a list of 'key: value' lines; see 'init'")
        if "base" in content:
            raise InputError(f"{name}: unknown key 'base'; {nearest('base', _keys(cls))}")
        try:
            study = cls.model_validate({**content, "base": base})
        except ValidationError as error:
            raise InputError(f"{name}: {_first_problem(error, cls)}") from error
        study._check_names(name)
        return study

    @classmethod
    def read(cls, path: str | Path) -> Study:
        """Read a study file; paths in it are relative to its folder."""
        path = Path(path)
        return cls.parse(read_yaml(path), path.parent, str(path))

    @property
    def asked(self) -> tuple[str, ...]:
        """Every item that is asked: the items, and those that only scales need."""
        of_scales = [item for scale in self.scales.values() for item in scale.items]
        for scale in self.scales.values():
            of_scales += [part for part in scale.difference or () if part not in self.scales]
        return tuple(dict.fromkeys([*self.items, *of_scales]))

    @property
    def seed(self) -> int:
        """The seed from which all randomness of the study is derived."""
        return self.pilot.seed if self.pilot else Pilot().seed

    def elicit_of(self, spec: SimulatorSpec) -> Elicit:
        """How a simulator is asked: the study's ``elicit`` with the simulator's own keys.

        Raises
        ------
        InputError
            A key is unknown or a value is wrong.
        """
        return Elicit.from_mapping({**self.elicit, **spec.elicit})

    def eliciting(self, **values: Any) -> Study:
        """Ask in another way: the study with some keys of ``elicit`` replaced; None leaves one."""
        given = {key: value for key, value in values.items() if value is not None}
        changed = self.model_copy(update={"elicit": {**self.elicit, **given}})
        changed._check_elicit("")
        return changed

    def _check_addresses(self, name: str) -> None:
        """A study may come from others, and must not send a hosted provider's key elsewhere."""
        for spec in self.simulators:
            if spec.base_url and spec.use.partition("/")[0] not in OWN_SERVERS:
                raise InputError(
                    f"{name}: simulators: {spec.name}: a study may name the address of "
                    f"{', '.join(OWN_SERVERS)} only; name others by --base-url"
                )

    def _check_elicit(self, name: str) -> None:
        for spec in self.simulators:
            try:
                self.elicit_of(spec)
            except InputError as error:
                place = f"simulators: {spec.name}: " if spec.elicit else ""
                start = f"{name}: " if name else ""
                raise InputError(f"{start}{place}{error}") from error

    def _check_names(self, name: str) -> None:
        if not self.asked:
            raise InputError(f"{name}: no items; name at least one variable under 'items'")
        for item in self.asked:
            if item in self.profile:
                raise InputError(
                    f"{name}: '{item}' is both asked and in the profile, so a simulator would be "
                    "told the answer; take it out of one of the two"
                )
        for scale_name, scale in self.scales.items():
            if scale_name in self.asked:
                raise InputError(f"{name}: scales: '{scale_name}' is an item too; rename the scale")
            for part in scale.difference or ():
                known = [*self.asked, *(one for one in self.scales if one != scale_name)]
                if part not in known or (part in self.scales and self.scales[part].difference):
                    raise InputError(
                        f"{name}: scales.{scale_name}: '{part}' is neither an item nor a mean of "
                        f"items; {nearest(part, known)}"
                    )
        self._check_structure(name)
        self._check_elicit(name)
        self._check_addresses(name)
        labels = [simulator.name for simulator in self.simulators]
        for label in labels:
            if labels.count(label) > 1:
                raise InputError(f"{name}: simulator '{label}' stands twice; give one a 'label'")
        try:
            check_repairs(self)
        except InputError as error:
            raise InputError(f"{name}: rectify: {error}") from error

    def _check_structure(self, name: str) -> None:
        outcomes = [*self.asked, *self.scales]
        regressed = [structure.outcome for structure in self.structure]
        for structure in self.structure:
            if regressed.count(structure.outcome) > 1:
                raise InputError(
                    f"{name}: structure: outcome '{structure.outcome}' stands twice; put its "
                    "predictors into one regression"
                )
            if structure.outcome not in outcomes:
                raise InputError(
                    f"{name}: structure: outcome '{structure.outcome}' is neither an item nor a "
                    f"scale; {nearest(structure.outcome, outcomes)}"
                )


def _keys(model: type[BaseModel]) -> list[str]:
    return [key for key in model.model_fields if key != "base"]


_PARTS: dict[str, type[BaseModel]] = {
    "survey": SurveySource,
    "scales": Scale,
    "structure": Structure,
    "pilot": Pilot,
    "simulators": SimulatorSpec,
    "bootstrap": Bootstrap,
}


def _first_problem(error: ValidationError, model: type[BaseModel]) -> str:
    """Say the first problem of a validation in one line, with the path to the key."""
    problems = error.errors(include_url=False)
    # A misspelt key also shows as a missing one; the misspelling is what the user can see.
    problem = next((one for one in problems if one["type"] == "extra_forbidden"), problems[0])
    place = [part for part in problem["loc"] if not str(part).startswith("function-")]
    path = ".".join(str(part + 1) if isinstance(part, int) else part for part in place)
    if problem["type"] == "extra_forbidden":
        word = str(place[-1])
        home = model if len(place) == 1 else _PARTS.get(str(place[0]), model)
        before = path.rpartition(".")[0]
        return (
            f"{before + ': ' if before else ''}unknown key '{word}'; {nearest(word, _keys(home))}"
        )
    if problem["type"] == "missing":
        return f"'{path}' is missing"
    message = problem["msg"].removeprefix("Value error, ")
    if isinstance(problem["input"], str | int | float):
        return f"{path}: {message[0].lower()}{message[1:]} (is {problem['input']!r})"
    return f"{path}: {message[0].lower()}{message[1:]}"
