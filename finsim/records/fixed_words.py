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
CUSTOMER_KINDS = ("person", "firm")
SEGMENTS = ("student", "worker", "affluent", "retired", "jobless")
SECTORS = (*CATEGORIES, "business")
"""What a firm does: the category of its shop, or ``business`` where it sells to no people."""
BANDS = (1_000, 2_000, 3_000, 5_000, 10_000, 50_000)
INCOME_BANDS = (
    "under_1000", "1000_1999", "2000_2999", "3000_4999", "5000_9999", "10000_49999", "50000_and_more",
)  # fmt: skip
"""Whole units of the currency a month, between the numbers of ``BANDS``."""
RISKS = ("low", "medium", "high")

PURPOSES = (
    *CATEGORIES, "subscription", "salary", "pension", "benefit", "rent", "utilities", "insurance", "loan",
    "card_payment", "transfer", "family", "goods", "savings", "investment", "cash", "supplier", "invoice",
    "drawings", "tax", "fee", "refund",
)  # fmt: skip

PAYMENT_STATUSES = ("posted", "declined")
DECLINE_REASONS = ("funds", "limit", "returned", "blocked")
"""Why a payment is declined: more than is at hand, more than a card's line, a debit that comes back, or an
account of either side is blocked by its bank."""
CARD_KINDS = ("debit", "credit")
"""What a payment card draws on: an account, or a card account with its line."""
CARD_ENDS = ("expired", "replaced", "fraud")
"""Why a card is no longer in use: its term, lost or broken, blocked after the holder reported a fraud."""
LINE_KINDS = ("overdraft", "card", "business")
"""On what a line of credit is drawn: the account of a person, a credit card, the account of a firm."""
DEVICE_KINDS = ("phone", "computer", "tablet")
OS_FAMILIES = ("android", "ios", "windows", "macos", "linux")
LOGIN_KINDS = ("new_device", "password_change", "login", "payee_added")
REPORT_KINDS = ("chargeback", "recall")
"""What becomes of a customer's claim: on a card payment, on a transfer."""
REPORT_OUTCOMES = ("upheld", "rejected")
ALERT_RULES = ("card_score", "payment_score", "cash_activity", "account_activity")
"""What raised an alert: the score of one payment; what went through an account."""
ALERT_OUTCOMES = ("cleared", "fraud", "case_closed", "sar")
"""How an alert ends: false, a confirmed fraud, a case without a report, a suspicious activity report."""
KNOWN_BY = ("chargeback", "recall", "alert", "sar")
"""By what a bank comes to hold a payment for illicit: fraud by all but ``sar``, which is laundering."""
STOPS = ("completed", "declines", "abandoned", "success", "timeout", "period_end")
"""Why a scheme ended."""

LOAN_CLASSES = ("cards", "mortgage", "heloc", "cre", "corporate", "consumer", "auto")
GRADES = ("A", "B", "C", "D", "E", "F", "G")
RATINGS = (*GRADES, "default")
LOAN_STATUSES = ("current", "late", "default", "prepaid", "matured")
RECOVERY_STATES = ("workout", "probation", "cured")
