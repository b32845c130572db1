"""The ``finsim`` command: the table of verbs, exit codes, and no traceback for users."""

from __future__ import annotations

import gc
import json
import os
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
    new,
    plan,
    report,
    rules,
    run,
    sample,
    schema,
    show,
    simulate,
    stress,
    trace,
    verify,
)
from finsim.cli.output import error_envelope
from finsim.errors import EXIT_FAULT, EXIT_FINE, FinsimError

# What typer raises for a wrong option; newer versions carry their own copy of click.
_UsageError: Any = typer.BadParameter.__mro__[2]

app = typer.Typer(
    name="finsim",
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
    ("stress", stress.stress),
    ("check", check.check),
    ("evaluate", evaluate.evaluate),
    ("trace", trace.trace),
    ("verify", verify.verify),
    ("report", report.report),
    ("compare", compare.compare),
    ("show", show.show),
    ("list", list_.list_),
    ("schema", schema.schema),
):
    app.command(name)(verb)
app.add_typer(rules.app, name="rules")


@app.callback(invoke_without_command=True)
def _root(version: bool = typer.Option(False, "--version", help="Print the version and stop.")) -> None:
    """Print the version when asked."""
    if version:
        typer.echo(f"finsim {__version__}")
        raise typer.Exit


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: 0 fine, 1 a gate or rule failed, 2 bad input, 3 own fault."""
    code = _guarded(sys.argv[1:] if arguments is None else arguments)
    gc.freeze()  # at the end of a program its memory is searched for garbage, for nothing: 0.05 s
    sys.exit(code)


def _guarded(arguments: list[str]) -> int:
    try:
        code = app(args=arguments, prog_name="finsim", standalone_mode=False)
    except FinsimError as error:
        _say_error(error, arguments)
        return error.exit_code
    except _UsageError as error:
        error.show()
        return int(error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("stopped; a started run continues with `finsim run --resume DIR`", err=True)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FINE
    except Exception as error:
        if os.environ.get("FINSIM_DEBUG"):
            raise
        typer.echo(
            f"finsim failed: {type(error).__name__}: {error}\n"
            "  this is a fault of finsim, not of your input; FINSIM_DEBUG=1 shows where",
            err=True,
        )
        return EXIT_FAULT
    return int(code or EXIT_FINE)


def _say_error(error: FinsimError, arguments: list[str]) -> None:
    if "--json" in arguments:
        verb = next((word for word in arguments if not word.startswith("-")), "")
        typer.echo(json.dumps(error_envelope(verb, error), indent=1))
    for problem in error.problems:
        typer.echo(f"{type(error).__name__}: {problem}", err=True)


if __name__ == "__main__":
    main()
