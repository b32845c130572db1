"""Bars of longer steps: whole ones only, right by construction, and shorter steps refused."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from finsim.engine.market_model.coarser.longer_steps import LongerSteps
from finsim.engine.market_model.coarser.step_words import longer_calendar
from finsim.engine.market_model.fit_and_sample import fit
from finsim.errors import StudyError
from finsim.records.paths import Paths
from finsim.records.trading_calendar import NYSE, TradingCalendar
from finsim.verbs.sample import sample

FIVE = TradingCalendar(
    "minute", 5, nyse_holidays=False, opening=tuple((d * 1440 + 570, d * 1440 + 955) for d in range(5)),
    zone="America/New_York",
)  # fmt: skip


def bars(steps: LongerSteps) -> Paths:
    draw = np.random.default_rng(1)
    close = 50.0 * np.exp(np.cumsum(0.01 * draw.standard_normal((2, len(steps.made), 1)), axis=1))
    opened = close * np.exp(0.002 * draw.standard_normal(close.shape))
    top, bottom = np.maximum(opened, close) * 1.01, np.minimum(opened, close) / 1.01
    columns = {"open": opened, "high": top, "low": bottom, "close": close}
    return Paths(("X",), steps.made, {**columns, "volume": draw.integers(1, 99, close.shape)}, calendar=NYSE)


@pytest.mark.parametrize(("word", "rule"), [("week", "W-SUN"), ("month", "M"), ("1q", "Q"), ("yearly", "Y")])
def test_bars_are_those_that_pandas_makes(word: str, rule: str) -> None:
    calendar = longer_calendar(word, NYSE)
    assert calendar is not None
    steps = LongerSteps.after(NYSE, calendar, "2024-03-13", 3)
    found, made = steps.merged(bars(steps)), bars(steps)
    frame = pd.DataFrame({name: values[1, :, 0] for name, values in made.columns.items()})
    period = pd.DatetimeIndex(made.dates).to_period(rule)
    ways = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    wanted = frame.groupby(np.asarray(period)).agg(ways)
    # The period of the last known day has begun before: it is left out.
    wanted = wanted[wanted.index != pd.Timestamp("2024-03-13").to_period(rule)]
    assert len(wanted) == 3
    for name, values in found.columns.items():
        assert values[1, :, 0] == pytest.approx(wanted[name].to_numpy())
    assert [str(day.to_period(rule)) for day in pd.DatetimeIndex(found.dates)] == [
        str(one) for one in wanted.index
    ]


def test_a_start_in_the_middle_waits_for_the_next_whole_step() -> None:
    week = longer_calendar("week", NYSE)
    for start, first in (
        ("2024-03-13", "2024-03-18"),
        ("2024-03-11", "2024-03-11"),
        ("2024-03-09", "2024-03-11"),
    ):
        steps = LongerSteps.starting(NYSE, week, date.fromisoformat(start), 2)
        assert str(steps.made[0]) == first
        assert steps.starts[0] == 0
        assert len(steps.dates) == 2
    # Monday was a holiday: the week that begins on Tuesday is whole.
    steps = LongerSteps.starting(NYSE, week, date(2024, 1, 16), 1)
    assert str(steps.made[0]) == "2024-01-16"
    assert len(steps.made) == 4


@pytest.mark.parametrize(
    ("word", "size", "first"),
    [("30min", 6, "2024-03-13T14:00"), ("1h", 12, "2024-03-13T14:30"), ("day", 78, "2024-03-14T13:30")],
)
def test_bars_within_a_day_add_up(word: str, size: int, first: str) -> None:
    calendar = longer_calendar(word, FIVE)
    assert calendar is not None
    steps = LongerSteps.after(FIVE, calendar, "2024-03-13T13:50", 4)
    assert steps.made[steps.starts[0]] == np.datetime64(first)
    assert np.diff(steps.starts, append=len(steps.made))[0] == size
    if word == "day":
        # Over the weekend too, and by the exchange's own midnight.
        assert [str(day) for day in steps.dates] == ["2024-03-14", "2024-03-15", "2024-03-18", "2024-03-19"]


@pytest.mark.parametrize(
    ("word", "learned", "found"),
    [
        ("1h", NYSE, "shorter than the daily"),
        ("5min", FIVE, None),
        ("1min", FIVE, "shorter than the 5-minute"),
        ("7min", FIVE, "not made of whole"),
        ("month", TradingCalendar("week", weekdays="0000100"), "not made of whole"),
        ("2w", NYSE, "not made of whole"),
        ("fortnight", NYSE, "'fortnight'"),
        ("5m", FIVE, "'5m'"),
        ("0h", FIVE, "'0h'"),
        ("day", TradingCalendar("month"), "shorter than the monthly"),
    ],
)
def test_steps_that_cannot_be_made_are_refused(word, learned, found) -> None:
    if found is None:
        assert longer_calendar(word, learned) is None
        return
    with pytest.raises(StudyError) as caught:
        longer_calendar(word, learned)
    problem = caught.value.problems[0]
    assert found in problem.found
    assert problem.place == "sample: step"
    assert problem.expected
    assert problem.remedy


def test_sampled_months_are_the_months_of_the_sampled_days() -> None:
    days = np.busday_offset("2020-01-01", np.arange(60), roll="forward")
    close = 90.0 + np.random.default_rng(2).random((1, 60, 1))
    body = fit(Paths(("X",), days, {"close": close}), "bootstrap")
    learned = body.encoding.calendar
    whole = LongerSteps.after(learned, longer_calendar("month", learned), body.encoding.last_date, 2)
    daily = sample(body, 3, len(whole.made), seed=2, progress=False)
    monthly = sample(body, 3, 2, seed=2, step="month", progress=False)
    months = daily.dates.astype("datetime64[M]")
    for at, month in enumerate(monthly.dates.astype("datetime64[M]")):
        assert monthly.close[:, at] == pytest.approx(daily.close[:, months == month][:, -1])
    assert monthly.calendar.step == "month"


def test_a_step_that_began_with_the_last_known_day_is_not_whole() -> None:
    week = longer_calendar("week", NYSE)
    steps = LongerSteps.after(NYSE, week, "2024-03-11", 1)
    assert str(steps.made[0]) == "2024-03-12"
    assert str(steps.made[steps.starts[0]]) == "2024-03-18"
