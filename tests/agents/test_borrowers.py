"""Customers with loans: who they are, what they pay and miss, and what goes before a default."""

from dataclasses import replace

import numpy as np
import pytest

from finsim.agents.borrowers.loan_courses import NEVER, LoanCourses, paid_and_missed
from finsim.agents.borrowers.matching import SHARE, borrowers
from finsim.agents.economy.household_economy import month_days
from finsim.agents.economy.job_loss import trouble_of
from finsim.agents.everyday.ordinary_payments import ordinary_orders
from finsim.agents.simulate import sliced, unstressed
from finsim.agents.vocabulary import CHANNEL, JOBLESS, PURPOSE
from finsim.kernels.ledger import (
    DECLINED,
    NO_BLOCKS,
    POSTED,
    RETURNED,
    Book,
    Moves,
    Plan,
    Rows,
    State,
    post_moves,
)  # fmt: skip
from finsim.randomness import Streams


def test_obligors_are_customers_with_an_income_paired_by_it(world):
    population, settings = world.population, world.settings
    income = np.random.default_rng(1).lognormal(8, 0.5, 900)
    none = np.zeros(900)
    person = borrowers(population, settings, income, none, Streams(7))
    known = person >= 0
    assert known.sum() == int(SHARE * len(population.people))
    assert len(np.unique(person[known])) == known.sum()
    people = population.people
    assert not (people.segment[person[known]] == JOBLESS).any()
    opened = population.accounts.opened[people.current[person[known]]]
    assert (opened <= np.datetime64(settings.start)).all()
    order = np.argsort(income[known])
    assert (np.diff(people.income[person[known]][order]) >= 0).all()
    few = borrowers(population, settings, income[:50], none[:50], Streams(7))
    assert (few >= 0).all()
    dear = np.where(np.arange(900) % 2, 0.5, 0.3) * people.income[np.maximum(person, 0)]
    able = borrowers(population, settings, income, dear, Streams(7))
    assert np.array_equal(able, np.where(np.arange(900) % 2, -1, person))  # nobody pays half of the income


@pytest.mark.parametrize(
    ("behind", "ended", "paid", "missed"),
    [
        ([0, 0, 0], [0, 0, 0], [1, 1, 1], [0, 0, 0]),
        ([0, 1, 0], [0, 0, 0], [1, 0, 2], [0, 1, 0]),  # 30 days late, then made good
        ([1, 2, 0], [0, 0, 0], [0, 0, 3], [1, 1, 0]),
        ([1, 1, 0], [0, 0, 0], [0, 1, 2], [1, 0, 0]),  # one instalment behind for two months
        ([1, 2, 3], [0, 0, 0], [0, 0, 0], [1, 1, 1]),  # default
        ([0, 0, 0], [0, 0, 1], [1, 1, 0], [0, 0, 0]),  # paid off
    ],
)
def test_what_was_behind_and_is_no_longer_was_paid(behind, ended, paid, missed):
    found = paid_and_missed(np.array([behind]), np.array([ended], dtype=bool))
    assert found[0].tolist() == [paid]
    assert found[1].tolist() == [[bool(one) for one in missed]]
    total = np.cumsum(found[0][0]) + np.array(behind)
    due = np.cumsum(1 - np.array(ended))
    assert (total == due)[~np.array(ended, dtype=bool)].all()  # paid and unpaid are what was due


def courses_of(person, months=3, **changes):
    count = len(person)
    made = LoanCourses(
        person=np.asarray(person), loan=np.arange(count), payment=np.full(count, 12_345),
        left=np.full(count, 24), paid=np.ones((count, months), np.int8),
        missed=np.zeros((count, months), bool), default=np.full(count, NEVER),
    )  # fmt: skip
    return replace(made, **changes)


def test_courses_are_read_as_written():
    made = courses_of([3, 1], paid=np.array([[1, 0, 2], [0, 0, 0]], np.int8), default=np.array([NEVER, 3]))
    made = replace(made, missed=made.paid == 0, left=np.array([2, 9]))
    read = LoanCourses.from_arrow(made.to_arrow())
    assert all(np.array_equal(getattr(made, name), getattr(read, name)) for name in vars(made))
    planned = made.as_planned()
    assert planned.paid.tolist() == [[1, 1, 0], [1, 1, 1]]
    assert not planned.missed.any()
    assert (planned.default == NEVER).all()


@pytest.fixture(scope="module")
def shard(world):
    people = world.population.people
    return np.flatnonzero(people.current < world.settings.shard_accounts)


def made(world, courses):
    drivers = unstressed(world.settings)
    return ordinary_orders(world.population, world.settings, Streams(7), 0, drivers, courses)


def own(orders, world, person):
    account = world.population.people.current[person]
    debit = (orders.payer == account) & (orders.purpose == PURPOSE["loan"])
    return orders.take(debit & (orders.channel == CHANNEL["direct_debit"]))


