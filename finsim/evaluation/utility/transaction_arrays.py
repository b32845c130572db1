"""Transaction tables as arrays for the detector and the audits, in time order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from finsim.errors import DataError
from finsim.notation import NANOS_PER_SECOND, SECONDS_PER_DAY, Array, Bool1D, Float1D, Int1D

NEEDED = ("tx_id", "ts", "from_account", "to_account", "amount", "is_fraud", "is_laundering", "instance")
MILLIS = NANOS_PER_SECOND // 1000
DAY = SECONDS_PER_DAY * 1000


@dataclass(frozen=True)
class Events:
    """Rows in time order (ties by ``tx_id``): all arrays have shape [n].

    ``time`` is int64 milliseconds since the first row; ``payer`` and ``payee`` are account codes
    0..accounts-1; ``amount`` float64 minor units; ``table`` is the source table in the same order;
    ``kind`` and ``opened`` (days) describe accounts by code.
    """

    table: pa.Table
    tx_id: Int1D
    time: Int1D
    clock: Int1D
    payer: Int1D
    payee: Int1D
    amount: Float1D
    declined: Bool1D
    illicit: Bool1D
    instance: Int1D
    kind: Int1D
    opened: Int1D

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.time)

    @property
    def accounts(self) -> int:
        """Number of accounts."""
        return len(self.kind)


def as_table(data: pa.Table | pd.DataFrame) -> pa.Table:
    """Return an Arrow table, from pandas if need be."""
    return pa.Table.from_pandas(data, preserve_index=False) if isinstance(data, pd.DataFrame) else data


def events(rows: pa.Table | pd.DataFrame, accounts: pa.Table | pd.DataFrame) -> Events:
    """Read a transaction table; raises DataError when a column is missing or the table is empty."""
    table = as_table(rows)
    missing = [name for name in NEEDED if name not in table.column_names]
    if missing:
        raise DataError(
            f"transactions without {', '.join(missing)}",
            expected=", ".join(NEEDED),
            remedy="evaluate the transactions.parquet of a run, labels included",
        )
    if table.num_rows == 0:
        raise DataError("transactions without rows", expected="at least one row")
    clock = _whole(pc.cast(table["ts"], pa.timestamp("ns", tz="UTC")))
    tx_id = _whole(table["tx_id"])
    later = np.diff(clock)
    if not np.all((later > 0) | ((later == 0) & (np.diff(tx_id) > 0))):
        order = np.lexsort((tx_id, clock))
        table = table.take(pa.array(order))
        clock, tx_id = clock[order], tx_id[order]
    source, target = _whole(table["from_account"]), _whole(table["to_account"])
    names, codes = np.unique(np.concatenate([source, target]), return_inverse=True)
    kind, opened = _attributes(as_table(accounts), names)
    declined = np.zeros(len(tx_id), dtype=bool)
    if "status" in table.column_names:
        declined = np.asarray(pc.equal(_text(table["status"]), "declined").to_numpy())
    illicit = np.asarray(pc.or_(table["is_fraud"], table["is_laundering"]).to_numpy())
    return Events(
        table,
        tx_id,
        (clock - clock[0]) // MILLIS,
        clock,
        codes[: len(source)].astype(np.int64),
        codes[len(source) :].astype(np.int64),
        _whole(table["amount"]).astype(np.float64),
        declined,
        illicit.astype(bool),
        _whole(table["instance"]),
        kind,
        opened,
    )


def _whole(column: pa.ChunkedArray) -> Int1D:
    filled = pc.fill_null(pc.cast(column, pa.int64()), -1)
    return np.asarray(filled.to_numpy(), dtype=np.int64)


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.cast(column, pa.string())


def codes_of(column: pa.ChunkedArray) -> Int1D:
    """Return small whole numbers for the values of a text or whole-number column; nulls are -1."""
    text = pc.cast(column, pa.string()) if pa.types.is_dictionary(column.type) else column
    encoded = pc.dictionary_encode(text).combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.chunk(0)
    return np.asarray(pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False), dtype=np.int64)


def _attributes(accounts: pa.Table, names: Int1D) -> tuple[Int1D, Int1D]:
    """Return kind code and day of opening of each account name; 0 where the table does not say."""
    kind, opened = np.zeros(len(names), dtype=np.int64), np.zeros(len(names), dtype=np.int64)
    if "account_id" not in accounts.column_names:
        return kind, opened
    listed = _whole(accounts["account_id"])
    order = np.argsort(listed)
    place = np.searchsorted(listed[order], names).clip(max=max(len(listed) - 1, 0))
    known = listed[order][place] == names if len(listed) else np.zeros(len(names), dtype=bool)
    row = order[place] if len(listed) else place
    if "kind" in accounts.column_names and len(listed):
        kind = np.where(known, codes_of(accounts["kind"])[row], -1)
    if "opened" in accounts.column_names and len(listed):
        days = pc.cast(pc.cast(accounts["opened"], pa.date32()), pa.int32())
        opened = np.where(known, np.asarray(pc.fill_null(days, 0).to_numpy())[row], 0)
    return kind.astype(np.int64), opened.astype(np.int64)


def hashed(tx_id: Int1D, salt: int = 0) -> Float1D:
    """Return a uniform number in [0, 1) per id that depends on id and salt alone (splitmix64)."""
    z = (tx_id.astype(np.uint64) ^ np.uint64(salt << 32)) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return (z >> np.uint64(11)).astype(np.float64) / float(1 << 53)


def sampled(among: Bool1D, keep: Bool1D, tx_id: Int1D, most: int) -> tuple[Int1D, Float1D]:
    """Return row numbers and weights: every row of ``keep``, and about ``most`` of the others by hash.

    Both are limited to ``among``; the weights of the others add up to their number before.
    """
    rest = among & ~keep
    total = int(rest.sum())
    share = min(1.0, most / max(total, 1))
    chosen = rest & (hashed(tx_id) < share)
    rows = np.flatnonzero(chosen | (among & keep))
    weight = np.where(keep[rows], 1.0, total / max(int(chosen.sum()), 1))
    return rows, weight


def pattern_flags(patterns: pa.Table | pd.DataFrame | None) -> Mapping[int, dict[str, Any]]:
    """Return instance -> {narrative, decoy} of a pattern table; empty without one."""
    if patterns is None:
        return {}
    table = as_table(patterns)
    if not {"instance", "narrative", "decoy"} <= set(table.column_names):
        raise DataError(
            f"patterns with columns {table.column_names}", expected="instance, narrative and decoy at least"
        )
    columns: list[Array] = [_whole(table["instance"]), np.asarray(_text(table["narrative"]).to_pylist())]
    decoy = np.asarray(table["decoy"].to_pylist(), dtype=bool)
    return {int(i): {"narrative": str(n), "decoy": bool(d)} for i, n, d in zip(*columns, decoy, strict=True)}
