"""``1h``, ``week``, ``5min`` -> the step of a calendar that is made of a model's own."""

from __future__ import annotations

import re
from dataclasses import replace

from finsim.errors import StudyError, did_you_mean
from finsim.records.trading_calendar import DAY_MINUTES, LAST_WEEKDAY, MONTH_END, MONTHS, TradingCalendar

_WRITTEN = re.compile(r"([0-9]{0,4}) *([a-z]+)")
_WORDS = {
    "minute": ("min", "minute", "minutes"),
    "hour": ("h", "hour", "hours", "hourly"),
    "day": ("d", "day", "days", "daily"),
    "week": ("w", "week", "weeks", "weekly"),
    "month": ("mo", "month", "months", "monthly"),
    "quarter": ("q", "quarter", "quarters", "quarterly"),
    "year": ("y", "year", "years", "yearly"),
}
_ORDER = tuple(_WORDS)
_EXAMPLES = "30min, 1h, day, week, month, quarter or year"


def longer_calendar(text: str, learned: TradingCalendar) -> TradingCalendar | None:
    """Return the calendar of a step made of a calendar's own; None for the step that was learned.

    Raises StudyError for a step that is unknown, shorter than the learned one, or not made of whole ones.
    """
    step, every = _read(text)
    if (step, every) == _own(learned):
        return None
    minutes = {"minute": 1, "hour": 60}
    shorter = _ORDER.index(step) < _ORDER.index(learned.step)
    if learned.is_intraday and step in minutes:
        wanted = every * minutes[step]
        if wanted > learned.minutes and wanted % learned.minutes == 0 and DAY_MINUTES % wanted == 0:
            return _intraday(step, every, learned)
        shorter = wanted < learned.minutes
    elif learned.step != "week" and not shorter and every == 1:
        return _by_date(step, learned)
    reason = f"is shorter than the {learned.adjective} steps that were learned" if shorter else (
        f"is not made of whole {learned.adjective} steps")  # fmt: skip
    raise StudyError(
        f"{text!r} {reason}", place="sample: step",
        expected=f"a step that {learned.adjective} bars add up to, such as {_example(learned)}",
        remedy="fit a model on prices of this step" if shorter else "choose another step",
    )  # fmt: skip


def _read(text: str) -> tuple[str, int]:
    match = _WRITTEN.fullmatch(text.strip().lower())
    words = {word: step for step, listed in _WORDS.items() for word in listed}
    if match is None or match[2] not in words or match[1].strip("0") == "" != match[1]:
        near = did_you_mean(match[2], list(words)) if match and match[2] != "m" else "write 5min or month"
        raise StudyError(f"{text!r}", place="sample: step", expected=_EXAMPLES, remedy=near)
    step, every = words[match[2]], int(match[1] or 1)
    return ("hour", every // 60) if step == "minute" and every % 60 == 0 else (step, every)


def _own(learned: TradingCalendar) -> tuple[str, int]:
    if learned.step == "minute" and learned.every % 60 == 0:
        return "hour", learned.every // 60
    return learned.step, learned.every


def _example(learned: TradingCalendar) -> str:
    if learned.is_intraday:
        return "day or week"
    return {"day": "week or month", "month": "quarter", "quarter": "year"}.get(learned.step, learned.step)


def _intraday(step: str, every: int, learned: TradingCalendar) -> TradingCalendar:
    """Return the calendar whose bars begin where every so many of a run of bars begin."""
    size = every * (60 if step == "hour" else 1)
    runs = tuple((first, first + (last - first) // size * size) for first, last in learned.opening)
    return replace(learned, step=step, every=every, opening=runs)


def _by_date(step: str, learned: TradingCalendar) -> TradingCalendar:
    """Return the calendar of days, weeks or months, each with the date of its last session."""
    open_days = _open_days(learned) if learned.is_intraday else learned.weekdays
    if step == "day":
        return TradingCalendar("day", weekdays=open_days, nyse_holidays=False)
    if step == "week":
        last = open_days.rindex("1")
        return TradingCalendar("week", weekdays="".join("01"[at == last] for at in range(7)),
                               nyse_holidays=False)  # fmt: skip
    working = LAST_WEEKDAY if open_days[5:] == "00" else MONTH_END
    end = learned.day if learned.step in MONTHS else working
    return TradingCalendar(step, weekdays="1111111", nyse_holidays=False, day=end, month=MONTHS[step] - 1)


def _open_days(learned: TradingCalendar) -> str:
    """Return which days of the week have bars of an intraday calendar."""
    if not learned.opening:
        return "1111111"
    days = {minute // DAY_MINUTES for first, last in learned.opening for minute in range(first, last + 1)}
    return "".join("01"[day in days] for day in range(7))
