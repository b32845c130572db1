"""A further date lies on days on which real ones lie: no booking on a Saturday, none on a holiday."""

from dataclasses import replace

import numpy as np
import pytest
from event_logs import BEGIN, DAY, DAYS, assembled, words

from finsim.generators.events.habits import Habits
from finsim.generators.events.habits.cells.calendar_places import calendar_place, few_alone, place_of_few
from finsim.generators.events.habits.cells.open_days import (
    OpenDays,
    learn_open_days,
    on_open_days,
    with_open_waits,
)
from finsim.generators.generator import Budget
from finsim.randomness import Streams
from finsim.records.event_log import EventRoles
from finsim.records.mixed_table import MISSING_TIME, NUMBER, TIME, MixedColumn, MixedTable

FIRST = BEGIN // DAY
HOLIDAY = FIRST + 60 + (7 - (FIRST + 60 + 3) % 7) % 7  # a Monday


def is_open(day):
    return ((day + 3) % 7 < 5) & (day != HOLIDAY)


def booked(count=90, rows=60, seed=0, *, late=False):
    """Payments on all days, booked on the first or the second open day on or after them.

    ``late``: those of the last three days of a month a week later.
    """
    rng = np.random.default_rng(seed)
    entity = np.repeat(np.arange(count), rows)
    day = FIRST + rng.integers(0, DAYS, len(entity))
    steps = 1 + rng.integers(0, 2, len(entity)) + 5 * (late & (calendar_place(day * DAY) >= 7))
    opened = np.flatnonzero(is_open(np.arange(FIRST + DAYS + 60)))
    cell = opened[np.searchsorted(opened, day) + steps - 1] * DAY
    cell[rng.random(len(day)) < 0.05] = MISSING_TIME
    columns = {
        "paid": MixedColumn(TIME, day * DAY, step=float(DAY)),
        "booked": MixedColumn(TIME, cell, step=float(DAY)),
        "to": words(rng.integers(0, 12, len(day)), [f"p{k}" for k in range(12)]),
        "sum": MixedColumn(NUMBER, np.round(rng.lognormal(3, 1, len(day)), 2), step=0.01),
    }  # fmt: skip
    return assembled(
        entity, day * DAY, columns, EventRoles("paid", "sum", "to"), MixedTable({}, count)
    )  # fmt: skip


def sampled(data, count=None):
    body = Habits.fit(data, Habits.Settings(), Streams(1), Budget(), lambda share, text: None)
    return body, body.sample(count or data.count, Streams(2))


def cells(log):
    there = ~log.events["booked"].missing()
    return log.events["booked"].values[there] // DAY, log.times[there] // DAY


@pytest.fixture(scope="module")
def both():
    data = booked()
    return data, *sampled(data)


def test_no_cell_lies_on_a_closed_day(both):
    data, _, found = both
    day, paid = cells(found)
    assert is_open(day).all()
    assert (day >= paid).all()
    real = np.subtract(*cells(data))
    for lag in range(6):
        assert ((day - paid) == lag).mean() == pytest.approx((real == lag).mean(), abs=0.03)


def test_the_model_comes_back_with_its_open_days(both):
    _, body, found = both
    again = Habits.from_state(body.state()).sample(found.count, Streams(2))
    assert again.digest() == found.digest()


def test_a_longer_period_has_the_same_weekdays(both):
    day = cells(both[1].sample(30, Streams(3), days=3 * DAYS))[0]
    assert ((day + 3) % 7 < 5).all()
    assert day.max() > FIRST + 2 * DAYS


def test_waits_and_cells_are_each_other_turned(both):
    data = both[0]
    laws = learn_open_days(data)
    assert laws["booked"].closed.tolist() == [HOLIDAY]
    assert laws["booked"].weekdays.tolist() == [1, 1, 1, 1, 1, 0, 0]
    waits = with_open_waits(data, laws)
    lag = np.subtract(*cells(waits))
    assert set(lag.tolist()) == {0, 1}
    back = on_open_days(waits.events, data.roles, laws)
    np.testing.assert_array_equal(back["booked"].values, data.events["booked"].values)


