"""Prompt templates: the library's own, or the user's in their place; Jinja2 files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from alignsurvey.errors import InputError, nearest
from alignsurvey.tasks.prompts.content import as_lettered, as_pairs, as_turns
from alignsurvey.tasks.prompts.droppable import marked
from alignsurvey.tasks.queries import Task
from alignsurvey.yamlfile import read_text

if TYPE_CHECKING:
    from jinja2 import Environment, Template
    from jinja2.runtime import Context

_PACKAGED = "alignsurvey.tasks.prompts"
PARTS = ("system", "user")


@dataclass(frozen=True)
class Templates:
    """Templates of every task and language.

    Parameters
    ----------
    folder : Path, optional
        The user's folder, with a folder a language in it (``en/response.j2``). What is not there
        is taken from the library.
    """

    folder: Path | None = None

    @cached_property
    def _environment(self) -> Environment:
        from jinja2 import StrictUndefined
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        environment = ImmutableSandboxedEnvironment(
            loader=_loader(self.folder),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            autoescape=False,  # a prompt is plain text
            auto_reload=False,  # all prompts of a plan are of one template
        )
        environment.filters.update(
            pairs=as_pairs, turns=as_turns, lettered=as_lettered, droppable=marked
        )
        return environment

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages that have templates."""
        return tuple(sorted({name.split("/")[0] for name in self._names}))

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(self._environment.list_templates(extensions=["j2"]))

    def source(self, task: Task | str, language: str) -> str:
        """Text of the template that is used."""
        return self._source(self._name(task, language))

    def _source(self, name: str) -> str:
        loader = self._environment.loader
        assert loader is not None
        try:
            return loader.get_source(self._environment, name)[0]
        except UnicodeDecodeError:
            assert self.folder is not None
            return read_text(self.folder / name)  # says which byte is wrong

    def hashes(self) -> dict[str, str]:
        """Hash each template that is used, for manifests.

        Returns
        -------
        dict of str to str
            Name, such as ``en/response.j2``, to the SHA-256 of its text.
        """
        return {
            name: hashlib.sha256(self._source(name).encode()).hexdigest() for name in self._names
        }

    def parts(
        self, task: Task | str, language: str, content: Mapping[str, object]
    ) -> dict[str, str]:
        """Fill a template in.

        Returns
        -------
        dict of str to str
            Text of its blocks ``system`` (where it has one) and ``user``.

        Raises
        ------
        InputError
            There is no such template; it is no Jinja2, lacks the block ``user``, or names a
            variable that its task does not have; with its line.
        """
        name = self._name(task, language)
        template = self._template(name)
        if "user" not in template.blocks:
            raise InputError(
                f"{self._where(name)}: has no block 'user'; write {{% block user %}} … "
                "{% endblock %} around what is asked"
            )
        context = template.new_context(dict(content))
        return {
            part: self._filled(name, template, part, context, content)
            for part in PARTS
            if part in template.blocks
        }

    def _name(self, task: Task | str, language: str) -> str:
        name = f"{language}/{task}.j2"
        if name not in self._names:
            if language not in self.languages:
                raise InputError(
                    f"no prompt templates in language '{language}'; "
                    f"{nearest(language, self.languages)}"
                )
            tasks = [one.removeprefix(f"{language}/")[:-3] for one in self._names]
            raise InputError(f"no prompt template '{name}'; {nearest(str(task), tasks)}")
        return name

    def _where(self, name: str) -> str:
        if self.folder is not None and (self.folder / name).is_file():
            return str(self.folder / name)
        return name

    def _template(self, name: str) -> Template:
        from jinja2 import TemplateSyntaxError

        try:
            return self._environment.get_template(name)
        except TemplateSyntaxError as error:
            where = self._where(error.name or name)
            said = f"line {error.lineno}: not valid Jinja2: {error.message}"
            raise InputError(f"{where}: {said}") from error
        except UnicodeDecodeError:
            self._source(name)
            raise

    def _filled(
        self,
        name: str,
        template: Template,
        part: str,
        context: Context,
        content: Mapping[str, object],
    ) -> str:
        from jinja2 import TemplateError, UndefinedError

        try:
            return "".join(template.blocks[part](context)).strip("\n")
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            line = _line(error.__traceback__, template)
            where = self._where(name) + (f": line {line}" if line else "")
            said = str(error).split("\n")[0]
            if isinstance(error, UndefinedError):
                raise InputError(
                    f"{where}: {_unknown(said, content)} (known: {', '.join(sorted(content))})"
                ) from error
            raise InputError(f"{where}: cannot be filled in: {said}") from error


def _unknown(said: str, content: Mapping[str, object]) -> str:
    quoted = said.split("'")
    if said.endswith("is undefined") and len(quoted) == 3 and quoted[1] not in content:
        return f"unknown variable '{quoted[1]}'; {nearest(quoted[1], content)}"
    return said


def _frames(trace: TracebackType | None) -> Iterator[tuple[str | None, int]]:
    while trace is not None:
        yield (
            trace.tb_frame.f_globals.get("__jinja_template__")
            and str(trace.tb_frame.f_code.co_filename),
            trace.tb_lineno,
        )
        trace = trace.tb_next


def _line(trace: TracebackType | None, template: Template) -> int | None:
    """Line of the template where filling it in failed."""
    lines = [number for file, number in _frames(trace) if file == template.filename]
    return template.get_corresponding_lineno(lines[-1]) if lines else None


def _loader(folder: Path | None) -> Any:
    from jinja2 import ChoiceLoader, FileSystemLoader

    own = FileSystemLoader(str(files(_PACKAGED) / "templates"))
    return own if folder is None else ChoiceLoader([FileSystemLoader(folder), own])


def load_templates(folder: Path | str | None = None) -> Templates:
    """Take the library's templates, with the user's in place of those of the same name.

    Parameters
    ----------
    folder : Path or str, optional
        Holds a folder a language; each file in it replaces the library's.

    Raises
    ------
    InputError
        The folder is missing, or holds no template of a known task.

    Examples
    --------
    >>> load_templates().languages
    ('en', 'zh')
    >>> sorted(load_templates().hashes())[0]
    'en/interview.j2'
    """
    if folder is None:
        return Templates()
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; prompt templates lie in FOLDER/en/response.j2")
    if not any(found for task in Task for found in folder.glob(f"*/{task}.j2")):
        raise InputError(
            f"{folder}: holds no prompt template; they are called "
            f"LANGUAGE/TASK.j2, TASK one of {', '.join(Task)}"
        )
    return Templates(folder)
