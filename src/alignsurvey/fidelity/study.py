"""The study file: which survey, which items, which simulators, and how they are judged."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from alignsurvey.errors import InputError, nearest
from alignsurvey.yamlfile import read_yaml


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SurveySource(_Part):
    """Where the human answers are: a data file of one's own, or an embedded example."""

    file: Path | None = Field(
        None, description="Data file: .sav, .zsav, .dta, .csv, .tsv, .parquet"
    )
    example: str | None = Field(None, description="Embedded survey instead of a file: anes96")
    join: tuple[Path, ...] = Field((), description="More files about the same people, by id")
    codebook: Path | None = Field(
        None, description="Codebook YAML; overrides the file's own labels"
    )
    id: str | None = Field(
        None, description="Column with the respondent id; rows are numbered without"
    )
    weight: str | None = Field(None, description="Column with the survey weight")
    strata: str | None = Field(None, description="Column with the sampling stratum")
    cluster: str | None = Field(None, description="Column with the primary sampling unit")
    encoding: str | None = Field(None, description="Of a CSV that is not UTF-8, such as gb18030")
    language: Literal["en", "zh"] = Field("en", description="Language of the questionnaire")

    @model_validator(mode="after")
    def _one_source(self) -> SurveySource:
        if (self.file is None) == (self.example is None):
            raise ValueError("give either 'file' or 'example'")
        return self


def _scale_from_list(value: Any) -> Any:
    return {"items": value} if isinstance(value, list | tuple) else value


class Scale(_Part):
    """A number a respondent: the mean of items, or the difference of two numbers."""

    items: tuple[str, ...] = Field((), description="Items whose scores are averaged")
    reverse: tuple[str, ...] = Field((), description="Those of the items that are turned round")
    difference: tuple[str, str] | None = Field(None, description="[T, M]: scale or item T less M")

    @model_validator(mode="after")
    def _one_kind(self) -> Scale:
        if bool(self.items) == (self.difference is not None):
            raise ValueError("give either a list of items or 'difference: [one, other]'")
        for name in self.reverse:
            if name not in self.items:
                raise ValueError(f"'{name}' is reversed but is not among the items")
        return self


class Structure(_Part):
    """A regression whose coefficients a simulator should reproduce."""

    outcome: str = Field(description="An item or a scale")
    predictors: tuple[str, ...] = Field(min_length=1, description="Variables, as people answered")


class Pilot(_Part):
    """The humans that learners may see; everyone else judges."""

    n: int = Field(100, ge=1, description="Size of each pilot")
    replicates: int = Field(20, ge=1, description="Number of pilots drawn")
    seed: int = Field(42, description="From which all randomness is derived")
    stratify: str | None = Field(None, description="Variable whose shares each pilot keeps")


def _simulator_from_name(value: Any) -> Any:
    return {"use": value} if isinstance(value, str) else value


class SimulatorSpec(_Part):
    """A simulator by name, with a label of one's own and how to read its file."""

    use: str = Field(description="provider/model, such as baseline/logit or recorded/replies.csv")
    label: str | None = Field(None, description="Name in tables; the simulator's own without")
    id: str | None = Field(None, description="recorded: column with the respondent id")
    columns: Mapping[str, str] = Field({}, description="recorded: its column -> item")
    allow_missing: bool = Field(False, description="recorded: absent people count as no reply")

    @property
    def name(self) -> str:
        """Name in tables."""
        return self.label or self.use


class Bootstrap(_Part):
    """How intervals are made."""

    replicates: int = Field(500, ge=50, description="Resamples in all, shared among the pilots")
    level: float = Field(0.95, gt=0.5, lt=1, description="Confidence level")


def _pilot_or_none(value: Any) -> Any:
    return None if value == "none" else value


def _grouping(value: Any) -> Any:
    """Bring a grouping into one form: a tuple of (variable, cut points)."""
    parts = value if isinstance(value, list | tuple) else [value]
    spread: list[tuple[str, tuple[float, ...]]] = []
    for part in parts:
        if isinstance(part, str):
            spread.append((part, ()))
        elif isinstance(part, Mapping):
            spread.extend((str(name), tuple(cuts)) for name, cuts in part.items())
        else:
            raise ValueError(
                f"a group is a variable, a list of them or {{age: [30, 60]}}, not {part!r}"
            )
    return tuple(spread)


ScaleField = Annotated[Scale, BeforeValidator(_scale_from_list)]
SimulatorField = Annotated[SimulatorSpec, BeforeValidator(_simulator_from_name)]
GroupingField = Annotated[tuple[tuple[str, tuple[float, ...]], ...], BeforeValidator(_grouping)]


class Study(_Part):
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
    pilot: Annotated[Pilot | None, BeforeValidator(_pilot_or_none)] = Field(
        Pilot(), description="The human pilot, or none"
    )
    simulators: tuple[SimulatorField, ...] = Field(min_length=1, description="Who answers")
    bootstrap: Bootstrap = Field(Bootstrap(), description="Intervals")
    minimum_n: int = Field(30, ge=2, description="Smaller groups are named, not scored")
    elicit: Mapping[str, Any] = Field({}, description="How a language model is asked")
    rectify: tuple[str, ...] = Field(("none",), description="Repairs to compare")
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
        labels = [simulator.name for simulator in self.simulators]
        for label in labels:
            if labels.count(label) > 1:
                raise InputError(f"{name}: simulator '{label}' stands twice; give one a 'label'")
        if self.rectify != ("none",):
            raise InputError(
                f"{name}: rectify: this version knows only 'none'; take out the others"
            )

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
