"""``credit_lines``: one row per account that may go below 0."""

from __future__ import annotations

import pyarrow as pa

from finsim.records.columns import CENTS, DAY, KEY, PER_YEAR, TEXT, column
from finsim.records.fixed_words import LINE_KINDS

CREDIT_LINE_SCHEMA = pa.schema(
    [
        column("account_id", pa.int64(), "the account that it belongs to, one line each", role=KEY),
        column("customer_id", pa.int64(), "who owes what is drawn, the owner of the account", role=KEY),
        column("kind", TEXT, "what kind of line", words=LINE_KINDS),
        column("credit_limit", pa.int64(), "the `overdraft_limit` of the account", CENTS),
        column("drawn", pa.int64(), "owed before the first row of the period", CENTS),
        column("rate", pa.float64(), "interest agreed on what is drawn; none is booked", PER_YEAR),
        column("since", DAY, "when it was granted"),
    ]
)
