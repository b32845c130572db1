"""Plain data -> a generator's frozen Settings, with every wrong key and value named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import Field, asdict, fields
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from finsim.errors import FinsimError, FitError, Problem, did_you_mean


def read_settings(
    generator: Any, given: Mapping[str, Any], place: str = "settings", error: type[FinsimError] = FitError
) -> Any:
    """Return ``generator.Settings`` from a mapping such as a YAML block.

    Raises ``error`` that lists every unknown key and every value of the wrong type.
    """
    kind = generator.Settings
    problems = list(_problems(kind, given, place))
    if problems:
        raise error.of(problems)
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}
    return kind(**values)


def write_settings(settings: Any) -> dict[str, Any]:
    """Return the settings as plain data for JSON (tuples become lists)."""
    return {
        key: list(value) if isinstance(value, tuple) else value for key, value in asdict(settings).items()
    }


def _problems(kind: Any, given: Mapping[str, Any], place: str) -> Iterator[Problem]:
    known: dict[str, Field[Any]] = {item.name: item for item in fields(kind)}
    hints = get_type_hints(kind)
    for key, value in given.items():
        if key not in known:
            remedy = did_you_mean(key, list(known)) or "this generator has no settings: remove it"
            yield Problem(place, f"unknown setting {key!r}", "", remedy)
        elif not _fits(value, hints[key]):
            yield Problem(f"{place}.{key}", f"found {value!r}", str(hints[key]), "correct this value")


def _fits(value: Any, hint: Any) -> bool:
    """Tell whether a plain value is of a type hint made of bool, int, float, str, None, tuple, union."""
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return any(_fits(value, part) for part in get_args(hint))
    if origin is tuple:
        return isinstance(value, list | tuple) and all(_fits(item, get_args(hint)[0]) for item in value)
    if hint is type(None):
        return value is None
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, hint)
