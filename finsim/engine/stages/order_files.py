"""Ordinary orders between the task that makes them and the one that posts them: a file a shard and slice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pyarrow as pa

from finsim.agents.payment_orders import ORDER_SCHEMA, Orders, merge
from finsim.engine.finished_tasks import WORK
from finsim.records.storage import replacing


def orders_folder(run: Path, key: str) -> Path:
    """Return the folder of the ordinary orders of one behaviour."""
    return run / WORK / "orders" / key


def orders_file(run: Path, key: str, shard: int, piece: int) -> Path:
    """Return the file of a shard's ordinary orders in one slice."""
    return orders_folder(run, key) / f"{shard:05d}-{piece:05d}.arrow"


def write_orders(path: Path, orders: Orders, edges: Sequence[int]) -> None:
    """Write the orders of a slice, sorted by time, one batch for each block between two ``edges`` (ns)."""
    with replacing(path) as temporary, pa.OSFile(str(temporary), "wb") as file:
        how = pa.ipc.IpcWriteOptions(compression="lz4")
        with pa.ipc.new_file(file, ORDER_SCHEMA, options=how) as writer:
            for low, high in pairwise(edges):
                writer.write_batch(orders.between(low, high).to_batch())


def merged_blocks(paths: Sequence[Path], planned: Orders, edges: Sequence[int]) -> Iterator[Orders]:
    """Yield the orders of a slice block by block, merged from the files of all shards and ``planned`` ones.

    ``edges`` are those that the files were written with. Memory is one block.
    """
    with ExitStack() as stack:
        files = [pa.ipc.open_file(stack.enter_context(pa.memory_map(str(path)))) for path in paths]
        for number, (low, high) in enumerate(pairwise(edges)):
            parts = [Orders.from_arrow(file.get_batch(number)) for file in files]
            yield merge([*parts, planned.between(low, high)])
