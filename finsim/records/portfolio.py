"""``Portfolio``: a loan book, its month panel and its loss distribution."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from finsim.notation import Float1D

_TEXT = pa.dictionary(pa.int32(), pa.string())

MONTH_SCHEMA = pa.schema(
    [
        ("loan_id", pa.int64()),
        ("month", pa.date32()),
        ("status", _TEXT),
        ("balance", pa.int64()),
        ("pd", pa.float64()),
        ("lgd", pa.float64()),
        ("loss", pa.int64()),
    ]
)

LOSS_SCHEMA = pa.schema([("scenario_draw", pa.int64()), ("loss", pa.float64())])


@dataclass(frozen=True)
class Portfolio:
    """Loans (one row each), months (one row per loan and month at risk) and losses per scenario draw.

    ``loans`` has at least loan_id, sector, loan_class, pd (12-month, through the cycle), lgd, balance
    (int64 minor units), rate (decimal per year), term_months. ``losses`` is float64[M], minor units.
    """

    loans: pa.Table
    months: pa.Table
    losses: Float1D

    def to_pandas(self) -> pd.DataFrame:
        """Return the loans as a DataFrame."""
        frame: pd.DataFrame = self.loans.to_pandas()
        return frame
