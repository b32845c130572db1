"""Slips of the hand in the words of a command: one dash for two, nothing in quotes, an option left out."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from finsim.cli.parsing.places import word_of
from finsim.errors import StudyError
from finsim.option_words import OPTIONS

_NAMED = {
    "--scenario": ("scenarios",),
    "--rules": ("rules",),
    "--narrative": ("narratives",),
    "--narratives": ("narratives",),
    "--generator": ("generators",),
    "--as": ("exports",),
    "--like": ("studies",),
}
"""Options that take a shipped name -> the kinds of `finsim list` that they take it from."""
_AS_FLAGS = {
    "help": "{path} {rest}-h",
    "version": "{path} --version",
    "finsim": "{path} {whole}",
}
"""Words that other programs have as verbs -> what is written here."""
_ABOVE = {
    "list": "list {kind}",
    "ls": "list {kind}",
    "show": "show NAME",
    "new": "new --kind {word} FILE",
    "create": "new --kind {word} FILE",
}
"""Verbs that stand beside a group of verbs, not in it."""
_KIND_OF = {"rules": ("rules", "rules"), "narrative": ("narratives", "narrative")}


def refuse_slips(ctx: Any, words: Sequence[str]) -> None:
    """Raise StudyError for a long option with one dash and for a word of no letters."""
    long = [word for one in ctx.command.params for word in (*one.opts, *one.secondary_opts)]
    long += ["--help"]
    for word in words[: words.index("--")] if "--" in words else words:
        name = word.partition("=")[0]
        if re.fullmatch(r"-[A-Za-z][A-Za-z-]+", name) and (meant := _two_dashes(name, long)):
            raise StudyError(
                f"{name} has one dash",
                place=f"{ctx.command_path}: {name}",
                expected="two dashes before a word, one before a letter",
                remedy=f"write {meant}",
            )


def refuse_empty(ctx: Any, given: dict[str, Any]) -> None:
    """Raise StudyError for an argument or option whose word is empty: ``""``, an unset $VARIABLE."""
    for one in ctx.command.params:
        value = given.get(one.name)
        if "" in (value if isinstance(value, list | tuple) else [value]):
            raise StudyError(
                "an empty word, as an unset $VARIABLE gives",
                place=f"{ctx.command_path}: {word_of(one)}",
                expected="a value",
                remedy="write it out",
            )


def option_of(ctx: Any, word: str) -> str:
    """Return the option that a shipped name without an option was meant for, with the name; '' for none."""
    from finsim.verbs.shipped_names import shipped_names

    for one in ctx.command.params:
        for kind in _NAMED.get(word_of(one), ()):
            if word.partition("@")[0].partition("=")[0] in shipped_names(kind):
                return f"{word_of(one)} {word}"
    return ""


def with_commas(ctx: Any, words: Sequence[str], more: int) -> str:
    """Return an option of values between commas as it is meant, where ``words`` give them apart; '' for none.

    ``more`` is how many words no argument takes: ``--narratives A B``. 0: the option stands several times.
    """
    lists = [one for one in ctx.command.params if str(one.metavar or "").endswith(",...")]
    for word in [name for one in lists for name in one.opts]:
        values, behind = [], 0
        for at, each in enumerate(words):
            if each == word and at + 1 < len(words):
                values.append(words[at + 1])
                behind = at + 2
            elif each.startswith(f"{word}="):
                values.append(each.partition("=")[2])
                behind = at + 1
        loose = list(takewhile(lambda each: not each.startswith("-"), words[behind:] if behind else ()))
        values += loose[:more]
        if len(values) > 1 and (more == 0 or loose):
            return f"{word} {shlex.join([','.join(one.strip(', ') for one in values)])}"
    return ""


def argument_of(ctx: Any, name: str) -> str:
    """Return the argument that stands alone on the line but was written as an option; '' for none."""
    asked = name.lstrip("-").replace("-", "_").lower()
    for one in ctx.command.params:
        if one.param_type_name == "argument" and asked in (one.name, word_of(one).lower()):
            return word_of(one)
    return ""


def other_door(ctx: Any, name: str, rest: Sequence[str]) -> str:
    """Return the command that a word in the place of a verb was meant as; '' where it is none."""
    path, word = ctx.command_path, name.lower()
    if ctx.parent is None:
        behind = f"{rest[0]} " if rest else ""
        return _AS_FLAGS.get(word, "").format(path=path, rest=behind, whole=" ".join(rest)).strip()
    kind, single = _KIND_OF.get(ctx.info_name, ("", ""))
    if word in _ABOVE and kind:
        return f"finsim {_ABOVE[word].format(kind=kind, word=single)}"
    return ""


def _two_dashes(name: str, long: Sequence[str]) -> str:
    """Return the option of the verb that a word with one dash means; '' where it means none."""
    asked = f"-{name}"
    if asked in long:
        return asked
    return next((own for own, others in OPTIONS.items() if own in long and asked in others), "")
