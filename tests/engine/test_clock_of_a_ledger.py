"""Times of added payments: the parts of an hour that a ledger writes, and its days."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from finsim.agents.settings import Settings
from finsim.engine.injection.ledger_clock import LedgerClock

DAYS = 140
SECOND, MINUTE, HOUR = 10**9, 60 * 10**9, 3_600 * 10**9
DAY = 24 * HOUR
WEEK = np.array([1.0, 0.95, 1.0, 1.1, 1.35, 1.6, 0.35])  # 2024 begins with a Monday


def clock(times: np.ndarray, daily: np.ndarray | None = None) -> LedgerClock:
    """Return the clock of a ledger with these times of day, whose one account has none of its own."""
    settings = Settings(accounts=200, banks=1, start=date(2024, 1, 1), days=DAYS, narratives=())
    hourly = np.bincount(times // HOUR, minlength=24).astype(np.float64)
    activity = np.ones(DAYS) if daily is None else daily / daily.mean()
    none = np.zeros(0, dtype=np.int64)
    return LedgerClock(settings, activity, hourly / hourly.mean(), times, np.zeros(2, int), none, False)


def some(count: int = 4_000) -> tuple[np.ndarray, np.ndarray]:
    """Return instants to the millisecond in order of time, in schemes of ten."""
    rng = np.random.default_rng(1)
    ts = (
        np.sort(rng.integers(0, DAYS * DAY // 10**6, count)) * 10**6
        + clock(np.zeros(1, int)).settings.start_ns
    )
    return ts, np.arange(count) // 10


@pytest.mark.parametrize("grain", [SECOND, MINUTE, 15 * MINUTE, HOUR])
def test_times_have_the_resolution_of_the_ledger(grain: int) -> None:
    times = np.random.default_rng(2).integers(0, DAY // grain, 4_000) * grain
    ts, scheme = some()
    found = clock(times).written(ts, scheme)
    assert (ts % grain > 0).mean() > 0.9
    assert not (found % grain).any()
    assert np.abs(found - ts).max() < HOUR
    assert np.histogram(found % HOUR, 4, (0, HOUR))[0] == pytest.approx(
        np.histogram(times % HOUR, 4, (0, HOUR))[0], abs=200
    )


def test_times_that_are_mostly_round_are_so_as_often() -> None:
    rng = np.random.default_rng(3)
    times = rng.integers(0, DAY // SECOND, 4_000) * SECOND
    times = np.where(rng.random(4_000) < 0.8, times - times % MINUTE, times)
    found = clock(times).written(*some())
    assert (found % MINUTE == 0).mean() == pytest.approx((times % MINUTE == 0).mean(), abs=0.03)


def test_payments_of_a_scheme_keep_their_order_and_written_times_stay() -> None:
    times = np.append(np.zeros(9, int), 30 * MINUTE)
    ts = np.array([0, 30 * MINUTE, 35 * MINUTE, 70 * MINUTE]) + 5 * HOUR
    found = clock(times).written(ts, np.zeros(4, int)) - 5 * HOUR
    assert found.tolist() == [0, 30 * MINUTE, 30 * MINUTE, HOUR]


@pytest.mark.parametrize("calendar", ["any", "waking"])
def test_a_quiet_day_of_the_week_has_its_share(calendar: str) -> None:
    known = clock(np.arange(24) * HOUR, WEEK[np.arange(DAYS) % 7])
    rng = np.random.default_rng(4)
    start = known.settings.start_ns
    days = [
        (known.place(start + int(u * (DAYS - 7) * DAY), calendar, 0, rng) - start) // DAY
        for u in rng.random(6_000)
    ]
    share = np.bincount(np.array(days) % 7, minlength=7) / len(days)
    assert share[6] == pytest.approx(WEEK[6] / WEEK.sum(), abs=0.01)
    assert (share - WEEK / WEEK.sum()).max() < 0.07  # what leaves it goes to several others


def test_an_hour_that_hardly_anybody_pays_at_stays_rare() -> None:
    times = np.concatenate([np.repeat(np.arange(8, 20), 100), [2] * 10, [3] * 10]) * HOUR
    known, rng = clock(times), np.random.default_rng(5)
    start = known.settings.start_ns
    hours = [known.place(start + int(u * 100 * DAY), "any", 0, rng) % DAY // HOUR for u in rng.random(6_000)]
    real, found = (np.isin(one, [2, 3]).mean() for one in (times // HOUR, hours))
    assert real / 2 < found < 2 * real
