"""The uses that verdicts are given for, and the words of a verdict."""

from __future__ import annotations

PASS, WARN, FAIL, NOT_COMPUTED, NO_POWER = "pass", "warn", "fail", "not computed", "no power"
VERDICTS = (PASS, WARN, FAIL, NOT_COMPUTED, NO_POWER)
WORST_FIRST = (FAIL, NOT_COMPUTED, NO_POWER, WARN, PASS)
DETECTOR, STRESS, BACKTEST, SHARE = "train a detector", "stress a portfolio", "backtest", "share"
USES = (DETECTOR, STRESS, BACKTEST, SHARE)
ALL_ASSETS = "all assets"
"""How the subject of a score of all assets together begins."""