def test_waits_back_in_time_and_with_hours():
    law = OpenDays(np.array([1, 1, 1, 1, 1, 0, 0]), np.zeros(0, np.int64))
    friday = FIRST + (4 - (FIRST + 3) % 7) % 7
    hour = DAY // 24
    assert law.waits(np.array([(friday + 3) * DAY]), np.array([friday * DAY])).tolist() == [DAY]
    assert law.waits(np.array([friday * DAY]), np.array([(friday + 3) * DAY])).tolist() == [-DAY]
    times = np.array([(friday + 1) * DAY + 5 * hour, friday * DAY + 5 * hour])
    assert law.after(times, np.array([9 * hour, DAY])).tolist() == [
        (friday + 3) * DAY + 9 * hour, (friday + 3) * DAY + 5 * hour
    ]  # fmt: skip


def test_a_ledger_open_every_day_is_left_as_it_is():
    data = booked(20)
    column = data.events["booked"]
    every = data.events.with_columns({"booked": column.with_values(data.times + DAY)})
    log = type(data)(every, data.starts, data.entities, data.roles, data.begin, data.end)
    assert learn_open_days(log) == {}
    assert with_open_waits(log, {}) is log


def next_open(count, rows, same_day=False):
    """Return payments of all days, booked on the next open day: on Monday from Friday on."""
    data = booked(count, rows)
    every = np.arange(FIRST + DAYS + 60)
    opened, day = every[(every + 3) % 7 < 5], data.times // DAY
    cell = opened[np.searchsorted(opened, day, side="left" if same_day else "right")] * DAY
    events = data.events.with_columns({"booked": data.events["booked"].with_values(cell)})
    return replace(data, events=events)


def test_a_small_ledger_books_on_the_next_open_day():
    data = next_open(12, 22)
    law = learn_open_days(data)["booked"]
    assert law.back
    assert set(law.waits(data.events["booked"].values, data.times).tolist()) == {DAY}
    body, found = sampled(data, 40)
    day, paid = cells(found)
    friday = (paid + 3) % 7
    assert (day - paid == np.where(friday < 4, 1, 7 - friday)).all()
    assert Habits.from_state(body.state()).sample(40, Streams(2)).digest() == found.digest()


