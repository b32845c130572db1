"""A user's table as typed columns: header names matched to a pack's, Arrow data to blocks of ``Vec``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.constraints.language.column import Column
from finsim.constraints.language.types import DAY_NANOS, LARGEST, Type
from finsim.constraints.tables.arrow_to_numpy import values_of
from finsim.constraints.tables.nullable_vectors import TRUE, Mask, Vec, known
from finsim.errors import DataError, Problem, did_you_mean
from finsim.notation import Array, Int1D


def plain(name: str) -> str:
    """Return a header without case, spaces and punctuation: ``Adj Close`` is ``adjclose``."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def matched(names: Sequence[str], columns: Mapping[str, Column]) -> dict[str, str]:
    """Return declared name -> header of the table: the same name, the same letters, else an alias."""
    found: dict[str, str] = {name: name for name in columns if name in names}
    by_letters: dict[str, str] = {}
    for header in names:
        by_letters.setdefault(plain(header), header)
    for name in columns:
        if name not in found and plain(name) in by_letters:
            found[name] = by_letters[plain(name)]
    taken = set(found.values())
    for name, column in columns.items():
        free = [by_letters[plain(one)] for one in column.alias if plain(one) in by_letters]
        free = [header for header in free if header not in taken]
        if name not in found and free:
            found[name] = free[0]
            taken.add(free[0])
    return found


def missing(names: Sequence[str], columns: Mapping[str, Column], table: str) -> list[Problem]:
    """Return one problem for each column that the table must have and has not."""
    found = matched(names, columns)
    return [
        Problem(f"table {table}", f"no column {name!r}", "", did_you_mean(name, list(names)))
        for name, column in columns.items()
        if name not in found and not column.optional
    ]


@dataclass
class Labels:
    """Numbers labels: the same text has the same code in every column, table and batch."""

    codes: dict[str, int] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def code(self, text: str) -> int:
        """Return the code of a label, a new one if need be (threads may ask side by side)."""
        if text not in self.codes:
            with self._lock:
                if text not in self.codes:
                    self.texts.append(text)
                    self.codes[text] = len(self.texts) - 1
        return self.codes[text]

    def encoded(self, texts: Iterable[str | None]) -> Int1D:
        """Return the codes of texts (0 for null)."""
        return np.array([0 if text is None else self.code(text) for text in texts], dtype=np.int64)


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
    ) -> None:
        self.first_row, self._repeated = first_row, repeated
        self.name, self.table, self.columns, self.labels = name, table, columns, labels
        self.rows: int = table.num_rows
        self.headers = matched(table.column_names, columns) if headers is None else headers
        self._loaded: dict[str, Vec] = {}
        self._bounded_names: set[str] = set()
        self._there: dict[str, Mask] = {}

    def piece(self, table: pa.Table, begin: int = 0, repeated: int = 0) -> Source:
        """Return other rows of the same table, from row ``begin`` of this one on, as their own source.

        The first ``repeated`` rows stand for row ``begin``, which comes after them.
        """
        first_row = self.first_row + begin
        return Source(self.name, table, self.columns, self.labels, self.headers, first_row, repeated)

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

    def is_text(self, name: str) -> bool:
        """Whether an identifier column holds text (codes of labels) and not numbers."""
        if name not in self.headers:
            return isinstance(self.columns[name].default, str)
        kind = self.table.schema.field(self.headers[name]).type
        return bool(
            pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind)
        )

    def is_plain_text(self, name: str) -> bool:
        """Whether a column of labels or identifiers is stored as text, coded or not."""
        if name not in self.headers or self.columns[name].type.kind not in ("cat", "id"):
            return False
        kind = self.table.schema.field(self.headers[name]).type
        kind = kind.value_type if pa.types.is_dictionary(kind) else kind
        return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))

    def _texts_there(self, name: str) -> Mask:
        """Return which cells of a text column are not empty, once worked out."""
        if name not in self._there:
            column = _plain_words(self.table.column(self.headers[name]))
            is_full = column.null_count == 0
            self._there[name] = TRUE if is_full else values_of(column.is_valid().combine_chunks())
        return self._there[name]

    def _load(self, name: str) -> Vec:
        kind = self.columns[name].type
        if name not in self.headers:
            return self._constant(name)
        chunked = _plain_words(self.table.column(self.headers[name]))
        if pa.types.is_dictionary(chunked.type):
            chunked = chunked.unify_dictionaries()
        data = (
            chunked.chunk(0)
            if chunked.num_chunks == 1
            else pa.concat_arrays(chunked.chunks)
            if (chunked.num_chunks)
            else pa.array([], chunked.type)
        )
        if kind.kind == "cat" or (kind.kind == "id" and self.is_text(name)):
            return self._coded(data)
        try:
            vec = _converted(data, kind)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as bad:
            raise self._unfit(name, data, str(bad)) from None
        if vec is None:
            raise self._unfit(name, data, f"holds {data.type}")
        return vec

    def _constant(self, name: str) -> Vec:
        default = self.columns[name].default
        if isinstance(default, str):
            return Vec(np.int64(self.labels.code(default)))
        return Vec(np.asarray(default)[()])

    def _coded(self, data: pa.Array) -> Vec:
        if not pa.types.is_dictionary(data.type):
            data = pc.dictionary_encode(data)
        texts = [None if text is None else str(text) for text in data.dictionary.to_pylist()]
        codes = self.labels.encoded(texts)
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
                place=f"table {self.name}, row {self._number(row)}",
                expected=f"whole numbers up to {LARGEST:.0e}",
                remedy="use a larger unit",
            )

    def _unfit(self, name: str, data: pa.Array, reason: str) -> DataError:
        wanted, hint = _EXPECTED[self.columns[name].type.kind]
        row = _first_unfit(data, self.columns[name].type)
        where = f"table {self.name}" + (f", row {self._number(row)}" if row is not None else "")
        shown = f": {data[row].as_py()!r}" if row is not None else f" ({reason})"
        return DataError(
            f"column {self.headers[name]!r} is not {wanted}{shown}",
            place=where,
            expected=f"{wanted} ({self.columns[name].type})",
            remedy=hint,
        )


