"""A column stays that of its account, payee or pair where a few cells are empty, and those come as often."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from event_logs import BEGIN, DAY, DAYS, assembled, words
from standing_ledgers import ledger
from test_habits_hours_and_words import household

from finsim.generators.events.habits import Habits
from finsim.generators.events.habits.cells.usual_cells import usual_cells
from finsim.generators.events.habits.standing.cells import Pool, learn_pools
from finsim.generators.events.habits.standing.series import find_series
from finsim.generators.generator import Budget, State
from finsim.randomness import Streams
from finsim.records.event_log import EventRoles
from finsim.records.mixed_table import MISSING_TIME, NUMBER, TIME, MixedColumn, MixedTable

SHARES = np.array([0.02, 0.2])
SHOP, RENT, WAGE, SUB = range(4)


def fit(log):
    return Habits.fit(log, Habits.Settings(), Streams(1), Budget(), lambda share, text: None)


def told(seed=0, holes=True, count=150, rows=30):
    """Town, number and opening day of the account, trade of the payee, branch of the pair.

    A fifth of the cells is empty in rows of the second trade, one of fifty in the first.
    """
    rng = np.random.default_rng(seed)
    entity = np.repeat(np.arange(count), rng.poisson(rows, count) + 2)
    n, payee = len(entity), (entity * 7 + rng.integers(0, 8, len(entity))) % 40
    trade = payee % 2

    def holed(values, nothing):
        return np.where((rng.random(n) < SHARES[trade]) & holes, nothing, values)

    time = BEGIN + rng.integers(0, DAYS * DAY // 10**9, n) * 10**9
    columns = {
        "at": MixedColumn(TIME, time, step=1e9),
        "town": words(holed((entity * entity) % 7, -1), [f"t{k}" for k in range(7)]),
        "number": MixedColumn(NUMBER, holed(100.0 + entity * 31 % 50, np.nan), step=1.0),
        "opened": MixedColumn(TIME, holed(BEGIN - DAY * (entity % 90 + 1), MISSING_TIME), step=float(DAY)),
        "branch": words(holed((entity * 3 + payee * 5) % 9, -1), [f"b{k}" for k in range(9)]),
        "sort": words(holed(payee % 5, -1), [f"s{k}" for k in range(5)]),
        "to": words(payee, [f"p{k}" for k in range(40)]),
        "trade": words(trade, "ab"),
    }
    roles = EventRoles("at", None, "to", "trade")
    return assembled(entity, time, columns, roles, MixedTable({}, count))


HOW = {"town": "entity", "number": "entity", "opened": "entity", "branch": "pair", "sort": "payee"}


@cache
def model():
    return fit(told())


@cache
def sampled():
    return model().sample(150, Streams(2))


def kinds_by(log, name, group):
    """Return how many different cells each group has, of those with some."""
    column = log.events[name]
    there = ~column.missing()
    pairs = np.unique(np.column_stack([group[there], column.values[there].astype(np.float64)]), axis=0)
    return np.unique(pairs[:, 0], return_counts=True)[1]


def test_what_tells_a_column_is_seen_through_its_holes():
    assert {law.name: law.how for law in model().known.early if law.name in HOW} == HOW
    holed = [law.name for law in model().known.early if law.empty is not None]
    assert sorted(holed) == sorted(HOW)
    assert holed == [law.name for law in model().known.early][-len(HOW) :]  # after those that tell the holes
    assert not [law for law in fit(told(holes=False)).known.early if law.empty is not None]


def test_a_group_far_emptier_than_chance_has_an_empty_cell():
    column = words([*[0] * 60, -1, *[-1] * 9, 1, 1, -1, -1, -1, 0], "ab")
    group = np.array([*[0] * 61, *[1] * 10, 2, 2, 2, 3, 5])
    cells = usual_cells(column, np.flatnonzero(~column.missing()), group, 6)
    assert cells.tolist() == [0, -1, 1, -1, 0, 0]  # 2: two empty of three; 4 has no row
    few = words([0, 0, 0, 0, *[-1] * 9, 1], "ab")
    group = np.array([0, 0, 0, 0, *[1] * 10])
    assert usual_cells(few, np.flatnonzero(~few.missing()), group, 2).tolist() == [0, 1]  # as all rows are


@pytest.mark.parametrize("name", ["town", "number", "opened"])
def test_an_account_has_one_cell(name):
    assert (kinds_by(sampled(), name, sampled().entity()) == 1).all()


def test_a_payee_has_one_cell_and_a_pair_mostly():
    log = sampled()
    payee = log.events["to"].values.astype(np.int64)
    assert (kinds_by(log, "sort", payee) == 1).all()
    of_pairs = kinds_by(log, "branch", payee + 40 * log.entity())
    assert (of_pairs == 1).mean() > 0.95


@pytest.mark.parametrize("name", list(HOW))
def test_cells_are_empty_as_often_as_learned_in_each_trade(name):
    for trade in (0, 1):
        shares = [
            log.events[name].missing()[log.events["trade"].values == trade].mean()
            for log in (told(), sampled())
        ]
        assert shares[1] == pytest.approx(shares[0], abs=0.012 + 0.15 * shares[0]), (name, trade)


def test_parts_and_a_stored_model_give_the_same_bytes():
    back = Habits.from_state(State(model().state().arrays, model().state().facts))
    parts = [back.sample(size, Streams(2), first=first) for first, size in ((0, 40), (40, 110))]
    for name in HOW:
        joined = np.concatenate([one.events[name].values for one in parts])
        np.testing.assert_array_equal(joined, sampled().events[name].values)


def test_a_model_of_before_is_read_without_holes():
    state = fit(told(holes=False)).state()
    for law in state.facts["early"]:
        assert law.pop("empty") is None
    assert all(law.empty is None for law in Habits.from_state(state).known.early)
    empty = model().state()
    gone = {k: one for k, one in empty.arrays.items() if ".empty." not in k}
    with pytest.raises(Exception, match="do not fit together"):
        Habits.from_state(State(gone, empty.facts))


def test_holes_cost_what_chance_costs():
    """Town and branch with holes: the entropy of the holes and little else, no new town after a hole."""
    nats = [fit(log).entity_losses(log, Streams(1)).mean() for log in (told(), told(holes=False))]
    entropy = -(SHARES * np.log(SHARES) + (1 - SHARES) * np.log(1 - SHARES)).mean()
    assert 0.5 * entropy < (nats[0] - nats[1]) / 3 < 1.8 * entropy


def test_holes_are_those_of_what_is_told_too():
    """Of pairs with a plan half of the towns lack; the plan stands behind the town."""
    log = told(holes=False)
    plan = (log.entity() + log.events["to"].values // 2) % 2
    town = log.events["town"]
    lost = np.random.default_rng(7).random(len(plan)) < 0.5 * plan
    columns = {"town": town.with_values(np.where(lost, -1, town.values)), "plan": words(plan, "ab")}
    columns = {**log.events.with_columns(columns).columns}
    new = fit(replace(log, events=MixedTable(columns, len(plan)))).sample(150, Streams(2)).events
    lacks = [new["town"].missing()[new["plan"].values == one].mean() for one in (0, 1)]
    assert lacks[0] < 0.05
    assert lacks[1] == pytest.approx(0.5, abs=0.06)


def test_a_category_of_pairs_is_theirs_with_holes():
    log = household()
    what = log.events["what"]
    lost = np.random.default_rng(8).random(len(what.values)) < 0.1
    events = log.events.with_columns({"what": what.with_values(np.where(lost, -1, what.values))})
    laws = {law.name: law for law in fit(replace(log, events=events)).known.early}
    assert laws["what"].how == "pair"
    assert laws["what"].empty is not None


def test_a_flag_of_pairs_met_once_is_not_the_pairs():
    """Pairs with more rows have none: they tell nothing of it."""
    log = told()
    pair = log.entity() * 40 + log.events["to"].values
    once = np.flatnonzero(np.bincount(pair)[pair] == 1)[::3]
    flag = np.where(np.random.default_rng(9).random(len(pair)) < 0.02, -1, 0)
    flag[once] = 1
    events = log.events.with_columns({"flag": words(flag, "NS")})
    assert len(once) > 5
    assert "flag" in [law.name for law in fit(replace(log, events=events)).known.late]


# Standing payments


def holed_cities():
    log = ledger(people=100, seed=3)
    lost = np.random.default_rng(4).random(log.events.rows) < np.where(
        log.events["what"].values == RENT, 0.3, 0.05
    )
    column = log.events["city"].with_values(np.where(lost, -1, log.events["city"].values))
    return replace(log, events=log.events.with_columns({"city": column}))


def test_standing_payments_have_the_city_of_their_account():
    real = holed_cities()
    body = fit(real)
    new = body.sample(real.count, Streams(3))
    word, city = new.events["what"].values, new.events["city"].values
    own = kinds_by(new, "city", np.where(word == WAGE, -1, new.entity()))
    # Accounts, without the wages of all; a payee that stands in one city keeps it whoever pays.
    assert (own[1:] == 1).mean() > 0.94
    for one in (RENT, SUB):
        shares = [
            (log.events["city"].values[log.events["what"].values == one] < 0).mean() for log in (real, new)
        ]
        assert shares[1] == pytest.approx(shares[0], abs=0.03 + 0.1 * shares[0])
    assert [kind.column for kind in body.own] == ["city"]
    assert (city >= 0).mean() > 0.9


def test_a_rare_flag_is_not_the_accounts():
    """A flag by chance among ordinary rows, never among standing ones: both coincide nearly always.

    Nor is a word that standing rows of an account have in common, and ordinary ones do not show.
    """
    log = ledger(people=100, seed=3)
    rng = np.random.default_rng(5)
    found = find_series(log)
    flag = words(((rng.random(log.events.rows) < 0.01) & (found.of_row < 0)) * 1, ["N", "S"])
    mandate = np.where(found.of_row < 0, rng.integers(0, 9, log.events.rows), log.entity() % 9)
    columns = {"flag": flag, "mandate": words(mandate, "abcdefghi")}
    log = replace(log, events=log.events.with_columns(columns))
    kind = np.unique(found.words[:, 0], return_inverse=True)[1]
    pools = learn_pools(log, list(columns), kind, found.of_row, int(kind.max()) + 1, Streams(1))
    assert not any(pool.of_entity.any() for pool in pools)
    assert pools[0].cells.max() == 0


def test_a_pool_of_before_has_one_flag_for_all_kinds():
    ordinary = words([0, -1, 1], "ab")
    one = np.ones(1, np.int64)
    pool = Pool(np.full((2, 256), 1, np.int32), np.zeros(2), one, one)
    spans = np.array([0, 1, 3]), np.array([1, 2, 3])
    draw, kind = np.full(3, 0.5), np.array([0, 1, 1])
    cells = pool.drawn(ordinary, kind, np.zeros(3, np.int64), (draw, draw))
    # Of a filled row, of an account with none filled, of one without a row.
    assert pool.of_own(ordinary, kind, spans, draw, cells).tolist() == [0, -1, 1]
    each = replace(pool, of_entity=np.array([0, 1]))
    assert each.of_own(ordinary, kind, spans, draw, cells).tolist() == [1, -1, 1]
