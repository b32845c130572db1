"""A transfer that stands on both sides is one payment of a learned world."""

from types import SimpleNamespace

import numpy as np

from finsim.agents.vocabulary import OUTSIDE
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
