"""Midnights of a place as instants."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo


def midnight_in(zone: str, day: date) -> int:
    """Return the nanoseconds UTC from 1970 at which a day begins in an IANA zone."""
    return int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).timestamp()) * 1_000_000_000
