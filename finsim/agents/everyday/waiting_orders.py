"""Orders of a shard while they are made: kept by slice, and aside in a file where they are many."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO

import numpy as np
import pyarrow as pa

from finsim.agents.payment_orders import ORDER_SCHEMA, Orders, concatenate, in_time

HELD_ROWS = 1_000_000
"""Orders that wait in memory, about 40 bytes each, before they are put aside."""


class WaitingOrders:
    """Orders that come in the order of their ids and leave in the order of time, slice by slice.

    ``slices`` are the instants [low, high) of each in ns. More than ``held_rows`` of them wait in nameless
    files of the folder ``aside``, which vanish with the process; without a folder all wait in memory.
    """

    def __init__(
        self, slices: Sequence[tuple[int, int]], aside: Path | None, held_rows: int = HELD_ROWS
    ) -> None:
        self._starts = np.array([low for low, _ in slices], dtype=np.int64)
        self._aside, self._most = aside, held_rows
        self._parts: list[list[Orders]] = [[] for _ in slices]
        self._rows = 0
        self._files: list[pa.RecordBatchFileReader] = []
        self._open = ExitStack()

    def __enter__(self) -> WaitingOrders:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of the files."""
        self._open.close()

    def add(self, orders: Orders) -> None:
        """Take orders of any instants within the slices; their ids are above all that came before."""
        piece = (np.searchsorted(self._starts, orders.ts, side="right") - 1).astype(np.uint16)
        sorted_by_piece = orders.take(np.argsort(piece, kind="stable"))  # linear for 16 bits
        ends = np.cumsum(np.bincount(piece, minlength=len(self._parts)))
        begin = 0
        for parts, end in zip(self._parts, ends.tolist(), strict=True):
            if end > begin:
                parts.append(sorted_by_piece.take(slice(begin, end)))
            begin = end
        self._rows += len(orders)
        if self._aside is not None and self._rows > self._most:
            self._put_aside(self._aside)

    def slices(self) -> Iterator[Orders]:
        """Yield the orders of each slice, sorted by (ts, order_id), once all have come."""
        for number, parts in enumerate(self._parts):
            written = [Orders.from_arrow(file.get_batch(number)) for file in self._files]
            orders = concatenate([*written, *parts])
            self._parts[number] = []
            # They stand in the order of their ids, so a stable sort by time is enough.
            yield orders.take(in_time(orders.ts))

    def _put_aside(self, folder: Path) -> None:
        """Write what waits into one file, a batch for each slice."""
        folder.mkdir(parents=True, exist_ok=True)
        file: IO[bytes] = self._open.enter_context(tempfile.TemporaryFile(dir=folder))  # noqa: SIM115
        with pa.ipc.new_file(file, ORDER_SCHEMA) as writer:
            for number, parts in enumerate(self._parts):
                writer.write_batch(concatenate(parts).to_batch())
                self._parts[number] = []
        file.flush()
        self._rows = 0
        self._files.append(pa.ipc.open_file(file))
