"""``RowCells``: the cells of rows as texts may be made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.notation import Array, Float1D, Int1D
from finsim.tables.cells.stored import is_text

MISSING_TIME = int(np.iinfo(np.int64).min)


@dataclass(frozen=True)
class RowCells:
    """Cells of n rows by column, and which columns say whose row it is and who is on the other side.

    words : codes int64[n], -1 where a cell lacks, and the words; whole numbers are words. numbers float64[n],
    NaN where they lack; times int64[n] nanoseconds on the clock of the place.
    """

    rows: int
    words: Mapping[str, tuple[Int1D, Sequence[str]]]
    numbers: Mapping[str, Float1D]
    times: Mapping[str, Int1D]
    entity: str
    partner: tuple[str, ...]

    @classmethod
    def of(cls, table: pa.Table, entity: str, partner: Sequence[str]) -> RowCells:
        """Return the cells of a table; columns of other types are left out."""
        words, numbers, times = {}, {}, {}
        for field, column in zip(table.schema, table.columns, strict=True):
            kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
            if is_text(kind) or pa.types.is_integer(kind):
                words[field.name] = coded(column)
            elif pa.types.is_floating(kind) or pa.types.is_decimal(kind):
                plain = pc.cast(column, pa.float64(), safe=False).fill_null(np.nan)
                numbers[field.name] = _array(plain, np.float64)
            elif pa.types.is_date(kind) or pa.types.is_timestamp(kind):
                stamps = pc.cast(pc.cast(column, pa.timestamp("ns"), safe=False), pa.int64())
                times[field.name] = _array(stamps.fill_null(MISSING_TIME), np.int64)
        kept = tuple(name for name in partner if name in words)
        return cls(table.num_rows, words, numbers, times, entity, kept)

    def taken(self, rows: Int1D) -> RowCells:
        """Return some rows."""
        words = {name: (codes[rows], known) for name, (codes, known) in self.words.items()}
        numbers = {name: one[rows] for name, one in self.numbers.items()}
        times = {name: one[rows] for name, one in self.times.items()}
        return RowCells(len(rows), words, numbers, times, self.entity, self.partner)

    def without(self, names: Sequence[str]) -> RowCells:
        """Return the cells without those columns."""
        words = {name: one for name, one in self.words.items() if name not in names}
        numbers = {name: one for name, one in self.numbers.items() if name not in names}
        times = {name: one for name, one in self.times.items() if name not in names}
        return RowCells(self.rows, words, numbers, times, self.entity, self.partner)

    def owner(self) -> Int1D:
        """Return int64[n] whose row each is, -1 for nobody."""
        return self.words[self.entity][0] if self.entity in self.words else np.full(self.rows, -1)

    def payee(self) -> Int1D:
        """Return int64[n] codes of who is on the other side, by all columns that say it."""
        found = np.zeros(self.rows, np.int64)
        for name in self.partner:
            codes, words = self.words[name]
            found = found * (len(words) + 1) + codes + 1
            found = np.unique(found, return_inverse=True)[1].astype(np.int64)
        return found


def coded(column: pa.ChunkedArray | pa.Array) -> tuple[Int1D, list[str]]:
    """Return codes int64[n] of the words of a column, -1 for none, and these."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
    texts = pc.cast(column, pa.string())
    chunked = texts if isinstance(texts, pa.ChunkedArray) else pa.chunked_array([texts])
    found = pc.dictionary_encode(chunked.combine_chunks())
    if isinstance(found, pa.ChunkedArray):
        found = found.combine_chunks()
    codes = np.asarray(found.indices.fill_null(-1).to_numpy(zero_copy_only=False), np.int64)
    return codes, [str(one) for one in found.dictionary.to_pylist()]


def _array(cells: pa.ChunkedArray | pa.Array, dtype: type) -> Array:
    plain = cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells
    return np.array(plain.to_numpy(zero_copy_only=False), dtype=dtype)
