"""Places of the command line: an argument of a Python function is an option here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from finsim.errors import FinsimError, Problem

ASKED_BY = {"repair": "check", "explain": "check", "names": "list", "simulate_book": "simulate-book"}
"""Python function -> the verb that calls it, where the two are called differently."""
ARGUMENTS = {"explain": {"row": "--explain"}}
"""Python function -> keyword -> option, where the two are called differently."""


def word_of(parameter: Any) -> str:
    """Return how a parameter of a command is written: ``--paths``, ``-o``, ``MODEL``."""
    if parameter.param_type_name == "argument":
        return str(parameter.metavar or parameter.name.upper())
    names = list(parameter.opts)
    return "-o" if "-o" in names else max(names, key=len)


def of_parameter(context: Any, parameter: Any) -> tuple[str, str]:
    """Return the place of a parameter, such as ``finsim sample: --paths``, and the parameter as written."""
    word = word_of(parameter)
    return f"{context.command_path}: {word}", word


def with_options(error: FinsimError, path: str, options: Mapping[str, str]) -> list[Problem]:
    """Return the problems of an error in the words of a command.

    ``path`` is ``finsim sample``, ``options`` are keyword -> option. A place ``sample: paths`` becomes
    ``finsim sample: --paths``, and ``write paths=100`` becomes ``write --paths 100``.
    """
    return [_with_options(problem, path, options) for problem in error.problems]


def _with_options(problem: Problem, path: str, options: Mapping[str, str]) -> Problem:
    name, colon, rest = problem.place.partition(": ")
    verb = ASKED_BY.get(name, name)
    if not colon or verb == "finsim" or verb not in path.split():
        return problem
    options = {**options, **ARGUMENTS.get(name, {})}
    names = rest.split(", ")
    place = ", ".join(options.get(name, name) for name in names)
    remedy = problem.remedy
    for name, option in options.items():
        written = f"{option} " if option.startswith("-") else ""
        remedy = re.sub(rf"\b{name}=\['([^']+)'\]", rf"{written}\1", remedy)
        remedy = re.sub(rf"\b{name}='?([^\s',;{{\[]+)'?", rf"{written}\1", remedy)
    return Problem(f"{path}: {place}", problem.found, problem.expected, remedy)
