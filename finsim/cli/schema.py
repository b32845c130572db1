"""``finsim schema``: the JSON Schema of a kind of YAML file, for editors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from finsim.cli.options import AsJson
from finsim.cli.output import show
from finsim.cli.parsing.completion import offered
from finsim.cli.parsing.panels import OUTPUT
from finsim.verbs.schema import KINDS
from finsim.verbs.schema import schema as make


def schema(
    kind: Annotated[
        str,
        typer.Argument(
            help="study, narrative, scenario, rules, or schema (the columns of a table).",
            autocompletion=offered(lambda word: list(KINDS)),
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="JSON file to write; printed when left out.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write the JSON Schema with which editors complete, explain and check a kind of YAML file.

    Example: finsim schema study -o study.schema.json
    """
    made = make(kind, output)
    if output is None:
        show("schema", made, json.dumps(made, indent=1, ensure_ascii=False), as_json)
        return
    text = f"schema: {output}\nnext:   begin your file with `# yaml-language-server: $schema={output}`"
    show("schema", {"kind": kind, "schema": str(output)}, text, as_json, outputs=[output])
