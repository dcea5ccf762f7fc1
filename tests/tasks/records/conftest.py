"""Small synthetic rows of each released shape."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

Row = dict[str, Any]


def response(
    output: str = "B. 一般",
    *,
    profile: str = "居住地: 甲省\n您的性别: 女\n您的年龄: 41",
    question: str = "您对小区的卫生满意吗？",
    options: str = "A. 满意\nB. 一般\nC. 不满意",
    **more: object,
) -> Row:
    prompt = (
        f"你需要模拟一位真实的问卷填写者来回答以下问题。\n你的个人背景：\n{profile}\n\n"
        f"问卷问题：\n{question}\n选项：\n{options}\n\n请直接输出你的答案："
    )
    return {"instruction": prompt, "input": "", "output": output, **more}


def english(
    output: str = "Average",
    *,
    profile: str = "your age: 40\nyour sex: female",
    question: str = "your income?",
    options: str = "A. above average\nB. average",
) -> Row:
    prompt = (
        "The survey is in 2024. You need to simulate a real survey respondent.\n"
        f"Your personal background:\n{profile}\n\nSurvey question:\n{question}\n{options}\n\n"
        "Please provide your answer directly."
    )
    return {"instruction": prompt, "input": "", "output": output}


def role(
    output: str = "['有']", field: str = "有房", listed: str = "有、无", **more: object
) -> Row:
    prompt = (
        "你是一名访谈问卷分析者，正在分析一段虚构的访谈文本。\n\n==访谈对话==\n"
        "采访者：您好，请谈谈近况。\n受访者：还可以：\n工作和家里都平稳。\n采访者：\n受访者：\n\n"
        f"请根据对话内容，预测被访者的 “{field}”。\n可选值：{listed}。\n\n"
        "请直接输出选项，不要其他解释文本。"
    )
    return {"instruction": prompt, "input": "", "output": output, **more}


def interview(
    question: str = "远吗？",
    answer: str = "不远。",
    history: str = "提问:住哪？\n回答:城里。提问:几口人？\n回答:三口。",
    profile: Mapping[str, object] | None = None,
    **more: object,
) -> Row:
    about = {"性别": "女", "家里人口数": 3, "家庭成员关系": ["配偶", "子女"]}
    prompt = (
        "\n你是一名被访者，正在进行一个虚构的调查。\n\n==你的背景==\n"
        f"{dict(profile or about)!r}\n\n==先前对话==\n{history}\n\n==当前问题==\n{question}\n\n"
        "请输出你的回答：\n"
    )
    return {"instruction": prompt, "input": "", "output": answer, **more}


def stance(
    output: str = '{"predict": "积极", "reason": "体验较好。"}',
    theme: str = "公共服务评价",
    profile: str = "性别: 女\n备注: （1）常去社区医院；\n（2）说过：不急: 慢慢来。\n职业类型: 其他",
    **more: object,
) -> Row:
    prompt = (
        f"你是一名社会学研究人员，正在分析一名受访者的访谈数据:\n背景信息：\n{profile}\n\n"
        f'请判断受访者对{theme}的倾向，并解释你的判断理由。\n输出格式为JSON，包含"predict"和'
        '"reason"两个字段。predict字段从"积极"、"消极"或"中立"中选择。'
    )
    return {"instruction": prompt, "input": " ", "output": output, **more}


def window() -> Row:
    return {
        "instruction": "Based on the following dialogue context, generate the next response.",
        "input": "Interviewer: Well: what now?\nInterviewee: We wait.",
        "output": "And then?",
    }


def as_json(*rows: object) -> str:
    return json.dumps(rows, ensure_ascii=False, indent=2)


def as_lines(*rows: object) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


@pytest.fixture(scope="session")
def make() -> SimpleNamespace:
    """Makers of rows and files."""
    return SimpleNamespace(
        response=response, english=english, role=role, interview=interview, stance=stance,
        window=window, as_json=as_json, as_lines=as_lines,
    )  # fmt: skip
