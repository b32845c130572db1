"""Which cells of a column are not of a type, counted; each distinct cell is looked at once."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from finsim.tables.cells.stored import Undeclared, from_stored
from finsim.tables.schema import Dialect, Field

_REFUSALS = (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError, OverflowError, Undeclared)
DISTINCT = 2000  # so many different refused cells of a batch are told apart


@dataclass(frozen=True)
class Refused:
    """Refused cells of one batch: the distinct ones, how many cells they are, and the first rows.

    ``is_all`` is False where there may be more than were told apart.
    """

    cells: pa.Array
    count: int
    rows: tuple[int, ...]
    is_all: bool = True


def refused(column: pa.Array, field: Field, dialect: Dialect, most: int = DISTINCT) -> Refused | None:
    """Return the cells of a column that are not of its declared type; None where there is none."""
    if _reads(column, field, dialect):
        return None
    plain = column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
    counted = pc.value_counts(plain.drop_null())
    words, counts = counted.field("values"), counted.field("counts")
    found: list[int] = []
    waiting = [(0, len(words))]
    while waiting and len(found) < most:
        start, count = waiting.pop()
        if not count or _reads(words.slice(start, count), field, dialect):
            continue
        if count == 1:
            found.append(start)
            continue
        half = count // 2
        waiting += [(start + half, count - half), (start, half)]
    places = pa.array(found, pa.int64())
    cells = words.take(places)
    rows = pc.indices_nonzero(pc.is_in(plain, cells))
    total = pc.sum(counts.take(places)).as_py() or 0
    return Refused(cells, int(total), tuple(rows.slice(0, 20).to_pylist()), not waiting)


def _reads(column: pa.Array, field: Field, dialect: Dialect) -> bool:
    try:
        from_stored(column, field, dialect)
    except _REFUSALS:
        return False
    return True
