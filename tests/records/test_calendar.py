"""The calendar against published NYSE holidays and plain date arithmetic."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finsim.errors import RecordError
from finsim.records.calendar import Clock, days, month_ends, sessions, step_ends

# https://www.nyse.com/markets/hours-calendars, full-day closures.
NYSE_2026 = (
    "2026-01-01", "2026-01-19", "2026-02-16", "2026-04-03", "2026-05-25", "2026-06-19", "2026-07-03",
    "2026-09-07", "2026-11-26", "2026-12-25",
)  # fmt: skip
NYSE_2027 = (
    "2027-01-01", "2027-01-18", "2027-02-15", "2027-03-26", "2027-05-31", "2027-06-18", "2027-07-05",
    "2027-09-06", "2027-11-25", "2027-12-24",
)  # fmt: skip


@pytest.mark.parametrize(("year", "closed"), [(2026, NYSE_2026), (2027, NYSE_2027)])
def test_sessions_are_the_published_trading_days(year: int, closed: tuple[str, ...]) -> None:
    every = np.arange(np.datetime64(f"{year}-01-01"), np.datetime64(f"{year + 1}-01-01"))
    weekdays = every[np.is_busday(every)]
    expected = weekdays[~np.isin(weekdays, np.array(closed, dtype="datetime64[D]"))]
    assert len(expected) == 251
    assert np.array_equal(sessions(date(year, 1, 1), 251), expected)


def test_new_year_on_a_saturday_closes_no_friday() -> None:
    found = sessions(date(2021, 12, 30), 3).astype(str).tolist()
    assert found == ["2021-12-30", "2021-12-31", "2022-01-03"]


def test_closures_of_the_past_are_known() -> None:
    assert sessions(date(2001, 9, 10), 2).astype(str).tolist() == ["2001-09-10", "2001-09-17"]
    assert sessions(date(2012, 10, 26), 2).astype(str).tolist() == ["2012-10-26", "2012-10-31"]


def test_ten_years_of_sessions_are_the_known_number() -> None:
    # 2010-2019 had 2,516 trading days.
    found = sessions(date(2010, 1, 1), 2517)
    assert found[2515] == np.datetime64("2019-12-31")
    assert found[2516] == np.datetime64("2020-01-02")


@given(st.dates(date(1995, 1, 1), date(2045, 12, 31)), st.integers(1, 900), st.integers(0, 300))
@settings(deadline=None, max_examples=40)
def test_sessions_do_not_depend_on_how_many_are_asked_for(start: date, count: int, more: int) -> None:
    few, many = sessions(start, count), sessions(start, count + more)
    assert np.array_equal(few, many[:count])
    assert few[0] >= np.datetime64(start)
    assert np.all(np.diff(few) >= np.timedelta64(1, "D"))
    assert np.all(np.is_busday(few))


def test_no_session_at_all_is_refused() -> None:
    with pytest.raises(RecordError, match="0 sessions"):
        sessions(date(2026, 1, 1), 0)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (date(2025, 12, 31), ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]),
        (date(2027, 12, 31), ["2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30"]),
        (date(2026, 2, 28), ["2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30"]),
        (date(2028, 2, 28), ["2028-03-28", "2028-04-28", "2028-05-28", "2028-06-28"]),
        (date(2028, 2, 29), ["2028-03-31", "2028-04-30", "2028-05-31", "2028-06-30"]),
        (date(2026, 1, 15), ["2026-02-15", "2026-03-15", "2026-04-15", "2026-05-15"]),
        (date(2026, 1, 30), ["2026-02-28", "2026-03-30", "2026-04-30", "2026-05-30"]),
    ],
)
def test_month_ends(after: date, expected: list[str]) -> None:
    assert month_ends(after, 4).astype(str).tolist() == expected


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("quarter", ["2026-03-31", "2026-06-30", "2026-09-30"]),
        ("year", ["2026-12-31", "2027-12-31", "2028-12-31"]),
        ("month", ["2026-01-31", "2026-02-28", "2026-03-31"]),
        ("week", ["2026-01-07", "2026-01-14", "2026-01-21"]),
        ("day", ["2026-01-01", "2026-01-02", "2026-01-03"]),
    ],
)
def test_step_ends(step: str, expected: list[str]) -> None:
    assert step_ends(date(2025, 12, 31), step, 3).astype(str).tolist() == expected  # type: ignore[arg-type]


def test_a_step_below_a_day_is_refused() -> None:
    with pytest.raises(RecordError, match="minute"):
        step_ends(date(2025, 12, 31), "minute", 3)


def test_the_clock_starts_all_worlds_at_one_jump_off() -> None:
    clock = Clock(date(2025, 12, 31), 252, 90, 36)
    assert clock.session_dates()[0] == np.datetime64("2025-12-31")
    assert clock.day_dates()[[0, -1]].astype(str).tolist() == ["2026-01-01", "2026-03-31"]
    assert clock.month_dates()[[0, -1]].astype(str).tolist() == ["2026-01-31", "2028-12-31"]
    assert days(date(2024, 2, 28), 3).astype(str).tolist() == ["2024-02-28", "2024-02-29", "2024-03-01"]


def test_a_jump_off_on_a_weekend_takes_the_next_session() -> None:
    assert Clock(date(2026, 1, 3), 5, 1, 1).session_dates()[0] == np.datetime64("2026-01-05")


@given(st.dates(date(2020, 1, 1), date(2035, 1, 1)), st.integers(2, 120), st.integers(-20, 220))
@settings(deadline=None, max_examples=60)
def test_sessions_at_against_a_plain_search(start: date, count: int, offset: int) -> None:
    clock = Clock(start, count, 1, 1)
    asked = start + timedelta(days=offset)
    following = sessions(start, count + 1)[-1]
    own = clock.session_dates()
    before = [i for i, day in enumerate(own) if day <= np.datetime64(asked)]
    expected = count if np.datetime64(asked) >= following else (before[-1] if before else -1)
    assert clock.sessions_at(np.array([asked], dtype="datetime64[D]")).tolist() == [expected]


def test_sessions_at_quarter_ends_and_past_the_end() -> None:
    clock = Clock(date(2025, 12, 31), 127, 1, 1)
    ends = step_ends(date(2025, 12, 31), "quarter", 3)
    own = clock.session_dates()
    at = clock.sessions_at(ends)
    assert own[at[0]] == np.datetime64("2026-03-31")
    assert own[at[1] - 1] < own[at[1]] <= np.datetime64("2026-06-30")
    assert at[2] == clock.sessions
    # Monday 22 June 2026 is the last session of a shorter clock; Wednesday the 24th is past its end.
    short = Clock(date(2026, 6, 15), 5, 1, 1)
    assert short.session_dates()[-1] == np.datetime64("2026-06-22")
    asked = np.array(
        ["2026-06-19", "2026-06-21", "2026-06-22", "2026-06-23", "2026-06-24"], dtype="datetime64[D]"
    )
    assert short.sessions_at(asked).tolist() == [3, 3, 4, 5, 5]
