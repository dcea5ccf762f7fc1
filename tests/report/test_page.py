"""The page: holds everything it shows, escapes what users wrote, survives whatever is missing."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest

from alignsurvey.errors import InputError
from alignsurvey.fidelity.result import FidelityResult
from alignsurvey.report.page import render_report, write_report

VOID = {"meta", "link", "br", "hr", "img", "input", "wbr"}


class Checker(HTMLParser):
    """Collects tags, attributes and text, and checks that elements nest."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def parsed(page: str) -> Checker:
    checker = Checker()
    checker.feed(page)
    assert checker.open == []
    return checker


@pytest.fixture(scope="module")
def page(result: FidelityResult) -> str:
    return render_report(result, title="A study")


def text_of(page: str) -> str:
    without = re.sub(r"<(style|script)>.*?</\1>", " ", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", without))


@pytest.fixture
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures take most of the time; where they do not matter, they are left out."""
    monkeypatch.setattr("alignsurvey.report.page.as_svg", lambda *_: "<svg></svg>")


def test_elements_nest_and_ids_are_unique(page: str) -> None:
    checker = parsed(page)
    assert len(checker.ids) == len(set(checker.ids))
    targets = [a["href"] for tag, a in checker.tags if tag == "a"]
    assert all(href and href.startswith("#") and href[1:] in checker.ids for href in targets)


def test_nothing_is_loaded_from_elsewhere(page: str) -> None:
    loading = {"src", "href", "xlink:href", "action", "data", "poster", "srcset"}
    for tag, attributes in parsed(page).tags:
        assert tag not in ("link", "iframe", "object", "embed", "img", "base")
        for name in loading & attributes.keys():
            assert (attributes[name] or "").startswith("#")
    assert not re.search(r"url\((?!#|['\"]?#)", page)
    assert "@import" not in page
    assert "http://" not in page
    assert "https://" not in page


def test_every_figure_and_table_says_what_it_is(page: str) -> None:
    assert page.count("<table") == page.count("<caption")
    figures = re.findall(r'<svg[^>]*role="img"[^>]*>(<title>.*?</title>)?', page)
    assert len(figures) == 6
    assert all(figures)


def test_numbers_of_the_result_are_on_the_page(result: FidelityResult, page: str) -> None:
    text = text_of(page)
    row = result.summary.filter(
        (pl.col("simulator") == "baseline/logit") & (pl.col("metric") == "ccc_ols")
    ).row(0, named=True)
    assert f"{row['value']:.2f}".removeprefix("0") in text
    assert f"[{row['low']:.2f} {row['high']:.2f}]".replace("0.", ".") in text
    for words in ("一般来说", "完全不能信任", "944 people judge", "2606.28963", "2511.07871",
                  "Lin 1989", "design effect 1.34", "21 people, fewer than 30",
                  "no scale was declared", "seed (42)", "constructed"):  # fmt: skip
        assert words in text, words


def test_findings_are_said_in_words(page: str) -> None:
    text = text_of(page)
    assert "spread is .34 of people’s" in text
    assert re.search(r"differences between groups are [\d.]+ times people’s", text)
    assert "3% of the questions have no answer" in text


def test_constructed_and_trivial_simulators_lead_nowhere(page: str) -> None:
    leaders = re.search(r'<ul class="leaders">.*?</ul>', page, re.DOTALL)
    assert leaders is not None
    assert "planted" not in leaders.group()
    assert "baseline/uniform" not in leaders.group()


def test_what_users_wrote_is_escaped(make_result: Callable[..., FidelityResult]) -> None:
    text = """'"><script>alert(1)</script><img src=x onerror=a>&"""
    result = make_result(simulators=7, items=5)  # with planted/llm_like and vote

    def swap(table: pl.DataFrame) -> pl.DataFrame:
        known = {"planted/llm_like": text, "vote": text, "selfLR": text, "Clinton": text,
                 "sex=male": f"sex={text}", "PID": text}  # fmt: skip
        return table.with_columns(pl.col(pl.String).replace(known))

    tables = ("scores", "summary", "comparisons", "gaps", "distributions", "coefficients",
              "outcomes", "unused", "left_out")  # fmt: skip
    about = dict(result.about)
    about["items"] = {text: text}
    about["survey"] = about["survey"] | {"source": text, "weight": text, "language": text}
    about["profile"], about["groups"], about["scales"] = [text], [text], {text: text}
    about["simulators"] = [one | {"name": text, "use": text} if one["name"] == "planted/llm_like"
                           else one for one in about["simulators"]]  # fmt: skip
    swapped = {name: swap(getattr(result, name)) for name in tables}
    page = render_report(replace(result, **swapped, about=about, notes=(text,)), text, text)
    checker = parsed(page)
    assert sum(tag == "script" for tag, _ in checker.tags) == 1
    assert not any(tag == "img" for tag, _ in checker.tags)
    assert not any("onerror" in attributes for _, attributes in checker.tags)


@pytest.mark.parametrize(
    "parts",
    [
        {"simulators": 1},
        {"simulators": 3},
        {"items": 1},
        {"groups": False},
        {"structure": False},
        {"items": 1, "groups": False, "structure": False, "simulators": 1},
    ],
)
@pytest.mark.usefixtures("no_figures")
def test_a_page_without_some_parts(
    make_result: Callable[..., FidelityResult], parts: dict[str, int]
) -> None:
    text = text_of(render_report(make_result(**{"simulators": 4, "items": 3} | parts)))
    assert "Method and caveats" in text
    if parts.get("structure") is False:
        assert "The study names no structure" in text
    if parts.get("groups") is False:
        assert "The study names no groups" in text


def test_an_empty_result_and_one_without_values(
    result: FidelityResult, empty: FidelityResult
) -> None:
    assert "There is no score to show" in text_of(render_report(empty))

    def nulled(table: pl.DataFrame) -> pl.DataFrame:
        return table.with_columns(
            pl.lit(None, pl.Float64).alias(name)
            for name, kind in table.schema.items()
            if kind == pl.Float64
        )

    tables = ("scores", "summary", "comparisons", "gaps", "distributions", "coefficients")
    blank = replace(result, **{name: nulled(getattr(result, name)) for name in tables})
    assert "Too little was scored to say" in text_of(render_report(blank))


@pytest.mark.usefixtures("no_figures")
def test_nan_is_a_dash(make_result: Callable[..., FidelityResult]) -> None:
    result = make_result(simulators=4, items=2)
    nan = pl.col(pl.Float64).fill_null(float("nan"))
    page = render_report(replace(result, scores=result.scores.with_columns(nan)))
    assert not re.search(r"\bnan\b", text_of(page))


def test_a_large_study_stays_small_and_quick(make_result: Callable[..., FidelityResult]) -> None:
    large = make_result(simulators=30, items=60)
    started = time.process_time()
    page = render_report(large)
    assert time.process_time() - started < 20
    assert len(page.encode()) < 6e6
    assert "48 more items" in page
    assert "more simulators" in page
    checked = re.findall(r'<input type="checkbox" id="pick-s\d+" checked>', page)
    assert len(checked) == 8


def test_the_demonstration_is_small(page: str) -> None:
    assert len(page.encode()) < 1.5e6


def test_rendering_twice_gives_the_same_bytes(
    make_result: Callable[..., FidelityResult],
) -> None:
    small = make_result(simulators=1, items=1, structure=False)
    assert render_report(small) == render_report(small)


@pytest.mark.usefixtures("no_figures")
def test_the_file_appears_only_when_complete(
    make_result: Callable[..., FidelityResult], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = make_result(simulators=1, items=1, structure=False)
    path = write_report(result, tmp_path / "报告.html", command="alignsurvey fidelity study.yaml")
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert "alignsurvey fidelity study.yaml" in path.read_text(encoding="utf-8")
    assert list(tmp_path.iterdir()) == [path]

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(InputError, match="disk full"):
        write_report(result, tmp_path / "other.html")
    assert list(tmp_path.iterdir()) == [path]


def test_importing_the_report_imports_no_figures() -> None:
    import subprocess
    import sys

    code = (
        "import sys, alignsurvey.report.page, alignsurvey.report.terminal; "
        "sys.exit(any(name in sys.modules for name in ('altair', 'vl_convert', 'jinja2')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
