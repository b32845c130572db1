"""Features that count marked payments in windows: purchases, first transfers, cash; each measure once."""

from __future__ import annotations

from dataclasses import dataclass

from finsim.kernels.payments.account_history import HOUR, SMALL

MARKS = ("purchase", "new_shop", "small", "online", "first", "passed", "cash")
SPANS = {"": -1, "1d": 24 * HOUR, "3d": 72 * HOUR, "7d": 168 * HOUR, "30d": 720 * HOUR}  # nanoseconds
_SHOP, _ONLINE, _CASH = ("merchant_id",), ("merchant_id", "channel"), ("channel",)


@dataclass(frozen=True)
class Measure:
    """One column: how many payments of a mark an account sent (``way`` out) or received, or their money."""

    name: str
    group: str
    side: str
    mark: str
    way: str
    window: str
    is_money: bool
    definition: str
    needs: tuple[str, ...] = ()


def _shop(name: str, mark: str, window: str, definition: str) -> Measure:
    side = name.split("_")[0]
    way, needs = {"payer": "out", "payee": "in"}[side], _ONLINE if mark == "online" else _SHOP
    return Measure(name, "history", side, mark, way, window, "_sum" in name, definition, needs)


def _flow(name: str, mark: str, way: str, definition: str) -> Measure:
    side, window, needs = name.split("_")[0], name.split("_")[-1], _CASH if mark == "cash" else ()
    return Measure(name, "graph", side, mark, way, window, "_sum" in name, definition, needs)


_SMALL, _FIRST_IN = f"of at most {SMALL} minor units", "first transfers the payer received"
_LAST = "the last first transfer that the payer received"
MEASURES: tuple[Measure, ...] = (
    _shop("payer_purchases_1d", "purchase", "1d", "Purchases of the payer in shops"),
    _shop("payer_purchase_sum_1d", "purchase", "1d", "Money the payer spent in shops"),
    _shop("payer_new_shops_1d", "new_shop", "1d", "Purchases of the payer in shops that were new to it"),
    _shop("payer_new_shop_sum_1d", "new_shop", "1d", "Money the payer spent in shops that were new to it"),
    _shop("payer_small_purchases_7d", "small", "7d", f"Purchases of the payer {_SMALL}"),
    _shop("payer_online_sum_1d", "online", "1d", "Money the payer spent with the card not present"),
    _shop("payer_purchases", "purchase", "", "Purchases of the payer in shops"),
    _shop("payer_purchase_sum", "purchase", "", "Money the payer spent in shops"),
    _shop("payer_new_shops", "new_shop", "", "Purchases of the payer in shops that were new to it"),
    _shop("payee_sales_sum_7d", "purchase", "7d", "Money the payee took in as a shop"),
    _shop("payee_new_buyers_sum_7d", "new_shop", "7d", "Money the payee took in from buyers new to it"),
    _shop("payee_small_sales_7d", "small", "7d", f"Sales of the payee {_SMALL}"),
    _flow("payer_first_out_7d", "first", "out", "First transfers the payer sent"),
    _flow("payer_first_out_sum_7d", "first", "out", "Money of first transfers the payer sent"),
    _flow("payer_first_in_sum_1d", "first", "in", f"Money of {_FIRST_IN}"),
    _flow("payer_first_in_sum_3d", "first", "in", f"Money of {_FIRST_IN}"),
    _flow("payer_first_out_sum_1d", "first", "out", "Money of first transfers the payer sent"),
    _flow("payer_first_out_sum_3d", "first", "out", "Money of first transfers the payer sent"),
    _flow("payee_first_in_7d", "first", "in", "First transfers the payee received"),
    _flow("payee_first_in_sum_7d", "first", "in", "Money of first transfers the payee received"),
    _flow("payee_first_out_sum_7d", "first", "out", "Money of first transfers the payee sent"),
    _flow(
        "payee_passed_in_sum_7d", "passed", "in", "Money of those received that passed on a first transfer"
    ),
    _flow("payer_cash_in_sum_7d", "cash", "in", "Cash the payer paid in"),
    _flow("payer_cash_in_sum_30d", "cash", "in", "Cash the payer paid in"),
    _flow("payer_cash_out_30d", "cash", "out", "Times the payer drew cash"),
    _flow("payer_cash_out_sum_30d", "cash", "out", "Cash the payer drew"),
)

# What follows from them: name, definition, unit, window, columns of the input without which it is left out.
HABITS: tuple[tuple[str, str, str, str, tuple[str, ...]], ...] = (
    (
        "payer_purchases_per_day",
        "Purchases over the days since the payer's first payment",
        "count",
        "",
        _SHOP,
    ),
    ("payer_purchase_burst_1d", "Purchases over the payer's purchases per day + 0.05", "ratio", "1d", _SHOP),
    ("payer_new_shop_share", "Purchases in shops that were new to the payer, over all", "share", "", _SHOP),
    ("payer_purchase_ratio", "Amount of a purchase over the mean of the payer's", "ratio", "", _SHOP),
    ("payer_channel_share", "Share of this channel in the payments the payer sent", "share", "", _CASH),
    ("payer_category_count", "Payments the payer sent in this category", "count", "", ("category",)),
    ("payer_category_share", "Share of this category in them", "share", "", ("category",)),
)
_PASSED = "Amount and first transfers the payer sent, over those it received"
FLOWS: tuple[tuple[str, str, str, str], ...] = (
    ("amount_to_first_in_1d", f"Amount over the money of {_FIRST_IN}", "ratio", "1d"),
    ("amount_to_first_in_3d", f"Amount over the money of {_FIRST_IN}", "ratio", "3d"),
    ("passed_on_1d", _PASSED, "ratio", "1d"),
    ("passed_on_3d", _PASSED, "ratio", "3d"),
    ("payee_amount_to_first_in_7d", "Amount over first transfers the payee received", "ratio", "7d"),
    ("payee_first_pass_7d", "First transfers the payee sent over those it received", "ratio", "7d"),
    ("payer_hours_since_first_in", "Time since the payer last received a first transfer", "hours", ""),
    ("payee_hours_since_first_in", "Time since the payee last received a first transfer", "hours", ""),
    ("amount_to_last_first_in", f"Amount over {_LAST}", "ratio", ""),
    ("first_chain_depth", "Links of the chain of first transfers that this payment ends", "count", ""),
    ("upstream_passed_on_3d", f"`passed_on_3d` of {_LAST}", "ratio", "3d"),
    ("upstream_first_out_7d", f"`payer_first_out_7d` of {_LAST}", "count", "7d"),
)
LEAST_RATE = 0.05
"""Purchases per day that are added to a habit, so that the first purchases are no burst without end."""
