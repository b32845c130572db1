"""Repaired tables on disk: in the dialect and extension in which they were read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa

from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.repairing.repair import repair
from finsim.constraints.repairing.repair_report import RepairReport
from finsim.engine.tables_to_check import Gathered
from finsim.errors import DataError
from finsim.notation import Int1D
from finsim.tables import rewrite
from finsim.tables.endings import WRITTEN, ending_of
from finsim.tables.rewriting.rewrite import minor_units
from finsim.tables.rewriting.streams import is_text
from finsim.tables.sources.arrow_file import ArrowFile
from finsim.tables.sources.duckdb_file import DuckDBTable
from finsim.tables.sources.text_file import TextTable
from finsim.tables.writing.write import write_by_ending


def repaired(
    given: Gathered, name: str, tables: Mapping[str, pa.Table], rules: RuleSet, params: Mapping[str, object]
) -> tuple[pa.Table, RepairReport, Int1D]:
    """Repair one table beside the others; return it, what was done, and which of its rows are left."""
    others = {other: table for other, table in tables.items() if other != name}
    table, number = tables[name], "#"
    while number in table.column_names:
        number += "#"  # a header without letters is bound by no declared column
    numbered = table.append_column(number, pa.array(np.arange(table.num_rows)))
    after, report = repair(numbered, rules, params, name=name, others=others, excused=given.excused)
    kept = after[number].to_numpy().astype(np.int64)
    if (np.diff(kept) < 0).any():  # a file keeps the order of its rows
        order = np.argsort(kept, kind="stable")
        after, kept = after.take(pa.array(order)), kept[order]
    return after.drop_columns([number]), report, kept


def store_all(
    given: Gathered, tables: Mapping[str, pa.Table], kept: Mapping[str, Int1D], output: Path
) -> None:
    """Write the repaired tables: a single one as the file ``output``, several into that folder.

    Raises DataError, before anything is written, for a header that stands twice in what is not text.
    """
    for name in given.stored:
        if not isinstance(given.sources[name], TextTable):
            _refuse_twins(name, tables[name].column_names)
    for name in given.stored:
        path = output if len(given.stored) == 1 else output / file_name(given, name)
        store(given, name, tables[name], kept[name], path)


def _refuse_twins(name: str, headers: list[str]) -> None:
    for place, header in enumerate(headers):
        first = headers.index(header)
        if first < place:
            raise DataError(
                f"the header {header!r} stands twice, in columns {first + 1} and {place + 1}",
                place=f"table {name}",
                expected="a name of its own for every column that is written",
                remedy="rename or remove one of the two",
            )


def store(given: Gathered, name: str, after: pa.Table, kept: Int1D, path: Path) -> None:
    """Write a repaired table, whole or not at all, by what its name ends with.

    A text table that is written as text keeps its dialect, encoding, and every byte that no rule touched;
    other tables take the form that the name ends with. Raises DataError for a value without a form there.
    """
    source = given.sources[name]
    if isinstance(source, TextTable):
        rewrite(source, given.tables[name], after, kept, path, name=name)
    else:
        money = minor_units(source, after.schema)
        write_by_ending(path, after.schema, [after], table=name, money=money)


def file_name(given: Gathered, name: str) -> str:
    """Return the name of a table's file in a folder of several: that of the source, else Parquet."""
    source = given.sources[name]
    if isinstance(source, ArrowFile | DuckDBTable) and ending_of(source.path) in WRITTEN:
        return f"{name}{ending_of(source.path)}"
    if isinstance(source, TextTable):
        return f"{name}{''.join(source.path.suffixes)}" if is_text(source.path) else f"{name}.csv"
    return f"{name}.parquet"
