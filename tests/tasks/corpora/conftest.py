"""A small invented survey, in both languages, and a dialogue."""

from __future__ import annotations

import polars as pl
import pytest

from alignsurvey.survey import (
    Category,
    Codebook,
    Design,
    Missing,
    MissingCode,
    Scale,
    Survey,
    Variable,
)

_ZH = {
    "age": "年龄", "sex": "性别", "mood": "总的来说，您幸福吗？", "trust": "您信任邻居吗？",
    "f": "女", "m": "男", "no": "不幸福", "so": "一般", "yes": "幸福", "few": "不信任",
    "many": "信任",
}  # fmt: skip
_EN = {
    "age": "Age", "sex": "Sex", "mood": "Taken all together,\nare you happy?",
    "trust": "Do you trust your neighbours?", "f": "Female", "m": "Male", "no": "Not happy",
    "so": "So so", "yes": "Happy", "few": "No", "many": "Yes",
}  # fmt: skip


def make_survey(language: str = "en", n: int = 20) -> Survey:
    """Twenty people: one mood in five refused, one trust in four empty, one age in seven."""
    words = _ZH if language == "zh" else _EN
    rows = range(n)
    answers = pl.DataFrame(
        {
            "person": [f"p{row}" for row in rows],
            "weight": [0.5 + row % 3 for row in rows],
            "age": [None if row % 7 == 3 else 20.0 + row % 5 for row in rows],
            "sex": [1 + row % 2 for row in rows],
            "mood": [None if row % 5 == 0 else 1 + row % 3 for row in rows],
            "trust": [None if row % 4 == 1 else row % 2 for row in rows],
            "remark": [f"note {row}" for row in rows],
        }
    )
    missing = pl.DataFrame({"mood": [9 if row % 5 == 0 else None for row in rows]})
    sex = (Category(1, words["f"]), Category(2, words["m"]))
    mood = (Category(1, words["no"]), Category(2, words["so"]), Category(3, words["yes"]))
    trust = (Category(0, words["few"]), Category(1, words["many"]))
    refused = (MissingCode(9, Missing.REFUSED),)
    book = Codebook(
        (
            Variable("age", words["age"], Scale.INTERVAL),
            Variable("sex", words["sex"], Scale.NOMINAL, sex),
            Variable("mood", words["mood"], Scale.ORDINAL, mood, refused),
            Variable("trust", words["trust"], Scale.NOMINAL, trust),
            Variable("remark", scale=Scale.TEXT),
        )
    )
    return Survey(answers, book, Design("person", "weight"), missing, language, "invented")


@pytest.fixture
def survey() -> Survey:
    return make_survey()


@pytest.fixture
def survey_zh() -> Survey:
    return make_survey("zh")
