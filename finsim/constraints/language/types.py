"""Types of the rule language, units and literals, and values as text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, DecimalException
from math import isinf
from typing import Any

import numpy as np

from finsim.constraints.language.time_zones import local_times, shifts
from finsim.notation import minor_digits

KINDS = ("bool", "int", "float", "ratio", "money", "date", "ts", "dur", "cat", "id")
NUMERIC = ("int", "float", "ratio")
_NANOS = {"d": 86_400 * 10**9, "h": 3_600 * 10**9, "min": 60 * 10**9, "s": 10**9}
_TIMES = {"k": Decimal(1000), "m": Decimal(1_000_000)}
_SHARES = {"%": Decimal(100), "bp": Decimal(10_000)}
LARGEST = 10**18  # of int and money values: sums of eight columns stay inside int64
DAY_NANOS = _NANOS["d"]
_TO_SECONDS = len("2026-01-31T12:00:00")


@dataclass(frozen=True)
class Type:
    """A type: ``kind``, currency and number of decimals of money, labels of a category, zone of a time.

    ``exact`` is False for values that carry rounding (float, ratio, money times a rate). A time with a
    ``zone`` is an instant, whose days are those of the zone; without one it is local time of no place, such
    as the midnight of a date.
    """

    kind: str
    ccy: str = ""
    scale: int = 0
    exact: bool = True
    values: tuple[str, ...] | None = None
    zone: str = ""

    @property
    def stored(self) -> str:
        """How an array of it is kept: ``f`` float64 with NaN as null, ``i`` int64, ``b`` bool."""
        if self.kind == "bool":
            return "b"
        if self.kind in ("float", "ratio") or (self.kind == "money" and not self.exact):
            return "f"
        return "i"

    @property
    def labelled(self) -> bool:
        """Whether values are codes of labels."""
        return self.kind == "cat"

    def __str__(self) -> str:
        """Return the name used in messages."""
        return f"money {self.ccy}" if self.kind == "money" else self.kind


BOOL, INT, DATE, TS, DUR = (Type(kind) for kind in ("bool", "int", "date", "ts", "dur"))
FLOAT, RATIO = Type("float", exact=False), Type("ratio", exact=False)
WHOLE = Type("float", exact=True)
LABEL, ID, ANY = Type("cat"), Type("id"), Type("any")


class Clash(Exception):
    """Types, units or arguments that do not fit together; the caller knows the place."""

    def __init__(self, found: str, remedy: str = "") -> None:
        super().__init__(found)
        self.found, self.remedy = found, remedy


def money(ccy: str, scale: int | None = None, exact: bool = True) -> Type:
    """Return the money type of a currency; ``scale`` is its number of decimals (ISO 4217 by default)."""
    return Type("money", ccy, minor_digits(ccy) if scale is None else scale, exact)


def number(text: str) -> tuple[Type, int | float]:
    """Return type and value of a number literal such as ``2_000 USD``, ``5 %``, ``10 k``, ``72 h``.

    Money is in minor units, durations in nanoseconds. Raises Clash for a unit that does not fit, and a number
    too large.
    """
    try:
        return _number(text)
    except DecimalException:
        raise Clash(f"{text} is larger than any number (1.8e308)", "use a smaller number") from None


def _number(text: str) -> tuple[Type, int | float]:
    digits, *units = text.replace("_", "").split()
    value = Decimal(digits)
    if units and units[0] in _TIMES:
        value, units = value * _TIMES[units[0]], units[1:]
    unit = units[0] if units else ""
    if len(units) > 1:
        raise Clash(f"two units in one number: {text}", "keep one unit; only k and m may come before it")
    if unit in _SHARES:
        return RATIO, _float(value / _SHARES[unit], text)
    if unit in _NANOS:
        return DUR, _whole(value * _NANOS[unit], text, "a nanosecond")
    if unit:
        kind = money(unit)
        return kind, _whole(value.scaleb(kind.scale), text, f"the minor unit of {unit}")
    if re.fullmatch(r"[0-9]+", digits) and value == value.to_integral_value():
        return INT, _whole(value, text, "1")
    return FLOAT, _float(value, text)


def _float(value: Decimal, text: str) -> float:
    if isinf(found := float(value)):
        raise Clash(f"{text} is larger than any number (1.8e308)", "use a smaller number")
    return found


def _whole(value: Decimal, text: str, step: str) -> int:
    if value != value.to_integral_value():
        raise Clash(f"{text} is finer than {step}", "round it")
    if abs(value) > LARGEST:
        raise Clash(f"{text} is larger than {LARGEST:.0e}", "use a smaller number")
    return int(value)


def day_number(text: str) -> int:
    """Return the day of an ISO date as days since 1970-01-01; raises Clash when it is not a date."""
    try:
        return date.fromisoformat(text).toordinal() - date(1970, 1, 1).toordinal()
    except ValueError:
        raise Clash(f"{text!r} is not a date", "write d'2026-01-31'") from None


def quoted(text: str) -> str:
    """Return a label as a rule writes it, a quote inside it twice."""
    return "'" + text.replace("'", "''") + "'"


def label_shown(text: str) -> str:
    """Return a label for a line of a report: as a rule writes it, but line breaks and the like escaped."""
    plain = (letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)
    return quoted("".join(plain))


def shown(kind: Type, value: Any) -> str:
    """Return a value as a reader writes it; None and NaN are ``null``."""
    if value is None or (isinstance(value, float | np.floating) and np.isnan(value)):
        return "null"
    if kind.kind == "money":
        major = (
            Decimal(int(value)).scaleb(-kind.scale)
            if kind.exact
            else Decimal(f"{value:.4f}").scaleb(-kind.scale)
        )
        return f"{major:,f} {kind.ccy}"
    if kind.kind == "date":
        return str(np.datetime64(int(value), "D"))  # any year: a rule may work out days that no calendar has
    if kind.kind == "ts":
        return _time(int(value), kind.zone)
    if kind.kind == "dur":
        return _duration(int(value))
    if kind.kind == "bool":
        return "true" if value else "false"
    if kind.stored == "f":
        return f"{float(value):.10g}"
    return label_shown(value) if isinstance(value, str) else str(value)


def _time(value: int, zone: str) -> str:
    """Return an instant in the time of its zone; in UTC the midnight of a day is the day."""
    local = int(local_times(value, zone)) if shifts(zone) else value
    seconds, nanos = divmod(local, 10**9)
    stamp = datetime.fromtimestamp(seconds, UTC).isoformat()[:_TO_SECONDS]
    if not shifts(zone) and value % DAY_NANOS == 0:
        return stamp[:10]
    stamp = f"{stamp}.{nanos:09d}".rstrip("0").rstrip(".")
    if not shifts(zone):
        return stamp + "Z"
    minutes, rest = divmod(abs(local - value) // 10**9, 60)
    offset = f"{'-' if local < value else '+'}{minutes // 60:02d}:{minutes % 60:02d}"
    return stamp + offset + (f":{rest:02d}" if rest else "")


def _duration(nanos: int) -> str:
    sign, left, parts = ("-" if nanos < 0 else ""), abs(nanos), []
    for unit, size in _NANOS.items():
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    if left:
        parts.append(f"{left}ns")
    return sign + (" ".join(parts) or "0s")
