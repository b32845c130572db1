"""``finsim check``: any table against a rule pack, with repair, and one row explained."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from finsim.cli.options import (
    AsJson,
    CsvDialect,
    NoFail,
    Parameters,
    Quiet,
    SchemaFile,
    Threads,
    parameters,
)
from finsim.cli.output import gate, show
from finsim.cli.parsing.completion import names, offered, runs, tables, yaml_files
from finsim.cli.parsing.panels import DATA, OUTPUT, SCREEN, SIZE
from finsim.errors import StudyError

Data = Annotated[
    Path,
    typer.Argument(
        help="CSV (plain, gz, zst), Parquet file, folder or run.", autocompletion=offered(tables, runs)
    ),
]
Pack = Annotated[
    str,
    typer.Option(
        "--rules",
        metavar="PACK",
        help="Rule pack name, or a rule file.",
        autocompletion=offered(names("rules"), yaml_files),
        rich_help_panel=SIZE,
    ),
]
Repair = Annotated[bool, typer.Option("--repair", help="Repair breaches; needs -o.", rich_help_panel=SIZE)]
Output = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        metavar="FILE",
        help="Repaired table (.csv, .parquet, ...), folder for several; only with --repair.",
        rich_help_panel=OUTPUT,
    ),
]
ExplainedRow = Annotated[
    str | None,
    typer.Option(
        "--explain",
        metavar="ROW",
        help="Explain one row: 37 (the first is 0), or accounts:37; none when left out.",
        rich_help_panel=SIZE,
    ),
]
Tables = Annotated[
    list[str] | None,
    typer.Option(
        "--table",
        metavar="NAME",
        help="Tables that must be there; all of the pack's when left out.",
        rich_help_panel=DATA,
    ),
]
Tier = Annotated[
    str,
    typer.Option(
        "--tier",
        metavar="TIER",
        help="interpreter, compiled, or auto (by the number of rows); results are the same.",
        autocompletion=offered(lambda word: ["auto", "compiled", "interpreter"]),
        rich_help_panel=SIZE,
    ),
]
Strict = Annotated[
    bool,
    typer.Option(
        "--strict",
        help="Exit 1 unless every rule passed: none silent, skipped, unknown.",
        rich_help_panel=SCREEN,
    ),
]


def check(
    data: Data,
    rules: Pack,
    repair: Repair = False,
    output: Output = None,
    explain: ExplainedRow = None,
    schema: SchemaFile = None,
    csv: CsvDialect = None,
    table: Tables = None,
    params: Parameters = None,
    tier: Tier = "auto",
    threads: Threads = 1,
    strict: Strict = False,
    no_fail: NoFail = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Check a table; exit 1 when a rule is broken or a row given up, 2 on bad input or rules at odds.

    Example: finsim check bars.csv --rules ohlcv --repair -o clean.parquet

    Example: finsim check bars.csv --rules ohlcv --explain 1
    """
    from finsim.verbs import check as verbs

    if repair != (output is not None):
        raise StudyError(
            "--repair without -o" if repair else "-o without --repair",
            place=f"finsim check: {'--repair' if repair else '-o'}",
            expected="both or none",
            remedy="write --repair -o clean.parquet",
        )
    if repair and explain is not None:
        raise StudyError(
            "--repair beside --explain",
            place="finsim check: --explain",
            expected="one of them",
            remedy="explain first, then repair",
        )
    tables, settled = table or (), parameters(params)
    if explain is not None:
        told = verbs.explain(data, rules, explain, schema=schema, csv=csv, table=tables, params=settled)
        show("check", told.to_dict(), told.to_text(), as_json, ok=told.ok)
        gate(told.ok, no_fail)
    if output is not None:
        done = verbs.repair(
            data, rules, output=output, schema=schema, csv=csv, table=tables, params=settled, tier=tier,
            threads=threads,
        )  # fmt: skip
        ok = done.is_whole and not done.after.broken() and (not strict or done.after.all_passed)
        show(
            "check",
            done.to_dict(),
            done.to_text(),
            as_json,
            outputs=[output],
            ok=ok,
            problems=done.after.broken(),
        )
        gate(ok, no_fail)
    found = verbs.check(
        data, rules, schema=schema, csv=csv, table=tables, params=settled, tier=tier, threads=threads,
        progress=not quiet,
    )  # fmt: skip
    ok = not found.broken() and (not strict or found.all_passed)
    show("check", found.to_dict(), found.to_text(), as_json, ok=ok, problems=found.broken())
    gate(ok, no_fail)
