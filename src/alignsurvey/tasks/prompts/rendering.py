"""Rendering: a task's content, through its template, into messages."""

from __future__ import annotations

from alignsurvey.errors import InputError, nearest
from alignsurvey.tasks.prompts.content import complete
from alignsurvey.tasks.prompts.droppable import unmarked
from alignsurvey.tasks.prompts.templates import Templates, load_templates
from alignsurvey.tasks.queries import Message, Task

_OWN = load_templates()


def render(
    task: Task | str, language: str, *, templates: Templates | None = None, **content: object
) -> tuple[Message, ...]:
    """Write the messages of one question.

    Parameters
    ----------
    task : Task or str
        "role", "interview", "stance", "stance-group", "response", "response-shares",
        "response-group" or "judge".
    language : str
        "en", "zh", or a language that the user's templates have.
    templates : Templates, optional
        From `load_templates`; otherwise the library's own.
    **content
        What is asked: ``profile`` (a mapping or pairs), ``dialogue`` (pairs of speaker and text),
        ``question``, ``theme``, ``field``, ``options`` (texts, or `Shown` in the order shown),
        ``group`` and ``n``, ``answer`` and ``reference`` (of the judge), ``setting`` (a sentence
        about the survey). Missing attributes are left out.

    Returns
    -------
    tuple of Message
        A system message, where the template has one, and a user message.

    Raises
    ------
    InputError
        There is no such task, language or content, or the template is wrong.

    Examples
    --------
    >>> system, user = render("response", "en", profile={"age": 64.0, "income": None},
    ...                       question="Are you happy?", options=["yes", "no"])
    >>> print(user.content)
    About you:
    age: 64
    <BLANKLINE>
    The survey asks:
    Are you happy?
    A. yes
    B. no
    <BLANKLINE>
    Reply with one option, letter and text as above, and nothing else.
    """
    parts = (templates or _OWN).parts(task, language, complete(known_task(task), content))
    messages = []
    for role in ("system", "user"):
        text, spans = unmarked(parts.get(role, ""))
        if text.strip() or role == "user":
            messages.append(Message(role, text, spans))
    return tuple(messages)


def known_task(task: Task | str) -> Task:
    """Take a task by its name.

    Raises
    ------
    InputError
        There is none of the name.
    """
    try:
        return Task(task)
    except ValueError:
        raise InputError(f"no task '{task}'; {nearest(str(task), list(Task))}") from None
