"""Words that a column of a run may hold, in the order of their codes: the same in every file of every run."""

from __future__ import annotations

KINDS = ("current", "savings", "card", "business", "merchant", "external")

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

PAYMENT_STATUSES = ("posted", "declined")
STOPS = ("completed", "declines", "abandoned", "success", "timeout", "period_end")
"""Why a scheme ended."""

LOAN_CLASSES = ("cards", "mortgage", "heloc", "cre", "corporate", "consumer", "auto")
GRADES = ("A", "B", "C", "D", "E", "F", "G")
LOAN_STATUSES = ("current", "late", "default", "prepaid", "matured")
RECOVERY_STATES = ("workout", "probation", "cured")
