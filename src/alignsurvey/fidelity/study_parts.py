"""The parts of a study file, each checked by itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

__all__ = [
    "Bootstrap",
    "GroupingField",
    "Part",
    "Pilot",
    "PilotField",
    "Scale",
    "ScaleField",
    "SimulatorField",
    "SimulatorSpec",
    "Structure",
    "SurveySource",
]


class Part(BaseModel):
    """A part with known keys, never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SurveySource(Part):
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


class Scale(Part):
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


class Structure(Part):
    """A regression whose coefficients a simulator should reproduce."""

    outcome: str = Field(description="An item or a scale")
    predictors: tuple[str, ...] = Field(min_length=1, description="Variables, as people answered")


class Pilot(Part):
    """The humans that learners may see; everyone else judges."""

    n: int = Field(100, ge=1, description="Size of each pilot")
    replicates: int = Field(20, ge=1, description="Number of pilots drawn")
    seed: int = Field(42, description="From which all randomness is derived")
    stratify: str | None = Field(None, description="Variable whose shares each pilot keeps")


def _simulator_from_name(value: Any) -> Any:
    return {"use": value} if isinstance(value, str) else value


class SimulatorSpec(Part):
    """A simulator by name, with a label of one's own and how to read its file."""

    use: str = Field(description="provider/model, such as baseline/logit or recorded/replies.csv")
    label: str | None = Field(None, description="Name in tables; the simulator's own without")
    id: str | None = Field(None, description="recorded: column with the respondent id")
    columns: Mapping[str, str] = Field({}, description="recorded: its column -> item")
    allow_missing: bool = Field(False, description="recorded: absent people count as no reply")
    elicit: Mapping[str, Any] = Field({}, description="asked: in place of keys of 'elicit'")
    base_url: str | None = Field(None, description="asked: address of its server, with /v1")
    train: Mapping[str, Any] | None = Field(
        None, description="hf: fine-tuned on each pilot; preset, loss and settings"
    )

    @property
    def name(self) -> str:
        """Name in tables."""
        return self.label or self.use


class Bootstrap(Part):
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
PilotField = Annotated[Pilot | None, BeforeValidator(_pilot_or_none)]
