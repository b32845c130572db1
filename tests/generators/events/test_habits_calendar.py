"""Weekdays, a busy month and holidays come back: in the days that are active, and in payments on each."""

import numpy as np
import pytest

from finsim.generators.events.habits.days.activity import learn_activity
from finsim.generators.events.habits.days.calendar import believed, course, going_on, steadied
from finsim.generators.events.habits.days.day_sizes import learn_sizes
from finsim.generators.events.habits.ledger import DAY, Ledger
from finsim.kernels.events.active_days import Spans, draw_days
from finsim.kernels.events.payments import draw_sizes

DAYS, MONDAY = 180, 18_000 // 7 * 7 + 4
WEEKDAY = np.arange(DAYS) % 7
HOLIDAYS, BUSY = [40, 95, 130], np.arange(150, 174)


def planted(count, seed, course=None):
    """Payments of Poisson numbers whose means are a rate of the entity times what the date is worth."""
    rng = np.random.default_rng(seed)
    if course is None:
        course = np.where(WEEKDAY < 4, 1.0, np.where(WEEKDAY < 6, 1.3, 0.7))
        course[BUSY] *= 1.4
        course[HOLIDAYS] *= 0.3
    counts = rng.poisson(np.exp(rng.normal(0, 0.6, count))[:, None] * course)
    counts[:, [0, -1]] = 1
    entity, day = np.nonzero(counts)
    entity, day = (np.repeat(one, counts[counts > 0]) for one in (entity, day))
    starts = np.searchsorted(entity, np.arange(count + 1)).astype(np.int64)
    alike = np.zeros(len(day))
    return Ledger(
        starts, entity, day, alike, np.zeros(len(day), np.int64), alike, 2, MONDAY * DAY, DAYS, True
    )


def nobody(ledger):
    return np.zeros(ledger.count, np.int64)


def drawn_again(lives, law, seed=5):
    """Active days and payments on each date of new days with the lives of the learned ones."""
    starts = np.concatenate([[0], np.cumsum(lives.active)]).astype(np.int64)
    days = np.zeros(starts[-1], np.int64)
    days[starts[:-1]] = lives.first
    spans, numbers = Spans(starts, lives.burst, law.own_weekdays(lives.weekdays)), np.arange(len(lives.first))
    draw_days(
        np.uint64(seed), numbers, spans, lives.last, law.calendar(DAYS, WEEKDAY), law.factor.copy(), days
    )
    group, tilts = law.size_group(lives.size, lives.crowded), law.day_tilts(DAYS, WEEKDAY)[days]
    sizes = np.empty(len(days), np.int64)
    draw_sizes(
        np.uint64(seed),
        numbers,
        starts,
        group,
        law.sizes.copy(),
        law.edges,
        tilts,
        sizes,
    )
    return np.bincount(days, minlength=DAYS), np.bincount(days, sizes, DAYS)


def figures(by_date):
    """Holidays, the busy weeks, Mondays, Saturdays and Sundays over the ordinary dates."""
    usual = np.setdiff1d(np.arange(1, 149), HOLIDAYS)
    parts = [np.array(HOLIDAYS), BUSY, *(usual[WEEKDAY[usual] == k] for k in (0, 5, 6))]
    return np.array([by_date[one].mean() for one in parts]) / by_date[usual].mean()


def test_new_days_have_the_calendar_of_the_learned_ones():
    ledger = planted(250, 1)
    lives, law = learn_activity(ledger, nobody(ledger))
    new = ledger.is_new_day()
    active, payments = drawn_again(lives, law)
    real = figures(np.bincount(ledger.day[new], minlength=DAYS)), figures(np.bincount(ledger.day))
    assert figures(active) == pytest.approx(real[0], abs=0.1)
    assert figures(payments) == pytest.approx(real[1], abs=0.13)
    by_weekday = np.array([law.shares[k == WEEKDAY].mean() for k in range(7)])
    assert law.weekly == pytest.approx(by_weekday, rel=0.02)
    # Holidays have fewer payments on an active day too, which active days alone do not bring.
    assert real[1][0] < 0.42 < 0.5 < real[0][0]
    assert figures(payments)[0] < figures(active)[0] - 0.08


def test_dates_that_differ_by_chance_are_drawn_to_the_usual():
    even = planted(120, 2, np.ones(DAYS))
    _, law = learn_activity(even, nobody(even))
    assert np.abs(np.log(law.shares[1:-1])).max() < 0.1
    assert np.abs(np.log(law.tilts[1:-1])).max() < 0.25


