"""A made-up study result with everything that a report must cope with."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import polars as pl
import pytest

from alignsurvey.fidelity.result import SCORE_COLUMNS, FidelityResult

Options = list[tuple[int, str]]
ITEMS: dict[str, tuple[str, str, Options]] = {
    "trust": ("一般来说,您认为大多数人是可以信任的吗?", "ordinal",
              [(1, "完全不能信任"), (2, "不太能信任"), (3, "比较能信任"), (4, "完全可以信任")]),
    "econ": ("Would you say that over the past year the nation's economy has gotten better, "
             "stayed about the same, or gotten worse?", "ordinal",
             [(1, "Much worse"), (2, "Somewhat worse"), (3, "Same"), (4, "Somewhat better"),
              (5, "Much better")]),
    "selfLR": ("Self-placement, from extremely liberal to extremely conservative", "ordinal",
               [(k, label) for k, label in enumerate(
                   ["Extremely liberal", "Liberal", "Slightly liberal", "Moderate",
                    "Slightly conservative", "Conservative", "Extremely conservative"], 1)]),
    "TVnews": ("Days of the past week with news on television", "ordinal",
               [(k, f"{k} days") for k in range(8)]),
    "vote": ("Expected vote", "nominal", [(0, "Clinton"), (1, "Dole"), (2, "Perot")]),
    "class": ("您认为自己属于哪个社会阶层", "nominal",
              [(1, "上层"), (2, "中层"), (3, "下层"), (4, "说不清")]),
}  # fmt: skip
SIMULATORS: list[tuple[str, str, float, float]] = [
    ("baseline/uniform", "trivial", 0.0, 1.3),
    ("baseline/marginal", "trivial", 0.0, 1.0),
    ("baseline/bootstrap", "trivial", 0.05, 1.0),
    ("baseline/logit", "", 0.8, 1.0),
    ("baseline/ridge", "", 0.75, 0.98),
    ("baseline/copula", "", 0.7, 1.0),
    ("planted/llm_like", "constructed", 0.55, 0.31),
    ("planted/second sample", "constructed", 0.95, 1.0),
    ("recorded/gpt-4o-mini", "certain", 0.5, 0.55),
    ("recorded/survey-lm-qwen2.5-7b-instruct-stage-2", "", 0.85, 0.9),
    ("问卷模型/通义千问", "certain", 0.3, 0.7),
]
GROUPS = {
    "sex": ["male", "female"],
    "age": ["19-34", "35-44", "45-58", "59-91"],
    "educ": ["HS or less", "college", "postgraduate"],
    "地区": ["东部", "中部", "西部"],
}
STRUCTURE = {"selfLR": ["PID", "age", "educ", "income"], "vote": ["PID", "age", "收入", "logpop"]}
METRICS: dict[str, tuple[str, float, float]] = {  # axis, value of chance, value of people
    "ccc_bivariate": ("structural", 0.02, 0.93),
    "ccc_ols": ("structural", 0.01, 0.88),
    "sign_agreement": ("structural", 0.5, 0.95),
    "slope_inflation": ("structural", 0.05, 0.98),
    "w1_normalized": ("marginal", 0.21, 0.018),
    "tv": ("marginal", 0.3, 0.03),
    "sd_ratio": ("marginal", 1.0, 1.0),
    "entropy_ratio": ("marginal", 1.1, 1.0),
    "accuracy": ("individual", 0.25, 0.6),
    "pearson_r": ("individual", 0.0, 0.6),
    "mae": ("individual", 1.5, 0.7),
}

COLUMNS = {
    name: words.split()
    for name, words in {
        "coefficients": "simulator variant target kind predictor human human_low human_high "
        "simulated simulated_low simulated_high",
        "gaps": "simulator variant target grouping groups gap_human gap_simulated gap_inflation "
        "low high between_ratio within_ratio worst_group worst_error",
        "comparisons": "axis metric variant simulator_a simulator_b difference low high p p_holm",
    }.items()
}


class Maker:
    """Makes the tables of a result, with as many parts as asked for."""

    def __init__(self, simulators: int, items: int, groups: bool, structure: bool) -> None:
        self.lot = random.Random(1)
        extra = max(0, simulators - len(SIMULATORS))
        self.simulators = SIMULATORS[-simulators:] if simulators < 3 else SIMULATORS[:simulators]
        self.simulators = [*self.simulators, *((f"vllm/model-{k}", "", 0.4, 0.8)
                                               for k in range(extra))]  # fmt: skip
        names = list(ITEMS)
        self.items = {
            (names[k] if k < len(names) else f"item_{k}"): ITEMS[names[k % len(names)]]
            for k in range(items)
        }
        self.groups = GROUPS if groups else {}
        self.structure = STRUCTURE if structure else {}

    def score(
        self, name: str, kind: str, quality: float, spread: float, variant: str, metric: str
    ) -> dict[str, Any]:
        axis, chance, best = METRICS[metric]
        value = chance + (best - chance) * quality
        if metric == "sd_ratio":
            value = spread if variant == "draw" or kind == "certain" else spread * quality
        value = round(value + self.lot.gauss(0, 0.02), 4)
        value = abs(value) if axis == "marginal" else value
        baseline = 1.02 if metric == "sd_ratio" and variant == "draw" else chance
        baseline = 0.0 if metric == "sd_ratio" and variant == "expectation" else baseline
        low = value - 0.05 if axis != "marginal" else max(0.0, value - 0.05)
        return {
            "simulator": name, "variant": variant, "axis": axis, "metric": metric,
            "value": value, "low": low, "high": value + 0.06, "n": 812,
            "baseline": baseline, "ceiling": None if axis == "individual" else best,
            "baseline_name": "baseline/marginal",
            "parse_rate": 0.973 if kind == "certain" else 1.0, "reason": None,
        }  # fmt: skip

    def rows(self, target_of: Callable[[str], list[str]]) -> Iterator[dict[str, Any]]:
        names = ["overall", *self.group_names()]
        for name, kind, quality, spread in self.simulators:
            for variant in ("expectation", "draw"):
                for metric in METRICS:
                    for target in target_of(metric):
                        for group in names:
                            row = self.score(name, kind, quality, spread, variant, metric)
                            yield row | {"target": target, "group": group}

    def group_names(self) -> list[str]:
        return [f"{name}={label}" for name, labels in self.groups.items() for label in labels]

    def targets(self, metric: str) -> list[str]:
        if METRICS[metric][0] == "structural":
            return list(self.structure)
        ordered = [name for name, (_, scale, _) in self.items.items() if scale == "ordinal"]
        nominal = [name for name in self.items if name not in ordered]
        scales = ["leaning"] if ordered else []
        only_items = {"tv": [*ordered, *nominal], "accuracy": [*ordered, *nominal]}
        return only_items.get(metric, [*ordered, *scales])

    def scores(self) -> pl.DataFrame:
        table = frame(list(self.rows(self.targets)), SCORE_COLUMNS)
        small = (pl.col("group") == "educ=postgraduate") & (pl.col("axis") == "structural")
        reason = pl.when(small).then(pl.lit("21 people, fewer than the 30 asked for"))
        hidden = [pl.when(~small).then(name).alias(name) for name in ("value", "low", "high")]
        return table.with_columns(*hidden, reason=reason)

    def summary(self) -> pl.DataFrame:
        groups, self.groups = self.groups, {}
        table = frame(list(self.rows(lambda metric: [f"mean of {len(self.targets(metric))}"]
                                     if self.targets(metric) else [])), SCORE_COLUMNS)  # fmt: skip
        self.groups = groups
        return table

    def distributions(self) -> pl.DataFrame:
        rows = []
        for item, (_, _, options) in self.items.items():
            lot = random.Random(item)
            human = shares([lot.uniform(0.3, 1) for _ in options])
            for name, kind, quality, _ in self.simulators:
                off = [share * (0.0 if kind == "constructed" and k == 0 and quality < 0.9
                                else lot.uniform(quality, 2 - quality))
                       for k, share in enumerate(human)]  # fmt: skip
                for k, (code, label) in enumerate(options):
                    rows.append({"simulator": name, "item": item, "code": str(code),
                                 "label": label, "position": float(code), "human": human[k],
                                 "simulated": shares(off)[k]})  # fmt: skip
        return frame(rows, ("simulator", "item", "code", "label", "position", "human", "simulated"))

    def coefficients(self) -> pl.DataFrame:
        rows = []
        for name, _, quality, spread in self.simulators:
            for target, predictors in self.structure.items():
                for kind in ("bivariate", "multivariable"):
                    for variant in ("expectation", "draw"):
                        for place, predictor in enumerate(predictors):
                            human = 0.6 - 0.25 * place
                            own = human * spread + self.lot.gauss(0, 0.3 * (1 - quality))
                            rows.append((name, variant, target, kind, predictor, human,
                                         human - 0.06, human + 0.06, own, own - 0.07,
                                         own + 0.07))  # fmt: skip
        columns = COLUMNS["coefficients"]
        return pl.DataFrame(rows, schema=columns, orient="row")

    def gaps(self) -> pl.DataFrame:
        columns = COLUMNS["gaps"]
        rows = []
        for name, _, quality, spread in self.simulators:
            for variant in ("expectation", "draw"):
                for target in self.targets("sd_ratio"):
                    for grouping, labels in self.groups.items():
                        ratio = (2 - quality) * self.lot.uniform(0.8, 1.2)
                        rows.append((name, variant, target, grouping, len(labels), 0.5, 0.5 * ratio,
                                     ratio, ratio - 0.2, ratio + 0.3, ratio**2, spread,
                                     f"{grouping}={labels[-1]}", 0.2))  # fmt: skip
        return pl.DataFrame(rows, schema=columns, orient="row")

    def comparisons(self) -> pl.DataFrame:
        rows = []
        for place, first in enumerate(self.simulators):
            for second in self.simulators[place + 1 :]:
                for metric in ("ccc_ols", "w1_normalized", "pearson_r"):
                    gap = (first[2] - second[2]) / 2
                    p = min(1.0, max(0.0002, 0.5 - abs(gap)))
                    rows.append((METRICS[metric][0], metric, "draw", first[0], second[0], gap,
                                 gap - 0.05, gap + 0.05, p, min(1.0, 20 * p)))  # fmt: skip
        columns = COLUMNS["comparisons"]
        return pl.DataFrame(rows, schema=columns, orient="row")

    def about(self) -> dict[str, Any]:
        return {
            "survey": {"source": "anes96", "n": 944, "language": "zh", "weight": "wt",
                       "design_effect": 1.34},
            "profile": ["age", "educ", "income", "PID", "地区"],
            "items": {name: text for name, (text, _, _) in self.items.items()},
            "scales": {"leaning": "mean of selfLR, econ"},
            "groups": list(self.groups),
            "pilot": {"n": 100, "replicates": 20, "seed": 42},
            "scored_n": 944,
            "bootstrap": {"replicates": 500, "level": 0.95},
            "simulators": [
                {"name": name, "use": name, "by": "recorded" if kind == "certain" else "model",
                 "constructed": kind == "constructed", "trivial": kind == "trivial",
                 "certain": kind == "certain"}
                for name, kind, _, _ in self.simulators
            ],
            "version": "0.1.0",
        }  # fmt: skip

    def result(self) -> FidelityResult:
        return FidelityResult(
            scores=self.scores(),
            summary=self.summary(),
            comparisons=self.comparisons(),
            gaps=self.gaps(),
            distributions=self.distributions(),
            coefficients=self.coefficients(),
            outcomes=frame([
                {"simulator": name, "item": item, "outcome": outcome, "n": n}
                for name, kind, _, _ in self.simulators for item in self.items
                for outcome, n in (("answered", 919 if kind == "certain" else 944),
                                   ("refused", 20 if kind == "certain" else 0),
                                   ("unparseable", 5 if kind == "certain" else 0)) if n
            ], ("simulator", "item", "outcome", "n")),
            unused=frame([{"simulator": "planted/llm_like", "item": "trust",
                           "options": "完全不能信任"}], ("simulator", "item", "options")),
            left_out=frame([
                {"what": "group", "name": "educ=postgraduate",
                 "reason": "21 people, fewer than 30"},
                {"what": "predictor", "name": "logpop", "reason": "the same for everyone"},
            ], ("what", "name", "reason")),
            about=self.about(),
            notes=("'trust': no scale was declared; taken for ordinal.",),
        )  # fmt: skip


def shares(values: list[float]) -> list[float]:
    total = sum(values)
    return [value / total for value in values]


def frame(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> pl.DataFrame:
    if not rows:
        return pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
    return pl.DataFrame(rows, infer_schema_length=None).select(columns)


@pytest.fixture(scope="session")
def make_result() -> Callable[..., FidelityResult]:
    """Make a result with a number of simulators and items, with or without groups."""

    def make(
        simulators: int = 11, items: int = 6, groups: bool = True, structure: bool = True
    ) -> FidelityResult:
        return Maker(simulators, items, groups, structure).result()

    return make


@pytest.fixture(scope="session")
def result(make_result: Callable[..., FidelityResult]) -> FidelityResult:
    """A demonstration: eleven simulators, six items, twelve groups."""
    return make_result()


@pytest.fixture(scope="session")
def empty(result: FidelityResult) -> FidelityResult:
    """Nothing could be scored."""
    tables = ("scores", "summary", "comparisons", "gaps", "distributions", "coefficients",
              "outcomes", "unused", "left_out")  # fmt: skip
    return FidelityResult(**{name: getattr(result, name).clear() for name in tables})
