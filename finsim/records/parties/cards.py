"""``cards``: one row per payment card."""

from __future__ import annotations

import pyarrow as pa

from finsim.records.columns import DAY, KEY, LABEL, TEXT, column
from finsim.records.fixed_words import CARD_ENDS, CARD_KINDS

CARD_SCHEMA = pa.schema(
    [
        column("card_id", pa.int32(), "the card", role=KEY),
        column("account_id", pa.int64(), "the account that it draws on", role=KEY),
        column("customer_id", pa.int64(), "its holder, the owner of the account", role=KEY),
        column("kind", TEXT, "what it draws on", words=CARD_KINDS),
        column("issued", DAY, "when it came into use"),
        column("expires", DAY, "last day of its term, as it is printed on it"),
        column(
            "ended",
            DAY,
            "day on which it went out of use: after its term, of its loss or block",
            role=LABEL,
            null="in use at the end of the period",
        ),
        column("end_reason", TEXT, "why it went out of use", role=LABEL, null="in use", words=CARD_ENDS),
    ]
)
