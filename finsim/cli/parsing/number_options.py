"""Options and arguments that are numbers, as people write them: ``10k``, ``2_000``, ``50%``.

The range of a number is checked by the verb, for the command line and Python alike.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import typer

from finsim.cli.parsing.places import of_parameter
from finsim.errors import StudyError
from finsim.verbs.calling.argument_checks import Number, number_of

LENGTHS = ("steps", "days", "cpu_seconds", "row")
"""Amounts of time and numbers of rows: ``36m`` may mean months, so no letter is read."""
SHARES = ("blocking", "budget", "evade", "prevalence", "rate", "scale", "severity")
"""Parts of a whole, that people write in percent."""


def number(verb: str, name: str, text: str, panel: str, *options: str) -> Any:
    """Return the typer option of a numeric keyword of a verb; ``text`` says what it is, with its unit."""
    known = number_of(verb, name)
    return typer.Option(
        *(options or (f"--{name.replace('_', '-')}",)),
        metavar="COUNT" if known.whole else "NUMBER",
        parser=as_written,
        callback=_read(name, known),
        help=f"{text}; {known.range}.",
        rich_help_panel=panel,
    )


def argument(verb: str, name: str, text: str) -> Any:
    """Return the typer argument of a numeric keyword of a verb."""
    known = number_of(verb, name)
    return typer.Argument(
        metavar=name.upper(),
        parser=as_written,
        callback=_read(name, known),
        help=f"{text}; {known.range}.",
    )


def as_written(text: Any) -> Any:
    """Return a value as it is: it is read where its place is known."""
    return text


def read(text: str, name: str, known: Number) -> int | float:
    """Return text as a number; raises StudyError without a place, with an example."""
    example = f"write {known.example:g}"
    if len(text) > 60:
        raise StudyError(f"{len(text):,} characters", expected=known.words, remedy=example)
    if text.isascii() and text.isdigit():
        return float(text) if not known.whole else int(text)
    from finsim.document_numbers import Misfit, read_count, read_length, read_number, read_share

    share = read_share if name in SHARES else read_number
    reader = (read_length if name in LENGTHS else read_count) if known.whole else share
    try:
        value = reader(text.strip())
    except Misfit as misfit:
        raise StudyError(
            misfit.found, expected=misfit.expected or known.words, remedy=misfit.remedy or example
        ) from None
    if isinstance(value, str):
        raise StudyError(repr(text), expected=known.words, remedy=example)
    return float(value) if not known.whole else int(value)


def _read(name: str, known: Number) -> Callable[[typer.Context, typer.CallbackParam, Any], Any]:
    def callback(context: typer.Context, parameter: typer.CallbackParam, value: Any) -> Any:
        if not isinstance(value, str) or context.resilient_parsing:
            return value
        try:
            return read(value, name, known)
        except StudyError as error:
            place, word = of_parameter(context, parameter)
            problem = error.problems[0]
            found = "no value" if value.startswith("--") else problem.found
            behind = "" if parameter.param_type_name == "argument" else f"{word} "
            remedy = f"write {behind}{problem.remedy.removeprefix('write ')}"
            raise StudyError(found, place=place, expected=problem.expected, remedy=remedy) from None

    return callback
