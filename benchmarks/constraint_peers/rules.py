"""What the peers share: the names of the rules, and how the lines a user writes are counted."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path

PACK = Path(__file__).with_name("payments.yaml")
ROW = ("amount_positive", "fee_range", "channel_known", "status_known", "minor_loan", "ltv_cap", "ltv_range",
       "rate_range", "rate_cap", "term_range", "score_range", "income_positive", "cash_cap", "age_range",
       "annuity", "dti_identity")  # fmt: skip
SEQUENCE = ("ledger", "in_order", "daily_debit", "velocity")
LABELS = ("dir", "channel", "product", "country", "status")
KNOWN = ("card", "transfer", "cash", "direct")
POSTED = ("posted", "declined")
DAILY_CAP = 900_000  # cents


def lines(*written: Callable[..., object]) -> int:
    """Return how many lines functions have, without comments, docstrings and empty lines."""
    count = 0
    for one in written:
        text = inspect.getsource(one)
        if one.__doc__:
            text = text.replace(f'"""{one.__doc__}"""', "", 1)
        stripped = (line.strip() for line in text.splitlines())
        count += sum(bool(line) and not line.startswith("#") for line in stripped)
    return count
