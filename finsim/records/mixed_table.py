"""``MixedTable``: rows of mixed columns (numbers, words, times) as plain arrays, with cells that may lack."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from finsim.errors import DataError
from finsim.notation import Array

NUMBER, WORD, TIME = "number", "word", "time"
MISSING_TIME = int(np.iinfo(np.int64).min)
MISSING_WORD = -1
_DTYPES = {NUMBER: np.float64, WORD: np.int32, TIME: np.int64}


@dataclass(frozen=True)
class MixedColumn:
    """One column of cells of one kind.

    number : ``values`` float64[N] in the unit of the column (money in major units), NaN where missing;
    ``step`` is the grid of its values (.01 for cents, 1 for whole numbers, 0 for none).
    word : ``values`` int32[N] places in ``words``, -1 where missing.
    time : ``values`` int64[N] nanoseconds UTC, ``MISSING_TIME`` where missing; ``step`` nanoseconds
    (a day for dates). Raises DataError when array and kind do not fit.
    """

    kind: str
    values: Array
    words: tuple[str, ...] = ()
    step: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in _DTYPES or self.values.dtype != _DTYPES[self.kind] or self.values.ndim != 1:
            raise DataError(
                f"a column of kind {self.kind!r} is {self.values.dtype}{list(self.values.shape)}",
                expected=", ".join(f"{kind}: {np.dtype(one)}[N]" for kind, one in _DTYPES.items()),
            )
        if self.kind == NUMBER and np.isinf(self.values).any():
            raise DataError("infinite numbers", expected="finite numbers or missing cells")
        if self.kind == WORD and len(self.values):
            low, high = int(self.values.min()), int(self.values.max())
            if low < MISSING_WORD or high >= len(self.words):
                raise DataError(f"codes {low} to {high}", expected=f"-1 to {len(self.words) - 1}")

    def __len__(self) -> int:
        """Return the number of cells."""
        return len(self.values)

    def missing(self) -> Array:
        """Return bool[N], true where a cell lacks."""
        if self.kind == NUMBER:
            return np.isnan(self.values)
        return np.asarray(self.values == (MISSING_WORD if self.kind == WORD else MISSING_TIME))

    def take(self, rows: Array | slice) -> MixedColumn:
        """Return the cells at ``rows`` (positions, mask or slice)."""
        return replace(self, values=self.values[rows])

    def with_values(self, values: Array) -> MixedColumn:
        """Return a column of the same kind, words and step with other cells."""
        return replace(self, values=np.ascontiguousarray(values, dtype=_DTYPES[self.kind]))


@dataclass(frozen=True)
class MixedTable:
    """Columns of equal length by name, in the order of the table; ``rows`` counts also when there is none.

    Raises DataError for columns of different lengths.
    """

    columns: Mapping[str, MixedColumn]
    rows: int

    def __post_init__(self) -> None:
        lengths = {name: len(column) for name, column in self.columns.items()}
        if any(length != self.rows for length in lengths.values()):
            raise DataError(f"columns of lengths {lengths}", expected=f"{self.rows} cells in each")

    def __getitem__(self, name: str) -> MixedColumn:
        """Return a column by its name."""
        return self.columns[name]

    def __contains__(self, name: object) -> bool:
        """Tell whether there is a column of this name."""
        return name in self.columns

    def take(self, rows: Array | slice) -> MixedTable:
        """Return the rows at positions, of a mask or of a slice."""
        kept = {name: column.take(rows) for name, column in self.columns.items()}
        return MixedTable(kept, len(np.arange(self.rows)[rows]))

    def with_columns(self, columns: Mapping[str, MixedColumn]) -> MixedTable:
        """Return the table with some columns replaced or added at the end."""
        return MixedTable({**self.columns, **columns}, self.rows)

    def without(self, *names: str) -> MixedTable:
        """Return the table without some columns."""
        return MixedTable({name: one for name, one in self.columns.items() if name not in names}, self.rows)

    def digest(self) -> str:
        """Return the sha256 of all columns, hexadecimal."""
        digest = hashlib.sha256(str(self.rows).encode())
        for name, column in self.columns.items():
            digest.update(f"{name}\0{column.kind}\0{column.step}\0{chr(0).join(column.words)}\0".encode())
            digest.update(np.ascontiguousarray(column.values).tobytes())
        return digest.hexdigest()


def joined(parts: list[MixedTable]) -> MixedTable:
    """Return the rows of tables of the same columns one after the other; words are those of the first."""
    if len(parts) == 1:
        return parts[0]
    first = parts[0]
    columns = {
        name: column.with_values(np.concatenate([part[name].values for part in parts]))
        for name, column in first.columns.items()
    }
    return MixedTable(columns, sum(part.rows for part in parts))