def test_each_month_has_its_debit_and_a_missed_one_comes_back(world, shard):
    paid = np.array([[1, 1, 1], [1, 0, 2], [0, 0, 0]], np.int8)
    courses = courses_of(shard[:3], paid=paid, missed=paid == 0)
    orders = made(world, courses)
    months = np.datetime64(world.settings.start) + month_days(unstressed(world.settings), world.settings)
    for row, person in enumerate(shard[:3]):
        mine = own(orders, world, person)
        day = mine.ts.astype("datetime64[ns]").astype("datetime64[D]")
        month = np.searchsorted(months, day, side="right") - 1
        assert month.tolist() == [0, 1, 2]  # and no other loan is paid beside it
        assert mine.amount.tolist() == [12_345 * max(1, int(n)) for n in paid[row]]
        assert (mine.plan_row == RETURNED).tolist() == (paid[row] == 0).tolist()
    others = np.setdiff1d(shard, shard[:3])
    assert len(own(made(world, None), world, others[0])) == len(own(orders, world, others[0]))


def test_a_debit_that_comes_back_is_declined_and_moves_no_money(world, shard):
    from finsim.agents.ledger_posting import post
    from finsim.agents.schemes.scheme_generation import scheme_orders

    settings, drivers = world.settings, unstressed(world.settings)
    missed = np.array([[False, True, False]])
    orders = made(world, courses_of(shard[5:6], paid=(~missed).astype(np.int8), missed=missed))
    _, plan = scheme_orders(world.population, (), settings, Streams(7), drivers)
    posted = post(world.population, settings, sliced([orders], settings), plan)
    rows = [batch.to_pandas() for batch in posted]
    account = world.population.accounts.account_id[world.population.people.current[shard[5]]]
    debits = [r[(r["from_account"] == account) & (r["purpose"] == "loan")] for r in rows]
    status = [word for part in debits for word in part["status"]]
    assert status[1] == "declined"
    assert [word for part in debits for word in part["decline_reason"]][1] == "returned"
    total = int(posted.balances.sum())
    assert total == int(world.population.accounts.opening.sum())


def test_an_order_that_comes_back_is_declined_whatever_is_on_the_account():
    ledger = Book(np.array([500, 0]), np.zeros(2, np.int64), np.array([False, True]))
    empty = [np.zeros(0, np.int64)] * len(Plan._fields), [np.zeros(0, np.int64)] * len(State._fields)
    steps, state = Plan(*empty[0])._replace(share=np.zeros(0)), State(*empty[1])
    moves = Moves(
        np.zeros(2, np.int32), np.ones(2, np.int32), np.array([100, 100]), np.array([RETURNED, -1], np.int32)
    )
    rows = Rows(np.zeros(2, np.uint8), *(np.zeros(2, np.int64) for _ in range(3)))
    post_moves(moves, ledger, steps, state, rows, NO_BLOCKS)
    assert rows.status.tolist() == [DECLINED, POSTED]
    assert rows.payer_after.tolist() == [500, 400]


def test_income_goes_before_a_default_and_not_for_others(world, shard):
    people = world.population.people
    months = month_days(unstressed(world.settings), world.settings)
    everyone = np.arange(len(people.current))
    default = np.full(len(everyone), 6)
    stops, leaves = trouble_of(courses_of(everyone, default=default), people, everyone, months, Streams(7))
    happens = np.minimum(stops, leaves)
    # Default in month 6: the first instalment is missed in month 4, the income one to three months earlier.
    assert set(happens.tolist()) == {int(months[k]) for k in (0, 1, 2)}
    assert ((stops < leaves).mean()) == pytest.approx(0.7, abs=0.03)
    none = trouble_of(courses_of(everyone), people, everyone, months, Streams(7))
    assert min(none[0].min(), none[1].min()) > 10**6
    later = trouble_of(courses_of(everyone, default=default + 40), people, everyone, months, Streams(7))
    assert min(later[0].min(), later[1].min()) > 10**6
    again = trouble_of(courses_of(everyone, default=default - 1), people, everyone, months, Streams(7))
    assert (
        (again[0] < 10**6) == (stops < 10**6)
    ).all()  # what happens to a person is fixed, only when is not


def test_salaries_stop_and_benefits_or_nothing_come_instead(world, shard):
    people = world.population.people
    calm = made(world, courses_of(shard))
    hit = made(world, courses_of(shard, default=np.full(len(shard), 3)))
    before, after = (o.take(o.purpose == PURPOSE["salary"]) for o in (calm, hit))
    assert len(before) > 100
    assert len(after) == 0
    benefits = hit.take((hit.purpose == PURPOSE["benefit"]) & np.isin(hit.order_id, before.order_id))
    assert 0.55 < len(benefits) / len(before) < 0.85
    pensions = [o.take(o.purpose == PURPOSE["pension"]) for o in (calm, hit)]
    assert np.array_equal(pensions[0].amount, pensions[1].amount)
    bought = [o.take(o.purpose < 5) for o in (calm, hit)]
    assert len(bought[1]) < len(bought[0])
    assert np.isin(bought[1].order_id, bought[0].order_id).all()
    assert np.isin(people.current[shard], calm.payer).any()
