"""Local time and local midnight by ``zoneinfo``, one value at a time."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

SECOND = 10**9


def shift(instant, zone):
    """Return the offset from UTC in nanoseconds."""
    offset = datetime.fromtimestamp(instant // SECOND, UTC).astimezone(ZoneInfo(zone)).utcoffset()
    return round(offset.total_seconds()) * SECOND


def local_time(instant, zone):
    return instant + shift(instant, zone)


def first_instant(local, zone):
    """Return the first instant whose local time is ``local`` or later, by looking at every minute.

    ``local`` is on a whole second; the answer is found to the second.
    """
    low = local - 30 * 3_600 * SECOND
    step = 60 * SECOND
    while local_time(low, zone) < local:
        low += step
    low -= step
    while local_time(low, zone) < local:
        low += SECOND
    return low


def wall(instant, zone):
    """Return local time as a ``datetime`` without a zone (to the microsecond)."""
    return datetime(1970, 1, 1) + timedelta(microseconds=local_time(instant, zone) // 1000)
