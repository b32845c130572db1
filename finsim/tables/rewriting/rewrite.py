"""A repaired table in the form of its source: dialect, encoding, stored types, untouched cells."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from finsim.errors import DataError
from finsim.notation import Int1D
from finsim.tables.rewriting.cells import equal
from finsim.tables.rewriting.stored import in_declared_unit, stored_again
from finsim.tables.rewriting.streams import exact_encoding, is_text
from finsim.tables.rewriting.text import Added, Changed, Edits, Text, rewrite_text
from finsim.tables.sources.source import TableSource
from finsim.tables.sources.text_file import TextTable
from finsim.tables.writing.write import write_by_ending


def rewrite(
    source: TableSource,
    before: pa.Table,
    after: pa.Table,
    kept: npt.ArrayLike,
    out: Path,
    *,
    name: str = "rows",
) -> None:
    """Write a repaired table to ``out``, whole or not at all; in a database it is called ``name``.

    ``before`` is what ``source`` gave, ``after`` the repaired table, of the rows ``kept`` of it in rising
    order; both have columns by declared name or by header. A text source and an ``out`` with the name of a
    text table give the same dialect and encoding, with untouched cells, rows and lines above the header
    byte for byte. Else every column of the source is written under its header: declared ones of text
    typed, stored ones in their stored type. New columns of ``after`` (flags) come last.
    Raises DataError when a new value has no form there, or the rows do not match.
    """
    edits = edits_of(source, before, after, np.asarray(kept, np.int64))
    if isinstance(source, TextTable) and is_text(out):
        encoding = exact_encoding(source.path, source.dialect.encoding)
        text = Text(source.path, source.dialect, encoding, len(source.headers), before.num_rows, source.place)
        rewrite_text(text, edits, out)
        return
    table = _merged(source, after, edits)
    write_by_ending(out, table.schema, [table], table=name, money=minor_units(source, table.schema))


def minor_units(source: TableSource, schema: pa.Schema) -> dict[str, int]:
    """Return which columns hold minor units that text holds as decimals, and how many decimals.

    They are declared as ``stored_minor``. Columns are named by declared name or by header.
    """
    declared = {name: spec for name, spec in source.fields.items() if spec.unit == "stored_minor"}
    declared |= {source.bound[name]: spec for name, spec in declared.items() if name in source.bound}
    return {
        column.name: declared[column.name].decimals
        for column in schema
        if column.name in declared and pa.types.is_integer(column.type)
    }


def edits_of(source: TableSource, before: pa.Table, after: pa.Table, kept: Int1D) -> Edits:
    """Compare a table before and after its repair; raises DataError when the rows do not match."""
    rising = len(kept) < 2 or bool((np.diff(kept) > 0).all())
    inside = not len(kept) or (kept[0] >= 0 and kept[-1] < before.num_rows)
    if len(kept) != after.num_rows or not rising or not inside:
        raise DataError(
            f"{after.num_rows} repaired rows of {len(kept)} that were kept",
            place=source.place,
            expected="the rows that were kept, in the order of the file",
        )
    rows = pa.array(kept, pa.int64())
    changes, added = [], []
    for name in after.column_names:
        declared = _declared(source, name)
        if declared is None:
            if name not in source.headers:
                added.append(Added(name, after[name].cast(pa.string()).to_pylist()))
            continue
        old, new = (_flat(side) for side in (before[name], after[name]))
        changed = np.flatnonzero(~np.asarray(equal(old.take(rows), new).to_numpy(zero_copy_only=False)))
        if len(changed):
            header = source.bound[declared]
            values = new.take(pa.array(changed, pa.int64())).cast(old.type)
            column = source.fields[declared]
            changes.append(Changed(header, source.headers.index(header), column, kept[changed], values))
    return Edits(kept, changes, added)


def _declared(source: TableSource, name: str) -> str | None:
    """Return the declared column that a column of a table is, by declared name or by header."""
    if name in source.bound:
        return name
    return next((declared for declared, header in source.bound.items() if header == name), None)


def _flat(column: pa.ChunkedArray) -> pa.Array:
    """Return a column as one array, labels as text."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    found = column.combine_chunks()
    return pa.concat_arrays(found.chunks) if isinstance(found, pa.ChunkedArray) else found


def _merged(source: TableSource, after: pa.Table, edits: Edits) -> pa.Table:
    """Return all columns of the source under their headers, with the repaired values."""
    table = source.table(rename=False).take(pa.array(edits.kept, pa.int64()))
    changed = {change.position: change for change in edits.changes}
    typed = {}
    if isinstance(source, TextTable):
        typed = {
            source.headers.index(source.bound[declared]): name
            for name in after.column_names
            if (declared := _declared(source, name)) is not None
        }
    columns: list[pa.ChunkedArray] = []
    for at in range(table.num_columns):
        column = table.column(at)
        if at in typed:
            declared = _declared(source, typed[at])
            column = after[typed[at]]
            if declared is not None and source.fields[declared].type in ("int", "float", "ratio"):
                column = pa.chunked_array([in_declared_unit(_flat(column), source.fields[declared])])
        elif at in changed:
            rows = np.searchsorted(edits.kept, changed[at].rows)
            column = stored_again(column, rows, changed[at].values, changed[at].column, source)
        columns.append(column)
    names: Sequence[str] = [*table.column_names, *(each.header for each in edits.added)]
    columns += [pa.chunked_array([pa.array(each.cells, pa.string())]) for each in edits.added]
    return pa.Table.from_arrays(columns, names=names)
