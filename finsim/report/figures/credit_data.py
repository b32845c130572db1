"""Data of the credit figures: defaults by month and sector, the distribution of portfolio losses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.notation import Dates1D, Float1D, Int1D, Int2D
from finsim.report.run_folder import RunFolder

_EMPTY = pa.schema([("loan_id", pa.int64()), ("month", pa.timestamp("us"))])


@dataclass(frozen=True)
class Credit:
    """One scenario's loan book: new defaults by sector and month, loans by sector, losses in minor units."""

    sectors: tuple[str, ...]
    months: Dates1D
    defaults: Int2D
    loans: Int1D
    balance: float
    currency: str
    losses: Float1D

    @property
    def rate(self) -> float:
        """Share of loans that default within the panel."""
        return float(self.defaults.sum() / max(self.loans.sum(), 1))


def read_credit(run: RunFolder, label: str) -> Credit | None:
    """Read the credit tables of one scenario; None when one of them is missing."""
    if not all(run.has("credit", name, label) for name in ("loans", "months", "losses")):
        return None
    names = run.columns("credit", label, "loans")
    wanted = [name for name in ("loan_id", "sector", "balance", "currency") if name in names]
    loans = run.table("credit", label, "loans", wanted)
    sectors, code = _coded(loans["sector"])
    held = np.bincount(code, minlength=len(sectors))
    every, hit = _defaults(run, label)
    number = loans["loan_id"].to_numpy()
    order = np.argsort(number)
    row = order[np.searchsorted(number, hit["loan_id"].to_numpy(), sorter=order)]
    place = np.searchsorted(every, hit["month"].to_numpy())
    cells = np.bincount(code[row] * len(every) + place, minlength=len(sectors) * len(every))
    losses = run.table("credit", label, "losses", ["loss"])["loss"].to_numpy()
    currency = str(loans["currency"][0].as_py()) if "currency" in wanted and len(loans) else ""
    return Credit(
        sectors,
        every.astype("datetime64[D]"),
        cells.reshape(len(sectors), len(every)),
        held,
        float(pc.sum(loans["balance"]).as_py() or 0),
        currency,
        np.asarray(losses, dtype=np.float64),
    )


def _defaults(run: RunFolder, label: str) -> tuple[Dates1D, pa.Table]:
    """Return the months of a panel in time order, and its rows of default: loan_id and month."""
    every: set[np.datetime64] = set()
    hits = []
    for batch in run.batches("credit", label, "months", ["loan_id", "month", "status"]):
        every.update(np.unique(batch["month"].to_numpy(zero_copy_only=False)))
        hits.append(batch.filter(pc.equal(batch["status"], "default")).select(["loan_id", "month"]))
    rows = pa.Table.from_batches(hits, None if hits else _EMPTY)
    return np.array(sorted(every), dtype="datetime64[us]"), rows


def _coded(column: pa.ChunkedArray) -> tuple[tuple[str, ...], Int1D]:
    words = column.cast(pa.string())
    known = tuple(sorted(word for word in pc.unique(words).to_pylist() if word is not None))
    codes = pc.index_in(words, pa.array(known, pa.string())).to_numpy()
    return known, codes.astype(np.int64)
