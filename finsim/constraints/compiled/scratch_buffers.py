"""Scratch buffers of a kernel: arrays of one block or piece, used again for the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from finsim.constraints.codegen.column_arrays import CODE, text_column
from finsim.constraints.codegen.kernel_plan import Plan
from finsim.constraints.codegen.kernel_template import BLOCK_ROWS
from finsim.constraints.codegen.text_codes import TextColumn
from finsim.constraints.tables.typed_columns import Source
from finsim.notation import Array, Bool1D

_LINES = 128  # bytes: two lines of the cache, which processors fetch together


class TextCodes:
    """Codes of the texts of some rows, in memory that is used again for the next rows.

    ``texts`` are those that rules compare each column with. A part's codes stay in the core's cache until its
    kernel has read them.
    """

    def __init__(self, texts: Mapping[str, tuple[str, ...]]) -> None:
        self._texts = texts
        self._rooms: dict[str, Array] = {}
        self._columns: dict[str, TextColumn] = {}
        self._source: Source | None = None

    def of(self, source: Source, name: str, rows: slice) -> tuple[Array, Bool1D | None]:
        """Return the codes of a column in some rows, and which cells are there (None: all)."""
        if source is not self._source:
            self._source, self._columns = source, {}
        if name not in self._columns:
            self._columns[name] = text_column(source, name, self._texts[name])
        column, count = self._columns[name], rows.stop - rows.start
        if name not in self._rooms or len(self._rooms[name]) < count:
            self._rooms[name] = np.empty(count, dtype=CODE)
        codes = self._rooms[name][:count]
        column.code(rows.start, rows.stop, codes)
        return codes, None if column.valid is None else column.valid[rows]


def block_arrays(plan: Plan) -> list[Array]:
    """Return a kernel's arrays for one block, what it carries from block to block, and the block's words."""
    kinds = [kind.lstrip("=") for _, (kind, _) in plan.stages.arguments]
    shapes = [(kind, BLOCK_ROWS) for kind in kinds]
    arrays = _apart([*shapes, ("int64", 1 + plan.stages.sums), ("uint64", BLOCK_ROWS)])
    arrays[-2][:] = 0
    return arrays


def _apart(shapes: Sequence[tuple[str, int]]) -> list[Array]:
    """Return arrays of some dtypes and lengths in memory that no other thread writes near to."""
    sizes = [-(-np.dtype(dtype).itemsize * length // _LINES) * _LINES for dtype, length in shapes]
    whole = np.empty(sum(sizes) + 2 * _LINES, dtype=np.uint8)
    begin = -whole.ctypes.data % _LINES
    arrays: list[Array] = []
    for (dtype, length), size in zip(shapes, sizes, strict=True):
        arrays.append(whole[begin : begin + np.dtype(dtype).itemsize * length].view(dtype))
        begin += size
    return arrays
