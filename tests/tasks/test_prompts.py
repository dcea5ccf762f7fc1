"""Prompts: golden copies, templates of one's own, few-shot examples, and what too long loses.

Golden copies are written anew by ``python tests/tasks/test_prompts.py``; read the difference.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment, meta

from alignsurvey.errors import InputError
from alignsurvey.tasks.prompts import (
    load_templates,
    render,
    write_choice,
    write_shares,
    write_stance,
)
from alignsurvey.tasks.prompts.content import CONTENT
from alignsurvey.tasks.queries import Message, Shown, Task
from alignsurvey.tasks.replies import (
    read_choice,
    read_judge,
    read_options,
    read_role,
    read_shares,
    read_stance,
)

GOLDEN = Path(__file__).parent / "golden"

_EN: dict[str, dict[str, Any]] = {
    "profile": {"age": 64.0, "sex": "female", "income": None, "note": " ", "owns": ["home", "car"]},
    "dialogue": [("Interviewer", "How was the harvest?"), ("Respondent", "Poor, it rained.")],
    "texts": {"theme": "village life", "question": "Are you content?", "field": "age group",
              "setting": "The survey was held in Exampleland in 2024."},
    "options": ["yes", "partly", "no"],
}  # fmt: skip
_ZH: dict[str, dict[str, Any]] = {
    "profile": {"年龄": 64.0, "性别": "女", "收入": None, "备注": " ", "拥有": ["房", "车"]},
    "dialogue": [("interviewer", "收成怎么样？"), ("respondent", "不好，老下雨。")],
    "texts": {"theme": "乡村生活", "question": "您满意吗？", "field": "年龄段",
              "setting": "调查于2024年在示例国进行。"},
    "options": ["满意", "一般", "不满意"],
}  # fmt: skip


def _cases(language: str) -> dict[str, tuple[Message, ...]]:
    """Every branch of every template."""
    given = _EN if language == "en" else _ZH
    text, profile, dialogue = given["texts"], given["profile"], given["dialogue"]
    group = dict([next(iter(profile.items()))])
    both = {"profile": profile, "dialogue": dialogue}
    asked: Mapping[str, tuple[str, dict[str, object]]] = {
        "role": ("role", {"dialogue": dialogue, "options": given["options"]}),
        "role-several": (
            "role",
            {"dialogue": dialogue, "options": given["options"], "several": True},
        ),
        "role-open": ("role", {"dialogue": dialogue}),
        "interview": ("interview", both),
        "interview-window": ("interview", {"dialogue": dialogue}),
        "stance": ("stance", {**both, "options": given["options"]}),
        "stance-group": ("stance-group", {"group": group, "n": 21, "options": given["options"]}),
        "stance-everyone": ("stance-group", {"n": 21, "options": given["options"]}),
        "response": ("response", {"profile": profile, "options": given["options"]}),
        "response-bare": ("response", {"options": given["options"]}),
        "response-shares": ("response-shares", {"profile": profile, "options": given["options"]}),
        "response-group": ("response-group", {"group": group, "options": given["options"]}),
        "response-everyone": ("response-group", {"options": given["options"]}),
        "judge": ("judge", {**both, "answer": "…", "reference": dialogue[1][1]}),
        "judge-bare": ("judge", {"answer": "…"}),
    }
    rendered = {}
    for name, (task, content) in asked.items():
        spare = "-" in name and name not in ("stance-group", "response-group", "response-shares")
        left_out = {"setting", "theme"} if spare and "stance" not in name else set()
        left_out |= {"question"} if name in ("interview-window", "judge-bare") else set()
        more = {
            key: one for key, one in text.items()
            if key in CONTENT[Task(task)] and key not in left_out
        }  # fmt: skip
        rendered[name] = render(task, language, **more, **content)
    return rendered


def _as_text(messages: tuple[Message, ...]) -> str:
    return "".join(f"[{one.role}]\n{one.content}\n" for one in messages)


NAMES = tuple(_cases("en"))


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", NAMES)
def test_prompts_equal_their_golden_copies(language: str, name: str) -> None:
    golden = (GOLDEN / language / f"{name}.txt").read_text(encoding="utf-8")
    assert _as_text(_cases(language)[name]) == golden


def test_no_golden_copy_is_left_over() -> None:
    found = {(path.parent.name, path.stem) for path in GOLDEN.glob("*/*.txt")}
    assert found == {(language, name) for language in ("en", "zh") for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_have_one_structure(name: str) -> None:
    english, chinese = _cases("en")[name], _cases("zh")[name]
    assert [one.role for one in english] == [one.role for one in chinese]
    for one, other in zip(english, chinese, strict=True):
        assert len(one.droppable) == len(other.droppable)
        assert one.content.count("\n") == other.content.count("\n")
        assert one.content.count("\n\n") == other.content.count("\n\n")
        assert "\n\n\n" not in one.content


@pytest.mark.parametrize("task", list(Task))
def test_both_languages_name_the_same_variables(task: Task) -> None:
    named = [
        meta.find_undeclared_variables(_parsed(load_templates().source(task, language)))
        for language in ("en", "zh")
    ]
    assert named[0] == named[1] == set(CONTENT[task])


def _parsed(source: str) -> Any:
    environment = Environment()
    for name in ("pairs", "turns", "lettered", "droppable"):
        environment.filters[name] = str
    return environment.parse(source)


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (64.0, "x: 64"),
        (0.5, "x: 0.5"),
        (0, "x: 0"),
        ("64.0", "x: 64.0"),
        (True, "x: yes"),
        (["a", None, "b"], "x: a, b"),
        ({"b", "a"}, "x: a, b"),
        (float("nan"), None),
        (float("inf"), None),
        (None, None),
        ("  ", None),
        ([], None),
        ([None], None),
    ],
)
def test_missing_is_left_out_and_whole_numbers_are_whole(value: object, line: str | None) -> None:
    user = render("response", "en", profile={"x": value}, question="Q?", options=["a"])[-1].content
    assert [one for one in user.split("\n") if one.startswith("x:")] == ([line] if line else [])
    assert ("About you:" in user) == (line is not None)


def test_a_text_is_never_taken_for_a_template() -> None:
    user = render("response", "en", question="{{ 7*7 }} <b>&", options=["{% x %}"])[-1].content
    assert "{{ 7*7 }} <b>&\nA. {% x %}" in user


@pytest.mark.parametrize(
    ("task", "content", "said"),
    [
        ("respnse", {}, "no task 'respnse'; did you mean 'response'?"),
        ("response", {"question": "Q?"}, "prompt 'response': 'options' is empty"),
        ("response", {"field": "age"}, "prompt 'response' has no 'field'; known: setting"),
        ("role", {"dialogue": [("a", "b")]}, "prompt 'role': 'field' is empty"),
    ],
)
def test_what_is_missing_is_said(task: str, content: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=r"^" + said.replace("?", r"\?")):
        render(task, "en", **content)


def test_an_unknown_language_is_said() -> None:
    with pytest.raises(InputError, match="no prompt templates in language 'fr'; known: en, zh"):
        render("response", "fr", question="Q?", options=["a"])


def _own(folder: Path, text: str, name: str = "en/response.j2") -> Path:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def _ask(folder: Path, language: str = "en") -> tuple[Message, ...]:
    templates = load_templates(folder)
    return render("response", language, templates=templates, question="Q?", options=["a", "b"])


def test_the_users_template_comes_first_and_the_rest_stays(tmp_path: Path) -> None:
    _own(
        tmp_path, "{% block user %}Say: {{ question }} {{ options | lettered(') ') }}{% endblock %}"
    )
    assert _ask(tmp_path) == (Message("user", "Say: Q? A) a\nB) b"),)
    assert _ask(tmp_path, "zh") == render("response", "zh", question="Q?", options=["a", "b"])
    ours, theirs = load_templates().hashes(), load_templates(tmp_path).hashes()
    assert [name for name in ours if ours[name] != theirs[name]] == ["en/response.j2"]


def test_the_user_can_add_a_language(tmp_path: Path) -> None:
    _own(tmp_path, "{% block user %}Dites : {{ question }}{% endblock %}", "fr/response.j2")
    assert _ask(tmp_path, "fr")[0].content == "Dites : Q?"
    assert load_templates(tmp_path).languages == ("en", "fr", "zh")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{% block user %}\n{{ quesion }}{% endblock %}",
         "line 2: unknown variable 'quesion'; did you mean 'question'?"),
        ("{% block user %}\n\n{{ a.b }}{% endblock %}", "line 3: unknown variable 'a'"),
        ("{% block user %}\n{{ question.nothing.x }}{% endblock %}", "line 2: "),
        ("{% block user %}{{ question", "line 1: not valid Jinja2"),
        ("{% block user %}{{ question | loud }}{% endblock %}", "line 1: not valid Jinja2"),
        ("{% block user %}\n{{ 1 / 0 }}{% endblock %}", "line 2: cannot be filled in"),
        ("{% block user %}{{ ''.__class__.__mro__ }}{% endblock %}", "line 1: "),
        ("{{ question }}", "has no block 'user'"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_template_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    _own(tmp_path, text)
    with pytest.raises(InputError) as error:
        _ask(tmp_path)
    assert str(error.value).startswith(f"{tmp_path / 'en/response.j2'}: {said}")
    assert "\n" not in str(error.value)


def test_a_template_that_is_not_utf8_is_said(tmp_path: Path) -> None:
    _own(tmp_path, "")
    (tmp_path / "en/response.j2").write_bytes(b"\xff{% block user %}{% endblock %}")
    with pytest.raises(InputError, match=r"response\.j2: byte 0 is not UTF-8"):
        _ask(tmp_path)


def test_a_folder_without_templates_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no prompt template"):
        load_templates(tmp_path)
    with pytest.raises(InputError, match="no such folder"):
        load_templates(tmp_path / "nowhere")


TEXTS = ("very happy", "happy", "not happy")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_answer_in_the_form_asked_for_is_read_back(language: str) -> None:
    texts = TEXTS if language == "en" else ("很幸福", "幸福", "不幸福")
    options = tuple(Shown("ABC"[place], text, place) for place, text in enumerate(texts))
    asked = render("response", language, question="Q?", options=options)[-1].content
    read = read_options(asked)
    assert tuple(tuple(one) for one in read) == tuple(one[:2] for one in options)
    for place, text in enumerate(texts):
        assert read_choice(write_choice(options, [text]), read).index == place
    members = (Shown("A", "父母", 0), Shown("B", "子女", 1))
    written = write_choice(members, ["父母", "子女"])
    read_members = tuple(one[:2] for one in members)
    assert read_role(written, "家庭成员关系", read_members).answer == ("父母", "子女")
    stance = read_stance(write_stance("消极" if language == "zh" else "negative", "因为"))
    assert (stance.index, stance.reason) == (2, "因为")
    shares = read_shares(write_shares(options, [0.5, 0.3, 0.2]), read).shares
    assert shares == pytest.approx((0.5, 0.3, 0.2))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_form_that_judges_are_shown_is_read(language: str) -> None:
    form = render("judge", language, answer="…")[-1].content.split("\n")[-1]
    filled = form[form.index("{") :].replace(": n,", ": 4,")
    assert set(read_judge(filled).scores.values()) == {4}


@given(st.lists(st.integers(0, 50), min_size=1, max_size=8).filter(any))
def test_written_shares_are_whole_percent_that_sum_to_100(counts: list[int]) -> None:
    options = [Shown("", f"o{place}", place) for place in range(len(counts))]
    shares = [one / sum(counts) for one in counts]
    written = json.loads(write_shares(options, shares))
    assert sum(written.values()) == 100
    assert all(abs(written[f"o{place}"] - 100 * share) < 1 for place, share in enumerate(shares))


if __name__ == "__main__":
    for one_language in ("en", "zh"):
        (GOLDEN / one_language).mkdir(parents=True, exist_ok=True)
        for one_name, rendered in _cases(one_language).items():
            target = GOLDEN / one_language / f"{one_name}.txt"
            target.write_text(_as_text(rendered), encoding="utf-8")
