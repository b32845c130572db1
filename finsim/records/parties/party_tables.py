"""The tables of those who stand behind payments, by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pyarrow as pa

from finsim.records.columns import stored
from finsim.records.parties.customers import CUSTOMER_SCHEMA
from finsim.records.parties.devices import DEVICE_SCHEMA, LOGIN_SCHEMA
from finsim.records.parties.merchants import MERCHANT_SCHEMA

PARTY_SCHEMAS: Mapping[str, pa.Schema] = MappingProxyType(
    {
        "customers": CUSTOMER_SCHEMA,
        "merchants": MERCHANT_SCHEMA,
        "devices": stored(DEVICE_SCHEMA),
        "logins": stored(LOGIN_SCHEMA),
    }
)
"""Table -> its columns in files; a world that is learned from a ledger has none of them."""
