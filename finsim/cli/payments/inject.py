"""``finsim inject``: schemes put into the user's own payments, every real row kept."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from finsim.cli.options import AsJson, CsvDialect, NewFolder, Quiet, SchemaFile, Seed, nowhere
from finsim.cli.output import show
from finsim.cli.parsing.completion import names, offered, tables, yaml_files
from finsim.cli.parsing.number_options import number
from finsim.cli.parsing.panels import SIZE


def inject(
    data: Annotated[
        Path, typer.Argument(help="Payments: CSV, CSV.gz, Parquet...", autocompletion=offered(tables))
    ],
    output: NewFolder = None,
    narratives: Annotated[
        str | None,
        typer.Option(
            "--narratives",
            metavar="NAME,...",
            help="Narratives or their files, with commas between them; must be given.",
            autocompletion=offered(names("narratives"), yaml_files),
            rich_help_panel=SIZE,
        ),
    ] = None,
    rate: Annotated[
        float | None,
        number(
            "inject",
            "rate",
            "Added rows as a share of the real ones, all narratives together; their own rates when left out",
            SIZE,
        ),
    ] = None,
    seed: Seed = 0,
    schema: SchemaFile = None,
    csv: CsvDialect = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Put schemes into a table of payments, labelled, between its own entities; every real row is kept.

    Example: finsim inject payments.csv --schema s.yaml --narratives card_testing_escalation -o injected
    """
    from finsim.engine.answers.inject_answer import inject_lines
    from finsim.verbs.payments.inject import inject as verb

    if output is None:
        raise nowhere("finsim inject", "folder", "injected")
    made = verb(
        data, narratives=narratives, rate=rate, output=output, seed=seed, schema=schema, csv=csv,
        progress=not quiet,
    )  # fmt: skip
    facts = made.to_dict()
    lines = [*inject_lines(facts), f"next: finsim show {output / 'transactions.parquet'}"]
    show("inject", facts, "\n".join(lines), as_json, outputs=[output])
