"""The ledger kernel against its plain twin, on random plans and on nasty ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import ledger as naive

from finsim.kernels.ledger import (
    BY_ABANDON,
    BY_DECLINES,
    BY_SUCCESS,
    DECLINED,
    FIXED,
    NO_BLOCKS,
    OF_ATTEMPT,
    OF_AVAILABLE,
    OF_BALANCE,
    OF_POT,
    OF_PREVIOUS,
    POSTED,
    SKIPPED,
    Book,
    Moves,
    Plan,
    Rows,
    State,
    post_moves,
)

STATUS = {POSTED: "posted", DECLINED: "declined"}
STOPS = {0: "running", BY_DECLINES: "declines", BY_ABANDON: "abandoned", BY_SUCCESS: "success"}
TYPES = {
    "mode": np.uint8,
    "share": np.float64,
    "retry": np.bool_,
    "abandon": np.bool_,
}
BLANK = {
    "scheme": 0,
    "mode": FIXED,
    "share": 1.0,
    "low": 1,
    "high": 0,
    "step": 1,
    "attempt": 0,
    "retry": False,
    "tally": 0,
    "until": 0,
    "gate": -1,
    "gate_count": 0,
    "abandon": False,
    "pot_from": -1,
    "pot_to": -1,
}


def both(orders, balances, overdrafts, external, steps, limits=((0, 0),)):
    """Return rows and stops of the kernel after checking that they equal the twin's."""
    slots = 1 + max(
        (max(s["attempt"], s["tally"], s["pot_from"], s["pot_to"], s["gate"]) for s in steps), default=0
    )
    plan = Plan(*(np.array([s[f] for s in steps], dtype=TYPES.get(f, np.int64)) for f in Plan._fields))
    schemes = len(limits)
    state = State(
        np.zeros(schemes, np.uint8),
        np.zeros(schemes, np.int64),
        np.zeros(schemes, np.int64),
        np.array([a for a, _ in limits], dtype=np.int64),
        np.array([b for _, b in limits], dtype=np.int64),
        np.zeros(slots, np.uint8),
        *(np.zeros(slots, np.int64) for _ in range(4)),
    )
    book = Book(np.array(balances, np.int64), np.array(overdrafts, np.int64), np.array(external, np.bool_))
    columns = list(zip(*orders, strict=True)) if orders else [(), (), (), ()]
    moves = Moves(
        np.array(columns[0], np.int32),
        np.array(columns[1], np.int32),
        np.array(columns[2], np.int64),
        np.array([-1 if k is None else k for k in columns[3]], np.int32),
    )
    size = len(orders)
    rows = Rows(np.zeros(size, np.uint8), *(np.zeros(size, np.int64) for _ in range(3)))
    post_moves(moves, book, plan, state, rows, NO_BLOCKS)
    plain = list(balances)
    told, story = naive.post(orders, plain, overdrafts, external, steps, dict(enumerate(limits)))
    for i, entry in enumerate(told):
        if entry is None:
            assert rows.status[i] == SKIPPED
        else:
            found = (STATUS[rows.status[i]], rows.amount[i], rows.payer_after[i], rows.payee_after[i])
            assert found == entry
    assert book.balance.tolist() == plain
    assert [STOPS[code] for code in state.stopped] == [story.stopped[s] for s in range(schemes)]
    assert sum(plain) == sum(balances)
    return told, [STOPS[code] for code in state.stopped]


def random_case(rng):
    accounts = int(rng.integers(2, 7))
    steps = [
        {
            "scheme": int(rng.integers(3)),
            "mode": int(rng.integers(6)),
            "share": float(rng.choice([0, 0.3, 0.5, 1, 1.7])),
            "low": int(rng.choice([1, 1, 50])),
            "high": int(rng.choice([0, 0, 300])),
            "step": int(rng.choice([1, 100, -1, -2, -3, -4, -54])),
            "attempt": int(rng.integers(5)),
            "retry": bool(rng.random() < 0.3),
            "tally": int(rng.integers(4)),
            "until": int(rng.choice([0, 0, 2])),
            "gate": int(rng.choice([-1, -1, 0, 1])),
            "gate_count": int(rng.integers(3)),
            "abandon": bool(rng.random() < 0.2),
            "pot_from": int(rng.integers(4)),
            "pot_to": int(rng.integers(-1, 4)),
        }
        for _ in range(12)
    ]
    orders = [
        (
            int(rng.integers(accounts)),
            int(rng.integers(accounts)),
            int(rng.integers(1, 900)),
            None if rng.random() < 0.5 else int(rng.integers(12)),
        )
        for _ in range(60)
    ]
    balances = rng.integers(-200, 1_500, accounts).tolist()
    overdrafts = rng.choice([0, 0, 250], accounts).tolist()
    external = (rng.random(accounts) < 0.25).tolist()
    limits = [(int(rng.choice([0, 2])), int(rng.choice([0, 800]))) for _ in range(3)]
    return orders, balances, overdrafts, external, steps, limits


