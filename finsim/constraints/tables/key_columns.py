"""Key columns of some rows: hashed, compared, and kept without their batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.constraints.tables.arrow_to_numpy import values_of
from finsim.constraints.tables.nullable_vectors import Vec, solid, spread
from finsim.constraints.tables.numbered_texts import numbers_of, text_hashes
from finsim.constraints.tables.typed_columns import Source
from finsim.errors import DataError
from finsim.notation import Array, Bool1D, Int1D
from finsim.tables.cells.arrays_from_python import numbers

_EMPTY = np.uint64(0x5851F42D4C957F2D)  # the word of an empty cell


@dataclass(frozen=True)
class Cells:
    """One key column of N rows; cells are equal where their numbers or texts are, or both are empty.

    ``numbers`` int64[N], 0 where empty, floats by their bits; or ``texts``, Arrow large_string[N].
    ``gone`` bool[N] says which are empty (None: none).
    """

    numbers: Int1D | None
    texts: pa.Array | None
    gone: Bool1D | None

    def __len__(self) -> int:
        """How many rows."""
        return len(self.numbers) if self.numbers is not None else 0 if self.texts is None else len(self.texts)

    def take(self, places: Int1D) -> Cells:
        """Return some of the cells, in memory of their own."""
        gone = None if self.gone is None else self.gone[places]
        if self.texts is not None:
            return Cells(None, self.texts.take(numbers(places)), gone)
        assert self.numbers is not None
        return Cells(self.numbers[places], None, gone)

    def vec(self) -> Vec:
        """Return codes for comparing: texts are numbered as they come."""
        if self.texts is not None:
            return numbers_of(self.texts)
        return Vec(self.numbers, None if self.gone is None else ~self.gone)

    def words(self) -> Array:
        """Return a uint64 for each cell, the same for equal ones."""
        if self.texts is None:
            assert self.numbers is not None
            words = self.numbers.view(np.uint64)
        else:
            words = text_hashes(self.texts)
        return words if self.gone is None else np.where(self.gone, _EMPTY, words)


def cells_of(source: Source, name: str) -> Cells:
    """Return a whole column of a batch as cells. Raises DataError when cells are not of the declared type."""
    if source.is_plain_text(name):
        return _texts(source.column(name))
    values, valid = source.block(name, slice(None))
    numbers = spread(values, source.rows)
    gone = None if valid is None else ~solid(valid, source.rows)
    if numbers.dtype.kind == "f":
        empty = np.isnan(numbers)
        numbers, gone = (numbers + 0.0).view(np.int64), empty if empty.any() else None  # -0.0 equals 0.0
    numbers = np.ascontiguousarray(numbers, dtype=np.int64)
    return Cells(numbers if gone is None else np.where(gone, 0, numbers), None, gone)


def _texts(column: pa.ChunkedArray) -> Cells:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    chunks = [chunk.cast(pa.large_string()) for chunk in column.chunks]
    texts = pa.concat_arrays(chunks) if chunks else pa.nulls(0, pa.large_string())
    return Cells(None, texts, ~values_of(texts.is_valid()) if texts.null_count else None)


def group_codes(source: Source, name: str) -> Vec:
    """Return numbers that tell the cells of one column of a whole table apart, in the order they first come.

    Numbers are as they are stored; texts get none in other columns or tables, and no Python strings.
    """
    if source.is_loaded(name) or not source.is_plain_text(name):
        return source.whole(name)
    column = source.column(name)
    if pa.types.is_dictionary(column.type) and not _tells_apart(column):
        column = column.cast(column.type.value_type)
    if not pa.types.is_dictionary(column.type):
        return numbers_of(column)
    whole = column.unify_dictionaries().combine_chunks()
    one = whole.chunk(0) if isinstance(whole, pa.ChunkedArray) else whole
    return Vec(values_of(one.indices), values_of(one.is_valid()) if one.null_count else None)


def _tells_apart(column: pa.ChunkedArray) -> bool:
    """Whether no dictionary of a column says a thing twice, or nothing."""
    words = [chunk.dictionary for chunk in column.chunks]
    return all(not one.null_count and len(pc.unique(one)) == len(one) for one in words)


def joined(parts: Sequence[Cells]) -> Cells:
    """Return the cells of several pieces of one column."""
    gone = None
    if any(part.gone is not None for part in parts):
        gone = np.concatenate(
            [np.zeros(len(part), dtype=bool) if part.gone is None else part.gone for part in parts]
        )
    if any(part.texts is not None for part in parts):
        return Cells(None, pa.concat_arrays([_as_texts(part) for part in parts]), gone)
    return Cells(np.concatenate([part.numbers for part in parts if part.numbers is not None]), None, gone)


def _as_texts(part: Cells) -> pa.Array:
    """Return texts; a batch of a text column may be empty throughout and then have no type."""
    if part.texts is not None:
        return part.texts
    if part.gone is None or not part.gone.all():
        raise DataError(
            "a key column holds text in one batch and numbers in another",
            place="the batches of a stream",
            remedy="store the column the same way in all batches",
        )
    return pa.nulls(len(part), pa.large_string())


def hashes_of(key: Sequence[Cells]) -> Array:
    """Return a uint64 hash of the key of each row, the same in whatever batch a key comes."""
    from finsim.kernels.keys import mix_in

    hashes: Array | None = None
    for cells in key:
        words = cells.words()
        hashes = np.zeros(len(words), dtype=np.uint64) if hashes is None else hashes
        mix_in(words, hashes)
    assert hashes is not None
    return hashes


class Rising:
    """Whether keys come in strictly rising order, batch after batch: then none comes twice."""

    def __init__(self) -> None:
        self._last: list[Cells] | None = None

    def goes_on(self, key: Sequence[Cells]) -> bool:
        """Whether the next rows go on rising; empty numbers count as 0, an empty text ends it."""
        if not len(key[0]):
            return True
        last = np.array([len(key[0]) - 1])
        whole = key if self._last is None else [joined(pair) for pair in zip(self._last, key, strict=True)]
        self._last = [cells.take(last) for cells in key]
        rises: Bool1D = np.zeros(len(whole[0]) - 1, dtype=bool)
        for cells in reversed(whole):
            more, same = _steps(cells)
            rises = more | (same & rises)
        return bool(rises.all())


def _steps(cells: Cells) -> tuple[Bool1D, Bool1D]:
    """Return whether each cell but the first is more than the one before, and whether it is the same."""
    if cells.texts is not None:
        after, before = cells.texts[1:], cells.texts[:-1]
        return values_of(pc.greater(after, before)), values_of(pc.equal(after, before))
    assert cells.numbers is not None
    return cells.numbers[1:] > cells.numbers[:-1], cells.numbers[1:] == cells.numbers[:-1]
