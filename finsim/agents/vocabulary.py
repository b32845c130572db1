"""Fixed vocabularies of the transaction world; codes are positions in these tuples."""

from __future__ import annotations

KINDS = ("current", "savings", "card", "business", "merchant", "external")
CURRENT, SAVINGS, CARD, BUSINESS, MERCHANT, EXTERNAL = range(len(KINDS))

CHANNELS = (
    "card_present", "card_not_present", "instant", "ach", "wire", "cash", "direct_debit", "cheque",
    "internal",
)  # fmt: skip

# The first ten are merchant categories: a purchase has the category of its merchant as purpose.
CATEGORIES = (
    "groceries", "restaurants", "fuel", "transport", "retail", "online", "travel", "entertainment", "health",
    "digital",
)  # fmt: skip
PURPOSES = (
    *CATEGORIES, "subscription", "salary", "pension", "benefit", "rent", "utilities", "insurance", "loan",
    "card_payment", "transfer", "family", "goods", "savings", "investment", "cash", "supplier", "invoice",
    "drawings", "tax", "fee", "refund",
)  # fmt: skip

STATUSES = ("posted", "declined")
POSTED, DECLINED = 0, 1

SEGMENTS = ("student", "worker", "affluent", "retired", "jobless")
STUDENT, WORKER, AFFLUENT, RETIRED, JOBLESS = range(len(SEGMENTS))

# Accounts outside the banks of the study: who stands behind them.
OUTSIDE = (
    "employer", "landlord", "utility", "insurer", "lender", "government", "supplier", "person", "exchange",
    "remitter", "broker", "merchant", "cash", "fees",
)  # fmt: skip

# ``_fs_src``: what made a row.
FROM_LIFE, FROM_NARRATIVE, FROM_DECOY = 1, 2, 6

CHANNEL = {name: code for code, name in enumerate(CHANNELS)}
PURPOSE = {name: code for code, name in enumerate(PURPOSES)}
CATEGORY = {name: code for code, name in enumerate(CATEGORIES)}
