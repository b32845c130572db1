"""``typed``: the one place where stored or written cells become values of a declared type."""

from __future__ import annotations

import pyarrow as pa

from finsim.errors import DataError
from finsim.tables.cells.canonical import LABELS, canonical
from finsim.tables.cells.refusals import Cell, problem_of
from finsim.tables.cells.refused_rows import Converted, converted
from finsim.tables.cells.stored import Undeclared, from_stored
from finsim.tables.cells.units_and_zones import cents_of
from finsim.tables.schema import Dialect, Field


def read_cells(data: pa.Array, field: Field, dialect: Dialect, minor: bool = False) -> Converted:
    """Return cells in canonical form, or which of them are refused. Raises Undeclared.

    Money is int64 minor units where ``minor``; more of it than 64 bits hold is refused in either case.
    """

    def convert(part: pa.Array) -> pa.Array:
        cells = from_stored(part, field, dialect)
        if field.type != "money":
            return cells
        cents = cents_of(cells, field.decimals)
        return cents if minor else cells

    return converted(data, convert)


def typed(
    column: pa.ChunkedArray,
    field: Field,
    dialect: Dialect,
    *,
    place: str,
    header: str,
    first_row: int = 0,
    minor: bool = False,
) -> pa.ChunkedArray:
    """Return a column in the canonical form of its declared type, whether it is text or stored.

    Money is int64 minor units where ``minor``; an id of whole numbers stays int64. ``first_row`` is the
    number of the first row, for messages. Raises DataError that lists up to 20 cells that are not of the
    type, or says what the schema has to declare.
    """
    chunks = []
    row = first_row
    for chunk in column.chunks:
        try:
            found = read_cells(chunk, field, dialect, minor)
        except Undeclared as doubt:
            raise DataError(f"column {header!r} {doubt.found}", place=place, remedy=doubt.remedy) from None
        if found.refused:
            raise _refused(chunk, found.refused, field, dialect, (place, header, row))
        chunks.append(found.cells)
        row += len(chunk)
    if not chunks:
        return pa.chunked_array([], canonical(field, minor=minor))
    if len({chunk.type for chunk in chunks}) > 1:  # ids, in some chunks numbers and in others text
        chunks = [
            chunk if chunk.type == LABELS else chunk.cast(pa.string()).dictionary_encode() for chunk in chunks
        ]
    return pa.chunked_array(chunks)


def _refused(
    chunk: pa.Array, rows: tuple[int, ...], field: Field, dialect: Dialect, at: tuple[str, str, int]
) -> DataError:
    place, header, first = at
    cells = [Cell(first + row, header, shown_value(chunk, row)) for row in rows]
    return DataError.of(problem_of(cell, field, dialect, place) for cell in cells)


def shown_value(chunk: pa.Array, row: int) -> object:
    """Return a stored cell as Python shows it; a value that Python cannot hold as Arrow writes it."""
    try:
        return chunk[row].as_py()
    except (ValueError, OverflowError, pa.ArrowException):
        return str(chunk[row].cast(pa.string()))
