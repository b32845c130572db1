"""Two doors, one surface: an option of a verb is a keyword of its Python function, with equal default."""

from __future__ import annotations

import importlib
import inspect
from typing import Any

import pytest
import typer

import finsim
from finsim.cli.main import app

PRINTING = {"as_json", "quiet", "no_fail", "strict", "expect", "allow_unjudged"}
"""What changes printing or the exit code belongs to the command line alone."""
RENAMED = {"list": "names", "simulate-book": "simulate_book"}
"""Verb -> Python function: ``list`` would hide Python's own."""
PARTS = {"check": ("explain", "repair")}
"""Verb -> Python functions that options of it call."""
ELSEWHERE = {"repair": "repair", "explain": "explain"}
"""Option that is a Python function of its own."""
WITHOUT_KEYWORD = {"progress", "settings"}
"""Keywords of Python alone: ``--quiet`` is ``progress=False``, settings are an object."""

COMMAND = typer.main.get_command(app)
COMMANDS = {
    name if verb == name else f"{verb} {name}": inner
    for verb, command in COMMAND.commands.items()  # type: ignore[attr-defined]
    if verb != "rules"
    for name, inner in getattr(command, "commands", {verb: command}).items()
}
"""Command -> what typer makes of it; a verb inside a verb is the Python function ``outer_inner``."""
VERBS = sorted(COMMANDS)


def function(name: str) -> Any:
    module, _, other = finsim._HOMES[name].partition(":")
    return getattr(importlib.import_module(module), other or name)


def of_command(verb: str) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(inspect.unwrap(COMMANDS[verb].callback)).parameters)


def nothing(value: Any) -> Any:
    """One word for what is left out: None, an empty tuple."""
    return None if value in ((), [], "", inspect.Parameter.empty) else value


@pytest.mark.parametrize("verb", VERBS)
def test_options_are_keywords_with_equal_defaults(verb: str) -> None:
    name = RENAMED.get(verb, verb.replace(" ", "_"))
    assert name in finsim.__all__
    known: dict[str, inspect.Parameter] = {}
    for each in (*PARTS.get(verb, ()), name):
        known |= inspect.signature(function(each)).parameters
    options = {key: item for key, item in of_command(verb).items() if key not in PRINTING}
    for key, option in options.items():
        if key in ELSEWHERE:
            assert ELSEWHERE[key] in finsim.__all__
            continue
        assert key in known, f"finsim {verb}: {key} is no keyword of finsim.{name}"
        mine, theirs = nothing(option.default), nothing(known[key].default)
        assert str(mine) == str(theirs), f"finsim {verb}: {key} is {mine}, in Python {theirs}"
    lost = set(inspect.signature(function(name)).parameters) - set(options) - WITHOUT_KEYWORD
    assert not lost, f"finsim.{name}: {sorted(lost)} cannot be given on the command line"


def test_every_verb_of_python_is_one_of_the_command_line() -> None:
    homes = {name for name, home in finsim._HOMES.items() if home.startswith("finsim.verbs.")}
    verbs = {RENAMED.get(verb, verb.replace(" ", "_")) for verb in VERBS} | {"explain", "repair"}
    assert homes - verbs == {"example_data", "study", "drivers", "open_run"}  # values: nothing to print
    assert verbs <= homes


def parameters() -> list[Any]:
    found = []
    for verb, command in COMMAND.commands.items():  # type: ignore[attr-defined]
        for name, inner in getattr(command, "commands", {"": command}).items():
            found += [
                pytest.param(f"{verb} {name}".strip(), one, id=f"{verb}-{one.name}") for one in inner.params
            ]
    return found


@pytest.mark.parametrize(("verb", "option"), parameters())
def test_every_option_says_what_it_is_and_its_default(verb: str, option: Any) -> None:
    context = typer.Context(COMMAND)
    shown, said = option.get_help_record(context)
    assert len(said.split()) >= 3, shown
    if option.param_type_name == "option" and not option.is_flag and not option.required:
        assert "default" in said or "left out" in said or "must be given" in said or "only with" in said, said
        assert "<" not in shown, f"{verb}: {shown} has a word of the parser"
    if option.param_type_name == "option" and not option.is_flag:
        assert option.rich_help_panel, f"{verb} {shown} stands in no group"
