"""Planted faults in kernel arguments are found before a compiled kernel sees them."""

import numpy as np
import pytest

from finsim.kernels.argument_checks import bad_draws, bad_moves
from finsim.kernels.defaults import draw_losses
from finsim.kernels.ledger import OF_POT, Book, Moves, Plan, State

DRAWS = ("factors", "starts", "bucket", "loan", "losses", "hits")
NASTY = [np.nan, np.inf, -np.inf]


def draws():
    loan = np.tile([-2.0, 0.3, 100.0, 0.5], (6, 1))
    bucket = np.tile([0.0, 0.0, -2.0, 0.3, 0.3, 0.0, 1.0], (2, 1))
    return {
        "factors": np.zeros((4, 1)),
        "starts": np.array([0, 2, 6]),
        "bucket": bucket,
        "loan": loan,
        "losses": np.zeros(4),
        "hits": np.zeros(6, dtype=np.int64),
    }


def wrong_of(given):
    return bad_draws(*(given[name] for name in DRAWS))


def test_sound_arguments_pass_and_run():
    given = draws()
    assert wrong_of(given) == ""
    draw_losses(np.uint64(1), 0, *(given[name] for name in DRAWS))
    assert wrong_of({**given, "hits": np.zeros(0, dtype=np.int64)}) == ""


@pytest.mark.parametrize("value", NASTY)
@pytest.mark.parametrize(("name", "columns"), [("loan", 4), ("bucket", 7), ("factors", 1)])
def test_numbers_that_are_not_finite(name, columns, value):
    for column in range(columns):
        given = draws()
        given[name][1, column] = value
        assert wrong_of(given) != "", (name, column)


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        ("starts", np.array([0, 2, 7]), "do not cut 6 loans"),
        ("starts", np.array([0, 2, 5]), "do not cut 6 loans"),
        ("starts", np.array([1, 2, 6]), "do not cut 6 loans"),
        ("starts", np.array([-1, 2, 6]), "do not cut 6 loans"),
        ("starts", np.array([0, 9, 6]), "do not cut 6 loans"),
        ("starts", np.array([0, 6]), "2 bucket edges for 2 buckets"),
        ("hits", np.zeros(3, dtype=np.int64), "3 counters for 6 loans"),
        ("losses", np.zeros(3), "3 losses for 4 draws"),
        ("loan", np.zeros((6, 3)), "3 loan columns"),
        ("factors", np.zeros(4), "two dimensions"),
        ("factors", np.zeros((4, 0)), "outside 0 to -1"),
    ],
)
def test_indices_and_shapes(name, value, part):
    assert part in wrong_of({**draws(), name: value})


@pytest.mark.parametrize(
    ("name", "at", "value", "part"),
    [
        ("bucket", (0, 0), 1.0, "outside 0 to 0"),
        ("bucket", (1, 0), -1.0, "outside 0 to 0"),
        ("bucket", (1, 0), 0.5, "outside 0 to 0"),
        ("bucket", (1, 0), 1e300, "outside 0 to 0"),
        ("loan", (3, 2), -1.0, "row 3 is negative"),
        ("loan", (4, 1), -0.1, "row 4 is negative"),
    ],
)
def test_single_cells(name, at, value, part):
    given = draws()
    given[name][at] = value
    assert part in wrong_of(given)


def test_a_nan_that_got_through_ends_the_kernel_and_reads_nothing_outside():
    given = draws()
    given["bucket"][:, 2] = np.nan
    given["loan"][:, 0] = np.nan
    draw_losses(np.uint64(1), 0, *(given[name] for name in DRAWS))
    assert given["losses"].tolist() == [0.0] * 4


def moves():
    def whole(*values):
        return np.array(values, dtype=np.int64)

    orders = Moves(whole(0, 1), whole(1, 2), whole(10, 20), whole(-1, 0))
    book = Book(whole(100, 100, 100), whole(0, 0, 0), np.zeros(3, dtype=bool))
    plan = Plan(
        scheme=whole(0),
        mode=np.array([OF_POT], dtype=np.uint8),
        share=np.array([0.5]),
        low=whole(1),
        high=whole(0),
        step=whole(1),
        attempt=whole(0),
        retry=np.array([False]),
        tally=whole(0),
        until=whole(0),
        gate=whole(-1),
        gate_count=whole(0),
        abandon=np.array([False]),
        pot_from=whole(0),
        pot_to=whole(-1),
    )
    some = np.zeros(1, dtype=np.uint8)
    state = State(some, whole(0), whole(0), whole(0), whole(0), some, whole(0), whole(0), whole(0), whole(5))
    return orders, book, plan, state


def test_sound_orders_pass():
    assert bad_moves(*moves()) == ""


@pytest.mark.parametrize(
    ("part", "name", "value", "words"),
    [
        (0, "payer", 3, "payer 3 at row 0"),
        (0, "payee", -1, "payee -1 at row 0"),
        (0, "row", 1, "plan row 1"),
        (0, "row", -3, "plan row -3"),
        (0, "amount", -5, "amount of order 0 is negative"),
        (2, "scheme", 1, "scheme 1"),
        (2, "attempt", 1, "attempt slot 1"),
        (2, "tally", -1, "tally slot -1"),
        (2, "gate", 1, "gate slot 1"),
        (2, "pot_from", -1, "pot of a share -1"),
        (2, "pot_to", 7, "paid pot 7"),
        (2, "share", np.nan, "share of the plan is not finite"),
    ],
)
def test_planted_faults_of_orders(part, name, value, words):
    given = list(moves())
    getattr(given[part], name)[0] = value
    assert words in bad_moves(*given)


def test_columns_of_different_lengths():
    orders, book, plan, state = moves()
    assert "different lengths" in bad_moves(orders._replace(payer=orders.payer[:1]), book, plan, state)
    assert "different lengths" in bad_moves(orders, book._replace(overdraft=book.overdraft[:1]), plan, state)
    assert "different lengths" in bad_moves(orders, book, plan._replace(low=plan.low[:0]), state)
    assert "different lengths" in bad_moves(orders, book, plan, state._replace(tried=state.tried[:0]))
