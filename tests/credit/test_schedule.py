import numpy as np
from hypothesis import given
from hypothesis import settings as configured
from hypothesis import strategies as st

from finsim.credit.schedule import annuity, balance_after, balances, payment


def naive_schedule(amount, rate, due, months):
    path = [amount]
    for month in range(1, months + 1):
        interest = int(np.rint(path[-1] * (rate / 12)))
        path.append(0 if month == months else max(path[-1] + interest - due, 0))
    return path


@configured(deadline=None, max_examples=60)
@given(st.integers(100, 10**9), st.floats(0.0, 0.6), st.integers(1, 480))
def test_schedule_equals_a_plain_loop_and_pays_the_loan_off(amount, rate, months):
    start, yearly, term = np.array([amount]), np.array([rate]), np.array([months])
    due = payment(start, yearly, term)
    path = balances(start, yearly, due, term, months)[:, 0]
    assert path.tolist() == naive_schedule(amount, rate, int(due[0]), months)
    assert np.all(np.diff(path) <= 0) or due[0] <= amount * rate / 12 + 1
    # Half a cent of rounding in the payment and in each interest, grown to the end of the loan.
    last = path[-2] * (1 + rate / 12)
    growth = np.sum((1 + rate / 12) ** np.arange(months))
    assert abs(last - due[0]) <= growth + 1


def test_annuity_is_the_present_value_identity():
    amount, rate, months = 1_000_000.0, np.array([0.0, 0.06, 0.24]), np.array([10, 48, 360])
    due = annuity(amount, rate, months)
    for k in range(3):
        worth = due[k] * np.sum((1 + rate[k] / 12) ** -np.arange(1.0, months[k] + 1))
        assert abs(worth - amount) < 1e-6 * amount


def test_published_payment():
    """200,000 at 6.5 % over 30 years is 1,264.14 a month (standard mortgage table)."""
    assert payment(np.array([20_000_000]), np.array([0.065]), np.array([360]))[0] == 126_414


def test_balance_after_picks_from_the_schedule():
    start, rate, term = np.array([500_000, 90_000]), np.array([0.08, 0.0]), np.array([24, 12])
    due = payment(start, rate, term)
    path = balances(start, rate, due, term, 24)
    assert balance_after(start, rate, due, term, np.array([7, 12])).tolist() == [path[7, 0], 0]
