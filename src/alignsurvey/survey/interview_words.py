"""How people name the roles, stances and columns of interview files, in Chinese and English."""

from __future__ import annotations

import re
import unicodedata

from alignsurvey.errors import InputError, nearest
from alignsurvey.survey.interviews import STANCES, Speaker

_SPEAKERS: dict[Speaker, str] = {
    "interviewer": "interviewer moderator researcher question q int i 采访者 采访人 访谈者 "
    "访谈人 访谈员 访员 访问员 访问者 访问人 提问者 提问人 提问 主持人 研究者 研究员 调查员 "
    "调查者 问 问题",
    "respondent": "respondent interviewee participant informant answer a r p 受访者 受访人 "
    "受访对象 被访者 被访人 被访谈者 被采访者 访谈对象 采访对象 被调查者 回答者 回答人 回答 答",
}
_STANCES = {
    "negative": "negative 消极 负面",
    "neutral": "neutral 中立 中性",
    "positive": "positive 积极 正面",
}
_COLUMNS = {
    "id": "interview interview_id id respondent_id 访谈 访谈编号 编号 受访者编号",
    "theme": "theme topic segment 主题 话题",
    "speaker": "speaker role 说话人 说话者 发言人 发言者 角色",
    "text": "text utterance content 内容 文本 话语 发言",
    "turn": "turn turn_order order 轮次 话轮 顺序 序号",
    "stance": "stance attitude 立场 态度 倾向",
    "reason": "reason 理由 判断理由",
    "language": "language 语言",
}
_LABELLED = re.compile(r"\s*([^:：\n]{1,16}?)\s*[:：]\s*(.*)", re.DOTALL)


def _by_word(lists: dict[str, str]) -> dict[str, str]:
    return {word: meaning for meaning, words in lists.items() for word in words.split()}


_SPEAKER_OF: dict[str, Speaker] = {
    word: role for role, words in _SPEAKERS.items() for word in words.split()
}
_STANCE_OF = _by_word(_STANCES)
_COLUMN_OF = _by_word(_COLUMNS)


def _plain(word: str) -> str:
    """Full-width letters, capitals, brackets and a number at the end make no other word."""
    text = unicodedata.normalize("NFKC", word).casefold()
    return text.strip(" \t\r\n[]()【】<>*.:").rstrip("0123456789#-_ ")


def speaker_of(word: str) -> Speaker:
    """Tell whose turn it is from the name of a role.

    Raises
    ------
    InputError
        The name is not known.

    Examples
    --------
    >>> speaker_of("采访者："), speaker_of("Ａ"), speaker_of("[Respondent 2]")
    ('interviewer', 'respondent', 'respondent')
    >>> speaker_of("dog")
    Traceback (most recent call last):
    ...
    alignsurvey.errors.InputError: the speaker 'dog' is neither interviewer nor respondent
    """
    try:
        return _SPEAKER_OF[_plain(word)]
    except KeyError:
        hint = nearest(_plain(word), _SPEAKER_OF)
        meant = f"; {hint}" if hint.startswith("did you mean") else ""
        raise InputError(
            f"the speaker {word!r} is neither interviewer nor respondent{meant}"
        ) from None


def stance_of(word: str) -> str:
    """Tell a stance from its name in either language.

    Examples
    --------
    >>> stance_of("积极"), stance_of("Neutral")
    ('positive', 'neutral')
    """
    try:
        return _STANCE_OF[_plain(word)]
    except KeyError:
        raise InputError(
            f"the stance {word!r} is not one of {', '.join(STANCES)}; "
            f"{nearest(_plain(word), _STANCE_OF)}"
        ) from None


def column_of(name: str) -> str | None:
    """Tell what a column or key of an interview file holds, None if it is an attribute.

    Examples
    --------
    >>> column_of("说话人"), column_of("Interview ID"), column_of("年龄")
    ('speaker', 'id', None)
    """
    plain = unicodedata.normalize("NFKC", name).strip().casefold()
    return _COLUMN_OF.get(re.sub(r"[\s-]+", "_", plain))


def labelled_turn(line: str) -> tuple[str, str] | None:
    """Cut a line such as ``Q: And you?`` into speaker and text; None if there is no label.

    Examples
    --------
    >>> labelled_turn("受访者：还行：一般吧。")
    ('受访者', '还行：一般吧。')
    """
    found = _LABELLED.fullmatch(line)
    return (found.group(1), found.group(2)) if found else None


def language_of(texts: str) -> str:
    """Tell Chinese from English by its characters.

    Examples
    --------
    >>> language_of("我坐 BRT 上班"), language_of("I take the bus")
    ('zh', 'en')
    """
    hanzi = len(re.findall(r"[\u3400-\u9fff]", texts))
    words = len(re.findall(r"[A-Za-z]+", texts))
    return "zh" if hanzi > words else "en"
