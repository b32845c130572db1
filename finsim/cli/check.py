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
from finsim.errors import StudyError


def check(
    data: Annotated[Path, typer.Argument(help="CSV (plain, gz, zst), Parquet file, folder or run.")],
    rules: Annotated[str, typer.Option("--rules", help="Rule pack name, or a rule file.")],
    repair: Annotated[bool, typer.Option("--repair", help="Repair breaches; needs -o.")] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", help="Repaired table (.csv, .parquet, .arrow, ...), folder for several."
        ),
    ] = None,
    explain: Annotated[
        str | None, typer.Option("--explain", metavar="ROW", help="Explain one row: 37, or accounts:37.")
    ] = None,
    schema: SchemaFile = None,
    csv: CsvDialect = None,
    table: Annotated[
        list[str] | None,
        typer.Option("--table", metavar="NAME", help="Tables that must be there; else all of the pack's."),
    ] = None,
    params: Parameters = None,
    tier: Annotated[
        str,
        typer.Option(
            "--tier", help="interpreter, compiled, or auto (by the number of rows); results are the same."
        ),
    ] = "auto",
    threads: Threads = 1,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit 1 unless every rule passed: none silent, skipped, unknown.")
    ] = False,
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
        raise StudyError("--repair and -o go together", place="finsim check", remedy="give both or none")
    if repair and explain is not None:
        raise StudyError(
            "--repair beside --explain", place="finsim check", remedy="explain first, then repair"
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
