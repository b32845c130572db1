"""Data of the transaction figures: counts, hours, amounts by phase, the graph of one scheme."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from finsim.notation import NANOS_PER_DAY, Float1D, Int1D
from finsim.records.columns import INSTANT
from finsim.records.transaction_files import row_batches, row_files
from finsim.report.run_folder import RunFolder

NANOS_PER_HOUR = NANOS_PER_DAY // 24
GROUPS = ("ordinary", "fraud", "laundering")
_COLUMNS = (
    "tx_id", "ts", "from_account", "to_account", "amount", "channel", "status", "is_fraud", "is_laundering",
    "narrative", "instance", "phase", "role",
)  # fmt: skip
_LIGHT = ("ts", "status", "is_fraud", "is_laundering")
_SAMPLE = 97  # every 97th ordinary row stands for all in quantiles of amounts


@dataclass(frozen=True)
class Payments:
    """Counts of one scenario; ``schemes`` holds every row that belongs to a story (decoys too).

    ``hours`` int64[3, 24] posted and declined rows by GROUPS and hour of day (UTC); ``days`` int64[3, D]
    by day from ``first_day``. ``schemes`` and ``ordinary`` (amounts of a fixed sample of ordinary posted
    rows, minor units) are empty for scenarios that were only counted.
    """

    rows: int
    declined: int
    first_day: np.datetime64
    hours: Int1D
    days: Int1D
    schemes: pa.Table | None = None
    ordinary: Float1D = field(default_factory=lambda: np.zeros(0))

    @property
    def illicit(self) -> int:
        """Rows labelled fraud or laundering."""
        return int(self.hours[1:].sum())

    def frame(self) -> pd.DataFrame:
        """Return the rows of all stories as a DataFrame."""
        assert self.schemes is not None
        frame: pd.DataFrame = self.schemes.to_pandas()
        return frame


def read_payments(run: RunFolder, label: str, full: bool) -> Payments | None:
    """Count the rows of one scenario; with ``full`` also keep the stories' rows. None without a table."""
    if not (run.has("transactions", "transactions", label) and run.has("transactions", "labels", label)):
        return None
    columns = _COLUMNS if full else _LIGHT
    hours = np.zeros((len(GROUPS), 24), dtype=np.int64)
    days = np.zeros((len(GROUPS), 0), dtype=np.int64)
    rows = declined = 0
    start = _first_day(run, label)
    stories: list[pa.Table] = []
    amounts: list[Float1D] = []
    for batch in row_batches(row_files(run.path, label), columns):
        table = pa.Table.from_batches([batch])
        group = _group(table)
        moment = table["ts"].cast(pa.int64()).to_numpy() - start * NANOS_PER_DAY
        day, hour = moment // NANOS_PER_DAY, moment % NANOS_PER_DAY // NANOS_PER_HOUR
        hours += np.bincount(group * 24 + hour, minlength=hours.size).reshape(hours.shape)
        days = _added(days, group, day)
        declined += pc.sum(pc.equal(table["status"], "declined")).as_py() or 0
        if full:
            amounts.append(_sample(table, rows, group))
            stories.append(table.filter(pc.is_valid(table["narrative"])))
        rows += table.num_rows
    kept = pa.concat_tables(stories).unify_dictionaries().combine_chunks() if full and stories else None
    first = np.datetime64(int(start), "D")
    ordinary = np.concatenate(amounts) if amounts else np.zeros(0)
    return Payments(rows, int(declined), first, hours, days, kept, ordinary)


def _first_day(run: RunFolder, label: str) -> int:
    with pq.ParquetFile(run.parquet("transactions", label, "transactions").absolute()) as file:
        for batch in file.iter_batches(batch_size=1, columns=["ts"]):
            return int(batch.column(0).cast(INSTANT).cast(pa.int64())[0].as_py() // NANOS_PER_DAY)
    return 0


def _group(table: pa.Table) -> Int1D:
    """Return 0 for ordinary rows, 1 for fraud, 2 for laundering (fraud wins when both hold)."""
    fraud, laundering = (
        np.asarray(table[name].combine_chunks().to_numpy(zero_copy_only=False), dtype=bool)
        for name in ("is_fraud", "is_laundering")
    )
    return np.where(fraud, 1, np.where(laundering, 2, 0)).astype(np.int64)


def _added(days: Int1D, group: Int1D, day: Int1D) -> Int1D:
    if not day.size:
        return days
    size = max(int(day.max()) + 1, days.shape[1])
    grown = np.zeros((len(GROUPS), size), dtype=np.int64)
    grown[:, : days.shape[1]] = days
    return grown + np.bincount(group * size + day, minlength=grown.size).reshape(grown.shape)


def _sample(table: pa.Table, offset: int, group: Int1D) -> Float1D:
    """Return the amounts of every 97th row of the whole table that is ordinary and posted."""
    at = np.arange(-offset % _SAMPLE, table.num_rows, _SAMPLE)
    thin = table.select(["amount", "status"]).take(pa.array(at))
    posted = pc.equal(thin["status"], "posted").to_numpy(zero_copy_only=False).astype(bool)
    amounts = thin["amount"].to_numpy().astype(np.float64)
    return np.asarray(amounts[posted & (group[at] == 0)])


@dataclass(frozen=True)
class Scheme:
    """One scheme instance to draw: its pattern row and its payments in time order."""

    pattern: dict[str, object]
    rows: pa.Table


def choose_scheme(payments: Payments, patterns: pa.Table) -> Scheme | None:
    """Return an illicit scheme that makes a readable drawing.

    Layering stories first, then mule chains, then any; among them complete ones, whose number of accounts
    is nearest to 12, with the most payments, the lowest instance. None without illicit schemes.
    """
    if payments.schemes is None:
        return None
    listed = [row for row in patterns.to_pylist() if not row["decoy"] and row["posted_rows"] >= 3]
    if not listed:
        return None

    def rank(row: dict[str, object]) -> tuple[object, ...]:
        name = str(row["narrative"])
        kind = next((k for k, word in enumerate(("scatter", "mule", "chain")) if word in name), 3)
        accounts = row["accounts"]
        size = len(accounts) if isinstance(accounts, list) else 0
        early = row["stopped_by"] not in ("completed", "success")
        return (kind, early, abs(size - 12), -int(str(row["posted_rows"])), row["instance"])

    chosen = min(listed, key=rank)
    rows = payments.schemes.filter(pc.equal(payments.schemes["instance"], chosen["instance"]))
    return Scheme(chosen, rows.sort_by([("ts", "ascending"), ("tx_id", "ascending")]))
