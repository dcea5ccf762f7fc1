"""YAML as people write it for surveys: codes keep their type, and a doubled key is an error."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from alignsurvey.errors import InputError


class _Loader(yaml.SafeLoader):
    """SafeLoader with YAML 1.2's booleans: `yes`, `no`, `on` and `off` are answers, not flags."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if tag != "tag:yaml.org,2002:bool"]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _only_true_false() -> None:
    import re

    # Dates stay text: a wave called 2024-11-05 is a label, not a moment. Numbers are YAML 1.2's
    # decimal ones: 1.1 reads the code 010 as 8, 08 as a text, 1:30 as 90 and 1e-5 as a text.
    replaced = [f"tag:yaml.org,2002:{kind}" for kind in ("timestamp", "int", "float")]
    for rules in _Loader.yaml_implicit_resolvers.values():
        rules[:] = [rule for rule in rules if rule[0] not in replaced]
    for kind, pattern, firsts in (
        ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
        ("int", r"^[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789"),
        (
            "float",
            r"^[-+]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)"
            r"|\.[0-9]+(?:[eE][-+]?[0-9]+)?|\.(?:inf|Inf|INF))$|^\.(?:nan|NaN|NAN)$",
            "-+0123456789.",
        ),
    ):
        tag = f"tag:yaml.org,2002:{kind}"
        _Loader.add_implicit_resolver(tag, re.compile(pattern), list(firsts))


_only_true_false()


def _mapping(loader: _Loader, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
    seen: dict[Hashable, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, Hashable):
            line = key_node.start_mark.line + 1
            raise InputError(f"line {line}: a key must be a word or a number, not a list")
        if key in seen:
            line = key_node.start_mark.line + 1
            raise InputError(f"line {line}: '{key}' stands twice; keep one of the two")
        seen[key] = loader.construct_object(value_node, deep=True)
    return seen


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def load_yaml(text: str, name: str) -> Any:
    """Parse YAML text into plain Python values.

    Parameters
    ----------
    text : str
        The document.
    name : str
        What to call it in an error message, usually its path.

    Returns
    -------
    dict, list, str, int, float, bool or None

    Raises
    ------
    InputError
        The text is no YAML, or a key stands twice in one mapping; with the line.

    Examples
    --------
    >>> load_yaml("values: {yes: Yes, 2: No}", "codebook.yaml")
    {'values': {'yes': 'Yes', 2: 'No'}}
    """
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise InputError(f"{name}: {where}not valid YAML: {error.problem}") from error
    except InputError as error:
        raise InputError(f"{name}: {error}") from error
    except RecursionError as error:
        raise InputError(f"{name}: not valid YAML: too many brackets in one another") from error
    except (yaml.YAMLError, ValueError, AttributeError, TypeError) as error:
        # PyYAML lets the errors of a conversion through: `!!int abc`.
        said = str(error).splitlines() or [type(error).__name__]
        raise InputError(f"{name}: not valid YAML: {said[0]}") from error


def read_yaml(path: Path) -> Any:
    """Read a YAML file (UTF-8).

    Raises
    ------
    InputError
        The file is missing, unreadable, not UTF-8 or not YAML.
    """
    return load_yaml(read_text(path), str(path))


def read_text(path: Path) -> str:
    """Read a UTF-8 text file, with errors that name it.

    Raises
    ------
    InputError
        The file is missing, a folder, unreadable or not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; check the path") from error
    except IsADirectoryError as error:
        raise InputError(f"{path}: is a folder, a file is needed") from error
    except PermissionError as error:
        raise InputError(f"{path}: may not be read; check its permissions") from error
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8"
        ) from error
