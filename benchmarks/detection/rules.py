"""What a bank's simple rules find: sums of points for what each has seen in the payer's last days."""

from __future__ import annotations

import numpy as np
import pandas as pd

POINTS = 5
"""Rules, each of one point: the score is their number plus a fraction that grows with the sum."""


def rule_scores(shown: pd.DataFrame) -> np.ndarray:
    """Return a score per payment: new payee, large for the payer, many within a day, at night, new device.

    Every rule looks back alone. assumption: the thresholds, those of a text book.
    """
    rows = shown.assign(
        day=shown["ts"].dt.floor("D"), hour=shown["ts"].dt.hour, amount=shown["amount"].astype(float)
    )
    payer = rows.groupby("from_account", sort=False)
    is_first = ~rows.duplicated(["from_account", "to_account"])
    usual = (payer["amount"].cumsum() - rows["amount"]) / payer.cumcount().clip(lower=1)
    is_large = (payer.cumcount() > 3) & (rows["amount"] > 5 * usual)
    is_many = rows.groupby(["from_account", "day"], sort=False).cumcount() >= 5
    is_late = (rows["hour"] < 5) & (rows["channel"].astype(str) != "direct_debit")
    is_new = (
        (rows["device_id"] >= 0) & ~rows.duplicated(["from_account", "device_id"]) & (payer.cumcount() > 0)
    )
    points = sum(rule.astype(float) for rule in (is_first, is_large, is_many, is_late, is_new))
    size = np.log1p(rows["amount"])
    found: np.ndarray = (points + size / (size.max() + 1.0)).to_numpy()
    return found
