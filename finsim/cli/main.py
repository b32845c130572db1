"""The ``finsim`` command: the table of verbs, exit codes, and no traceback for users."""

from __future__ import annotations

import copy
import gc
import json
import os
import shlex
import sys
from typing import Any

import typer

from finsim import __version__
from finsim.cli import (
    check,
    compare,
    evaluate,
    fit,
    list_,
    narratives,
    new,
    plan,
    report,
    rules,
    run,
    sample,
    schema,
    show,
    sign,
    simulate,
    stress,
    trace,
    verify,
)
from finsim.cli.books import simulate_book
from finsim.cli.border.local_places import local_words
from finsim.cli.border.shown_text import shown
from finsim.cli.border.signals import stopping
from finsim.cli.border.system_refusals import continued_by, is_refusal, refused
from finsim.cli.handover import export
from finsim.cli.narratives import curriculum
from finsim.cli.output import envelope, problems_of
from finsim.cli.output import show as show_result
from finsim.cli.parsing.places import with_options, word_of
from finsim.cli.parsing.shells import VARIABLE, ready_to_complete
from finsim.cli.parsing.verb_classes import Verb, Verbs
from finsim.cli.payments import inject
from finsim.errors import EXIT_FAULT, EXIT_FINE, FinsimError, Problem, StopSignal, remedies_once
from finsim.kept_memory import keep_memory

INTERRUPTED = 2  # the signal of Ctrl-C, where a verb is called with no signals of ours
STOPPED = 128 + INTERRUPTED  # what typer makes of an interrupt, as shells do

app = typer.Typer(
    name="finsim",
    cls=Verbs,
    add_completion=False,  # `parsing.shells` gives the scripts, and takes the name of a shell
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Seeded synthetic financial worlds: market paths, transactions with fraud and laundering "
    "stories, credit portfolios; with rules, stress and evidence.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

for name, verb in (
    ("new", new.new),
    ("plan", plan.plan),
    ("run", run.run),
    ("fit", fit.fit),
    ("sample", sample.sample),
    ("simulate", simulate.simulate),
    ("simulate-book", simulate_book.simulate_book),
    ("inject", inject.inject),
    ("stress", stress.stress),
    ("curriculum", curriculum.curriculum),
    ("check", check.check),
    ("evaluate", evaluate.evaluate),
    ("trace", trace.trace),
    ("verify", verify.verify),
    ("sign", sign.sign),
    ("report", report.report),
    ("export", export.export),
    ("compare", compare.compare),
    ("show", show.show),
    ("list", list_.list_),
    ("schema", schema.schema),
):
    app.command(name, cls=Verb)(verb)
app.add_typer(rules.app, name="rules")
app.add_typer(narratives.app, name="narrative")


@app.callback(invoke_without_command=True)
def _root(
    version: bool = typer.Option(False, "--version", help="Print the version and stop."),
    as_json: bool = typer.Option(False, "--json", help="Print the version as JSON."),
    show_completion: str = typer.Option(
        "", "--show-completion", metavar="[SHELL]", help="Print the completion of bash, zsh or fish."
    ),
    install_completion: str = typer.Option(
        "", "--install-completion", metavar="[SHELL]", help="Install the completion of bash, zsh or fish."
    ),
) -> None:
    """Print the version when asked; completion is answered before, by ``Verbs``."""
    if version:
        show_result("", {"version": __version__}, f"finsim {__version__}", as_json)
        raise typer.Exit


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: 0 fine, 1 a gate or rule failed, 2 bad input, 3 own fault.

    128 and its number for a signal: 130 for Ctrl-C, 143 for SIGTERM.
    """
    keep_memory()
    code = _guarded(sys.argv[1:] if arguments is None else arguments)
    gc.freeze()  # at the end of a program its memory is searched for garbage, for nothing: 0.05 s
    sys.exit(code)


def _guarded(arguments: list[str]) -> int:
    ready_to_complete()
    command = typer.main.get_command(_asked(arguments))
    verb = _verb(command, arguments)
    try:
        with stopping(lambda number: _stopped(StopSignal(number), verb, arguments)):
            words = local_words(arguments, verb[0])
            code = command.main(args=words, prog_name="finsim", standalone_mode=False)
    except FinsimError as error:
        return _say_error(error, verb, arguments)
    except StopSignal as stop:
        return _stopped(stop, verb, arguments)
    except (KeyboardInterrupt, typer.Abort):
        return _stopped(StopSignal(INTERRUPTED), verb, arguments)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FINE
    except Exception as error:
        if os.environ.get("FINSIM_DEBUG"):
            raise
        if is_refusal(error):
            return _say_error(refused(error), verb, arguments)
        return _say_fault(error, verb, arguments)
    if code == STOPPED:
        return _stopped(StopSignal(INTERRUPTED), verb, arguments)
    return int(code or EXIT_FINE)


def _asked(arguments: list[str]) -> typer.Typer:
    """Return the verbs that a command line needs: the one it begins with, or all (a millisecond each)."""
    asked = [one for one in app.registered_commands if [one.name] == arguments[:1]]
    if not asked or os.environ.get(VARIABLE):
        return app
    one = copy.copy(app)
    one.registered_commands, one.registered_groups = asked, []
    return one


def _verb(command: Any, arguments: list[str]) -> tuple[str, dict[str, str]]:
    """Return the verb that a command line names (``rules lint``), and its options by keyword."""
    words: list[str] = []
    current = command
    for word in arguments:
        if word.startswith("-") and not words:
            continue
        inner = getattr(current, "commands", {}).get(word)
        if inner is None:
            break
        words.append(word)
        current = inner
    return " ".join(words), {parameter.name: word_of(parameter) for parameter in current.params}


def _say_error(error: FinsimError, verb: tuple[str, dict[str, str]], arguments: list[str]) -> int:
    name, options = verb
    problems = with_options(error, f"finsim {name}".strip(), options)
    kind = type(error).__name__
    _say_envelope(name, arguments, problems_of(kind, problems))
    for problem in remedies_once(problems):
        typer.echo(shown(f"{kind}: {problem}"), err=True)
    return error.exit_code


def _stopped(stop: StopSignal, verb: tuple[str, dict[str, str]], arguments: list[str]) -> int:
    """Say in one line that the work was stopped, and the command that goes on with it."""
    name, _ = verb
    remedy = continued_by(stop) or f"finsim {shlex.join(arguments)}"
    problem = Problem(f"finsim {name}", "stopped", "", remedy)
    _say_envelope(name, arguments, problems_of("Stopped", [problem]))
    typer.echo(shown(f"stopped; next: {remedy}"), err=True)
    return stop.exit_code


def _say_fault(error: Exception, verb: tuple[str, dict[str, str]], arguments: list[str]) -> int:
    found = f"{type(error).__name__}: {error}"
    remedy = "this is a fault of finsim, not of your input; FINSIM_DEBUG=1 shows where"
    _say_envelope(verb[0], arguments, problems_of("Fault", [Problem(f"finsim {verb[0]}", found, "", remedy)]))
    typer.echo(shown(f"finsim failed: {found}\n  {remedy}"), err=True)
    return EXIT_FAULT


def _say_envelope(verb: str, arguments: list[str], problems: list[dict[str, str]]) -> None:
    if "--json" in arguments:
        typer.echo(json.dumps(envelope(verb, False, (), None, problems), indent=1))


if __name__ == "__main__":
    main()
