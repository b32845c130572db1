"""Completion for bash, zsh and fish: print the script of a shell, or install it."""

from __future__ import annotations

import os

import typer

from finsim.errors import StudyError, did_you_mean

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_FINSIM_COMPLETE"
SHOW, INSTALL = "--show-completion", "--install-completion"


def ready_to_complete() -> None:
    """Make typer know the shells, where a shell asks for completions."""
    if os.environ.get(VARIABLE):
        from typer.completion import get_completion_inspect_parameters

        get_completion_inspect_parameters()


def answered(words: list[str]) -> bool:
    """Print or install the completion script when the command line asks for it; tell whether it did.

    Raises StudyError for another shell, and where none is named and none is recognized.
    """
    if not words or words[0] not in (SHOW, INSTALL):
        return False
    option, shell = words[0], words[1] if len(words) > 1 else _current(words[0])
    place = f"finsim: {option}"
    if shell not in SHELLS:
        remedy = did_you_mean(shell, SHELLS)
        raise StudyError(f"no shell {shell!r}", place=place, expected=", ".join(SHELLS), remedy=remedy)
    if len(words) > 2:
        raise StudyError(f"words too many: {' '.join(words[2:])}", place=place, expected="one shell")
    from typer.completion import get_completion_script, install  # type: ignore[attr-defined]

    if option == SHOW:
        script = get_completion_script(prog_name="finsim", complete_var=VARIABLE, shell=shell)
        typer.echo(script)
    else:
        _, file = install(shell=shell, prog_name="finsim", complete_var=VARIABLE)
        typer.echo(f"completion: {file}\nnext: open a new {shell}, type finsim and press Tab")
    return True


def _current(option: str) -> str:
    """Return the shell that called; raises StudyError when it is not recognized."""
    import shellingham  # type: ignore[import-untyped]

    try:
        return str(shellingham.detect_shell()[0])
    except (shellingham.ShellDetectionFailure, OSError):
        raise StudyError(
            "the shell is not recognized",
            place=f"finsim: {option}",
            expected=", ".join(SHELLS),
            remedy=f"name it: finsim {option} bash",
        ) from None
