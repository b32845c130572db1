"""IANA time zones as arrays: from which instant on a zone has which offset from UTC.

Offsets come from ``zoneinfo`` (the time zone data of the system, or of the package ``tzdata``), so past and
coming daylight saving is right to the second. Instants and local times are int64 nanoseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from finsim.errors import did_you_mean
from finsim.notation import Array, Int1D

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_SECOND = 10**9
_PROBE = 3 * 86_400  # seconds; changes of a zone's offset lie further apart (least: Freetown 1939, 4 days)
_DECADE = 10 * 365 * 86_400 + 2 * 86_400
_NO_SHIFT = ("", "UTC")
_NOT_PLACES = frozenset(
    ("localtime", "posixrules", "Factory")
)  # files of the system, another on each machine
_SAME_AS_UTC = frozenset(("Etc/UTC", "Etc/UCT", "UCT", "Zulu", "Etc/Zulu", "Universal", "Etc/Universal"))
_EXAMPLE = "write an IANA name such as Europe/Berlin"


class UnknownZone(Exception):
    """A name that is no time zone, and what to write instead."""

    def __init__(self, name: str, remedy: str) -> None:
        super().__init__(f"unknown time zone {name!r}")
        self.found, self.remedy = f"unknown time zone {name!r}", remedy


@dataclass(frozen=True)
class Offsets:
    """The offsets of one zone over some decades.

    ``starts`` int64[n] are instants in rising order, the first before any other time; from ``starts[k]`` on
    local time is UTC plus ``shifts[k]``. ``ends`` int64[n - 1] is the local time at which piece k ends, or
    the latest of those before it: where local time was put back, the first pass counts.
    """

    starts: Int1D
    shifts: Int1D
    ends: Int1D


def known_zone(name: str) -> str:
    """Return the name of a zone, ``UTC`` for its other names. Raises UnknownZone."""
    if name in _SAME_AS_UTC or name == "UTC":
        return "UTC"
    from zoneinfo import (
        ZoneInfo,
        ZoneInfoNotFoundError,
        available_timezones,
    )  # takes 15 ms: only where needed

    try:
        if name in _NOT_PLACES:
            raise ZoneInfoNotFoundError(name)
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zones = sorted(available_timezones())
        remedy = did_you_mean(name, zones) or _EXAMPLE
        if not zones:
            remedy = "this system has no time zone data; install the package tzdata"
        raise UnknownZone(name, remedy) from None
    return name


def shifts(zone: str) -> bool:
    """Whether local time of a zone differs from UTC."""
    return zone not in _NO_SHIFT


def local_times(instants: Any, zone: str) -> Any:
    """Return the local time of instants: what a clock on the wall shows, as if it were UTC."""
    values = np.asarray(instants)
    if not values.size:
        return values
    table = offsets(zone, int(values.min()), int(values.max()))
    if len(table.starts) == 1:
        return values + table.shifts[0]
    return values + table.shifts[np.searchsorted(table.starts, values, side="right") - 1]


def kernel_local_times(instants: Any, zone: str) -> Any:
    """Return the local time of instants by a kernel: quicker where a block spans several offsets."""
    from finsim.kernels.time_zones import localized

    values = np.asarray(instants)
    if not values.ndim or not values.size:
        return local_times(values, zone)
    times = np.ascontiguousarray(values, dtype=np.int64)
    table = offsets(zone, int(times.min()), int(times.max()))
    out = np.empty_like(times)
    localized(times, table.starts, table.shifts, out)
    return out


def instants(local: Any, zone: str) -> Any:
    """Return the first instant at which local time is this or later.

    So a midnight that daylight saving leaves out is the moment of the change, and of two equal local times
    the earlier counts.
    """
    values = np.asarray(local)
    if not values.size:
        return values
    table = offsets(zone, int(values.min()), int(values.max()))
    piece = np.searchsorted(table.ends, values, side="right")
    return np.maximum(values - table.shifts[piece], table.starts[piece])


def offsets(zone: str, low: int, high: int) -> Offsets:
    """Return the offsets of a zone that hold for times between two instants, and a day on each side."""
    step = _DECADE * _SECOND
    return _offsets(zone, (low - 2 * _day()) // step, (high + 2 * _day()) // step + 1)


def _day() -> int:
    return 86_400 * _SECOND


@lru_cache(maxsize=256)
def _offsets(zone: str, first: int, last: int) -> Offsets:
    """Return the offsets of a zone over the decades ``first`` to ``last``, counted from 1970."""
    from zoneinfo import ZoneInfo

    clock = ZoneInfo(zone)
    begin, end = first * _DECADE, last * _DECADE
    before = _offset(clock, begin)
    starts, found = [np.iinfo(np.int64).min], [before]
    for probe in range(begin, end + _PROBE, _PROBE):
        after = _offset(clock, probe)
        if after != before:
            starts.append(_change(clock, probe - _PROBE, probe) * _SECOND)
            found.append(after)
            before = after
    beginnings, sums = np.array(starts, dtype=np.int64), np.array(found, dtype=np.int64) * _SECOND
    ends: Array = np.maximum.accumulate(beginnings[1:] + sums[:-1])
    return Offsets(beginnings, sums, ends)


def _offset(clock: ZoneInfo, second: int) -> int:
    shift = datetime.fromtimestamp(second, UTC).astimezone(clock).utcoffset()
    assert shift is not None
    return round(shift.total_seconds())


def _change(clock: ZoneInfo, low: int, high: int) -> int:
    """Return the first second that has the offset of ``high``; ``low`` has another one."""
    new = _offset(clock, high)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _offset(clock, middle) == new else (middle, high)
    return high
