"""Parts of the laws of rows that come with others: what chance brings, who hosts them, where they stand."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from companion_ledgers import ANSWERS, DONE, HOLD, KINDS, SECOND, ledger
from event_logs import BEGIN, DAY, DAYS, assembled, words

from finsim.generators.events.habits.echoes import learned_companions
from finsim.generators.events.habits.echoes.companion_law import host_chances, with_companions
from finsim.generators.events.habits.echoes.companion_rows import Paid, facts_of
from finsim.generators.events.habits.echoes.echo_law import AS_BEFORE, Block
from finsim.generators.events.habits.echoes.known_companions import companion_losses
from finsim.generators.events.habits.echoes.learned_companions import learn_companions
from finsim.records.event_log import EventRoles
from finsim.records.mixed_table import NUMBER, TIME, MixedColumn, MixedTable

MINUTE = 60 * SECOND


def paid(rows):
    """Return rows (entity, payee, time in minutes, sum, word) as the search reads them."""
    entity, payee, time, sums, word = (np.array(one) for one in zip(*rows, strict=True))
    return Paid(entity * 1_000 + payee, payee, time.astype(np.int64) * MINUTE, sums * 1.0, {"word": word})


def found(rows):
    return [(set(fact.said[:, 0].tolist()), fact.leads) for fact, _, _ in facts_of(paid(rows))]


def test_bursts_at_a_payee_tell_nothing_of_a_rare_word():
    rng, rows = np.random.default_rng(1), []
    for entity in range(300):
        start = int(rng.integers(100_000))
        rows += [(entity, 1, start + 2 * k, 5 + k, int(rng.random() < 0.1)) for k in range(6)]
        rows += [(entity, 2 + k % 5, start + 5_000 * k, 5 + k, 0) for k in range(1, 20)]
    assert not found(rows)


def test_who_pays_a_payee_all_the_time_tells_nothing():
    rng = np.random.default_rng(2)
    rows = [(0, 1, 290 * k, 5 + k % 7, int(rng.integers(2))) for k in range(400)]
    rows += [(1 + k, 1, int(rng.integers(115_000)), 6, 0) for k in range(3_000)]
    assert not found(rows)


def test_of_two_rows_the_one_whose_sum_is_told_comes_with_the_other():
    """Receipts of any sum come after purchases as sums come after holds: a sum keeps its law all the same."""
    rng, rows = np.random.default_rng(3), []
    for entity in range(200):
        hold, buy = (int(one) for one in rng.integers(100_000, size=2))
        sums = np.round(rng.lognormal(3, 1, 3), 2)
        rows += [(entity, 1, hold, 1.0, 1), (entity, 1, hold + 4, sums[0], 2)]
        rows += [(entity, 2, buy, sums[1], 0), (entity, 2, buy + 4, sums[2], 3)]
        rows += [(entity, 3 + k, int(rng.integers(100_000)), 9, 0) for k in range(8)]
    assert found(rows)[0] == ({1}, True)


def test_hosts_are_told_by_words_and_never_by_those_of_none():
    """One column tells rates apart; of one word of twenty, too many to be told apart, none is a host."""
    rng, n = np.random.default_rng(4), 4_000
    one, two = rng.integers(2, size=n), rng.integers(20, size=n)
    hit = (rng.random(n) < np.where(one == 1, 0.25, 0.05)) & (two != 7)
    columns = {
        "when": MixedColumn(TIME, BEGIN + np.arange(n) * MINUTE, step=float(SECOND)),
        "one": words(one, "ab"), "two": words(two, [f"w{k}" for k in range(20)]),
        "sum": MixedColumn(NUMBER, np.ones(n), step=0.01),
    }  # fmt: skip
    log = assembled(np.zeros(n, np.int64), columns["when"].values, columns, EventRoles("when", "sum"),
                    MixedTable({}, 1))  # fmt: skip
    told, keys, rate, never = learned_companions._rates(log, np.flatnonzero(hit), np.arange(n))
    assert told.tolist() == [0]
    assert never.tolist() == [[1, 7]]
    assert rate[1:] == pytest.approx([0.05, 0.25], abs=0.02)
    law = replace(laws()[0], told=told, keys=keys, rate=rate, never=never)
    chance = host_chances(law, log.events, log.roles)
    assert (chance[two == 7] == 0).all()
    assert chance[two != 7] == pytest.approx(rate[1:][one[two != 7]])


def test_words_are_those_of_the_host_only_where_these_tell_them_better():
    column = np.array([0, 0, 0, 0, 0, 1, 0, 2, 3, 4, 3, 4], np.int32)
    one, two = np.arange(4), np.arange(4, 8)
    assert learned_companions._cells(column, one, two).tolist() == [0, 0, 0, 0]
    one, two = np.array([8, 9]), np.array([10, 11])
    assert learned_companions._cells(column, one, two).tolist() == [AS_BEFORE, AS_BEFORE]


@cache
def laws():
    log = ledger()
    return learn_companions(log, np.ones(log.events.rows, np.bool_))


def block(time, kind):
    """Return 50 rows of an entity each at one time, and their columns' roles."""
    log, count = ledger(count=50), 50
    table = log.events.take(np.arange(count)).with_columns({
        "when": MixedColumn(TIME, np.full(count, time), step=float(SECOND)),
        "kind": words(np.full(count, kind), KINDS), "answer": words(np.zeros(count, int), ANSWERS),
    })  # fmt: skip
    turned = np.arange(count) >= 40  # rows of the other side host none
    return Block(table, np.arange(count + 1), turned, np.arange(count), log.end, 0), log.roles


def test_companions_stand_inside_the_period_and_on_their_side():
    hold, _, back = laws()
    for law, kind, inside, outside in (
        (hold, DONE, BEGIN + DAY, BEGIN + 5 * SECOND),
        (replace(back, rate=back.rate * 0 + 1.0), 0, BEGIN + DAY, BEGIN + DAYS * DAY - 5 * SECOND),
    ):
        rows, roles = block(inside, kind)
        assert with_companions(rows, roles, law, 7, BEGIN).table.rows == 90
        rows, roles = block(outside, kind)
        assert with_companions(rows, roles, law, 7, BEGIN) is rows
    rows, roles = block(BEGIN + DAY, DONE)
    same = with_companions(rows, roles, replace(hold, lag=hold.lag * 0), 7, BEGIN)
    assert same.table["kind"].values[:80].tolist() == [HOLD, DONE] * 40


def test_companions_of_other_words_are_known_less_well():
    log = ledger(seed=9)
    kept, nats = companion_losses(laws()[0], log)
    assert (~kept).sum() > 400
    mode = log.events["mode"].values
    other = words(np.where(log.events["kind"].values == HOLD, 1 - mode, mode), ("chip", "tap", "auto"))
    spoilt = replace(log, events=log.events.with_columns({"mode": other}))
    worse = companion_losses(laws()[0], spoilt)[1]
    assert (worse - nats).sum() > 3.0 * (~kept).sum()
