"""Prediction rows as models leave them: prompts that differ, replies in many spellings."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np

Row = dict[str, Any]
SEED = 1
PROVINCES = ("浙江省", "辽宁省", "广东省", "四川省", "河南省", "云南省")
JOBS = ("企业职员", "个体经营者", "农民", "教师", "退休人员", "自由职业者", "公务员", "学生")
QUESTIONS = (
    ("考虑到生活的各个方面，您觉得幸福吗？", ("幸福", "一般", "不幸福")),
    ("您对所在社区的公共服务满意吗？", ("非常满意", "比较满意", "一般", "不太满意", "非常不满意")),
    ("与父母一辈相比，您的生活水平如何？", ("更好", "差不多", "更差")),
    ("您多久锻炼一次身体？", ("每天", "每周", "每月", "从不")),
    ("您认为您家的收入在当地处于什么水平？", ("上等", "中上等", "中等", "中下等", "下等")),
    ("您是否同意努力就能改变命运？", ("非常同意", "同意", "不同意", "非常不同意")),
)
FIELDS = {
    "性别": ("男", "女"),
    "户籍状态": ("城镇", "农村"),
    "家庭年收入": ("5万以下", "5万-20万", "20万-50万", "50万-100万", "100万以上"),
    "家庭成员关系": ("父母", "配偶", "子女", "兄弟姐妹"),
    "家里人口数": ("1", "2", "3", "4", "5", "6及以上"),
    "生活压力程度": ("无压力 - 完全没有感受到压力", "轻微压力 - 偶尔感到压力", "较大压力"),
}
WHO = ("受访者", "该受访者", "这位居民", "被访者", "对方")
WHEN = (
    "近期",
    "去年",
    "前几年",
    "退休以后",
    "结婚以来",
    "疫情期间",
    "这两年",
    "年轻的时候",
    "平时",
)
DID = (
    "去过社区医院",
    "为孩子选过学校",
    "换过一次工作",
    "参加过技能培训",
    "办过社保手续",
    "买过一套小房子",
    "常坐公交上下班",
    "在外地打过工",
    "照顾着年迈的父母",
    "开过一家小店",
)
WHERE = ("县城", "村里", "城市里", "街道", "学校", "单位", "小区", "浙江", "农村老家", "附近")
WHAT = (
    "医疗服务",
    "教育资源",
    "养老保障",
    "交通设施",
    "办事流程",
    "就业机会",
    "住房价格",
    "收入差距",
    "文化活动",
    "生活环境",
    "创业政策",
    "物价水平",
)
MORE = (
    "比以前",
    "相比父母那一辈",
    "跟周围的人比",
    "在自己看来",
    "从长远来看",
    "说实话",
    "总的来说",
)
FELT = (
    "体验较好",
    "有些麻烦",
    "等候时间太长",
    "工作人员很热情",
    "没有明显变化",
    "负担轻了不少",
    "增长不快",
    "让人有信心",
    "压力不小",
    "机会变多了",
    "还需要改善",
    "不太公平",
)
SO = ("因此态度偏向{0}", "所以评价是{0}的", "总体上{0}", "整体看法为{0}", "可见其倾向{0}")
STANCES = ("积极", "中立", "消极")


def make_rows(kind: str, n: int) -> list[Row]:
    """Make rows of one kind of task: role, stance, response or groups."""
    rng = np.random.default_rng(SEED)
    make: dict[str, Callable[[np.random.Generator], Row]] = {
        "role": _role,
        "stance": _stance,
        "response": _response,
        "groups": _group,
    }
    return [make[kind](rng) for _ in range(n)]


def _pick(rng: np.random.Generator, names: Any) -> Any:
    return names[int(rng.random() * len(names))]


def _profile(rng: np.random.Generator) -> str:
    return (
        f"居住地: {_pick(rng, PROVINCES)}\n您的年龄: {rng.integers(18, 90)}\n"
        f"您的性别: {_pick(rng, '男女')}\n职业: {_pick(rng, JOBS)}\n"
        f"全家一年的收入（元）: {rng.integers(1, 400) * 1000}\n家里人口数: {rng.integers(1, 7)}"
    )


def _lettered(rng: np.random.Generator, options: tuple[str, ...], shuffle: bool) -> list[str]:
    order = rng.permutation(len(options)) if shuffle else range(len(options))
    return [f"{'ABCDE'[place]}. {options[one]}" for place, one in enumerate(order)]


def _asked(rng: np.random.Generator, question: str, lines: list[str], task: str) -> str:
    return (
        f"你需要模拟一位真实的问卷填写者来回答以下问题。\n你的个人背景：\n{_profile(rng)}\n\n"
        f"问卷问题：\n{question}\n选项：\n" + "\n".join(lines) + f"\n\n{task}"
    )


def _sentence(rng: np.random.Generator) -> str:
    return f"{_pick(rng, WHO)}{_pick(rng, WHEN)}{_pick(rng, DID)}，{_view(rng)}"


def _view(rng: np.random.Generator) -> str:
    return f"{_pick(rng, MORE)}{_pick(rng, WHERE)}的{_pick(rng, WHAT)}{_pick(rng, FELT)}"


def _reason(rng: np.random.Generator, stance: str) -> str:
    """Write five clauses in about 80 characters, as the released examples have."""
    views = "，".join(_view(rng) for _ in range(2))
    return f"{_sentence(rng)}，{views}，{_pick(rng, SO).format(stance)}。"


def _spelled(rng: np.random.Generator, answer: str) -> str:
    """Write an option as models do: most as asked, the rest in words of their own."""
    draw = rng.random()
    letter, text = answer.split(". ", 1)
    thought = f"<think>{_sentence(rng)}，{rng.integers(18, 90)}岁，应该会选{letter}。</think>\n"
    ways = (
        (0.60, answer),
        (0.68, letter),
        (0.74, text),
        (0.78, f"{letter}、{text}"),
        (0.82, f"**{answer}**。"),
        (0.86, f"答案是{answer}。"),
        (0.90, f"我会选择{answer}，因为我{_pick(rng, DID)}，{_pick(rng, FELT)}。"),
        (0.96, f"{thought}{answer}"),
        (0.98, f"{_sentence(rng)}。"),
        (1.0, "抱歉，我无法回答。"),
    )
    return next(said for up_to, said in ways if draw < up_to)


def _response(rng: np.random.Generator) -> Row:
    question, options = _pick(rng, QUESTIONS)
    lines = _lettered(rng, options, shuffle=True)
    prompt = _asked(rng, question, lines, "请直接输出你的答案：")
    return {
        "prompt": prompt,
        "predict": _spelled(rng, _pick(rng, lines)),
        "label": _pick(rng, lines),
    }


def _stance(rng: np.random.Generator) -> Row:
    said, gold = (
        {"predict": stance, "reason": _reason(rng, stance)}
        for stance in (_pick(rng, STANCES), _pick(rng, STANCES))
    )
    reply = json.dumps(said, ensure_ascii=False)
    draw = rng.random()
    reply = f"```json\n{reply}\n```" if draw < 0.1 else reply
    reply = reply[:-2] if draw > 0.98 else reply
    prompt = f"背景信息：\n{_profile(rng)}\n\n请判断受访者对公共服务评价的倾向，并解释理由。"
    return {"prompt": prompt, "predict": reply, "label": json.dumps(gold, ensure_ascii=False)}


def _role(rng: np.random.Generator) -> Row:
    field = _pick(rng, tuple(FIELDS))
    options = FIELDS[field]
    talk = "\n".join(f"采访者：您最近怎么样？\n受访者：{_sentence(rng)}。" for _ in range(4))
    prompt = (
        f"==访谈对话==\n{talk}\n\n请根据对话内容，预测被访者的 “{field}”。\n"
        f"可选值：{'、'.join(options)}。\n\n请直接输出选项，不要其他解释文本。"
    )
    said, gold = (_attribute(rng, field, options) for _ in range(2))
    said = said if rng.random() < 0.9 else f"{said}。"
    return {"prompt": prompt, "predict": said, "label": gold, "field": field}


def _attribute(rng: np.random.Generator, field: str, options: tuple[str, ...]) -> str:
    if field == "家庭成员关系":
        return str([one for one in options if rng.random() < 0.5] or [options[0]])
    return f"['{_pick(rng, options)}']" if field == "家庭年收入" else str(_pick(rng, options))


def _group(rng: np.random.Generator) -> Row:
    question, options = _pick(rng, QUESTIONS)
    lines = _lettered(rng, options, shuffle=False)
    prompt = _asked(rng, question, lines, "请给出该群体选择各选项的百分比：")
    said, gold = (
        "\n".join(
            f"{line}: {100 * share:.{rng.integers(0, 2)}f}%"
            for line, share in zip(lines, rng.dirichlet(np.ones(len(lines))), strict=True)
        )
        for _ in range(2)
    )
    draw = rng.random()
    said = f"预测如下：\n{said}" if draw < 0.1 else said
    said = "难以判断该群体的回答。" if draw > 0.97 else said
    return {"prompt": prompt, "predict": said, "label": gold}