def _plain_words(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column as it is, but decoded where a dictionary has an empty word, which codes do not show."""
    is_coded = pa.types.is_dictionary(column.type)
    if is_coded and any(chunk.dictionary.null_count for chunk in column.chunks):
        return column.cast(column.type.value_type)
    return column


_EXPECTED = {
    "int": ("whole numbers", "correct the cell, or declare the column float"),
    "float": ("numbers", "correct or empty the cell"),
    "ratio": ("numbers", "correct or empty the cell"),
    "money": ("whole minor units or decimals", "store cents: (x * 100).round().astype('Int64')"),
    "date": ("dates", "write dates as 2026-01-31"),
    "ts": ("times", "write times as 2026-01-31T09:30:00Z"),
    "dur": ("durations", "store an Arrow duration or int64 nanoseconds"),
    "bool": ("true or false", "write true and false"),
    "id": ("identifiers", "store integers or text"),
}  # fmt: skip


def _converted(data: pa.Array, kind: Type) -> Vec | None:
    """Return the data in their stored form, or None when the type does not fit."""
    is_text = pa.types.is_string(data.type) or pa.types.is_large_string(data.type)
    if pa.types.is_null(data.type):
        data = data.cast({"f": pa.float64(), "i": pa.int64(), "b": pa.bool_()}[kind.stored])
    if kind.stored == "f":
        if is_text or pa.types.is_decimal(data.type) or data.null_count:
            data = data.cast(pa.float64())
        if pa.types.is_floating(data.type) or pa.types.is_integer(data.type):
            values = values_of(data)
            return Vec(values if values.dtype.kind == "f" else values.astype(np.float64))
        return None
    valid = None if data.null_count == 0 else values_of(data.is_valid())
    if kind.kind == "bool":
        return _truths(data, valid)
    if kind.kind in ("date", "ts") and (is_text or not pa.types.is_integer(data.type)):
        return _times(data, kind, valid)
    if kind.kind == "dur" and pa.types.is_duration(data.type):
        data = data.cast(pa.duration("ns")).cast(pa.int64())
    if kind.kind == "money" and pa.types.is_decimal(data.type):
        return Vec(_minor(data, kind.scale), valid)
    if kind.kind != "money" and pa.types.is_floating(data.type):
        data = data.cast(pa.int64())  # safe: refuses fractions
    if not pa.types.is_integer(data.type):
        return None
    return Vec(values_of(data), valid)


def _truths(data: pa.Array, valid: Array | None) -> Vec | None:
    if pa.types.is_integer(data.type):
        small = pc.all(pc.is_in(data.drop_null(), pa.array([0, 1], data.type))).as_py()
        data = data.cast(pa.bool_()) if small is not False else data
    if not pa.types.is_boolean(data.type):
        return None
    return Vec(values_of(data), valid)


def _times(data: pa.Array, kind: Type, valid: Array | None) -> Vec | None:
    if not (
        pa.types.is_temporal(data.type)
        or pa.types.is_string(data.type)
        or pa.types.is_large_string(data.type)
    ):
        return None
    if pa.types.is_time(data.type) or pa.types.is_duration(data.type):
        return None
    if kind.kind == "date" and pa.types.is_date32(data.type):
        return Vec(values_of(data.cast(pa.int32())), valid)
    stamps = data.cast(pa.timestamp("ns", tz=getattr(data.type, "tz", None))).cast(pa.int64())
    nanos = values_of(stamps)
    return Vec(nanos // DAY_NANOS if kind.kind == "date" else nanos, valid)


def _minor(data: pa.Array, scale: int) -> Int1D:
    """Return decimals as whole minor units, exactly; a finer value is refused by Arrow's cast."""
    fixed = data.cast(pa.decimal128(38, scale))
    words = np.frombuffer(fixed.buffers()[1], dtype=np.int64).reshape(-1, 2)
    low, high = words[fixed.offset : fixed.offset + len(fixed)].T
    if bool(np.any(values_of(fixed.is_valid()) & (high != low >> 63))):
        raise pa.ArrowInvalid("decimal beyond 64 bits")
    return np.where(values_of(fixed.is_valid()), low, 0)


def _first_unfit(data: pa.Array, kind: Type) -> int | None:
    """Return the first row whose cell alone does not convert."""
    target = {"f": pa.float64(), "b": pa.bool_()}.get(kind.stored)
    if target is None:
        target = {"date": pa.timestamp("ns"), "ts": pa.timestamp("ns")}.get(kind.kind, pa.int64())
    if not (
        pa.types.is_string(data.type)
        or pa.types.is_large_string(data.type)
        or pa.types.is_floating(data.type)
    ):
        return None
    for row in range(min(len(data), 1_000_000)):
        try:
            data.slice(row, 1).cast(target)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            return row
    return None
