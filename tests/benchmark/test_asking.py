"""Simulators asked the records of a benchmark: planted answers, silence, examples, shares."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignsurvey.benchmark.asking import Elicitation, ask_parts
from alignsurvey.benchmark.bench import BenchResult, Part, example_parts, read_parts, run_bench
from alignsurvey.benchmark.bench_folder import write_bench
from alignsurvey.benchmark.held_out import HeldOut, check_examples, hold_out
from alignsurvey.benchmark.rows import Task
from alignsurvey.benchmark.share_baselines import baseline_shares
from alignsurvey.benchmark.verbalized import group_part
from alignsurvey.errors import InputError
from alignsurvey.tasks.prompts import plan, write_choice
from alignsurvey.tasks.queries import Query, Reply, respondent_text
from alignsurvey.tasks.query_tables import read_query_table
from alignsurvey.tasks.records import Option, ResponseRecord, read_records

OPTIONS = ("never", "sometimes", "often")
QUESTION = "How often do you walk?"


class Planted:
    """A simulator whose replies are planted."""

    def __init__(self, reply: Callable[[Query], str | None], name: str = "test/planted") -> None:
        self.name = name
        self._reply = reply
        self.asked: list[Query] = []

    def answer(self, queries: Sequence[Query]) -> Iterator[Reply]:
        self.asked += queries
        # Any order is allowed, and a reply that is missing altogether.
        for query in reversed(queries):
            text = self._reply(query)
            if text != "(nothing)":
                yield Reply(query.id, text)


def record(person: int, answer: str, sex: str = "f", row: int = 0) -> ResponseRecord:
    options = tuple(Option(letter, text) for letter, text in zip("ABC", OPTIONS, strict=True))
    lines = "\n".join(f"{one.letter}. {one.text}" for one in options)
    return ResponseRecord(
        row=row or person, person=person, question=QUESTION, options=options, answers=(answer,),
        instruction=f"You are {person}, {sex}.\n{QUESTION}\nOptions:\n{lines}\n",
        output=f"{'ABC'[OPTIONS.index(answer)]}. {answer}",
        profile=(("sex", sex), ("number", person)),
    )  # fmt: skip


def part(people: int = 60) -> Part:
    """Everybody answers once; women more often "often"."""
    records = [
        record(one, OPTIONS[(one // 2) % 3 if one % 2 else 1 + (one // 2) % 2], "mf"[one % 2])
        for one in range(people)
    ]
    return Part(Task.RESPONSE, "", tuple(records))


def truth(query: Query, of: Part) -> str:
    known = {respondent_text(one.person): one.output for one in of.records}
    return known[respondent_text(query.respondent)]


def value(result: BenchResult, metric: str, mode: str = "strict", **where: str) -> float:
    return float(result.scores.filter(metric=metric, mode=mode, **where)["value"].item())


def test_planted_answers_are_scored_as_planted() -> None:
    own = part()
    simulator = Planted(
        lambda query: truth(query, own) if int(str(query.respondent)) < 45 else "C. often"
    )
    result = run_bench([own], [simulator])
    expected = np.mean([one.person < 45 or one.answer == "often" for one in own.records])
    assert value(result, "accuracy") == pytest.approx(expected)
    assert value(result, "accuracy", "paper") == pytest.approx(expected)
    assert result.scores["model"].unique().to_list() == ["test/planted"]
    assert result.scores["baseline"].null_count() == 0


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (None, "no_reply"),
        ("(nothing)", "no_reply"),
        ("", "no_reply"),
        ("I cannot answer that.", "refused"),
        ("A. never or C. often", "unparseable"),
    ],
)
def test_broken_and_missing_replies_are_counted_and_wrong(reply: str | None, outcome: str) -> None:
    own = part()
    simulator = Planted(
        lambda query: reply if int(str(query.respondent)) < 15 else truth(query, own)
    )
    result = run_bench([own], [simulator])
    scores = result.scores.filter(metric="accuracy", mode="strict")
    assert scores["parse_rate"].item() == pytest.approx(0.75)
    assert scores["value"].item() == pytest.approx(0.75)
    found = [row["outcome"] for row in result.scored[0].score.rows.values()]
    assert found.count(outcome) == 15
    told = any("no reply to 15 of 60" in one.what for _, one in result.problems)
    assert told == (reply in (None, "(nothing)"))


def test_released_prompts_are_put_verbatim_and_others_by_template(tmp_path: Path) -> None:
    prompt = f"Your personal background:\nsex: f\n\nSurvey question:\n{QUESTION}\nA. no\nB. yes"
    path = tmp_path / "rows.json"
    path.write_text(json.dumps([{"instruction": prompt, "output": "B. yes"}]), encoding="utf-8")
    released = Part(Task.RESPONSE, "", read_records(path).records)
    for given_as, parts, shown in (
        (None, released, True),
        ("template", released, False),
        (None, part(3), False),
        ("verbatim", part(3), True),
    ):
        simulator = Planted(lambda query: "A")
        ask_parts(simulator, HeldOut((parts,)), Elicitation(prompts=given_as))  # type: ignore[arg-type]
        assert (simulator.asked[0].messages[-1].content == parts.records[0].prompt) is shown


def test_the_language_of_a_template_can_be_chosen() -> None:
    simulator = Planted(lambda query: "A. never")
    run_bench([part(12)], [simulator], elicitation=Elicitation(language="zh"))
    assert "问卷" in simulator.asked[0].messages[-1].content
    with pytest.raises(InputError, match="verbatim prompts have a language"):
        Elicitation("verbatim", language="zh")


@pytest.mark.parametrize("by", ["seed", "nearest"])
def test_who_stands_as_an_example_is_scored_nowhere(by: str) -> None:
    own = part()
    simulator = Planted(lambda query: truth(query, own))
    few = Elicitation(few_shot=3, examples_by=by)  # type: ignore[arg-type]
    result = run_bench([own], [simulator, "baseline/marginal"], elicitation=few)
    shown = {respondent_text(one) for query in simulator.asked for one in query.examples}
    scored = {respondent_text(one.respondent) for one in simulator.asked}
    assert shown
    assert shown <= set(result.held_out.people)
    assert not shown & scored
    assert len(result.held_out.people) == 6  # a tenth
    assert result.records == {"response": 54}
    n = result.scores.filter(metric="accuracy", mode="strict")["n"].to_list()
    assert n == [54, 54]  # the same rows for whoever answers
    roles = [one.role for one in simulator.asked[0].messages]
    assert roles[-7:] == ["user", "assistant"] * 3 + ["user"]


def test_an_example_that_would_be_scored_stops_the_run() -> None:
    own = part()
    leaking = HeldOut((own,), {("response", ""): own.records})
    simulator = Planted(lambda query: "A. never")
    with pytest.raises(InputError, match="stands as an example in prompts and is scored"):
        ask_parts(simulator, leaking, Elicitation(few_shot=2))
    assert not simulator.asked


def test_the_same_profile_may_be_the_same_person() -> None:
    twins = [record(one, "never", row=one) for one in range(40)]
    same = [
        ResponseRecord(row=one.row, person=f"other {one.person}", profile=one.profile,
                       instruction="…", options=one.options, answers=one.answers)
        for one in twins
    ]  # fmt: skip
    held = hold_out([Part(Task.RESPONSE, "", tuple(twins)), Part(Task.RESPONSE, "b", tuple(same))],
                    3, seed=1)  # fmt: skip
    used = {one.profile for pool in held.pools.values() for one in pool}
    assert used
    assert not used & {one.profile for kept in held.parts for one in kept.records}


@given(st.integers(8, 60), st.integers(1, 4), st.integers(0, 5))
def test_held_out_people_and_scored_people_are_all_people(people: int, k: int, seed: int) -> None:
    own = part(people)
    held = hold_out([own], k, seed)
    check_examples([], held.parts[0].records)
    kept = {respondent_text(one.person) for one in held.parts[0].records}
    assert kept | set(held.people) == {str(one) for one in range(people)}
    assert not kept & set(held.people)
    assert len(held.people) >= k
    assert held.rows == len(held.people)


def test_too_few_people_for_examples_are_told() -> None:
    with pytest.raises(InputError, match="3 examples a question would need more than half of the"):
        hold_out([part(5)], 3, seed=42)
    with pytest.raises(InputError, match="examples must be 0 or more"):
        Elicitation(few_shot=-1)


def test_long_prompts_are_shortened_by_the_simulators_own_tokens() -> None:
    class Short(Planted):
        prompt_tokens = 120

        def count_tokens(self, text: str) -> int:
            return len(text.split())

    simulator = Short(lambda query: "A. never")
    run_bench([part()], [simulator], elicitation=Elicitation(few_shot=4))
    lengths = [sum(len(m.content.split()) for m in one.messages) for one in simulator.asked]
    assert max(lengths) <= 120
    assert all(QUESTION in one.messages[-1].content for one in simulator.asked)


def shares_of(own: Part, sex: str) -> dict[str, float]:
    answers = [one.answer for one in own.records if dict(one.profile)["sex"] == sex]
    return {text: 100 * answers.count(text) / len(answers) for text in OPTIONS}


def about(query: Query) -> str:
    return "m" if "sex: m" in str(query.respondent) else "f"


def test_verbalized_shares_that_are_right_have_no_distance() -> None:
    own = part()
    simulator = Planted(
        lambda query: (
            json.dumps(shares_of(own, about(query)))
            if query.task == "response-group"
            else truth(query, own)
        )
    )
    result = run_bench([own], [simulator], ["sex"])
    rows = result.scores.filter(task="response-group", part="verbalized")
    assert rows["mode"].to_list() == ["strict", "paper"]
    assert rows["value"].to_list() == pytest.approx([0, 0], abs=1e-6)
    assert rows["n"].to_list() == [2, 2]
    assert rows["parse_rate"].to_list() == [1, 1]
    assert rows["floor"][0] > 0
    assert result.scores.filter(task="response-group", part="aggregate")["n"].item() == 3


def test_verbalized_shares_have_the_distance_of_their_order() -> None:
    own = part()
    simulator = Planted(
        lambda query: (
            json.dumps(dict.fromkeys(OPTIONS[1:], 0) | {"never": 100})
            if query.task == "response-group"
            else "A"
        )
    )
    result = run_bench([own], [simulator], ["sex"])
    # Everybody said to be at the lowest option: W1 is the mean place of the real answers.
    places = [
        np.mean([OPTIONS.index(one.answer) for one in own.records if one.attribute("sex") == sex])
        for sex in "mf"
    ]
    row = result.scores.filter(part="verbalized", mode="strict")
    assert row["metric"].item() == "w1"
    assert row["value"].item() == pytest.approx(np.mean(places))
    assert row["low"].item() < row["value"].item() < row["high"].item()


def test_shares_that_cannot_be_read_are_counted_and_not_scored() -> None:
    own = part()
    simulator = Planted(
        lambda query: "hard to say" if about(query) == "m" else json.dumps(shares_of(own, "f"))
    )
    row = run_bench([own], [simulator], ["sex"]).scores.filter(part="verbalized", mode="strict")
    assert row["parse_rate"].item() == 0.5
    assert row["value"].item() == pytest.approx(0, abs=1e-6)
    silent = Planted(lambda query: None)
    row = run_bench([own], [silent], ["sex"]).scores.filter(part="verbalized", mode="strict")
    assert row["value"].item() is None
    assert row["parse_rate"].item() == 0


def test_baselines_say_the_shares_of_people_outside_the_group() -> None:
    own = part()
    groups = group_part(own, ["sex"])
    assert [cell.record.name for cell in groups.cells] == ["sex: f", "sex: m"]
    said = json.loads(baseline_shares("baseline/majority", groups)[0])
    assert said == pytest.approx(shares_of(own, "m"), abs=1e-4)
    said = json.loads(baseline_shares("baseline/uniform", groups)[0])
    assert list(said.values()) == pytest.approx([100 / 3] * 3, abs=1e-4)


def test_a_run_keeps_queries_and_answers(tmp_path: Path) -> None:
    own = part(40)
    simulator = Planted(lambda query: "?" if "-" in query.task else truth(query, own))
    few = Elicitation(few_shot=2)
    result = run_bench([own], [simulator], ["sex"], elicitation=few, limit=20)
    write_bench(tmp_path / "run", result, few.settings())
    queries = read_query_table(pl.read_parquet(tmp_path / "run" / "queries.parquet"))
    answers = pl.read_parquet(tmp_path / "run" / "answers.parquet")
    assert {one.id for one in queries} == {one.id for one in simulator.asked}
    assert set(answers["query"]) == {one.id for one in queries}
    individual = answers.filter(task="response")
    assert individual.height == 20
    assert individual["outcome"].unique().to_list() == ["answered"]
    assert individual["text"][0].split(". ")[1] == individual["answer"][0]
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["few_shot"] == 2
    assert manifest["example_people"]["people"] == list(result.held_out.people)
    # The replies of a run can be given again.
    again = tmp_path / "response.jsonl"
    again.write_bytes((tmp_path / "run" / "test_planted-response.jsonl").read_bytes())
    replayed = run_bench(
        [own], ["recorded/response.jsonl"], base=tmp_path, elicitation=few, limit=20
    )
    assert value(replayed, "accuracy") == value(result, "accuracy")


def test_a_run_that_fails_leaves_nothing_half_written(tmp_path: Path) -> None:
    def broken(path: Path) -> None:
        path.write_text("half", encoding="utf-8")
        raise KeyboardInterrupt

    result = run_bench([part(12)], ["baseline/majority"])
    with pytest.raises(KeyboardInterrupt):
        write_bench(tmp_path / "run", result, {}, broken)
    names = {one.name for one in (tmp_path / "run").iterdir()}
    assert not {"manifest.json", "report.html"} & names
    assert not any("half" in name or name.startswith(".") for name in names)


def test_two_models_of_one_name_are_told() -> None:
    two = [Planted(lambda query: "A"), Planted(lambda query: "B")]
    with pytest.raises(InputError, match="two models are called 'test/planted'"):
        run_bench([part(12)], two)


def test_all_four_tasks_are_asked_of_a_simulator_on_the_embedded_interviews() -> None:
    parts, _ = example_parts("en", ["role", "interview", "stance", "response"])
    known = {(str(one.person), one.question or one.theme): one.output
             for own in parts if own.task is Task.STANCE for one in own.records}  # fmt: skip
    simulator = Planted(
        lambda query: known[str(query.respondent), query.item]
        if query.task == "stance"
        else "A" if query.options else "Well, it depends."
    )  # fmt: skip
    result = run_bench(parts, [simulator], elicitation=Elicitation(few_shot=1))
    assert value(result, "accuracy", task="stance") == 1
    assert value(result, "accuracy", "paper", task="stance") == 1
    assert set(result.records) == {"role", "interview", "stance", "response"}


def group_rows(path: Path, kind: str) -> Path:
    """Released rows of groups: ages, and shares that depend on them."""
    options = {"stance": ("积极", "中立", "消极"), "response": ("每天", "每周", "从不")}[kind]
    lines = "\n".join(f"{letter}. {text}" for letter, text in zip("ABC", options, strict=True))
    rows = []
    for place in range(12):
        shares = (20 + 5 * place, 70 - 5 * place, 10)
        label = zip("ABC", options, shares, strict=True)
        prompt = (
            f"以下是一个虚构人群的背景。\n年龄: {20 + place}岁\n\n问卷问题：\n您对卫生满意吗？\n"
            f"选项：\n{lines}\n\n请输出该人群各选项的百分比："
        )
        rows.append({"instruction": prompt, "input": "", "output": "\n".join(
            f"{letter}. {text}: {share}%" for letter, text, share in label)})  # fmt: skip
    path.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    return path


@pytest.mark.parametrize("kind", ["stance", "response"])
@pytest.mark.parametrize("prompts", [None, "template"])
def test_released_group_rows_are_read_asked_and_scored(
    tmp_path: Path, kind: str, prompts: str | None
) -> None:
    path = group_rows(tmp_path / "groups.json", kind)
    records = read_records(path)
    assert records.task == f"{kind}-group"
    assert not records.problems
    assert not records.repairs
    assert records[0].attribute("年龄") == "20岁"
    assert records[0].shares == pytest.approx((0.2, 0.7, 0.1))  # type: ignore[attr-defined]
    parts, _ = read_parts([path], [f"{kind}-group"])
    known = {one.attribute("年龄"): one.output for one in records}
    simulator = Planted(
        lambda query: next(
            label for age, label in known.items() if str(age) in query.messages[-1].content
        )
    )
    how = Elicitation(prompts, few_shot=2)  # type: ignore[arg-type]
    result = run_bench(parts, [simulator, "baseline/marginal"], elicitation=how)
    own = result.scores.filter(model="test/planted", metric="w1")
    assert own["part"].to_list() == ["verbalized"] * 2
    assert own["value"].to_list() == pytest.approx([0, 0], abs=1e-9)
    # The mean of the other groups differs from a group's own share by 12/11 of its distance to all.
    first = np.array([0.2 + 0.05 * place for place in range(12)])
    expected = np.mean(np.abs(first - first.mean()) * 12 / 11)
    assert own["marginal"][0] == pytest.approx(expected)
    write_bench(tmp_path / "run", result, {})
    assert pl.read_parquet(tmp_path / "run" / "answers.parquet").height == 24


def test_recorded_replies_of_released_groups_are_scored(tmp_path: Path) -> None:
    path = group_rows(tmp_path / "groups.json", "response")
    parts, _ = read_parts([path], ["response-group"])
    lines = [json.dumps({"prompt": one.prompt, "predict": one.output}) for one in parts[0].records]
    (tmp_path / "response-group.jsonl").write_text("\n".join(lines[:-3]), encoding="utf-8")
    result = run_bench(parts, ["recorded/response-group.jsonl"], base=tmp_path)
    row = result.scores.filter(metric="w1", mode="strict")
    assert row["value"].item() == pytest.approx(0)
    assert row["parse_rate"].item() == pytest.approx(9 / 12)


def test_a_group_row_without_shares_is_left_out_and_shown(tmp_path: Path) -> None:
    path = group_rows(tmp_path / "groups.json", "response")
    rows = json.loads(path.read_text(encoding="utf-8"))
    rows[3]["output"] = "无"
    path.write_text(json.dumps(rows), encoding="utf-8")
    records = read_records(path)
    assert len(records) == 11
    assert [(one.row, one.left_out) for one in records.problems] == [(4, True)]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_right_replies_in_the_form_asked_for_are_right_asked_kept_and_recorded(
    language: Literal["en", "zh"], tmp_path: Path
) -> None:
    parts, _ = example_parts(language, ["role"])
    truth = {query.id: write_choice(query.options, record.answers)
             for part in parts
             for query, record in zip(plan(part.records), part.records, strict=True)}  # fmt: skip

    knowing = Planted(lambda query: truth[query.id], "sim/knowing")
    asked = run_bench(parts, [knowing])
    write_bench(tmp_path / "run", asked, {})
    kept = sorted((tmp_path / "run").glob("sim_knowing-role-*.jsonl"))
    together = tmp_path / "role.jsonl"
    together.write_text("".join(one.read_text("utf-8") for one in kept), "utf-8")
    lists = {"Household members", "Main monthly spending", "家庭成员关系", "家庭月消费主要支出项目"}
    for result in (asked, run_bench(parts, [f"recorded/{together}"])):
        fields = result.scores.filter(
            pl.col("metric") == "accuracy", ~pl.col("part").is_in({"basic", "social", "family"})
        )
        assert (fields.filter(mode="strict")["value"] == 1).all()
        # The released scorer reads only what stands in quotes as an item of a list.
        paper = fields.filter(pl.col("mode") == "paper", ~pl.col("part").is_in(lists))
        assert paper.height == 10
        assert (paper["value"] == 1).all()


def test_shares_that_a_run_kept_are_scored_again_as_recorded(tmp_path: Path) -> None:
    own = part(40)
    model = Planted(lambda query: '{"never": 50, "sometimes": 30, "often": 20}'
                    if query.task.endswith("-group") else "A. never", "sim/shares")  # fmt: skip
    asked = run_bench([own], [model], ["sex", "no such"])
    told = [one.what for _, one in asked.problems]
    assert "no groups by it: no profile has the attribute 'no such'" in told
    write_bench(tmp_path / "run", asked, {})
    kept = tmp_path / "kept"
    kept.mkdir()
    for name in ("response", "response-group-verbalized"):
        text = (tmp_path / "run" / f"sim_shares-{name}.jsonl").read_text("utf-8")
        (kept / f"{name.removesuffix('-verbalized')}.jsonl").write_text(text, "utf-8")
    again = run_bench([own], [f"recorded/{kept}"], ["sex"])
    said = [result.scores.filter(part="verbalized").select("mode", "metric", "value", "n").rows()
            for result in (asked, again)]  # fmt: skip
    assert said[0]
    assert said[0] == said[1]
    (kept / "response-group.jsonl").unlink()
    silent = run_bench([own], [f"recorded/{kept}"], ["sex"])
    assert silent.scores.filter(part="verbalized").is_empty()
    assert any("no verbalized shares" in one.what for _, one in silent.problems)
