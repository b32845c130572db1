"""``finsim show``: what a named thing or a run is."""

from __future__ import annotations

from typing import Annotated

import typer

from finsim.cli.options import AsJson
from finsim.cli.output import show as show_result
from finsim.cli.parsing.completion import names, offered, runs, yaml_files


def show(
    what: Annotated[
        str,
        typer.Argument(
            metavar="NAME_OR_RUN",
            help="A name of `finsim list`, a file, or a run's folder.",
            autocompletion=offered(
                names(
                    "scenarios", "narratives", "studies", "rules", "generators", "metrics", "exports", "data"
                ),
                runs,
                yaml_files,
            ),
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Say what a scenario, narrative, rule pack, generator, study, data set or run is, with its numbers.

    Example: finsim show covid-2020
    """
    from finsim.verbs.show import show as verb

    found = verb(what)
    show_result("show", found.to_dict(), found.to_text(), as_json)
