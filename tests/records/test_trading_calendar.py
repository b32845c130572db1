"""Trading calendars: found from a history, continued after it, and the exchange's left as it was."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from finsim.errors import RecordError
from finsim.records.calendar import Clock, sessions
from finsim.records.calendar_detection import calendar_of
from finsim.records.trading_calendar import NYSE, TradingCalendar


def days(index):
    return index.to_numpy().astype("datetime64[D]")


def instants(index):
    return index.to_numpy().astype("datetime64[ns]")


RULES = {
    "ME": ("month", 12),
    "BME": ("month", 12),
    "MS": ("month", 12),
    "QE": ("quarter", 4),
    "BQE": ("quarter", 4),
    "QS": ("quarter", 4),
    "YE": ("year", 1),
    "W-FRI": ("week", 52),
    "W-MON": ("week", 52),
    "D": ("day", 365),
    "B": ("day", 261),
}


@pytest.mark.parametrize("rule", RULES)
def test_the_second_half_of_a_history_follows_from_the_first(rule):
    whole = days(pd.date_range("2003-02-01", periods=160, freq=rule))
    found = calendar_of(whole[:80])
    assert (found.step, found.steps_a_year) == RULES[rule]
    np.testing.assert_array_equal(found.after(whole[79], 80), whole[80:])
    np.testing.assert_array_equal(found.starting(whole[80].astype(object), 5), whole[80:85])


def test_exchange_days_are_those_of_the_exchange():
    whole = sessions(date(2010, 1, 4), 900)
    found = calendar_of(whole[:700])
    assert found == NYSE
    assert found.steps_a_year == 252
    np.testing.assert_array_equal(found.after(whole[699], 200), whole[700:])


def test_six_days_a_week_and_a_week_that_begins_on_sunday():
    every = pd.date_range("2019-01-01", periods=700)
    fx = days(every[every.day_of_week != 5])
    found = calendar_of(fx[:500])
    assert (found.weekdays, found.steps_a_year) == ("1111101", 313)
    np.testing.assert_array_equal(found.after(fx[499], 90), fx[500:590])


@pytest.mark.parametrize(("rule", "step"), [("min", "1-minute"), ("5min", "5-minute"), ("4h", "4-hour")])
def test_a_market_that_never_closes(rule, step):
    whole = instants(pd.date_range("2024-02-28 08:00", periods=900, freq=rule))
    found = calendar_of(whole[:600])
    assert found.adjective == step
    assert found.opening == ()
    np.testing.assert_array_equal(found.after(whole[599], 300), whole[600:])


def test_opening_hours_are_local_through_summer_time():
    trading = sessions(date(2024, 1, 2), 80)
    local = [
        pd.date_range(f"{day} 09:30", periods=13, freq="30min", tz="America/New_York") for day in trading
    ]
    whole = instants(local[0].append(local[1:]).tz_convert("UTC").tz_localize(None))
    found = calendar_of(whole[: 13 * 30], "America/New_York")  # until 2024-02-13, before the clocks change
    after = found.after(whole[13 * 30 - 1], 13 * 40)
    wall = pd.DatetimeIndex(after).tz_localize("UTC").tz_convert("America/New_York")
    assert set(wall.strftime("%H:%M")) == {
        f"{9 + (30 + 30 * k) // 60:02d}:{(30 + 30 * k) % 60:02d}" for k in range(13)
    }
    assert wall.day_of_week.max() == 4
    assert found.steps_a_year == round(13 * 5 * 365.25 / 7)


@pytest.mark.parametrize(
    ("dates", "found"),
    [
        (np.datetime64("2020-01-01") + 14 * np.arange(80), "14 days"),
        (np.datetime64("2020-01-01") + 5 * np.arange(80), "5 days"),
        (np.datetime64("2020-01-01", "ns") + np.arange(80) * np.timedelta64(7, "m"), "420 seconds"),
        (np.datetime64("2020-01-01", "ns") + np.arange(80) * np.timedelta64(5, "s"), "5 seconds"),
    ],
)
def test_steps_that_cannot_be_continued_are_refused_in_words(dates, found):
    with pytest.raises(RecordError, match=found):
        calendar_of(dates)


def test_a_calendar_survives_json_and_refuses_what_it_does_not_know():
    made = calendar_of(instants(pd.date_range("2024-01-01", periods=3000, freq="5min")), "Europe/Berlin")
    assert TradingCalendar.from_dict(made.to_dict()) == made
    with pytest.raises(RecordError, match="lunch"):
        TradingCalendar.from_dict({"lunch": 1})


def test_a_clock_places_days_among_minutes():
    clock = Clock(date(2025, 12, 31), 3000, 10, 10, TradingCalendar("minute"))
    when = np.array(["2025-12-30", "2025-12-31", "2026-01-01", "2026-01-05"], dtype="datetime64[D]")
    assert clock.sessions_at(when).tolist() == [-1, 1439, 2879, 3000]
    assert clock.session_dates()[0] == np.datetime64("2025-12-31T00:00")
