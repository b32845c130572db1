"""``public``: a function whose wrong calls are told in finsim's own words."""

from __future__ import annotations

import errno
import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from finsim.errors import Problem, StudyError
from finsim.option_words import OPTIONS, hint

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
_LONGEST = 255

WORDS = {
    option.lstrip("-").replace("-", "_"): tuple(word.lstrip("-").replace("-", "_") for word in others)
    for option, others in {**OPTIONS, "--output": OPTIONS["-o"]}.items()
}
"""Our keyword -> what others call it: the words that hints of options understand."""


class CallError(StudyError, TypeError):
    """A call has an argument that the function does not take, or lacks one that it needs."""


def public(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Return a function that raises CallError, a TypeError too, where Python finds its arguments wrong.

    So is a file name that no file system takes. Other errors from inside stay as they are; a right call costs
    nothing more.
    """

    @wraps(function)
    def called(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        try:
            return function(*args, **kwargs)
        except TypeError as bad:
            is_inside = bad.__traceback__ is None or bad.__traceback__.tb_next is not None
            problems = [] if is_inside else _problems(function, args, kwargs)
            if not problems:
                raise
        except (OSError, ValueError) as bad:
            if not _is_of_a_name(bad):
                raise
            raise StudyError.of([_unnamable(function, args, kwargs)]) from None
        raise CallError.of(problems)

    return called


def _is_of_a_name(bad: OSError | ValueError) -> bool:
    """Tell whether the system refused a file name for its length or for a NUL in it."""
    return getattr(bad, "errno", None) == errno.ENAMETOOLONG or "embedded null" in str(bad)


def _unnamable(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Problem:
    """Return what is wrong with the name, at the argument that holds it where one does."""
    names = [name for name in inspect.signature(function).parameters if name not in ("self", "cls")]
    given = {**dict(zip(names, args, strict=False)), **kwargs}
    texts = {name: str(one) for name, one in given.items() if isinstance(one, str | Path)}
    at = next((name for name, text in texts.items() if "\0" in text or len(text) > _LONGEST), "")
    shown = f": {texts[at]!r:.40}..." if at else ""
    return Problem(
        f"{_name(function)}: {at}" if at else _name(function),
        f"a file name that no file system takes{shown}",
        f"no NUL, and at most {_LONGEST} signs between slashes",
        "write a shorter name, without control characters",
    )


def _problems(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> list[Problem]:
    """Return all that is wrong with the arguments of a call."""
    place = _name(function)
    known = {
        name: one
        for name, one in inspect.signature(function).parameters.items()
        if name not in ("self", "cls")
    }
    given = args[len(inspect.signature(function).parameters) - len(known) :]
    by_place = [name for name, one in known.items() if one.kind is one.POSITIONAL_OR_KEYWORD]
    taken = by_place[: len(given)]
    expected = f"{place}({_listed(known)})"
    found = [
        Problem(place, f"no keyword {name!r}", expected, hint(name, list(known), WORDS))
        for name in kwargs
        if name not in known
    ]
    if len(given) > len(by_place):
        found.append(
            Problem(
                place,
                f"{len(given)} arguments without a keyword",
                f"at most {len(by_place)} of them: {expected}",
                f"write {', '.join(f'{name}=...' for name in list(known)[len(by_place) : len(given)])}",
            )
        )
    found += [
        Problem(place, f"{name} is given twice, by its place and as {name}=", expected, "remove one")
        for name in taken
        if name in kwargs
    ]
    found += [
        Problem(place, f"{name} is missing", expected, f"write {name}=...")
        for name, one in known.items()
        if one.default is one.empty and name not in kwargs and name not in taken
        and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
    ]  # fmt: skip
    return found


def _listed(known: Mapping[str, inspect.Parameter]) -> str:
    """Return the arguments of a function: those that it needs, and the names of the others."""
    return ", ".join(name if one.default is one.empty else f"{name}=" for name, one in known.items())


def _name(function: Callable[..., Any]) -> str:
    """Return what users call a function: ``finsim.fit``, ``Paths.frames``."""
    name = function.__qualname__
    return name if "." in name else f"finsim.{name}"
