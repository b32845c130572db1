"""Numbers as the words of a card: counts, shares, spans of dates, and money in units of its currency."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from finsim.notation import minor_digits


def counted(size: int, word: str, words: str = "") -> str:
    """Return ``1 row``, ``12,345 rows``."""
    return f"{size:,} {word if size == 1 else words or word + 's'}"


def percent(share: float, *, signed: bool = False) -> str:
    """Return a share as a percentage of three significant digits; ``-`` when there is none."""
    return f"{100 * share:{'+' if signed else ''}.3g} %" if math.isfinite(share) else "-"


def money(minor: float, currency: str) -> str:
    """Return minor units (whole, or rounded to whole) as an exact amount: ``1,234.50 EUR``."""
    if not math.isfinite(minor):
        return "-"
    whole, digits = round(minor), minor_digits(currency)
    major, rest = divmod(abs(whole), 10**digits)
    text = f"{'-' if whole < 0 else ''}{major:,}" + (f".{rest:0{digits}d}" if digits else "")
    return f"{text} {currency}".rstrip()


def span(first: Any, last: Any) -> str:
    """Return ``2026-01-01 to 2026-01-30`` for two datetime64 values; instants within a day to the minute."""
    ends = [np.datetime64(end) for end in (first, last)]
    days = all(end == end.astype("datetime64[D]") for end in ends)
    texts = [str(end.astype("datetime64[D]" if days else "datetime64[m]")).replace("T", " ") for end in ends]
    return texts[0] if texts[0] == texts[1] else " to ".join(texts)
