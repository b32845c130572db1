"""``finsim check``: any table against a rule pack, with repair, and one row explained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from finsim.cli.options import AsJson, CsvDialect, Overrides, SchemaFile, Threads, parameters
from finsim.cli.output import progress, show
from finsim.errors import EXIT_FINE, EXIT_GATE, StudyError

if TYPE_CHECKING:
    from finsim.constraints.checking.check_report import CheckReport
    from finsim.constraints.packs.ruleset import RuleSet
    from finsim.engine.tables_to_check import Gathered


def check(
    data: Annotated[Path, typer.Argument(help="CSV (plain, gz, zst), Parquet file, folder or run.")],
    rules: Annotated[str, typer.Option("--rules", help="Rule pack name, or a rule file.")],
    repair: Annotated[bool, typer.Option("--repair", help="Repair breaches; needs -o.")] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", help="Repaired table (.csv, .parquet, .arrow ..), folder for several."
        ),
    ] = None,
    explain: Annotated[
        str | None, typer.Option("--explain", metavar="ROW", help="Explain one row: 37, or accounts:37.")
    ] = None,
    schema: SchemaFile = None,
    csv: CsvDialect = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--table", metavar="NAME", help="Tables that must be there; else all of the pack's."),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit 1 unless every rule passed: none silent, skipped, unknown.")
    ] = False,
    overrides: Overrides = None,
    tier: Annotated[
        str,
        typer.Option(
            "--tier", help="interpreter, compiled, or auto (by the number of rows); results are the same."
        ),
    ] = "auto",
    threads: Threads = 1,
    as_json: AsJson = False,
) -> None:
    """Check a table; exit 1 when a rule is broken or a row given up, 2 on bad input or rules at odds.

    Example: finsim check bars.csv --rules ohlcv --repair -o clean.parquet

    Example: finsim check bars.csv --rules ohlcv --explain 1
    """
    from finsim.constraints.checking.tier_choice import known_tier
    from finsim.constraints.conflicts.conflict_check import refuse_conflicts
    from finsim.constraints.packs.ruleset import RuleSet
    from finsim.engine.tables_to_check import gather
    from finsim.tables import Dialect

    known_tier(tier)
    if repair != (output is not None):
        raise StudyError("--repair and -o go together", place="finsim check", remedy="give both or none")
    if repair and explain is not None:
        raise StudyError(
            "--repair beside --explain", place="finsim check", remedy="explain first, then repair"
        )
    pack, params = RuleSet.load(rules), parameters(overrides)
    pack = pack.needing(*only) if only else pack
    pack = pack.reading(schema, None if csv is None else Dialect.parse(csv))
    refuse_conflicts(pack, params)
    if explain is not None:
        _explain(gather(data, pack, whole=True), pack, params, explain, as_json)
    if output is not None:
        if not data.is_dir():
            _refuse_unwritable(data, output)
        how = _How(tier, threads)
        given = gather(data, pack, whole=True)
        facts, text, after, is_whole = _repaired(given, pack, params, output, how)
        show(facts, text, as_json)
        raise typer.Exit(_exit_code(after, strict) if is_whole else EXIT_GATE)
    found = _checked(data, pack, params, _How(tier, threads))
    show(found.to_dict(), found.to_text(), as_json)
    raise typer.Exit(_exit_code(found, strict))


def _refuse_unwritable(data: Path, output: Path) -> None:
    """Raise StudyError for an output whose ending says no form; text keeps the form in which it came."""
    from finsim.tables.endings import TEXT
    from finsim.tables.sources.opening import form_of
    from finsim.tables.writing.write import refuse_unwritable

    refuse_unwritable(output, from_text=data.is_file() and form_of(data) == TEXT)


def _exit_code(report: CheckReport, strict: bool) -> int:
    return EXIT_GATE if report.broken() or (strict and not report.all_passed) else EXIT_FINE


@dataclass(frozen=True)
class _How:
    """What changes no result: tier and threads."""

    tier: str
    threads: int


def _checked(data: Path, pack: RuleSet, params: Mapping[str, object], how: _How) -> CheckReport:
    """Check tables, a large file as a stream where that can be done."""
    from finsim.constraints.checking.check import check as check_tables
    from finsim.engine.check_in_batches import check_large, large_file
    from finsim.engine.tables_to_check import gather

    with progress() as step:
        large = large_file(data, pack, params, step)
        found = None
        if large is not None:
            found = check_large(large, pack, params, tier=how.tier, threads=how.threads)
    if found is not None:
        return found
    given = gather(data, pack)
    return check_tables(given.tables, pack, params, excused=given.excused, tier=how.tier, threads=how.threads)


def _explain(given: Gathered, pack: RuleSet, params: Mapping[str, object], text: str, as_json: bool) -> None:
    """Print what every rule says of one row and stop."""
    from finsim.constraints.explaining.explain import explain
    from finsim.engine.tables_to_check import row_of

    name, row = row_of(text, given)
    table, others = given.tables[name], given.others(name)
    told = explain(table, pack, row, params, name=name, others=others, excused=given.excused)
    show(told.to_dict(), told.to_text(), as_json)
    raise typer.Exit(0 if told.ok else EXIT_GATE)


def _repaired(
    given: Gathered, pack: RuleSet, params: Mapping[str, object], output: Path, how: _How
) -> tuple[dict[str, object], str, CheckReport, bool]:
    """Repair table after table and write them.

    Returns what was done, as data and text, the last check, and whether no row was given up.
    """
    from finsim.constraints.checking.check import check as check_tables
    from finsim.engine.repaired_tables import file_name, repaired, store

    before = check_tables(
        given.tables, pack, params, excused=given.excused, tier=how.tier, threads=how.threads
    )
    tables, repairs, kept = dict(given.tables), {}, {}
    stored = [name for name in tables if name not in given.derived]
    if len(stored) == 1:
        _refuse_unwritable(given.place, output)
    for name in stored:
        tables[name], repairs[name], kept[name] = repaired(given, name, tables, pack, params)
    for name in stored:
        path = output if len(stored) == 1 else output / file_name(given, name)
        store(given, name, tables[name], kept[name], path)
    after = check_tables(tables, pack, params, excused=given.excused, tier=how.tier, threads=how.threads)
    done = {name: report.to_dict() for name, report in repairs.items()}
    facts: dict[str, object] = {
        "before": before.to_dict(),
        "repair": done[stored[0]] if len(stored) == 1 else done,
        "after": after.to_dict(),
    }
    texts = "\n".join(report.to_text() for report in repairs.values())
    is_whole = not any(report.lost for report in repairs.values())
    return facts, f"{texts}\n{after.to_text()}\nrepaired: {output}", after, is_whole