def test_cells_with_hours_are_counted_from_the_next_open_day():
    """Hours of a closed day have no place on the day before."""
    data = next_open(12, 22)
    column = replace(data.events["booked"], step=float(DAY // 24))
    data = replace(data, events=data.events.with_columns({"booked": column}))
    assert not learn_open_days(data)["booked"].back


def test_payments_of_closed_days_booked_with_those_of_the_next_count_from_it():
    data = next_open(12, 22, same_day=True)
    law = learn_open_days(data)["booked"]
    assert not law.back
    assert set(law.waits(data.events["booked"].values, data.times).tolist()) == {0}


def test_waits_from_the_last_open_day_and_back():
    law = OpenDays(np.array([1, 1, 1, 1, 1, 0, 0]), np.zeros(0, np.int64), True)
    friday = FIRST + (4 - (FIRST + 3) % 7) % 7
    paid = (friday + np.arange(4)) * DAY
    assert law.waits(np.full(4, (friday + 4) * DAY), paid).tolist() == [2 * DAY] * 3 + [DAY]
    assert law.after(paid, np.full(4, DAY)).tolist() == [(friday + k) * DAY for k in (3, 3, 3, 4)]


@pytest.mark.parametrize(("weeks", "each", "closed"), [(6, 4, True), (3, 10, False), (6, 1, False)])
def test_few_weeks_or_cells_close_no_weekday(weeks, each, closed):
    """Cells on the working days of some weeks, ``each`` a day."""
    data = booked(1, 5 * weeks * each)
    day = FIRST + np.arange(7 * weeks)
    day = np.repeat(day[(day + 3) % 7 < 5], each)
    cell = MixedColumn(TIME, day * DAY, step=float(DAY))
    data = replace(data, events=data.events.with_columns({"booked": cell}))
    assert ("booked" in learn_open_days(data)) == closed


def test_month_ends_wait_longer():
    data = booked(late=True)
    _, found = sampled(data)
    lags = []
    for log in (data, found):
        day, paid = cells(log)
        place = calendar_place(paid * DAY) >= 7
        lags.append(((day - paid)[place].mean(), (day - paid)[~place].mean()))
    assert lags[1] == pytest.approx(lags[0], abs=0.35)
    assert lags[1][0] > lags[1][1] + 4


def test_days_of_few_rows_share_a_law():
    context = np.array([0] * 50 + [3] * 5 + [4] * 5)
    present = np.ones(60, np.bool_)
    assert np.unique(few_alone(context, present)).tolist() == [0, 14]
    place = np.zeros(16, np.int64)
    place[0], place[14] = 1, 2
    found = place_of_few(place, context, present)
    assert found[[0, 3, 4, 7, 14]].tolist() == [1, 2, 2, 2, 2]


def test_last_days_of_months():
    days = np.arange("2024-02-20", "2024-03-03", dtype="datetime64[D]").astype(np.int64) * DAY
    place = calendar_place(days)
    assert (place >= 7).tolist() == [False] * 7 + [True] * 3 + [False] * 2
    assert place[0] == 1


def with_transfers(count=30, rows=40):
    """Cards are booked on the next open day, transfers at once, on Monday where it is a weekend."""
    cards, other = next_open(count, rows), next_open(count, rows, same_day=True)
    word = np.arange(count * rows) % 3 == 0
    cell = np.where(word, other.events["booked"].values, cards.events["booked"].values)
    how = words(word.astype(int), ["card", "transfer"])
    events = cards.events.with_columns({"booked": cards.events["booked"].with_values(cell), "how": how})
    return replace(cards, events=events, roles=EventRoles("paid", "sum", "to", channel="how"))


def test_words_of_another_column_tell_how_waits_count():
    data = with_transfers()
    law = learn_open_days(data)["booked"]
    assert (law.column, law.never) == ("how", True)
    waits = with_open_waits(data, {"booked": law})
    lag, how = np.subtract(*cells(waits)), data.events["how"].values
    assert set(lag[how == 0].tolist()) == {1}
    assert set(lag[how == 1].tolist()) == {0}
    back = on_open_days(waits.events, data.roles, {"booked": law})
    np.testing.assert_array_equal(back["booked"].values, data.events["booked"].values)
    body, found = sampled(data)
    day, paid = cells(found)
    weekday, card = (paid + 3) % 7, found.events["how"].values == 0
    monday = np.where(weekday < 5, 0, 7 - weekday)
    assert (day - paid == np.where(card, np.where(weekday < 4, 1, 7 - weekday), monday)).all()
    assert Habits.from_state(body.state()).sample(30, Streams(2)).digest() == found.digest()


def test_nothing_is_booked_before_where_nothing_was():
    never = OpenDays(np.array([1, 1, 1, 1, 1, 0, 0]), np.zeros(0, np.int64), True, never=True)
    friday = FIRST + (4 - (FIRST + 3) % 7) % 7
    paid = (friday + np.arange(4)) * DAY
    assert never.after(paid, np.zeros(4, np.int64)).tolist() == [(friday + k) * DAY for k in (0, 3, 3, 3)]
    before = replace(never, never=False)
    assert before.after(paid, np.zeros(4, np.int64)).tolist() == [(friday + k) * DAY for k in (0, 0, 0, 3)]
    data = next_open(12, 22)
    early = data.events["booked"].values - np.where(np.arange(data.events.rows) % 50 == 0, 7 * DAY, 0)
    data = replace(
        data, events=data.events.with_columns({"booked": data.events["booked"].with_values(early)})
    )
    assert not learn_open_days(data)["booked"].never
