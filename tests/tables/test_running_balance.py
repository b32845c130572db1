"""A running balance is found by its arithmetic, in whatever order and with whatever signs it runs."""

import numpy as np
import pytest

from finsim.tables.proposing.statements.side_headers import side_of
from finsim.tables.statements.openings import Openings, falls, learn_openings
from finsim.tables.statements.running_balance import (
    RunningBalance,
    Statement,
    best_running,
    broken,
    follow,
    running_balance,
)
from finsim.tables.statements.two_sides import two_sides

DAY = 86_400 * 10**9


def ledger(seed=0, accounts=12, rows=40, *, signed=True):
    """Return rows of accounts in order of time, several a day, and their balances."""
    rng = np.random.default_rng(seed)
    account = np.repeat(np.arange(accounts), rows)
    time = np.sort(rng.integers(0, 25, (accounts, rows)), axis=1).reshape(-1) * DAY
    size, out = np.round(rng.lognormal(3, 1, len(account)), 2), rng.random(len(account)) < 0.6
    move = np.where(out, -size, size)
    balance = np.round(np.cumsum(move.reshape(accounts, rows), axis=1) + 100.0, 2).reshape(-1)
    words = {"way": out + 1, "noise": rng.integers(1, 4, len(account))}
    return Statement(account, {"time": time}, move if signed else size, words), balance


def turned(rows, balance):
    """Return the file with the newest rows first."""
    back = np.arange(len(balance))[::-1]
    return rows.take(back), balance[back]


def test_a_signed_balance_is_found():
    rows, balance = ledger()
    assert running_balance(rows, balance) == RunningBalance("time", False, False, "", (1,), 1.0)


def test_newest_first_is_found_as_such():
    found = running_balance(*turned(*ledger()))
    assert found is not None
    assert (found.back, found.before, found.signs) == (True, False, (1,))


def test_debits_without_a_sign_are_told_by_their_word():
    found = running_balance(*ledger(signed=False))
    assert found is not None
    assert (found.word, found.signs[1:]) == ("way", (1, -1))


def test_a_balance_before_its_row():
    rows, balance = ledger()
    found = running_balance(rows, np.round(balance - rows.amount, 2))
    assert found is not None
    assert found.before


def test_outflows_above_zero_have_the_other_sign():
    rows, balance = ledger()
    other = Statement(rows.account, rows.times, -rows.amount, {})
    found = running_balance(other, balance)
    assert found is not None
    assert found.signs == (-1,)


def test_of_several_times_the_one_is_found_in_whose_order_it_runs():
    rows, balance = ledger()
    booked = np.random.default_rng(1).integers(0, 25, len(balance)) * DAY
    found = running_balance(Statement(rows.account, {"paid": booked, **rows.times}, rows.amount, {}), balance)
    assert found is not None
    assert found.time == "time"


@pytest.mark.parametrize(("lost", "is_found"), [(0.03, True), (0.2, False)])
def test_a_file_may_lack_a_few_rows(lost, is_found):
    rows, balance = ledger(rows=200)
    kept = np.random.default_rng(2).random(len(balance)) >= lost
    assert (running_balance(rows.take(kept), balance[kept]) is not None) == is_found
    best = best_running(rows.take(kept), balance[kept])
    assert best is not None
    assert best.holds == pytest.approx(1 - lost, abs=0.03)


def test_what_is_like_a_balance_is_none():
    rows, balance = ledger()
    rng = np.random.default_rng(3)
    assert running_balance(rows, balance[rng.permutation(len(balance))]) is None
    assert running_balance(rows, np.full(len(balance), 7.0)) is None
    assert running_balance(rows, np.abs(rows.amount)) is None
    assert running_balance(rows, np.round(balance * 1.01, 2)) is None


def test_balances_of_some_rows_alone():
    rows, balance = ledger(rows=200)
    shown = np.where(np.random.default_rng(4).random(len(balance)) < 0.5, balance, np.nan)
    found = running_balance(rows, shown)
    assert found is not None
    assert found.holds == 1.0


