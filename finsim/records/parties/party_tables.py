"""The tables of those who stand behind payments, by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pyarrow as pa

from finsim.records.columns import stored
from finsim.records.parties.addresses import ADDRESS_SCHEMA
from finsim.records.parties.cards import CARD_SCHEMA
from finsim.records.parties.credit_lines import CREDIT_LINE_SCHEMA
from finsim.records.parties.customers import CUSTOMER_SCHEMA
from finsim.records.parties.devices import DEVICE_SCHEMA, LOGIN_SCHEMA
from finsim.records.parties.fx_rates import FX_RATE_SCHEMA
from finsim.records.parties.merchants import MERCHANT_SCHEMA
from finsim.records.parties.observed import ACCOUNT_LABEL_SCHEMA, ALERT_SCHEMA, REPORT_SCHEMA

PARTY_SCHEMAS: Mapping[str, pa.Schema] = MappingProxyType(
    {
        "customers": CUSTOMER_SCHEMA,
        "addresses": ADDRESS_SCHEMA,
        "credit_lines": CREDIT_LINE_SCHEMA,
        "merchants": MERCHANT_SCHEMA,
        "cards": CARD_SCHEMA,
        "devices": stored(DEVICE_SCHEMA),
        "logins": stored(LOGIN_SCHEMA),
        "fx_rates": FX_RATE_SCHEMA,
        "alerts": ALERT_SCHEMA,
        "reports": REPORT_SCHEMA,
        "account_labels": ACCOUNT_LABEL_SCHEMA,
    }
)
"""Table -> its columns in files; a world that is learned from a ledger has those of ``OBSERVED`` alone."""

OBSERVED = ("alerts", "reports", "account_labels")
"""Tables of what banks come to know, which are complete once every payment is posted."""
