"""An Arrow table as typed columns: headers matched to a pack's, cells to blocks of ``Vec``."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from finsim.constraints.language.column_declaration import Column
from finsim.constraints.language.types import DAY_NANOS, LARGEST, Type
from finsim.constraints.tables.arrow_to_numpy import values_of
from finsim.constraints.tables.label_codes import Labels
from finsim.constraints.tables.nullable_vectors import TRUE, Mask, Vec, known
from finsim.constraints.tables.numbered_texts import numbered
from finsim.errors import DataError, Problem, did_you_mean
from finsim.notation import Array, Int1D
from finsim.tables import Dialect, bind, typed
from finsim.tables.cells.canonical import LABELS
from finsim.tables.cells.canonical_columns import is_plain, is_typed, plain_type, texts_of
from finsim.tables.cells.units_and_zones import calendar_days
from finsim.tables.sources.source import default_cells

PLACE = b"finsim.place"  # metadata of a table: the file that it was read from


def headers_of(schema: pa.Schema, columns: Mapping[str, Column], place: str = "") -> dict[str, str]:
    """Return declared name -> header of the table; columns in canonical form stand under their names.

    Raises DataError where two headers are equally close, or one that is needed stands twice.
    """
    typed = {one.name for one in schema if one.name in columns and is_typed(one, columns[one.name].declared)}
    names = [one.name for one in schema if one.name not in typed]
    open_ones = {name: column.declared for name, column in columns.items() if name not in typed}
    found = {**{name: name for name in typed}, **bind(names, open_ones, place)}
    return {name: found[name] for name in columns if name in found}


def place_of(schema: pa.Schema, table: str) -> str:
    """Return what messages call a table: the file that it was read from, else its name in the pack."""
    held: bytes = (schema.metadata or {}).get(PLACE, f"table {table}".encode())
    return held.decode()


def missing(schema: pa.Schema, columns: Mapping[str, Column], table: str) -> list[Problem]:
    """Return one problem for each column that the table must have and has not."""
    place = place_of(schema, table)
    found = headers_of(schema, columns, place)
    return [
        Problem(place, f"no column {name!r}", "", did_you_mean(name, schema.names))
        for name, column in columns.items()
        if name not in found and not column.optional
    ]


class Source:
    """One table, or one batch of it, under the names of a pack. Columns are converted when first used.

    ``first_row`` is the number of a batch's first row. Raises DataError with table, column and row when the
    data are not of the declared type.
    """

    def __init__(
        self,
        name: str,
        table: pa.Table,
        columns: Mapping[str, Column],
        labels: Labels,
        headers: dict[str, str] | None = None,
        first_row: int = 0,
        repeated: int = 0,
        dialect: Dialect | None = None,
    ) -> None:
        self.first_row, self._repeated = first_row, repeated
        self.dialect = dialect or Dialect()
        self.name, self.table, self.columns, self.labels = name, table, columns, labels
        self.rows: int = table.num_rows
        if headers is None:
            headers = headers_of(table.schema, columns, place_of(table.schema, name))
        self.headers = headers
        self._ready: dict[str, pa.ChunkedArray] = {}
        self._loaded: dict[str, Vec] = {}
        self._bounded_names: set[str] = set()
        self._there: dict[str, Mask] = {}

    def piece(self, table: pa.Table, begin: int = 0, repeated: int = 0) -> Source:
        """Return other rows of the same table, from row ``begin`` of this one on, as their own source.

        The first ``repeated`` rows stand for row ``begin``, which comes after them.
        """
        first_row = self.first_row + begin
        return Source(
            self.name, table, self.columns, self.labels, self.headers, first_row, repeated, self.dialect
        )

    def _number(self, row: int) -> int:
        """Return the number of a row in the whole table."""
        return self.first_row + max(row - self._repeated, 0)

    def has(self, name: str) -> bool:
        """Whether the column is there, or has a default."""
        return name in self.headers or self.columns[name].default is not None

    def replace(self, name: str, vec: Vec) -> None:
        """Put other values in place of a column."""
        self._loaded[name] = vec
        self._bounded_names.add(name)

    def whole(self, name: str) -> Vec:
        """Return the whole column as stored (any float or integer width)."""
        vec = self.unchecked(name)
        if name not in self._bounded_names:
            if self.columns[name].type.kind in ("int", "money") and np.size(vec.values):
                self._bounded(name, np.asarray(vec.values))
            self._bounded_names.add(name)
        return vec

    def unchecked(self, name: str) -> Vec:
        """Return the whole column as stored; whole numbers may be larger than rules can count with."""
        if name not in self._loaded:
            self._loaded[name] = self._load(name)
        return self._loaded[name]

    def is_loaded(self, name: str) -> bool:
        """Whether a column was converted already, or replaced."""
        return name in self._loaded

    def trust(self, name: str) -> None:
        """Take the whole numbers of a column for small enough: somebody has looked."""
        self._bounded_names.add(name)

    def block(self, name: str, rows: slice | Int1D) -> Vec:
        """Return some rows as float64, int64 or bool with a mask."""
        values, valid = self.whole(name)
        if np.ndim(values) == 0:
            return Vec(values, valid)
        cut = values[rows]
        kind = cut.dtype.kind
        if kind != "b":
            cut = cut.astype(np.float64 if kind == "f" else np.int64, copy=False)
        return Vec(cut, None if valid is None else valid[rows])

    def filled(self, name: str, rows: slice | Int1D) -> Mask:
        """Return which of some rows are not empty; how large numbers are does not matter here.

        Labels that nobody has asked for yet get no codes, of which a stream would keep one for each text.
        """
        if name not in self._loaded and self.is_plain_text(name):
            there = self._texts_there(name)
            return there[rows] if np.ndim(there) else there
        values, valid = self.unchecked(name)
        if np.ndim(values) == 0:
            return known(Vec(values, valid))
        return known(Vec(values[rows], None if valid is None else valid[rows]))

    def column(self, name: str) -> pa.ChunkedArray:
        """Return a column in a form that rules can use: as stored where that means what it is.

        Else converted: money to int64 minor units, text to what it says. Raises DataError when cells are
        not of the declared type.
        """
        if name not in self._ready:
            self._ready[name] = self._made_ready(name)
        return self._ready[name]

    def kind(self, name: str) -> pa.DataType:
        """Return the Arrow type of ``column``, without converting anything."""
        stored, spec = self.table.schema.field(self.headers[name]), self.columns[name].declared
        if self.as_text(name):
            return LABELS
        if is_typed(stored, spec):
            return pa.int64() if spec.type == "money" else stored.type
        return plain_type(stored.type, spec, self.dialect)

    def as_text(self, name: str) -> bool:
        """Whether an id of whole numbers is read as text, because another table has text."""
        return (self.name, name) in self.labels.texts_of

    def _made_ready(self, name: str) -> pa.ChunkedArray:
        header, spec = self.headers[name], self.columns[name].declared
        column, stored = self.table.column(header), self.table.schema.field(header)
        if self.as_text(name):
            return texts_of(column)
        if is_typed(stored, spec) and not (spec.type == "money" and pa.types.is_decimal(stored.type)):
            return column
        if not is_typed(stored, spec) and is_plain(stored.type, spec, self.dialect):
            return _plain_words(column)
        return self._read(name)

    def _read(self, name: str) -> pa.ChunkedArray:
        """Return a column read cell by cell as its declared type."""
        header, spec = self.headers[name], self.columns[name].declared
        place, first = place_of(self.table.schema, self.name), self._number(0)
        column = self.table.column(header)
        return typed(column, spec, self.dialect, place=place, header=header, first_row=first, minor=True)

    def is_text(self, name: str) -> bool:
        """Whether an identifier column holds text (codes of labels) and not numbers."""
        if name not in self.headers:
            return isinstance(self.columns[name].default, str)
        return _holds_text(self.kind(name))

    def is_plain_text(self, name: str) -> bool:
        """Whether a column of labels or identifiers is stored as text, coded or not."""
        if name not in self.headers or self.columns[name].type.kind not in ("cat", "id"):
            return False
        return _holds_text(self.kind(name))

    def _texts_there(self, name: str) -> Mask:
        """Return which cells of a text column are not empty, once worked out."""
        if name not in self._there:
            column = self.column(name)
            is_full = column.null_count == 0
            self._there[name] = TRUE if is_full else values_of(column.is_valid().combine_chunks())
        return self._there[name]

    def _load(self, name: str) -> Vec:
        kind = self.columns[name].type
        if name not in self.headers:
            return self._constant(name)
        chunked = self.column(name)
        if pa.types.is_dictionary(chunked.type):
            chunked = chunked.unify_dictionaries()
        data = (
            chunked.chunk(0)
            if chunked.num_chunks == 1
            else pa.concat_arrays(chunked.chunks)
            if (chunked.num_chunks)
            else pa.nulls(0, chunked.type)
        )
        if kind.kind == "cat" or (kind.kind == "id" and self.is_text(name)):
            return self._coded(data)
        try:
            return _converted(data, kind)
        except pa.ArrowInvalid:  # a day or moment that cannot be held: reading cell by cell says which
            self._read(name)
            raise

    def _constant(self, name: str) -> Vec:
        default = self.columns[name].default
        if isinstance(default, str):
            return Vec(np.int64(self.labels.code(default)))
        if self.columns[name].type.kind == "money":
            return Vec(np.int64(default_cells(self.columns[name].declared, 1, minor=True)[0].as_py()))
        return Vec(np.asarray(default)[()])

    def _coded(self, data: pa.Array) -> Vec:
        if not pa.types.is_dictionary(data.type):
            data = numbered(data)
        codes = self.labels.coded(data.dictionary)
        valid = None if data.null_count == 0 else values_of(data.is_valid())
        if not len(codes):
            return Vec(np.zeros(len(data), dtype=np.int64), valid)
        narrow = np.min_scalar_type(-int(codes.max()) - 1)  # signed, as kernels take codes
        return Vec(codes.astype(narrow)[values_of(data.indices)], valid)

    def _bounded(self, name: str, values: Array) -> None:
        low, high = int(values.min()), int(values.max())
        if max(-low, high) > LARGEST:
            row = int(np.argmax(np.abs(values.astype(np.float64))))
            raise DataError(
                f"column {self.headers[name]!r} holds {values[row]}",
                place=f"{place_of(self.table.schema, self.name)}, row {self._number(row)}",
                expected=f"whole numbers up to {LARGEST:.0e}",
                remedy="use a larger unit",
            )


def _holds_text(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _plain_words(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column as it is, but decoded where a dictionary has an empty word, which codes do not show."""
    is_coded = pa.types.is_dictionary(column.type)
    if is_coded and any(chunk.dictionary.null_count for chunk in column.chunks):
        return column.cast(column.type.value_type)
    return column


def _converted(data: pa.Array, kind: Type) -> Vec:
    """Return usable cells in the form in which rules keep them."""
    if kind.stored == "f":
        if data.null_count:
            data = data.cast(pa.float64(), safe=False)
        values = values_of(data)
        return Vec(values if values.dtype.kind == "f" else values.astype(np.float64))
    valid = None if data.null_count == 0 else values_of(data.is_valid())
    if kind.kind in ("date", "ts") and not pa.types.is_integer(data.type):
        return _times(data, kind, valid)
    if pa.types.is_duration(data.type):
        data = data.cast(pa.duration("ns")).cast(pa.int64())
    return Vec(values_of(data), valid)


def _times(data: pa.Array, kind: Type, valid: Array | None) -> Vec:
    if kind.kind == "date" and pa.types.is_date32(data.type):
        return Vec(values_of(calendar_days(data).cast(pa.int32())), valid)
    stamps = data.cast(pa.timestamp("ns", tz=getattr(data.type, "tz", None))).cast(pa.int64())
    nanos = values_of(stamps)
    return Vec(nanos // DAY_NANOS if kind.kind == "date" else nanos, valid)
