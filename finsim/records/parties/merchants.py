"""``merchants``: one row per shop."""

from __future__ import annotations

import pyarrow as pa

from finsim.records.columns import KEY, TEXT, column
from finsim.records.fixed_words import CATEGORIES

MERCHANT_SCHEMA = pa.schema(
    [
        column("merchant_id", pa.int64(), "the shop", role=KEY),
        column("account_id", pa.int64(), "the account that is paid", role=KEY),
        column("category", TEXT, "what it sells", words=CATEGORIES),
        column("mcc", pa.int32(), "ISO 18245 code of the category and the usual sum; assumption: which sums"),
        column("name", TEXT, "made; several shops may share one"),
        column("town", TEXT, "made name of the town whose people it sells to", null="sells everywhere"),
        column("country", TEXT, "ISO 3166: that of the world's currency, for everybody"),
        column("opens", pa.int8(), "hour of a working day from which it sells; 0 on the web", "hour"),
        column(
            "closes",
            pa.int8(),
            "hour until which it sells; 24 on the web; below `opens`: after midnight",
            "hour",
        ),
    ]
)
