"""``finsim check``: any table against a rule pack, with repair."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from finsim.cli.options import AsJson
from finsim.cli.output import show
from finsim.errors import EXIT_GATE, StudyError


def check(
    data: Annotated[Path, typer.Argument(help="CSV, CSV.gz, Parquet file or folder.")],
    rules: Annotated[str, typer.Option("--rules", help="Rule pack name, or a rule file.")],
    repair: Annotated[bool, typer.Option("--repair", help="Repair breaches; needs -o.")] = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="File for the repaired table.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a table; exit 1 when a rule is broken.

    Example: finsim check bars.csv --rules ohlcv --repair -o clean.parquet
    """
    from finsim.constraints.check import check as check_table
    from finsim.constraints.repair import repair as repair_table
    from finsim.constraints.ruleset import RuleSet
    from finsim.constraints.tables import read_table
    from finsim.records.storage import write_table

    if repair != (output is not None):
        raise StudyError("--repair and -o go together", place="finsim check", remedy="give both or none")
    pack = RuleSet.load(rules)
    table = read_table(data)
    found = check_table(table, pack)
    if not repair:
        show(found.to_dict(), found.to_text(), as_json)
        raise typer.Exit(0 if found.ok else EXIT_GATE)
    assert output is not None
    mended, repairs = repair_table(table, pack)
    write_table(output, mended.schema, [mended])
    after = check_table(mended, pack)
    facts = {"before": found.to_dict(), "repair": repairs.to_dict(), "after": after.to_dict()}
    show(facts, f"{repairs.to_text()}\n{after.to_text()}\nrepaired: {output}", as_json)
    raise typer.Exit(0 if after.ok else EXIT_GATE)
