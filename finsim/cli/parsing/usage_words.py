"""Mistakes in using a command, in own words: place, what was found, what is expected, an example."""

from __future__ import annotations

from typing import Any

import typer

from finsim.cli.parsing.places import word_of
from finsim.cli.parsing.word_slips import argument_of, option_of, other_door, with_commas
from finsim.errors import StudyError
from finsim.option_words import INNER_VERBS, OPTIONS, VERBS, hint
from finsim.verbs.calling.argument_checks import NUMBERS, number_of

UsageError: Any = typer.BadParameter.__mro__[1]
"""What typer raises for every mistake of use; newer versions carry their own copy of click."""


def of_usage(error: Any, ctx: Any) -> StudyError:
    """Return typer's complaint as a StudyError in own words."""
    ctx = error.ctx or ctx
    name = type(error).__name__
    if name == "NoSuchOption":
        return _unknown_option(error.option_name, ctx)
    if name == "MissingParameter":
        return _missing(error.param, ctx)
    if name == "BadOptionUsage":
        return _wrong_use(error.option_name, ctx)
    if name in ("NoArgsIsHelpError", "UsageError") and getattr(ctx.command, "commands", None):
        return no_verb(ctx)
    parameter = getattr(error, "param", None)
    place = f"{ctx.command_path}: {word_of(parameter)}" if parameter is not None else ctx.command_path
    return StudyError("a value that does not fit", place=place, remedy=_help(ctx))


def too_many(ctx: Any, rest: list[str], words: list[str]) -> StudyError:
    """Return the error for words that no argument takes; ``words`` are all of the command line."""
    takes = [word_of(one) for one in ctx.command.params if one.param_type_name == "argument"]
    shown = " ".join(rest[:5])
    meant = with_commas(ctx, words, len(rest)) or option_of(ctx, rest[0])
    return StudyError(
        f"{'words' if len(rest) > 1 else 'a word'} too many: {shown}",
        place=ctx.command_path,
        expected=" ".join(takes) if takes else "options only",
        remedy=f"write {meant}" if meant else f"{_example(ctx)}; text with spaces needs quotes",
    )


def no_verb(ctx: Any) -> StudyError:
    """Return the error for verbs of which none is named."""
    return StudyError(
        "no verb is named",
        place=ctx.command_path,
        expected=", ".join(ctx.command.commands),
        remedy=f"`{ctx.command_path} -h` says what each does",
    )


def repeated(ctx: Any, parameter: Any, words: list[str]) -> StudyError:
    """Return the error for an option that stands twice though it has one value: only the last would count.

    ``words`` are all of the command line.
    """
    word = word_of(parameter)
    is_list = str(parameter.metavar or "").endswith(",...")
    meant = with_commas(ctx, words, 0) if is_list else ""
    return StudyError(
        f"{word} stands more than once",
        place=f"{ctx.command_path}: {word}",
        expected="once, its values with commas between them" if is_list else "one value",
        remedy=f"write {meant}" if meant else f"give {word} once",
    )


def unknown_verb(ctx: Any, name: str, known: list[str], rest: list[str]) -> StudyError:
    """Return the error for a verb that is none; ``rest`` are the words behind it."""
    path = ctx.command_path
    door = other_door(ctx, name, rest)
    meant = f"write {door};" if door else hint(name, known, VERBS if ctx.parent is None else INNER_VERBS)
    said = meant if meant.startswith(("did", "write")) else ""
    return StudyError(
        f"no verb is called {name!r}",
        place=path,
        expected=", ".join(known),
        remedy=f"{said} `{path} -h` says what each does".strip(),
    )


def _unknown_option(name: str, ctx: Any) -> StudyError:
    known = [word for one in ctx.command.params if one.param_type_name == "option" for word in one.opts]
    if name.lstrip("-").replace(".", "").isdigit():
        return StudyError(
            f"{name}: a number below 0, or an option that is none",
            place=ctx.command_path,
            expected="a number of 0 or more",
            remedy=_help(ctx),
        )
    meant = hint(name, known, OPTIONS)
    if alone := argument_of(ctx, name):
        meant = f"did you mean {alone}, which stands without an option, as in {_example(ctx)}?"
    return StudyError(
        f"no option is called {name}",
        place=f"{ctx.command_path}: {name}",
        expected="an option of this verb",
        remedy=f"{meant} {_help(ctx)}" if meant.startswith("did") else _help(ctx),
    )


def _missing(parameter: Any, ctx: Any) -> StudyError:
    word = word_of(parameter)
    said = str(getattr(parameter, "help", "") or "").rstrip(".")
    return StudyError(
        f"{word} is missing",
        place=f"{ctx.command_path}: {word}",
        expected=said[:1].lower() + said[1:] if said[1:2].islower() else said,
        remedy=_example(ctx),
    )


def _wrong_use(name: str, ctx: Any) -> StudyError:
    used = [one for one in ctx.command.params if name in (*one.opts, *one.secondary_opts)]
    is_flag = bool(used) and bool(getattr(used[0], "is_flag", False))
    kind = "" if not used or not used[0].metavar else f" ({used[0].metavar})"
    return StudyError(
        f"{name} has a value" if is_flag else f"{name} has no value",
        place=f"{ctx.command_path}: {name}",
        expected="the option alone" if is_flag else f"a value behind it{kind}",
        remedy=f"write {name}" if is_flag else _with_value(name, used, ctx),
    )


def _with_value(name: str, used: list[Any], ctx: Any) -> str:
    """Return an option with a value: of its range, or as the verb's example has it."""
    known = [number_of(ctx.info_name, one.name) for one in used if one.name in NUMBERS]
    example = f" {_example(ctx)} "
    if known:
        return f"write {name} {known[0].example:g}"
    return example.strip() if f" {name} " in example else _help(ctx)


def _example(ctx: Any) -> str:
    """Return the first example of the verb's help, else where its help is."""
    for line in str(ctx.command.help or "").splitlines():
        head, colon, example = line.strip().partition("Example: ")
        if colon and not head:
            return example
    return _help(ctx)


def _help(ctx: Any) -> str:
    return f"`{ctx.command_path} -h` lists all options"
