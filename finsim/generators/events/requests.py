"""What every event generator checks: a log that can be learned, a request that can be met."""

from __future__ import annotations

from finsim.errors import FitError
from finsim.records.event_log import EventLog

MOST_DAYS = 36_525


def check_log(log: EventLog) -> None:
    """Raise FitError for a log without entities or without events."""
    if log.count < 1 or log.events.rows < 1:
        raise FitError(
            f"{log.count} entities with {log.events.rows} events", place="events",
            expected="at least one entity with at least one event",
        )  # fmt: skip


def check_sample(count: int, first: int, days: int | None, total: int | None) -> int:
    """Return the number of entities of the whole run; raise FitError for an impossible request."""
    whole = first + count if total is None else total
    if count < 0 or first < 0 or whole < first + count:
        raise FitError(
            f"asked for {count} entities from number {first} of {whole}", place="sample",
            expected="0 <= first and first + count <= total",
        )  # fmt: skip
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise FitError(
            f"asked for {days} days", place="sample: days", expected=f"1 to {MOST_DAYS} days",
            remedy="ask for fewer, or sample more entities" if days > 0 else "ask for at least one",
        )  # fmt: skip
    return whole
