"""The one kind of error that is the user's to mend: one line, what, where and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """Something in a file, a study or an argument is wrong.

    The message is one line: what is wrong, where (file, row, column), and what to do about it.
    The command line prints it and exits with code 2; nothing has been written by then.

    Examples
    --------
    >>> raise InputError("study.yaml: items: no variable 'vot' in the survey")
    Traceback (most recent call last):
    ...
    alignsurvey.errors.InputError: study.yaml: items: no variable 'vot' in the survey
    """

    exit_code = 2


class EndpointError(InputError):
    """An endpoint cannot be asked: wrong key, no such model, unreachable, or not what it seems.

    The message is one line and holds the provider's own words, without the key. The command line
    prints it and exits with code 3; replies that had come by then are kept.

    Examples
    --------
    >>> EndpointError("openai: no key; set OPENAI_API_KEY").exit_code
    3
    """

    exit_code = 3


class StoppedError(InputError):
    """A run was stopped where its user said: at so many requests, or at so much money.

    What came by then is kept. The command line prints the message and exits with code 4.

    Examples
    --------
    >>> StoppedError("openai/gpt-4o: stopped by --max-requests 100").exit_code
    4
    """

    exit_code = 4


def nearest(word: str, known: Iterable[str]) -> str:
    """Say which known word is meant, or which there are.

    Parameters
    ----------
    word : str
        What was written.
    known : iterable of str
        What could have been written.

    Returns
    -------
    str
        A clause for the end of an error message.

    Examples
    --------
    >>> nearest("vot", ["vote", "PID"])
    "did you mean 'vote'?"
    >>> nearest("zzz", ["vote", "PID"])
    'known: vote, PID'
    """
    names = list(known)
    lower = {name.lower(): name for name in names}
    close = difflib.get_close_matches(word.lower(), lower, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{lower[close[0]]}'?"
    shown = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
    return f"known: {shown}" if names else "there is none"
