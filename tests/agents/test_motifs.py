"""Motifs, splits and calendars of schemes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finsim.agents.calendar.activity_calendar import season
from finsim.agents.schemes.payment_amounts import shares
from finsim.agents.schemes.payment_motifs import Shape, edges
from finsim.agents.schemes.payment_times import scheme_hours
from finsim.agents.schemes.role_casting import Member
from finsim.notation import NANOS_PER_DAY


def people(role, first, count):
    return [Member(first + i, -1, role) for i in range(count)]


def shape(payers=1, payees=3, via=0, count=1, hops=1, degree=1):
    return Shape(people("a", 0, payers), people("b", 100, payees), people("v", 200, via), count, hops, degree)


def pairs(motif, form, seed=1):
    found = edges(motif, form, np.random.default_rng(seed))
    return [(e.payer.account, e.payee.account, e.layer) for e in found]


def test_fans_reach_everybody_once():
    assert pairs("fan_out", shape(1, 3)) == [(0, 100, 0), (0, 101, 0), (0, 102, 0)]
    assert pairs("fan_in", shape(3, 1)) == [(0, 100, 0), (1, 100, 0), (2, 100, 0)]


def test_scatter_gather_and_its_mirror():
    assert pairs("scatter_gather", shape(1, 1, 2)) == [(0, 200, 0), (0, 201, 0), (200, 100, 1), (201, 100, 1)]
    assert pairs("gather_scatter", shape(2, 2, 1)) == [(0, 200, 0), (1, 200, 0), (200, 100, 1), (200, 101, 1)]


def test_a_cycle_comes_home():
    assert pairs("cycle", shape(1, 1, 2)) == [(0, 200, 0), (200, 201, 1), (201, 0, 2)]


def test_bipartite_has_distinct_payees_per_payer():
    found = pairs("bipartite", shape(4, 6, degree=3))
    for payer in range(4):
        assert len({payee for a, payee, _ in found if a == payer}) == 3
    assert len(pairs("bipartite", shape(1, 2, degree=9))) == 2


def test_pairs_makes_as_many_payments_as_asked():
    assert len(pairs("pairs", shape(2, 2, count=7))) == 7
    assert pairs("pairs", shape(count=0)) == []


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 9), st.integers(1, 12), st.integers(0, 99))
def test_chains_leave_no_money_behind(payers, payees, via, hops, seed):
    """Every member of a layer that is paid also pays, up to the exits."""
    found = pairs("chain", shape(payers, payees, via, hops=hops), seed)
    paid = {b for _, b, _ in found if b >= 200}
    pays = {a for a, _, _ in found if a >= 200}
    assert paid == pays == set(range(200, 200 + via))
    assert {a for a, _, layer in found if layer == 0} == set(range(payers))
    assert all(100 <= b < 200 for _, b, layer in found if layer == max(row[2] for row in found))


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 12), st.floats(0.0, 1.0), st.integers(0, 99))
def test_shares_of_what_is_left_pay_out_the_whole(count, total, seed):
    left = 1.0
    for share in shares(count, total, np.random.default_rng(seed)):
        left *= 1 - share
    assert 1 - left == pytest.approx(total, abs=1e-9)


def test_calendars_put_payments_where_they_say(world):
    calendar = season(world.settings)
    hours = scheme_hours(world.population, world.settings, calendar)
    start = world.settings.start_ns
    rng = np.random.default_rng(1)
    account = int(world.population.people.current[3])
    moments = [start + int(u * 80 * NANOS_PER_DAY) for u in rng.random(400)]
    office = np.array([hours.place(ts, "business_hours", account, rng) for ts in moments])
    day = (office - start) // NANOS_PER_DAY
    assert not calendar.rest[day].any()
    own = np.array([hours.place(ts, "victim_sleep", account, rng) for ts in moments])
    late = (own - start - hours.shift[account] * 1_000_000_000) % NANOS_PER_DAY / NANOS_PER_DAY * 24
    asleep = (late < 8) | (late > 22)
    assert asleep.mean() > 0.9
    for calendar_name in ("any", "waking", "victim_sleep", "business_hours", "payday"):
        for ts in moments[:50]:
            moved = hours.place(ts, calendar_name, account, rng)
            assert moved >= ts // 1_000_000 * 1_000_000
            assert moved % 1_000_000 == 0
