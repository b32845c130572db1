"""A transfer that stands on both sides is one payment of a learned world."""

from types import SimpleNamespace

import numpy as np
import pytest

from finsim.agents.vocabulary import OUTSIDE
from finsim.engine.learned_payments.counted_once import turned_twice
from finsim.engine.learned_payments.life_orders import Places, life_orders
from finsim.engine.learned_payments.training_ledger import Direction, PaymentLedger
from finsim.records.event_log import EventLog, EventRoles
from finsim.records.mixed_table import NUMBER, TIME, WORD, MixedColumn, MixedTable

DAY = 86_400_000_000_000


def test_second_sides_are_no_payments_and_turned_rows_go_the_other_way():
    """Entity 0 pays 1 twice alike, both with second sides; 1 pays 0 back, in a turned row of 0."""
    way = np.array([0, 1, 0, 1, 0], dtype=np.int32)
    columns = {
        "when": MixedColumn(TIME, np.array([1, 1, 1, 1, 2]) * DAY),
        "other": MixedColumn(WORD, np.ones(5, np.int32), ("a", "b")),
        "way": MixedColumn(WORD, way, ("out", "in")),
        "sum": MixedColumn(NUMBER, np.full(5, 3.0), step=0.01),
    }
    log = EventLog(
        MixedTable(columns, 5), np.array([0, 5, 5]), MixedTable({}, 2),
        EventRoles("when", "sum", "other", direction="way"), 0, 9 * DAY, True,
        np.array([False, True, False, True, True]),
    )  # fmt: skip
    words = SimpleNamespace(purpose=np.array([-1]), channel=np.array([-1]), category=np.zeros(0, np.int8))
    ledger = PaymentLedger(
        SimpleNamespace(),
        log,
        (),
        "EUR",
        "account to account",
        np.zeros(0, np.bool_),
        Direction(frozenset({0}), 1),
        words,
    )
    places = Places(2, 2, dict.fromkeys(OUTSIDE, 9), 10)
    orders = life_orders(log, ledger, places, 0)
    assert orders.payer.tolist() == [0, 0, 1]
    assert orders.payee.tolist() == [1, 1, 0]
    assert orders.amount.tolist() == [300, 300, 300]


def _naive(turned, entity, other, pays, cents, times, reach):
    """Each row takes the earliest open one of the other kind; the later row is the second side."""
    found = set()
    for first in (False, True):
        firsts = [k for k in range(len(turned)) if turned[k] == first and k not in found]
        seconds = [k for k in range(len(turned)) if turned[k] != first and k not in found]
        for one in sorted(firsts, key=lambda k: (times[k], k)):
            same = (
                k for k in sorted(seconds, key=lambda k: (times[k], k))
                if k not in found and 0 <= times[k] - times[one] <= reach
                and (entity[k], other[k], pays[k], cents[k])
                == (entity[one], other[one], pays[one], cents[one])
            )  # fmt: skip
            second = next(same, None)
            if second is not None:
                found.add(second)
    return [k in found for k in range(len(turned))]


@pytest.mark.parametrize("seed", range(20))
def test_second_sides_are_those_that_a_search_row_by_row_finds(seed):
    rng = np.random.default_rng(seed)
    size, reach = 60, 5
    turned, pays = rng.random((2, size)) < 0.5
    entity, other = rng.integers(0, 2, size), rng.integers(2, 4, size)
    cents, times = rng.integers(1, 3, size).astype(float), np.sort(rng.permutation(100)[:size])
    found = turned_twice(turned, (entity, other, pays), cents, times, reach)
    assert found.tolist() == _naive(turned, entity, other, pays, cents, times, reach)
    assert found.any()


@pytest.mark.parametrize(("reach", "days", "is_second"), [
    (0, 0, True), (0, 1, False), (DAY, 1, True), (DAY, 2, True), (DAY, 3, False), (2 * DAY, 3, True),
    (DAY // 24, 1, False),
])  # fmt: skip
def test_a_booking_day_may_lie_one_day_beyond_the_reach(reach, days, is_second):
    turned, one = np.array([False, True]), np.zeros(2, np.int64)
    times = np.array([0, days * DAY])
    found = turned_twice(turned, (one, one + 1, np.array([True, True])), np.full(2, 5.0), times, reach)
    assert found.tolist() == [False, is_second]


def test_payments_of_other_sums_ways_and_entities_are_no_second_sides():
    turned, times = np.array([False, True]), np.array([0, 0])
    for entity, other, pays, cents in (
        ([0, 1], [2, 2], [True, True], [5.0, 5.0]), ([0, 0], [2, 3], [True, True], [5.0, 5.0]),
        ([0, 0], [2, 2], [True, False], [5.0, 5.0]), ([0, 0], [2, 2], [True, True], [5.0, 6.0]),
    ):  # fmt: skip
        parties = (np.array(entity), np.array(other), np.array(pays))
        assert not turned_twice(turned, parties, np.array(cents), times, 9 * DAY).any()
