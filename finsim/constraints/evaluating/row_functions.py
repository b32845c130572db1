"""Functions of one row in NumPy: blocks in, a block out; a null argument gives null.

Each takes its arguments as ``Vec`` and the node's options; it returns the result and how many rows
became null because the result is not defined there (logarithm of a negative number, zero instalments).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import reduce
from typing import Any

import numpy as np

from finsim.constraints.language.types import DAY_NANOS
from finsim.constraints.tables.nullable_vectors import Rails, Vec, both, certain, flags, known

Result = tuple[Vec, int]
RowFunction = Callable[[Sequence[Vec], tuple[Hashable, ...]], Result]
ANNUITY_BITS = 12  # periods are counted in so many bits; a loan of 4,096 periods is not an instalment loan
_TICK_SLACK = 1e-9  # assumption: prices are read from decimal text, so a tick is met to about 1e-16 relative


def _valid(args: Sequence[Vec]) -> Any:
    return reduce(both, (arg.valid for arg in args), None)


def _plain(function: Callable[..., Any]) -> RowFunction:
    """Lift a numpy function that is defined everywhere."""

    def run(args: Sequence[Vec], options: tuple[Hashable, ...]) -> Result:
        with np.errstate(over="ignore", invalid="ignore"):
            return Vec(function(*(arg.values for arg in args)), _valid(args)), 0

    return run


def _partial(function: Callable[[Any], Any]) -> RowFunction:
    """Lift a numpy function of one float that is NaN outside its domain."""

    def run(args: Sequence[Vec], options: tuple[Hashable, ...]) -> Result:
        x = args[0].values
        with np.errstate(all="ignore"):
            result = np.asarray(function(x))
        result = np.where(np.isneginf(result) & ~np.isneginf(x), np.nan, result)
        made = np.count_nonzero(np.isnan(result)) - np.count_nonzero(np.isnan(x))
        return Vec(result), int(made)

    return run


def _fold(pick: Callable[[Any, Any], Any]) -> RowFunction:
    def run(args: Sequence[Vec], options: tuple[Hashable, ...]) -> Result:
        return Vec(reduce(pick, (arg.values for arg in args)), _valid(args)), 0

    return run


def _round(args: Sequence[Vec], options: tuple[Hashable, ...]) -> Result:
    digits, to_int = options[1], options[2]
    x = args[0].values
    if not to_int:
        return Vec(np.rint(x) if digits == 0 else np.round(x, int(str(digits)))), 0
    fits = np.abs(x) < 2.0**62
    values = np.where(fits, np.rint(x), 0.0).astype(np.int64)
    return Vec(values, fits), int(np.count_nonzero(~fits & ~np.isnan(x)))


def _clamp(args: Sequence[Vec], options: tuple[Hashable, ...]) -> Result:
    x, low, high = (arg.values for arg in args)
    return Vec(np.minimum(np.maximum(x, low), high), _valid(args)), 0


def _coalesce(args: Sequence[Vec], options: tuple[Hashable, ...]) -> Result:
    result = args[-1]
    for arg in reversed(args[:-1]):
        there = known(arg)
        values = np.where(there, arg.values, result.values)
        result = Vec(values, None if values.dtype.kind == "f" else there | known(result))
    return result, 0


def _annuity(args: Sequence[Vec], options: tuple[Hashable, ...]) -> Result:
    """P r / (1 - (1 + r)^-n), P / n without interest (textbook annuity); n whole and below 4,096.

    (1 + r)^n - 1 by repeated squaring, g(a + b) = g(a) + g(b) (1 + g(a)): exact for tiny rates, and the
    same operations, to the bit, as in the compiled tier.
    """
    amount, rate, count = (np.asarray(arg.values, dtype=np.float64) for arg in args)
    with np.errstate(all="ignore"):
        whole = (count == np.floor(count)) & (count > 0) & (count < 2.0**ANNUITY_BITS) & (rate > -1)
        left = np.where(whole, count, 0.0).astype(np.int64)
        grown, step = np.zeros(np.broadcast(rate, count).shape), rate
        for bit in range(int(left.max(initial=0)).bit_length()):
            grown = np.where((left >> bit) & 1 == 1, grown + step * (1.0 + grown), grown)
            step = step * (2.0 + step)
        flat = rate == 0
        payment = amount * (rate + np.where(flat, 1.0, rate) / np.where(flat, count, grown))
    made = ~whole & ~np.isnan(amount) & ~np.isnan(rate) & ~np.isnan(count)
    return Vec(np.where(whole, payment, np.nan)), int(np.count_nonzero(made))


def _on_tick(args: Sequence[Vec], options: tuple[Hashable, ...]) -> Result:
    x, tick = args[0].values, args[1].values
    if np.asarray(x).dtype.kind == "i" and np.asarray(tick).dtype.kind == "i":
        safe = np.where(np.asarray(tick) == 0, 1, tick)
        met = np.mod(x, safe) == 0
        valid = both(_valid(args), None if np.all(np.asarray(tick)) else np.asarray(tick) != 0)
        return flags(certain(met, valid)), int(np.count_nonzero(np.asarray(tick) == 0))
    with np.errstate(all="ignore"):
        off = np.abs(x - np.rint(x / tick) * tick)
    slack = _TICK_SLACK * np.maximum(1.0, np.abs(x))
    return flags(Rails(off <= slack, off > slack)), 0


def _round_to(args: Sequence[Vec], options: tuple[Hashable, ...]) -> Result:
    """Return n x tick, n the nearest whole number; n / (1 / tick) where that is exact (0.3, not 3 x 0.1)."""
    x, tick = np.asarray(args[0].values), np.abs(np.asarray(args[1].values))
    zero = tick == 0
    safe = np.where(zero, 1, tick)
    made = int(np.count_nonzero(np.broadcast_to(zero & known(args[0]), np.broadcast(x, zero).shape)))
    if x.dtype.kind == "i":
        low, rest = np.divmod(x, safe)
        up = (rest > safe - rest) | ((rest == safe - rest) & (low % 2 != 0))
        return Vec((low + up) * safe, both(_valid(args), None if not np.any(zero) else ~zero)), made
    with np.errstate(all="ignore"):
        parts = np.rint(1 / safe)
        decimal = (parts >= 1) & (np.abs(1 / safe - parts) <= _TICK_SLACK * parts)
        result = np.where(decimal, np.rint(x / safe) / np.maximum(parts, 1), np.rint(x / safe) * safe)
    return Vec(np.where(zero, np.nan, np.where(np.isinf(x), x, result))), made


def _days_of(vec: Vec, options: tuple[Hashable, ...]) -> Any:
    return np.asarray(vec.values) if options[-1] == "date" else np.asarray(vec.values) // DAY_NANOS


def _calendar(pick: Callable[[Any], Any]) -> RowFunction:
    """Lift a function of a day; where rows are more than the days they lie in, each day is taken once."""

    def run(args: Sequence[Vec], options: tuple[Hashable, ...]) -> Result:
        days = _days_of(args[0], options)
        low, high = (int(days.min()), int(days.max())) if days.size else (0, 0)
        if high - low >= days.size:
            return Vec(pick(days), args[0].valid), 0
        return Vec(pick(np.arange(low, high + 1))[days - low], args[0].valid), 0

    return run


def _month_start(day: Any) -> Any:
    return day.astype("datetime64[D]").astype("datetime64[M]")


def _time_of(unit: int, cycle: int) -> RowFunction:
    """Lift how many whole units have passed in the running cycle (both nanoseconds) of a local time."""

    def run(args: Sequence[Vec], options: tuple[Hashable, ...]) -> Result:
        return Vec(np.asarray(args[0].values) % cycle // unit, args[0].valid), 0

    return run


def _mod(args: Sequence[Vec], options: tuple[Hashable, ...]) -> Result:
    """Return a - b x n, n the whole part of a / b: the remainder has the sign of a, as in C and SQL."""
    a, b = np.asarray(args[0].values), np.asarray(args[1].values)
    zero = b == 0
    with np.errstate(all="ignore"):
        rest = np.fmod(a, np.where(zero, 1, b))
    if rest.dtype.kind == "f":
        rest = np.where(zero, np.nan, rest)
        return Vec(rest), int(np.count_nonzero(np.isnan(rest) & ~np.isnan(a) & ~np.isnan(b)))
    valid = both(_valid(args), None if not np.any(zero) else ~zero)
    made = np.broadcast_to(zero & known(args[0]) & known(args[1]), rest.shape)
    return Vec(rest, valid), int(np.count_nonzero(made))


def _days(args: Sequence[Vec], options: tuple[Hashable, ...]) -> Result:
    return Vec(np.asarray(args[1].values) - np.asarray(args[0].values), _valid(args)), 0


def _add_months(args: Sequence[Vec], options: tuple[Hashable, ...]) -> Result:
    """Return the same day of a later month, or that month's last day where it has no such day."""
    day, count = np.asarray(args[0].values), np.asarray(args[1].values)
    start = _month_start(day)
    within = day - start.astype("datetime64[D]").astype(np.int64)
    target = start + count
    first = target.astype("datetime64[D]").astype(np.int64)
    last = (target + np.timedelta64(1, "M")).astype("datetime64[D]").astype(np.int64) - first - 1
    return Vec(first + np.minimum(within, last), _valid(args)), 0


ROW_FUNCTIONS: dict[str, RowFunction] = {
    "abs": _plain(np.abs),
    "min": _fold(np.minimum),
    "max": _fold(np.maximum),
    "round": _round,
    "floor": _plain(np.floor),
    "ceil": _plain(np.ceil),
    "sqrt": _partial(np.sqrt),
    "log": _partial(np.log),
    "exp": _plain(np.exp),
    "clamp": _clamp,
    "coalesce": _coalesce,
    "annuity": _annuity,
    "on_tick": _on_tick,
    "round_to": _round_to,
    "year": _calendar(
        lambda day: day.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    ),
    "month": _calendar(lambda day: _month_start(day).astype(np.int64) % 12 + 1),
    "day": _calendar(lambda day: day - _month_start(day).astype("datetime64[D]").astype(np.int64) + 1),
    "weekday": _calendar(lambda day: (day + 3) % 7 + 1),
    "date": _calendar(lambda day: day),
    "hour": _time_of(DAY_NANOS // 24, DAY_NANOS),
    "minute": _time_of(DAY_NANOS // 1_440, DAY_NANOS // 24),
    "time": _time_of(1, DAY_NANOS),
    "mod": _mod,
    "days": _days,
    "add_months": _add_months,
}
