"""The parameter ``today``: the current date in UTC, or the date that a caller gives, always on record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

TODAY = "today"


@dataclass(frozen=True)
class Today:
    """The day that rules took for today, and whether the caller gave it."""

    day: date
    given: bool

    @property
    def number(self) -> int:
        """The day as days since 1970-01-01."""
        return self.day.toordinal() - date(1970, 1, 1).toordinal()

    def to_dict(self) -> dict[str, object]:
        """Return plain data."""
        return {"value": self.day.isoformat(), "given": self.given}

    def to_text(self) -> str:
        """Return one line for a report."""
        return f"today is {self.day.isoformat()} ({'given' if self.given else 'the current date in UTC'})"


def today(number: int | None = None) -> Today:
    """Return today: the day of that number since 1970-01-01 as given, else the current date in UTC."""
    if number is None:
        return Today(datetime.now(UTC).date(), False)
    return Today(date.fromordinal(number + date(1970, 1, 1).toordinal()), True)
