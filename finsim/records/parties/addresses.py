"""``addresses``: one row per customer and address, with the days from and until which it is theirs."""

from __future__ import annotations

import pyarrow as pa

from finsim.records.columns import DAY, KEY, LABEL, TEXT, column

ADDRESS_SCHEMA = pa.schema(
    [
        column("customer_id", pa.int64(), "who lives or has their place of business there", role=KEY),
        column("address_id", pa.int64(), "the dwelling: the same for all of a household", role=KEY),
        column("street", TEXT, "made name"),
        column("house_number", pa.int16(), "number in the street; households may share one"),
        column("postcode", TEXT, "made code of five digits: three of the town, two of the district"),
        column("town", TEXT, "made name, those of `customers`"),
        column("country", TEXT, "ISO 3166: that of the world's currency, for everybody"),
        column("valid_from", DAY, "when the bank came to know it, at first with the first account"),
        column(
            "valid_to",
            DAY,
            "from when on the next one holds",
            role=LABEL,
            null="it holds at the end",
        ),
    ]
)
