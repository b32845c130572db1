"""Tables in memory: Arrow, whatever hands out an Arrow stream (polars, DuckDB), and pandas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from finsim.tables.cells.arrays_from_python import no_rows
from finsim.tables.schema import Dialect, Field
from finsim.tables.sources.plain_texts import plain_schema
from finsim.tables.sources.read_errors import reading
from finsim.tables.sources.source import TableSource


class ArrowTable(TableSource):
    """An Arrow table."""

    def __init__(self, table: pa.Table, fields: Mapping[str, Field], dialect: Dialect, place: str) -> None:
        self.held = table
        super().__init__(table.schema.names, fields, dialect, place)
        self.rows = table.num_rows

    def _columns(
        self, places: Sequence[int], fields: Mapping[int, Field], ids: bool = True
    ) -> Iterator[pa.RecordBatch]:
        yield from self.held.select(list(places)).to_batches()

    def _no_rows(self, names: Sequence[str] | None) -> pa.Table:
        return self.held.select(self._places(names)).slice(0, 0)


class ArrowStream(TableSource):
    """An object that hands out an Arrow stream each time it is asked."""

    def __init__(self, data: Any, fields: Mapping[str, Field], dialect: Dialect, place: str) -> None:
        self._data = data
        with reading(place), self._reader() as reader:
            self.schema: pa.Schema = plain_schema(reader.schema)
        super().__init__(self.schema.names, fields, dialect, place)

    def _reader(self) -> pa.RecordBatchReader:
        return pa.RecordBatchReader.from_stream(self._data)

    def _columns(
        self, places: Sequence[int], fields: Mapping[int, Field], ids: bool = True
    ) -> Iterator[pa.RecordBatch]:
        with reading(self.place), self._reader() as reader:
            for batch in reader:
                yield batch.select(list(places))

    def _no_rows(self, names: Sequence[str] | None) -> pa.Table:
        return no_rows(self.schema).select(self._places(names))


class PandasTable(TableSource):
    """A pandas DataFrame; the levels of its index that have names are columns too."""

    def __init__(self, frame: Any, fields: Mapping[str, Field], dialect: Dialect, place: str) -> None:
        levels = [level for level, name in enumerate(frame.index.names) if name is not None]
        columns = [_header(name) for name in frame.columns]
        levels = [level for level in levels if _header(frame.index.names[level]) not in columns]
        self._frame, self._levels = frame, levels
        headers = [*(_header(frame.index.names[level]) for level in levels), *columns]
        super().__init__(headers, fields, dialect, place)
        self.rows = len(frame)

    def _columns(
        self, places: Sequence[int], fields: Mapping[int, Field], ids: bool = True
    ) -> Iterator[pa.RecordBatch]:
        arrays = [self._column(at, fields.get(at)) for at in places]
        if not arrays:
            empty = pa.array([{}] * len(self._frame), pa.struct([]))
            yield pa.RecordBatch.from_struct_array(empty)
            return
        table = pa.Table.from_arrays(arrays, names=[str(at) for at in places])
        yield from table.to_batches() or [pa.RecordBatch.from_pylist([], table.schema)]

    def _column(self, at: int, field: Field | None) -> pa.Array:
        if at < len(self._levels):
            cells = self._frame.index.get_level_values(self._levels[at])
        else:
            cells = self._frame.iloc[:, at - len(self._levels)]
        try:
            return pa.array(cells, from_pandas=True)
        except (ValueError, TypeError, OverflowError, pa.ArrowNotImplementedError):
            # ArrowInvalid is a ValueError, ArrowTypeError a TypeError.
            with reading(f"{self.place}, column {self.headers[at]!r}", "column of one type"):
                return pa.array([_text(cell) for cell in cells], pa.string())


def _text(cell: object) -> str | None:
    """Return a cell of a mixed column as text."""
    if cell is None or cell != cell:
        return None
    return str(cell).lower() if isinstance(cell, bool) else str(cell)


def _header(name: object) -> str:
    """Return a pandas label as a header; the levels of one are joined."""
    if isinstance(name, tuple):
        return " ".join(str(part) for part in name if str(part))
    return str(name)