@pytest.mark.parametrize("seed", range(150))
def test_kernel_equals_its_twin_on_random_plans(seed):
    both(*random_case(np.random.default_rng(seed)))


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(1, 10**12)), max_size=40),
    st.lists(st.integers(-(10**12), 10**12), min_size=4, max_size=4),
)
def test_money_is_conserved_and_nobody_falls_below_the_overdraft(triples, balances):
    orders = [(a, b, amount, None) for a, b, amount in triples]
    told, _ = both(orders, balances, [0, 500, 0, 0], [False, False, False, True], [BLANK])
    for (payer, payee, *_), (status, _, after, _) in zip(orders, told, strict=True):
        if status == "posted" and payer in (0, 2) and payer != payee:
            assert after >= 0


def test_no_orders_at_all():
    assert both([], [1, 2], [0, 0], [False, False], [BLANK])[0] == []


def test_the_last_cent_can_be_spent_and_not_one_more():
    told, _ = both([(0, 1, 150, None), (0, 1, 1, None)], [100, 0], [50, 0], [False, False], [BLANK])
    assert [entry[0] for entry in told] == ["posted", "declined"]


def test_a_declined_payment_is_halved_until_it_fits():
    step = {**BLANK, "attempt": 0}
    retry = {**step, "retry": True, "mode": OF_ATTEMPT, "share": 0.5}
    orders = [(0, 1, 900, 0), (0, 1, 0, 1), (0, 1, 0, 2), (0, 1, 0, 3)]
    told, _ = both(orders, [300, 0], [0, 0], [False, False], [step, retry, retry, retry])
    assert [entry and entry[:2] for entry in told] == [
        ("declined", 900),
        ("declined", 450),
        ("posted", 225),
        None,
    ]


def test_pot_passes_on_only_what_the_scheme_brought():
    inward = {**BLANK, "pot_to": 1}
    onward = {**BLANK, "attempt": 1, "mode": OF_POT, "share": 0.9, "pot_from": 1, "pot_to": 2}
    orders = [(0, 1, 1_000, 0), (1, 2, 0, 1), (1, 2, 0, 1)]
    told, _ = both(orders, [5_000, 70_000, 0], [0, 0, 0], [False] * 3, [inward, onward])
    assert [entry[1] for entry in told] == [1_000, 900, 90]


def test_growth_waits_for_a_first_success():
    start = {**BLANK, "mode": OF_AVAILABLE, "share": 0.1, "tally": 1}
    grown = {**BLANK, "mode": OF_PREVIOUS, "share": 2.0, "attempt": 1, "tally": 1}
    told, _ = both(
        [(0, 1, 0, 1), (0, 1, 0, 0), (0, 1, 0, 1)], [1_000, 0], [0, 0], [False] * 2, [start, grown]
    )
    assert [entry and entry[1] for entry in told] == [None, 100, 200]


def test_too_small_a_share_of_a_balance_is_tried_as_the_least_sum():
    step = {**BLANK, "mode": OF_BALANCE, "share": 0.5, "low": 40}
    told, _ = both([(0, 1, 0, 0)], [10, 0], [0, 0], [False] * 2, [step])
    assert told[0][:2] == ("declined", 40)


def test_stops_by_declines_and_by_success():
    step = {**BLANK}
    _, stops = both([(0, 1, 90, 0)] * 4, [50, 0], [0, 0], [False] * 2, [step], [(3, 0)])
    assert stops == ["declines"]
    _, stops = both([(0, 1, 90, 0)] * 4, [500, 0], [0, 0], [False] * 2, [step], [(3, 150)])
    assert stops == ["success"]
