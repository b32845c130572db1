"""The table of functions: how each is called, typed, and to which family it belongs.

To add a row function: a typing function in ``function_types``, a line here, a line in
``row_functions``, a naive twin in ``tests/naive/rules.py``. Families: ``row`` needs one row;
``sequence``, ``window`` and ``calendar`` need the rows of a group in order; ``whole`` needs the whole
table; ``cross`` another table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from finsim.constraints.language import aggregate_types as whole
from finsim.constraints.language import function_types as typed
from finsim.constraints.language.expression import Node
from finsim.constraints.language.function_types import Call
from finsim.constraints.language.node_builder import Builder

Typing = Callable[[Builder, Call], Node]


@dataclass(frozen=True)
class Function:
    """One function: how it is written, what it means, how many arguments, which named ones, its typing."""

    usage: str
    summary: str
    family: str
    least: int
    most: int
    typing: Typing
    named: tuple[str, ...] = ()


FUNCTIONS: dict[str, Function] = {
    "abs": Function("abs(x)", "x without its sign", "row", 1, 1, typed.type_same),
    "min": Function("min(a, b, ..)", "the smallest; null when one is null", "row", 2, 16, typed.type_extreme),
    "max": Function("max(a, b, ..)", "the largest; null when one is null", "row", 2, 16, typed.type_extreme),
    "clamp": Function("clamp(x, low, high)", "x, moved into [low, high]", "row", 3, 3, typed.type_extreme),
    "coalesce": Function(
        "coalesce(a, b, ..)", "the first that is not null", "row", 2, 16, typed.type_coalesce
    ),
    "round": Function(
        "round(x [, digits])", "nearest, halves to even; makes money exact", "row", 1, 2, typed.type_round
    ),
    "floor": Function("floor(x)", "the next whole number below", "row", 1, 1, typed.type_whole),
    "ceil": Function("ceil(x)", "the next whole number above", "row", 1, 1, typed.type_whole),
    "sqrt": Function("sqrt(x)", "square root; null below 0", "row", 1, 1, typed.type_real),
    "log": Function("log(x)", "natural logarithm; null at 0 and below", "row", 1, 1, typed.type_real),
    "exp": Function("exp(x)", "e to the power x", "row", 1, 1, typed.type_real),
    "annuity": Function(
        "annuity(P, r, n)", "the level payment of n periods at rate r each", "row", 3, 3, typed.type_annuity
    ),
    "on_tick": Function(
        "on_tick(x, tick)", "whether x is a multiple of tick", "row", 2, 2, typed.type_on_tick
    ),
    "round_to": Function(
        "round_to(x, tick)",
        "the nearest multiple of tick, halves to even ones",
        "row",
        2,
        2,
        typed.type_round_to,
    ),
    "year": Function("year(d)", "calendar year (UTC)", "row", 1, 1, typed.type_date_part),
    "month": Function("month(d)", "month, 1 to 12", "row", 1, 1, typed.type_date_part),
    "day": Function("day(d)", "day of the month, 1 to 31", "row", 1, 1, typed.type_date_part),
    "weekday": Function("weekday(d)", "1 Monday to 7 Sunday", "row", 1, 1, typed.type_date_part),
    "days": Function("days(a, b)", "days from date a to date b", "row", 2, 2, typed.type_days),
    "add_months": Function(
        "add_months(d, n)",
        "the same day n months on, or that month's last",
        "row",
        2,
        2,
        typed.type_add_months,
    ),
    "lag": Function(
        "lag(x [, k] [, default: v])",
        "x of the k-th row before; v where there is none",
        "sequence",
        1,
        2,
        typed.type_lag,
        ("default",),
    ),
    "first": Function("first(x)", "x of the group's first row", "sequence", 1, 1, typed.type_first),
    "last_known": Function(
        "last_known(x)",
        "x of the last row before this one in which x is not null",
        "sequence",
        1,
        1,
        typed.type_last_known,
    ),
    "cumsum": Function(
        "cumsum(x)", "sum of x so far; nulls add nothing", "sequence", 1, 1, typed.type_running
    ),
    "cummax": Function(
        "cummax(x)", "largest x so far; nulls are passed over", "sequence", 1, 1, typed.type_running
    ),
    "runlen": Function(
        "runlen(b)", "how many rows in a row b is true, up to here", "sequence", 1, 1, typed.type_runlen
    ),
    "count_in": Function(
        "count_in(w)", "rows in the window (t - w, t] up to here", "window", 1, 1, typed.type_count_in
    ),
    "sum_in": Function(
        "sum_in(x, w)", "sum of x in the window; a truth counts 1", "window", 2, 2, typed.type_in_window
    ),
    "max_in": Function("max_in(x, w)", "largest x in the window", "window", 2, 2, typed.type_in_window),
    "sum_day": Function(
        "sum_day(x)", "sum of x since the start of the day (UTC)", "calendar", 1, 1, typed.type_in_period
    ),
    "sum_month": Function(
        "sum_month(x)", "sum of x since the start of the month", "calendar", 1, 1, typed.type_in_period
    ),
}


def _whole(usage: str, summary: str, typing: Typing, named: tuple[str, ...] = ("by", "where")) -> Function:
    """Return a function of the whole table; its usage shows how many arguments it takes."""
    plain = usage[usage.index("(") + 1 :].split("[")[0].rstrip(")").split(", ")
    least = sum(bool(one) for one in plain)
    return Function(usage, summary, "whole", least, least, typing, named)


FUNCTIONS |= {
    "group_count": _whole("group_count([by: c])", "rows of the group", whole.type_count),
    "group_sum": _whole(
        "group_sum(x [, by: c])", "sum of x over the group; 0 where there is none", whole.type_total
    ),
    "group_mean": _whole("group_mean(x [, by: c])", "mean of x; of a truth, its share", whole.type_mean),
    "group_std": _whole(
        "group_std(x [, by: c])", "sample standard deviation; null below two values", whole.type_deviation
    ),
    "group_median": _whole("group_median(x [, by: c])", "median of x in the group", whole.type_median),
    "group_min": _whole("group_min(x [, by: c])", "smallest x of the group", whole.type_ends),
    "group_max": _whole("group_max(x [, by: c])", "largest x of the group", whole.type_ends),
    "group_q": _whole("group_q(x, q [, by: c])", "quantile of x in the group, q as 90%", whole.type_quantile),
    "group_distinct": _whole(
        "group_distinct(x [, by: c])", "how many different x the group has", whole.type_distinct
    ),
    "unique": Function(
        "unique(a, ..)",
        "whether no earlier row has the same values",
        "whole",
        1,
        8,
        whole.type_unique,
        ("where",),
    ),
    "next": Function(
        "next(x [, k] [, default: v])",
        "x of the k-th row after; v where there is none",
        "whole",
        1,
        2,
        whole.type_next,
        ("default",),
    ),
}

# Typed by ``binding``: their arguments name another table and its columns.
CROSS = {
    "exists": "exists(table.key = x [and ..]): whether the other table has a row with that key",
    "parent": "parent(table.column [, table.key = x and ..]): the column of that row, null for none",
    "sum_of": "sum_of(table.x, table.key = y [and ..]): sum of x over the rows with that key, 0 for none",
    "count_of": "count_of(table, table.key = x [and ..]): how many rows have that key",
    "mean_of": "mean_of(table.x, table.key = y [and ..]): mean of x over the rows with that key",
    "min_of": "min_of(table.x, table.key = y [and ..]): smallest x of the rows with that key",
    "max_of": "max_of(table.x, table.key = y [and ..]): largest x of the rows with that key",
    "lookup": "lookup(name, key, .. [, date]): the value of a lookup table for these keys on that day",
}
