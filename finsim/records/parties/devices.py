"""``devices``: one row per device; ``logins``: what customers did on them beside paying."""

from __future__ import annotations

import pyarrow as pa

from finsim.records.columns import INSTANT, KEY, TEXT, column
from finsim.records.fixed_words import DEVICE_KINDS, LOGIN_KINDS, OS_FAMILIES

DEVICE_SCHEMA = pa.schema(
    [
        column("device_id", pa.int32(), "the device", role=KEY),
        column("kind", TEXT, "what kind of device", words=DEVICE_KINDS),
        column("os", TEXT, "family of its operating system", words=OS_FAMILIES),
        column("first_seen", INSTANT, "when a bank first saw it, whoever used it"),
    ]
)

LOGIN_SCHEMA = pa.schema(
    [
        column("ts", INSTANT, "when it happened"),
        column("customer_id", pa.int64(), "whose access was used", role=KEY),
        column("device_id", pa.int32(), "from where", role=KEY),
        column("kind", TEXT, "what was done", words=LOGIN_KINDS),
    ]
)
