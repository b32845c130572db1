"""The table as pandas has it, and what rules on rows before need of it; rows must be in order."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa


def load(table: pa.Table) -> pd.DataFrame:
    """Return a data frame: labels as categories, NaN as null."""
    frame: pd.DataFrame = table.to_pandas()
    return frame.copy()  # columns of its own, which stay when the Arrow table goes


def ledger(t: pd.DataFrame) -> pd.Series:
    """Return what the balance should be."""
    before = t["balance"].shift(fill_value=0).where(t["account"].eq(t["account"].shift()), t["opening"])
    return before + t["amount"].where(t["dir"].eq("credit"), -t["amount"])


def since(t: pd.DataFrame, rows: int) -> pd.Series:
    """Return the time since the row of the account so many rows before; null where there is none."""
    return t["ts"].diff(rows).where(t["account"].eq(t["account"].shift(rows)))


def debit_today(t: pd.DataFrame) -> pd.Series:
    """Return the debits of an account since midnight."""
    day = t["ts"].dt.normalize()
    runs = (t["account"].ne(t["account"].shift()) | day.ne(day.shift())).cumsum()
    return t["amount"].where(t["dir"].eq("debit"), 0).groupby(runs, sort=False).cumsum()
