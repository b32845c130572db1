"""Fixed vocabularies of the transaction world; codes are positions in these tuples."""

from __future__ import annotations

from finsim.records.fixed_words import CATEGORIES as CATEGORIES
from finsim.records.fixed_words import CHANNELS as CHANNELS
from finsim.records.fixed_words import DECLINE_REASONS as DECLINE_REASONS
from finsim.records.fixed_words import KINDS as KINDS
from finsim.records.fixed_words import PAYMENT_STATUSES
from finsim.records.fixed_words import PURPOSES as PURPOSES
from finsim.records.fixed_words import SEGMENTS as SEGMENTS

CURRENT, SAVINGS, CARD, BUSINESS, MERCHANT, EXTERNAL = range(len(KINDS))

STATUSES = PAYMENT_STATUSES
POSTED, DECLINED = 0, 1
NO_FUNDS, OVER_LIMIT, COMES_BACK, IS_BLOCKED = range(len(DECLINE_REASONS))

STUDENT, WORKER, AFFLUENT, RETIRED, JOBLESS = range(len(SEGMENTS))

# Accounts outside the banks of the study: who stands behind them.
OUTSIDE = (
    "employer", "landlord", "utility", "insurer", "lender", "government", "supplier", "person", "exchange",
    "remitter", "broker", "merchant", "cash", "fees",
)  # fmt: skip

# From what device a payment of a story is ordered: the payer's own, one new to the account, the herder's.
DEVICES = ("own", "new", "shared")
OWN, NEW, SHARED = range(len(DEVICES))
ONLINE = ("card_not_present", "instant", "ach", "wire", "internal")
"""Channels in which a customer orders from a device."""

# ``_fs_src``: what made a row.
FROM_LIFE, FROM_NARRATIVE, FROM_DECOY = 1, 2, 6

CHANNEL = {name: code for code, name in enumerate(CHANNELS)}
PURPOSE = {name: code for code, name in enumerate(PURPOSES)}
CATEGORY = {name: code for code, name in enumerate(CATEGORIES)}
