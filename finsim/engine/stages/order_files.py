"""Ordinary orders between the task that makes them and the one that posts them: a file a shard and slice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pyarrow as pa

from finsim.agents.originals.refund_links import RefundLinks
from finsim.agents.payment_orders import ORDER_SCHEMA, Orders, merge
from finsim.engine.finished_tasks import WORK
from finsim.records.storage import replacing

OPEN_FILES = 256
"""Files that stay open over a slice: a process may have about a thousand. Further ones are opened anew."""


def orders_folder(run: Path, key: str) -> Path:
    """Return the folder of the ordinary orders of one behaviour."""
    return run / WORK / "orders" / key


def orders_file(run: Path, key: str, shard: int, piece: int) -> Path:
    """Return the file of a shard's ordinary orders in one slice."""
    return orders_folder(run, key) / f"{shard:05d}-{piece:05d}.arrow"


def links_file(run: Path, key: str, shard: int) -> Path:
    """Return the file of what the refunds of a shard give back."""
    return orders_folder(run, key) / f"{shard:05d}-refunds.arrow"


def write_links(path: Path, links: RefundLinks) -> None:
    """Write what refunds give back."""
    table = links.to_arrow()
    with (
        replacing(path) as temporary,
        pa.OSFile(str(temporary), "wb") as file,
        pa.ipc.new_file(file, table.schema) as writer,
    ):
        writer.write_table(table)


def read_links(path: Path) -> RefundLinks:
    """Return what the refunds of a shard give back."""
    with pa.OSFile(str(path), "rb") as file:
        return RefundLinks.from_arrow(pa.ipc.open_file(file).read_all())


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
        files = [_opened(path, stack) for path in paths[:OPEN_FILES]]
        for number, (low, high) in enumerate(pairwise(edges)):
            parts = [Orders.from_arrow(file.get_batch(number)) for file in files]
            parts += [_block(path, number) for path in paths[OPEN_FILES:]]
            yield merge([*parts, planned.between(low, high)])


def _opened(path: Path, stack: ExitStack) -> pa.RecordBatchFileReader:
    return pa.ipc.open_file(stack.enter_context(pa.memory_map(str(path))))


def _block(path: Path, number: int) -> Orders:
    with ExitStack() as stack:
        return Orders.from_arrow(_opened(path, stack).get_batch(number))
