"""The packs of quotes, levels and returns: quiet on sound bars, loud on planted faults."""

import numpy as np
import pandas as pd
import pytest

from finsim.constraints.checking.check import check
from finsim.constraints.packs.ruleset import RuleSet

ROWS = 300


def frame(pack):
    rng = np.random.default_rng(1)
    line = np.cumsum(rng.normal(0, 0.01, ROWS))
    base = pd.DataFrame({"date": pd.bdate_range("2024-01-01", periods=ROWS), "asset": "A"})
    if pack == "return-series":
        return base.assign(close=rng.normal(0, 0.01, ROWS))
    close = 100 * np.exp(line) if pack == "quote-bars" else line
    wide = 0.2 if pack == "quote-bars" else 0.01
    opened = np.r_[close[0], close[:-1]]
    base = base.assign(open=opened, close=close, volume=100.0)
    base["high"], base["low"] = (
        base[["open", "close"]].max(axis=1) + wide,
        base[["open", "close"]].min(axis=1) - wide,
    )
    return base.assign(bid=close - 0.01, ask=close + 0.01) if pack == "quote-bars" else base


PLANTED = [
    ("quote-bars", "ask_above_bid", {"ask": 50.0}),
    ("quote-bars", "ask_above_bid", {"bid": 100.0, "ask": 100.0}),
    ("quote-bars", "close_inside_the_quote", {"close": 500.0}),
    ("quote-bars", "positive_prices", {"low": -1.0}),
    ("quote-bars", "high_is_highest", {"high": 1.0}),
    ("levels", "high_is_highest", {"high": -50.0}),
    ("levels", "low_is_lowest", {"low": 50.0}),
    ("levels", "volume_not_negative", {"volume": -1.0}),
    ("return-series", "no_more_than_all", {"close": -1.0}),
]


@pytest.mark.parametrize(("pack", "rule", "cells"), PLANTED)
def test_planted_faults_are_found(pack, rule, cells):
    table, rules = frame(pack), RuleSet.load(pack)
    assert not check(table, rules).broken()
    for column, value in cells.items():
        table.loc[40, column] = value
    assert rule in check(table, rules).broken()


@pytest.mark.parametrize("pack", ["quote-bars", "levels", "return-series"])
def test_dates_stand_in_order_and_once(pack):
    table, rules = frame(pack), RuleSet.load(pack)
    table.loc[40, "date"] = table.loc[39, "date"]
    assert "dates_distinct" in check(table, rules).broken()
    table.loc[40, "date"] = table.loc[10, "date"]
    assert "dates_in_order" in check(table, rules).broken()


def test_rare_spreads_and_returns_are_plausible_and_common_ones_are_not():
    for pack, column, value, rule in (
        ("quote-bars", "ask", 110.0, "quoted_spread"),
        ("return-series", "close", 0.4, "usual_return"),
    ):
        table, rules = frame(pack), RuleSet.load(pack)
        table.loc[40, column] = value
        assert rule not in check(table, rules).broken()
        table.loc[::20, column] = value
        assert check(table, rules)[rule].verdict == "broken"
