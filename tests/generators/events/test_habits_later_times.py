"""Times beside the time of a payment: a booking day is a day, as long behind as in the data."""

from dataclasses import replace

import numpy as np
import pytest
from echo_ledgers import statement
from event_logs import DAY
from standing_ledgers import ledger

from finsim.generators.events.habits.cells.later_times import is_wait, times_after, waits
from finsim.generators.events.habits.habits import Habits
from finsim.generators.generator import Budget
from finsim.randomness import Streams
from finsim.records.mixed_table import MISSING_TIME, TIME, MixedColumn


def booked(log, step=DAY):
    """Return the log with a booking day: the day behind that of the payment, of a tenth none."""
    values = log.times // DAY * DAY + DAY
    values[::10] = MISSING_TIME
    return replace(
        log, events=log.events.with_columns({"booked": MixedColumn(TIME, values, step=float(step))})
    )


@pytest.mark.parametrize("made", [ledger, statement])
def test_booked_on_the_next_day(made):
    """Ordinary rows, standing payments, refunds and second sides alike."""
    log = booked(made())
    model = Habits.fit(log, Habits.Settings(), Streams(1), Budget(), lambda *_: None)
    found = model.sample(log.count, Streams(2))
    days, there = found.events["booked"], ~found.events["booked"].missing()
    assert there.mean() == pytest.approx(0.9, abs=0.03)
    assert (days.values[there] == (found.times // DAY * DAY + DAY)[there]).all()


def test_days_behind_are_whole_days_of_those_seen():
    """One or eleven days behind: no day between them is ever drawn."""
    log = ledger(plant=False)
    far = np.where(np.random.default_rng(4).random(len(log.times)) < 0.3, 11, 1)
    cells = MixedColumn(TIME, log.times // DAY * DAY + far * DAY, step=float(DAY))
    log = replace(log, events=log.events.with_columns({"booked": cells}))
    found = Habits.fit(log, Habits.Settings(), Streams(1), Budget(), lambda *_: None).sample(80, Streams(2))
    behind = (found.events["booked"].values - found.times // DAY * DAY) / DAY
    days, counts = np.unique(behind, return_counts=True)
    assert set(days) == {1.0, 11.0}
    assert counts[1] / counts.sum() == pytest.approx(0.3, abs=0.04)


def test_a_wait_is_spread_no_more_than_the_days():
    times = np.arange(0, 40 * DAY, DAY // 2)
    one = MixedColumn(TIME, np.zeros(len(times), np.int64), step=float(DAY))
    assert not is_wait(one, times)
    assert is_wait(one, times // (40 * DAY))
    assert is_wait(one.with_values(times // DAY * DAY + DAY), times)
    assert not is_wait(one.with_values(np.full(len(times), MISSING_TIME)), times)
    holes = np.where(np.arange(len(times)) % 2, MISSING_TIME, times // DAY * DAY + DAY)
    assert is_wait(one.with_values(holes), times)


def test_entities_of_one_day_each_are_booked_on_the_day_of_the_new_payment():
    """Every entity pays on one day and is booked on the next: it tells the date no better than the wait."""
    log = ledger(plant=False)
    day = log.begin + log.entity() % 9 * DAY
    columns = {
        str(log.roles.time): MixedColumn(TIME, day, step=float(DAY)),
        "booked": MixedColumn(TIME, day + DAY, step=float(DAY)),
    }
    log = replace(log, events=log.events.with_columns(columns))
    found = Habits.fit(log, Habits.Settings(), Streams(1), Budget(), lambda *_: None).sample(60, Streams(2))
    assert (found.events["booked"].values == found.times + DAY).all()


def test_a_step_cuts_the_payment_and_no_step_leaves_it():
    times = np.array([DAY // 2, 3 * DAY - 1])
    column = MixedColumn(TIME, np.array([DAY, MISSING_TIME]), step=float(DAY))
    np.testing.assert_array_equal(waits(column, times), [DAY, 0])
    np.testing.assert_array_equal(waits(replace(column, step=0.0), times), [DAY // 2, 0])
    np.testing.assert_array_equal(times_after(times, np.array([DAY, MISSING_TIME]), DAY), [DAY, MISSING_TIME])
    np.testing.assert_array_equal(times_after(times, np.array([7, 8]), 0.0), times + np.array([7, 8]))
