"""``fx_rates``: one row per day and foreign currency."""

from __future__ import annotations

import pyarrow as pa

from finsim.records.columns import DAY, KEY, TEXT, column

FX_RATE_SCHEMA = pa.schema(
    [
        column("date", DAY, "day of the period; weekends have the rate of Friday", role=KEY),
        column("base", TEXT, "ISO 4217: the foreign currency, of which one unit is priced", role=KEY),
        column("quote", TEXT, "ISO 4217: the currency of the world's payments"),
        column("rate", pa.float64(), "units of `quote` for one of `base`, middle", "price"),
    ]
)
