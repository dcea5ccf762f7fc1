"""Chinese words by jieba, loaded when first needed and without its noise."""

from __future__ import annotations

import logging
import re
import warnings
from functools import cache
from typing import Any

from alignsurvey.errors import InputError

_NO_WORD = re.compile(r"[^\u4e00-\u9fa5a-zA-Z0-9]")


def words_in(text: str) -> frozenset[str]:
    """Cut a text into its set of words, punctuation and blanks removed beforehand.

    Raises
    ------
    InputError
        jieba is not installed.

    Examples
    --------
    >>> sorted(words_in("服务好。"))
    ['好', '服务']
    """
    return frozenset(tokenizer().lcut(_NO_WORD.sub("", text)))


@cache
def tokenizer() -> Any:
    """Give a tokenizer of our own: words that a user taught jieba do not change scores.

    Raises
    ------
    InputError
        jieba is not installed.
    """
    try:
        with warnings.catch_warnings():
            # jieba 0.42.1 has invalid escapes in its sources and imports pkg_resources.
            for category in (SyntaxWarning, DeprecationWarning, UserWarning):
                warnings.simplefilter("ignore", category)
            import jieba
    except ImportError as error:
        raise InputError(
            "Chinese reasons are cut into words by jieba, which is not installed: "
            "pip install alignsurvey[zh]"
        ) from error
    # It tells on stderr how long its dictionary took to load.
    logging.getLogger("jieba").setLevel(logging.WARNING)
    return jieba.Tokenizer()
