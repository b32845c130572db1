"""Every feature of a payment once: name, group, definition, unit and window; all else is derived."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from finsim.call_errors import public
from finsim.errors import StudyError, did_you_mean
from finsim.evaluation.detector_features.marked_definitions import FLOWS, HABITS, MEASURES
from finsim.kernels.payments.account_history import HOUR, ROUND, SMALL

GROUPS = ("raw", "history", "graph")
WINDOWS = {"1h": HOUR, "1d": 24 * HOUR, "7d": 7 * 24 * HOUR, "30d": 30 * 24 * HOUR}  # nanoseconds
SPANS = ("1h", "1d", "7d")  # windows of the graph
HABIT_WINDOW, CHAIN_DAYS = "1d", 3
SIDES = ("payer", "payee")
_ROUND, _SMALL, _UNITS = f"{ROUND:,}", f"{SMALL:,}", "minor units"


@dataclass(frozen=True)
class Feature:
    """One column: ``window`` ends before the payment and is empty where all earlier payments count.

    ``needs`` are the columns of the input without which the feature is left out; a name behind ``accounts.``
    is a column of the account table.
    """

    name: str
    group: str
    definition: str
    unit: str
    window: str = ""
    needs: tuple[str, ...] = ()


def _raw() -> Iterator[Feature]:
    listed: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
        ("amount", "Amount of the payment", _UNITS, ()),
        ("amount_cents", "Amount modulo 100", _UNITS, ()),
        ("is_round", f"Whether the amount is a multiple of {_ROUND} minor units", "0 or 1", ()),
        ("hour", "Time of day (UTC)", "hours", ()),
        ("weekday", "Day of the week (UTC), Monday is 0", "day", ()),
        ("month_day", "Day of the month (UTC)", "day", ()),
        ("channel", "Channel", "code", ("channel",)),
        ("category", "Category of the shop", "code", ("category",)),
        ("to_merchant", "Whether the row names a merchant", "0 or 1", ("merchant_id",)),
        ("same_bank", "Whether payer and payee are at one bank", "0 or 1", ("from_bank", "to_bank")),
        ("payer_kind", "Kind of the payer's account", "code", ("accounts.kind",)),
        ("payee_kind", "Kind of the payee's account", "code", ("accounts.kind",)),
        ("payer_age", "Age of the payer's account", "days", ("accounts.opened",)),
        ("payee_age", "Age of the payee's account", "days", ("accounts.opened",)),
        ("payer_balance", "Balance of the payer before the payment", _UNITS, ("from_balance_after",)),
        ("payee_balance", "Balance of the payee before the payment", _UNITS, ("to_balance_after",)),
        ("payer_limit", "Overdraft limit of the payer", _UNITS, ("accounts.overdraft_limit",)),
        ("balance_share", "Amount over the balance of the payer before it", "ratio", ("from_balance_after",)),
    )
    for name, definition, unit, needs in listed:
        yield Feature(name, "raw", definition, unit, "", needs)


def _history_of(side: str) -> Iterator[Feature]:
    own = {"payer": "sent", "payee": "received"}[side]
    for window in WINDOWS:
        for way, word in (("out", "sent"), ("in", "received")):
            yield _history(f"{side}_{way}_count_{window}", f"Payments the {side} {word}", "count", window)
            yield _history(f"{side}_{way}_sum_{window}", f"Money the {side} {word}", _UNITS, window)
    yield _history(f"{side}_out_count", f"Payments the {side} sent", "count")
    yield _history(f"{side}_in_count", f"Payments the {side} received", "count")
    yield _history(f"{side}_hours_since_out", f"Time since the {side} last sent a payment", "hours")
    yield _history(f"{side}_hours_since_in", f"Time since the {side} last received a payment", "hours")
    yield _history(
        f"{side}_declined_{HABIT_WINDOW}", f"Declined payments of the {side}", "count", HABIT_WINDOW
    )
    small = f"Payments of at most {_SMALL} minor units the {side} sent"
    yield _history(f"{side}_small_{HABIT_WINDOW}", small, "count", HABIT_WINDOW)
    yield _history(f"{side}_amount_ratio", f"Amount over the mean of the payments the {side} {own}", "ratio")
    yield _history(f"{side}_amount_to_most", f"Amount over the largest payment the {side} {own}", "ratio")
    rounds = f"Share of multiples of {_ROUND} minor units in the payments the {side} {own}"
    yield _history(f"{side}_round_share", rounds, "share")
    nights = f"Share of payments between 0 and 6 h (UTC) in those the {side} {own}"
    yield _history(f"{side}_night_share", nights, "share")


def _history(name: str, definition: str, unit: str, window: str = "") -> Feature:
    return Feature(name, "history", definition, unit, window)


def _relation() -> Iterator[Feature]:
    yield _history("new_payee", "Whether the payer never paid this payee", "0 or 1")
    yield _history("pair_count", "Payments of the payer to this payee", "count")
    yield _history("pair_hours_since", "Time since the payer last paid this payee", "hours")
    yield _history("pair_amount_ratio", "Amount over the mean of the payer's payments to this payee", "ratio")
    channel = "Payments the payer sent over this channel"
    yield Feature("payer_channel_count", "history", channel, "count", "", ("channel",))


def _graph_of(side: str) -> Iterator[Feature]:
    yield _graph(f"{side}_out_degree", f"Accounts the {side} ever paid", "count")
    yield _graph(f"{side}_in_degree", f"Accounts that ever paid the {side}", "count")
    for window in SPANS:
        yield _graph(
            f"{side}_new_payees_{window}", f"Accounts the {side} paid for the first time", "count", window
        )
        yield _graph(
            f"{side}_new_payers_{window}",
            f"Accounts that paid the {side} for the first time",
            "count",
            window,
        )
        yield _graph(f"{side}_fan_out_{window}", f"Different accounts the {side} paid", "count", window)
        yield _graph(f"{side}_fan_in_{window}", f"Different accounts that paid the {side}", "count", window)
        yield _graph(f"{side}_pass_{window}", f"Money out over money in of the {side}", "ratio", window)
        inflow = f"Amount over the money the {side} received"
        yield _graph(f"{side}_amount_to_inflow_{window}", inflow, "ratio", window)


def _graph(name: str, definition: str, unit: str, window: str = "") -> Feature:
    return Feature(name, "graph", definition, unit, window)


def _flow() -> Iterator[Feature]:
    last = "the last payment that the payer received"
    for side in SIDES:
        chain = f"Links of the chain of first payments that ended at the {side} with its last receipt"
        yield _graph(f"{side}_chain_depth", chain, "count")
    yield _graph("amount_to_last_in", f"Amount over {last}", "ratio")
    yield _graph("last_in_new", f"Whether {last} was the first of its sender to it", "0 or 1")
    yield _graph("upstream_new_payees_1d", f"`payer_new_payees_1d` of {last}", "count", "1d")
    yield _graph("upstream_new_payers_1d", f"`payer_new_payers_1d` of {last}", "count", "1d")
    yield _graph("edge_hours", "Time since the payer first paid this payee", "hours")
    yield _graph("reverse_count", "Payments of the payee to the payer (cycles of two)", "count")
    yield _graph("reverse_hours_since", "Time since the payee last paid the payer", "hours")
    round_trip = (
        "Receipts of the payer, of its last 32, from an account that the payee paid before (cycles of three)"
    )
    yield _graph("cycle_3_7d", round_trip, "count", "7d")


def _measured(group: str) -> Iterator[Feature]:
    for one in MEASURES:
        if one.group == group:
            unit = _UNITS if one.is_money else "count"
            yield Feature(one.name, group, one.definition, unit, one.window, one.needs)


FEATURES: tuple[Feature, ...] = (
    *_raw(),
    *(one for side in SIDES for one in _history_of(side)),
    *_relation(),
    *_measured("history"),
    *(Feature(name, "history", says, unit, window, needs) for name, says, unit, window, needs in HABITS),
    *(one for side in SIDES for one in _graph_of(side)),
    *_flow(),
    *_measured("graph"),
    *(_graph(*one) for one in FLOWS),
)

OF_RECEIPTS = frozenset(
    [
        "balance_share", "payer_hours_since_in", "payee_hours_since_out", "amount_to_last_in", "last_in_new",
        "upstream_new_payees_1d", "upstream_new_payers_1d", "reverse_hours_since",
        *(f"payer_{what}_{span}" for what in ("pass", "amount_to_inflow") for span in SPANS),
        *(name for name, *_ in FLOWS if name != "first_chain_depth"),
    ]
)  # fmt: skip
"""Features without a value in any row where no payer is ever paid and no payment is a transfer."""


def checked_groups(groups: Sequence[str] | str) -> tuple[str, ...]:
    """Return the asked groups in their own order. Raises StudyError for an unknown one, or none."""
    if not isinstance(groups, str | list | tuple | set | frozenset):
        raise StudyError(f"groups={groups!r}", place="groups", expected=f"some of {', '.join(GROUPS)}")
    asked = (groups,) if isinstance(groups, str) else tuple(groups)
    for group in asked:
        if group not in GROUPS:
            remedy = did_you_mean(str(group), GROUPS)
            raise StudyError(f"unknown group {group!r}", place="groups", remedy=remedy)
    if not asked:
        raise StudyError("no group of features", place="groups", expected=", ".join(GROUPS))
    return tuple(group for group in GROUPS if group in asked)


@public
def feature_definitions(groups: Sequence[str] | str = GROUPS) -> pd.DataFrame:
    """Return what each feature means.

    Args:
        groups: of raw, history and graph.

    Returns:
        One row a feature: name, group, definition, unit and window.

    Raises:
        StudyError: for an unknown group.

    Example:
        >>> import finsim
        >>> finsim.feature_definitions("graph").set_index("name").loc["cycle_3_7d", "window"]
        '7d'

    """
    chosen = checked_groups(groups)
    rows = [
        (one.name, one.group, one.definition, one.unit, one.window) for one in FEATURES if one.group in chosen
    ]
    return pd.DataFrame(rows, columns=["name", "group", "definition", "unit", "window"])