def test_the_row_that_breaks_is_named():
    rows, balance = ledger()
    how = running_balance(rows, balance)
    assert how is not None
    assert not broken(rows, balance, how).any()
    balance[57:80] += 1.0
    assert np.flatnonzero(broken(rows, balance, how)).tolist() == [57, 80] or not (
        (rows.account[79] == rows.account[80]) and (rows.account[56] == rows.account[57])
    )


def test_half_a_cent_is_the_tolerance():
    level, move = np.array([0.0, 1.0, 2.01]), np.array([0.0, 1.0, 1.0])
    account = np.zeros(3, np.int64)
    assert follow(level, move, account, False, 0.005).tolist() == [1, 0]
    assert follow(level, move, account, False, 0.02).tolist() == [1, 1]
    assert follow(level, move, np.array([0, 0, 1]), False, 0.005).tolist() == [1]


def test_a_balance_that_moves_by_itself_does_not_follow():
    account, still = np.zeros(3, np.int64), np.zeros(3)
    assert follow(np.array([5.0, 6.0, 6.0]), still, account, False, 0.005).tolist() == [0, -1]


def test_no_opening_leads_below_the_lowest_balance():
    rng = np.random.default_rng(5)
    low, fall = rng.normal(-100, 300, 400), rng.lognormal(6, 1, 400)
    law = learn_openings(low, fall)
    opening = law.draw(fall, rng.random(400))
    assert (opening - fall).min() >= low.min()
    assert ((opening - fall) < 0).mean() == pytest.approx((low < 0).mean(), abs=0.06)
    again = Openings.from_dict(law.to_dict())
    assert (again.draw(fall, np.full(400, 0.3)) == law.draw(fall, np.full(400, 0.3))).all()


def test_who_falls_far_had_much():
    fall = np.concatenate([np.full(60, 10.0), np.full(60, 5_000.0)])
    law = learn_openings(np.concatenate([np.full(60, 5.0), np.full(60, -700.0)]), fall)
    assert law.draw(np.array([10.0, 5_000.0]), np.array([0.5, 0.5])).tolist() == [15.0, 4_300.0]


def test_falls_are_of_each_account():
    assert falls(np.array([-1.0, 3.0, -7.0, 2.0, 4.0]), np.array([0, 3])).tolist() == [7.0, 0.0]


@pytest.mark.parametrize(
    ("header", "side"),
    [("Soll", -1), ("Haben", 1), ("Paid out (£)", -1), ("Money In", 1), ("Debit Amount", -1), ("D", 0),
     ("Crédit", 1), ("Betrag Soll EUR", -1), ("Amount", 0), ("Credit limit", 0), ("Abonos", 1)],
)  # fmt: skip
def test_headers_of_sides(header, side):
    assert side_of(header) == side


def test_two_sides_become_one_and_two_again():
    out, into = np.array([5.0, np.nan, 0.5] * 40), np.array([np.nan, 7.0, np.nan] * 40)
    sides = two_sides({"a": ("Soll", out), "b": ("Haben", into), "c": ("Saldo", out)})
    assert sides is not None
    amount = sides.together(out, into)
    assert amount[:3].tolist() == [-5.0, 7.0, -0.5]
    for one, two in zip(sides.apart(amount), (out, into), strict=True):
        np.testing.assert_array_equal(one, two)


def test_sides_with_zeros_and_signs_of_their_own():
    out, into = np.array([-5.0, 0.0] * 40), np.array([0.0, 7.0] * 40)
    sides = two_sides({"a": ("Debit", out), "b": ("Credit", into)})
    assert sides is not None
    assert sides.together(out, into)[:2].tolist() == [-5.0, 7.0]
    assert [one[:2].tolist() for one in sides.apart(sides.together(out, into))] == [[-5.0, 0.0], [0.0, 7.0]]


def test_sums_of_both_sides_in_one_row_are_no_amount():
    both = np.full(50, 3.0)
    assert two_sides({"a": ("Debit", both), "b": ("Credit", both)}) is None
    assert two_sides({"a": ("Debit", both), "b": ("Credit", np.full(50, np.nan))}) is None
