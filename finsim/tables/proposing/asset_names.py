"""Which column of a price table names the assets: the one that tells apart the rows of one date."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from finsim.tables.proposing.confirm import ROWS
from finsim.tables.sources.source import TableSource

_COMINGS = 4  # all names together, at most so many times the most names of one date: assets come and go


def name_columns(source: TableSource, date: str, others: Sequence[str]) -> list[str]:
    """Return the headers among ``others`` that could name the assets, in the order of the file.

    Of such a column each date holds a name once at most, no cell is empty, and the names come back from
    date to date. None is returned where no date repeats. Reads up to a million rows, as text.
    """
    table = _as_text(source, [date, *others])
    if table.num_rows == 0:
        return []
    most = pc.max(table.group_by(date).aggregate([([], "count_all")])["count_all"]).as_py()
    return [header for header in others if most > 1 and _names(table, date, header, most)]


def _names(table: pa.Table, date: str, header: str, most: int) -> bool:
    cells = table[header]
    if cells.null_count or pc.any(pc.equal(pc.utf8_trim_whitespace(cells), "")).as_py():
        return False
    pairs = table.group_by([date, header]).aggregate([([], "count_all")])
    few = pc.count_distinct(cells).as_py() <= min(_COMINGS * most, table.num_rows // 2)
    return bool(pairs.num_rows == table.num_rows and few)


def _as_text(source: TableSource, headers: Sequence[str]) -> pa.Table:
    """Return the first rows of some columns as text."""
    places = [source.headers.index(header) for header in headers]
    found: list[pa.RecordBatch] = []
    rows = 0
    for batch in source.batches(rename=False):
        columns = [_text(batch.column(at)) for at in places]
        found.append(pa.RecordBatch.from_arrays(columns, names=list(headers)))
        rows += batch.num_rows
        if rows >= ROWS:
            break
    return pa.Table.from_batches(found) if found else pa.table({header: [] for header in headers})


def _text(cells: pa.Array) -> pa.Array:
    plain = cells.cast(cells.type.value_type) if pa.types.is_dictionary(cells.type) else cells
    try:
        return plain.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.nulls(len(cells), pa.string())  # no names: lists and the like
