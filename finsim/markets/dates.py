"""Dates of price files: ISO, compact, or one of the usual national forms, always by one form for a file."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from finsim.errors import Problem
from finsim.markets.file_problems import Faults
from finsim.notation import Dates1D

_FORMS = ("%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%d.%m.%Y", "%d-%m-%Y", "%d-%b-%Y", "%b %d, %Y", "%m/%d/%y")
_ISO = r"^\d{4}-\d{2}-\d{2}(?:[T ].*)?$"


def parse_dates(frame: pd.DataFrame, column: str, faults: Faults) -> Dates1D:
    """Return a column as datetime64[D], NaT where it is no date; every such row is noted as a fault.

    A time of day and a zone are dropped: the local calendar date counts. A file whose dates read both
    as month/day and as day/month is a fault.
    """
    values = frame[column]
    if pd.api.types.is_datetime64_any_dtype(values):
        stamps = values.dt.tz_localize(None)
    else:
        stamps = _from_text(values, column, faults)
    found: Dates1D = stamps.to_numpy().astype("datetime64[D]")

    def shown(i: int) -> str:
        value: Any = values.iloc[i]
        return "the cell is empty" if pd.isna(value) else f"{str(value)!r} is not a date"

    faults.mark(
        frame.index.to_numpy(), np.isnat(found), column, shown, ("a date", "write dates as 2020-12-31")
    )
    return found


def _from_text(values: pd.Series[Any], column: str, faults: Faults) -> pd.Series[Any]:
    text = values.astype("str").str.strip()
    if text.str.match(_ISO).mean() > 0.5:
        return pd.to_datetime(text.str.slice(0, 10), format="%Y-%m-%d", errors="coerce")
    if text.str.match(r"^\d{8}$").mean() > 0.5:
        return pd.to_datetime(text, format="%Y%m%d", errors="coerce")
    tried = {form: pd.to_datetime(text, format=form, errors="coerce") for form in _FORMS}
    valid = {form: int(stamps.notna().sum()) for form, stamps in tried.items()}
    best = max(_FORMS, key=lambda form: valid[form])
    ambiguous = valid["%m/%d/%Y"] == valid["%d/%m/%Y"] == valid[best] > 0
    if ambiguous and not tried["%m/%d/%Y"].equals(tried["%d/%m/%Y"]):
        faults.add(
            Problem(
                f"{faults.path}, column {column}",
                f"dates such as {text.iloc[0]} read as month/day and as day/month",
                "one reading",
                "write dates as 2020-12-31",
            )
        )
    return tried[best]
