"""Which cells of a column are not of a type, counted; each distinct cell is looked at once."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from finsim.tables.cells.stored import Undeclared, from_stored
from finsim.tables.proposing.forms import moments, numbers
from finsim.tables.schema import Dialect, Field

_REFUSALS = (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError, OverflowError, Undeclared)
_NUMBERS = ("int", "float", "ratio", "money")
DISTINCT = 300  # so many different refused cells of a batch are told apart
_SPREAD = 100
"""Different cells, spread over a batch, that are all refused before the whole batch is (assumption)."""


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


def fails_throughout(column: pa.Array, field: Field, dialect: Dialect) -> bool:
    """Tell whether a batch has no cell of the declared type: of many different ones a spread is looked at."""
    if _reads(column, field, dialect):
        return False
    words = _spread(column, field, dialect)
    return len(words) > 0 and not any(_reads(words.slice(at, 1), field, dialect) for at in range(len(words)))


@dataclass(frozen=True)
class Way:
    """Another declaration of a column, and what to write for it."""

    remedy: str
    field: Field
    dialect: Dialect

    def reads(self, column: pa.Array) -> bool:
        """Tell whether each cell is read."""
        return _reads(column, self.field, self.dialect)


def other_ways(column: pa.Array, field: Field, dialect: Dialect) -> tuple[Way, ...]:
    """Return the declaration, other than the present one, under which a batch of text has no refused cell."""
    plain = column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
    if not (pa.types.is_string(plain.type) or pa.types.is_large_string(plain.type)):
        return ()
    cells = _spread(column, field, dialect).to_pylist()
    way: Way | None = None
    if field.type in ("date", "ts") and (found := moments(cells, "")):
        said = f'declare `format: "{found.format}"`' if found.format else "remove the format: they are ISO"
        used = replace(dialect, dates="")
        way = Way(f"{said}, which reads every cell", replace(field, format=found.format, unit=""), used)
    elif field.type in _NUMBERS:
        signs = numbers([cells], [""], dialect.sep)
        sign = signs.thousands or (dialect.point if dialect.thousands == signs.decimal else dialect.thousands)
        sign = "" if sign == signs.decimal else sign
        said = f'`decimal: "{signs.decimal}"`' + (f' and `thousands: "{sign}"`' if sign else "")
        options = f"decimal={signs.decimal}" + (
            f",thousands={'space' if sign == ' ' else sign}" if sign else ""
        )
        used = replace(dialect, decimal=signs.decimal, thousands=sign)
        way = Way(
            f"declare {said} under `read:` (--csv {shlex.quote(options)}): it reads every cell", field, used
        )
    return (way,) if way is not None and way.reads(column) else ()


def _spread(column: pa.Array, field: Field, dialect: Dialect) -> pa.Array:
    """Return different cells from all over a batch, without those that mean empty."""
    plain = column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
    words = pc.unique(plain.drop_null())
    if pa.types.is_string(words.type):
        empty = pa.array([*dialect.null, *field.nulls, ""], pa.string())
        words = words.filter(pc.invert(pc.is_in(pc.utf8_trim_whitespace(words), empty)))
    step = max(-(-len(words) // _SPREAD), 1)
    return words.take(pa.array(range(0, len(words), step), pa.int64()))


def _reads(column: pa.Array, field: Field, dialect: Dialect) -> bool:
    try:
        from_stored(column, field, dialect)
    except _REFUSALS:
        return False
    return True