def test_who_is_active_on_most_days_is_no_noise():
    """A date stands out among entities active on nine days of ten, and not among as many rare ones."""
    seen = np.random.default_rng(3).binomial(20, 0.9, DAYS).astype(float)
    seen[60] = 12.0
    sure, unsure = (believed(seen, np.full(DAYS, 18.0), np.full(DAYS, noise)) for noise in (1.8, 18.0))
    assert sure[60] < 0.75 < 0.95 < unsure[60]


def test_entities_active_on_most_days_tell_of_a_date_that_differs_a_little():
    """Of 60 entities active on about 95 % of the days 12 are not on one: of rare ones that is chance."""
    rng = np.random.default_rng(8)
    counts = rng.poisson(3.0, (60, DAYS))
    counts[:12, 77] = 0
    counts[:, [0, -1]] = 1
    entity, day = np.nonzero(counts)
    entity, day = (np.repeat(one, counts[counts > 0]) for one in (entity, day))
    starts, alike = np.searchsorted(entity, np.arange(61)).astype(np.int64), np.zeros(len(day))
    ledger = Ledger(starts, entity, day, alike, alike.astype(np.int64), alike, 2, MONDAY * DAY, DAYS, True)
    _, law = learn_activity(ledger, nobody(ledger))
    assert law.shares[77] < 0.9


def test_each_weekday_keeps_what_it_has_where_its_dates_differ_widely():
    rng = np.random.default_rng(9)
    usual, wide = np.full(DAYS, 80.0), np.array([0.1, 0.1, 0.1, 1.2, 1.2, 0.1, 0.1])[WEEKDAY]
    seen = rng.poisson(usual * np.exp(rng.normal(0, wide))).astype(float)
    found, _ = course(seen, usual, usual, WEEKDAY)
    whole = [np.bincount(WEEKDAY, one, 7) for one in (usual * found, seen)]
    assert whole[0] == pytest.approx(whole[1], rel=0.03)


def test_a_holiday_is_believed_where_most_dates_are_alike():
    rng = np.random.default_rng(4)
    expected = np.full(DAYS, 100.0)
    seen = rng.poisson(expected).astype(float)
    seen[[20, 90]] = 40.0, 210.0
    found = believed(seen, expected, expected)
    assert found[20] == pytest.approx(0.4, abs=0.06)
    assert found[90] == pytest.approx(2.1, abs=0.15)
    assert np.abs(np.delete(found, [20, 90]) - 1.0).max() < 0.16


def test_values_are_drawn_to_their_mean_as_far_as_they_are_noise():
    values = np.array([0.5, 1.0, 1.5])
    assert steadied(values, np.zeros(3)).tolist() == values.tolist()
    assert steadied(values, np.full(3, values.var() / 4)) == pytest.approx([0.625, 1.0, 1.375])
    assert steadied(values, np.full(3, 9.0)).tolist() == [1.0, 1.0, 1.0]


def test_the_year_comes_again_with_its_weekdays():
    days, weekly = 380, np.array([1, 1, 1, 1, 1, 2.0, 0.5])
    weekday = np.arange(days) % 7
    season = 1.0 + 0.5 * (np.arange(365) >= 330)
    long = going_on(season * weekly[weekday[:365]], weekly, days, weekday)
    assert long[365:] == pytest.approx(weekly[weekday[365:]])
    short = going_on(weekly[weekday[:28]], weekly, days, weekday)
    assert short == pytest.approx(weekly[weekday])


def test_a_date_with_more_payments_has_its_mean_by_its_tilt():
    """The tilt of a date gives the mean size that is seen there, for entities with many and few payments."""
    rng = np.random.default_rng(6)
    entity, day = np.repeat(np.arange(400), 60), np.tile(np.arange(60), 400)
    rate = np.where(entity < 200, 0.3, 4.0) * np.where(day == 30, 2.0, 1.0)
    sizes = 1 + rng.poisson(rate)
    law, tilts, weekly = learn_sizes(entity, sizes, np.repeat([0, 1], 200), 2, day, np.arange(60) % 7)
    assert tilts[30] < 0.6
    assert np.abs(np.delete(tilts, 30) - 1.0).max() < 0.15
    assert weekly == pytest.approx(np.ones(7), abs=0.05)
    starts = np.arange(401) * 60
    drawn = np.empty(len(day), np.int64)
    edges = np.array([1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 19, 24, 32, 48, 72, 128, 256, 1_024, 8_192])
    draw_sizes(np.uint64(1), np.arange(400), starts, np.repeat([0, 1], 200), law, edges, tilts[day], drawn)
    ratio = drawn[day == 30].mean() / drawn[day != 30].mean()
    assert ratio == pytest.approx(sizes[day == 30].mean() / sizes[day != 30].mean(), abs=0.12)
