"""Debits of each month that come back on their day, each with a fee that names nobody."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from event_logs import BEGIN, DAY, DAYS, assembled, words

from finsim.generators.events.habits.echoes.companion_law import host_chances
from finsim.generators.events.habits.echoes.echo_law import AT_ITS_HOUR
from finsim.generators.events.habits.echoes.fee_facts import fee_facts
from finsim.generators.events.habits.echoes.known_companions import companion_losses
from finsim.generators.events.habits.echoes.learned_companions import paid_of
from finsim.generators.events.habits.echoes.learned_echoes import Echoes, learn_echoes
from finsim.generators.events.habits.habits import Habits
from finsim.generators.generator import Budget
from finsim.randomness import Streams
from finsim.records.event_log import EventRoles
from finsim.records.mixed_table import NUMBER, TIME, MixedColumn, MixedTable

MINUTE = 60_000_000_000
KINDS = ["debit", "unpaid", "fee", "shop"]
DEBIT, UNPAID, FEE, SHOP = range(4)
COUNT, PAYEES = 60, 12
NOON = 14 * 60 * MINUTE


@cache
def ledger(fees=True):
    """Return statements of 60 accounts: four debits a month, one of eight returned at two o'clock."""
    rng, rows = np.random.default_rng(5), []
    for e in range(COUNT):
        for debit in range(4):
            amount, due = round(float(rng.lognormal(3.5, 0.6)), 2), int(rng.integers(1, 27))
            for day in range(due, DAYS, 30):
                at = BEGIN + day * DAY
                rows.append((e, at + int(rng.integers(1, 60)) * MINUTE, debit, amount, 0, DEBIT))
                if rng.random() < 0.125:
                    rows.append((e, at + NOON, debit, amount, 1, UNPAID))
                    fee = at + NOON if fees else BEGIN + int(rng.integers(0, DAYS * 1_440)) * MINUTE
                    rows.append((e, fee, -1, 5.0, 0, FEE))
        for _ in range(80):
            at = BEGIN + int(rng.integers(0, DAYS)) * DAY + int(rng.integers(500, 1_300)) * MINUTE
            shop = 4 + int(rng.integers(PAYEES - 4))
            rows.append((e, at, shop, round(float(rng.lognormal(3, 0.7)), 2), 0, SHOP))
    return logged(rows)


def logged(rows):
    """Return rows (entity, time, payee, amount, way, kind) as a log."""
    entity, time, payee, amount, way, kind = (np.array(one) for one in zip(*rows, strict=True))
    columns = {
        "when": MixedColumn(TIME, time, step=float(MINUTE)),
        "other": words(payee, [f"p{k}" for k in range(PAYEES)]),
        "way": words(way, ["D", "C"]),
        "kind": words(kind, KINDS),
        "sum": MixedColumn(NUMBER, amount, step=0.01),
    }
    roles = EventRoles("when", "sum", "other", "kind", direction="way")
    return assembled(entity, time, columns, roles, MixedTable({}, COUNT))


@cache
def learned(fees=True):
    return learn_echoes(ledger(fees))


def kind_of(log):
    return log.events["kind"].values


def test_debits_of_each_month_are_answered_within_the_day():
    alone, echoes = learned()
    (law,) = echoes.answers
    unpaid = int((kind_of(ledger()) == UNPAID).sum())
    assert len(law.lag) == unpaid > 60
    assert (law.lag == AT_ITS_HOUR).all()
    assert (law.second == NOON).all()
    assert set(kind_of(alone).tolist()) == {DEBIT, SHOP}
    assert law.rate.max() == pytest.approx(unpaid / (kind_of(ledger()) == DEBIT).sum(), rel=0.1)


def test_fees_that_name_nobody_come_with_what_they_are_for():
    (law,) = learned()[1].companions
    assert (law.pays_nobody, law.leads, law.reach) == (True, False, 10 * MINUTE)
    assert law.met.sum() == (kind_of(ledger()) == FEE).sum()
    assert (law.lag == 0).all()
    (said,) = learned()[1].remarks(ledger())
    assert "100% of rows with kind=fee are preceded within 10 min of the same entity by kind=unpaid" in said


def test_fees_at_any_time_come_with_nothing():
    assert not fee_facts(paid_of(ledger(fees=False)))
    assert not learned(fees=False)[1].companions


def test_what_the_calendar_brings_together_is_no_fee_for_it():
    """All pay their rent on the first of a month, and the bank's fee on that of a quarter."""
    rows = [
        (e, BEGIN + day * DAY, 0, 500.0 + e, 0, DEBIT) for e in range(COUNT) for day in range(0, DAYS, 30)
    ]
    rows += [(e, BEGIN + day * DAY, -1, 9.9, 0, FEE) for e in range(COUNT) for day in range(0, DAYS, 90)]
    rng = np.random.default_rng(1)
    rows += [(e, BEGIN + int(day) * DAY + NOON, 5, 20.0 + k, 0, SHOP)
             for e in range(COUNT) for k, day in enumerate(rng.integers(0, DAYS, 30))]  # fmt: skip
    assert not fee_facts(paid_of(logged(rows)))


def test_one_word_for_the_charge_and_the_fee_of_a_quarter_is_parted_by_sums():
    log = ledger()
    rng, rows = np.random.default_rng(2), []
    for e in range(COUNT):
        rows += [
            (e, BEGIN + day * DAY + int(rng.integers(1, 60)) * MINUTE, -1, 9.9, 0, FEE)
            for day in range(5, DAYS, 12)
        ]
    own = [(int(e), int(t), int(p), float(a), int(w), int(k)) for e, t, p, a, w, k in zip(
        log.entity(), log.times, log.events["other"].values, log.part("amount"), log.events["way"].values,
        kind_of(log), strict=True)]  # fmt: skip
    both = logged(sorted(own + rows))
    ((fact, charges, debits),) = fee_facts(paid_of(both))
    assert both.events["kind"].words[fact.said[0, 0] - 1] == "fee"
    assert both.events["kind"].words[fact.host[0] - 1] == "unpaid"
    assert set(both.part("amount")[charges]) == {5.0}
    assert (kind_of(both)[debits] == UNPAID).all()
    assert len(charges) > 0.95 * (kind_of(log) == FEE).sum()


def test_a_word_that_names_payees_is_no_fee():
    log = ledger()
    other = log.events["other"]
    filled = other.with_values(np.where(other.values < 0, 3, other.values))
    events = MixedTable({**log.events.columns, "other": filled}, log.events.rows)
    assert not fee_facts(paid_of(replace(log, events=events)))


def test_sampled_returns_stand_on_the_day_of_their_debit_with_their_fee():
    body = Habits.fit(ledger(), Habits.Settings(), Streams(3), Budget(), lambda share, text: None)
    log = body.sample(80, Streams(5))
    kind, when, way = kind_of(log), log.times, log.part("direction")
    cells = log.entity(), log.part("partner"), log.part("amount"), when // DAY
    rows = [tuple(one) for one in np.column_stack(cells).tolist()]
    debits = {row for row, what in zip(rows, kind, strict=True) if what == DEBIT}
    unpaid = [row for row, what in zip(rows, kind, strict=True) if what == UNPAID]
    assert 0.7 < (kind == UNPAID).mean() / (kind_of(ledger()) == UNPAID).mean() < 1.4
    assert np.mean([row in debits for row in unpaid]) > 0.97
    assert (when[kind == UNPAID] % DAY == NOON).all()
    assert set(way[kind == UNPAID].tolist()) == {1}
    fees = set(zip(log.entity()[kind == FEE], when[kind == FEE], strict=True))
    assert fees == set(zip(log.entity()[kind == UNPAID], when[kind == UNPAID], strict=True))
    assert (log.part("partner")[kind == FEE] == -1).all()
    assert (log.part("amount")[kind == FEE] == 5.0).all()


def test_the_state_keeps_laws_of_several_reaches():
    echoes = learned()[1]
    again = Echoes.restored(echoes.arrays())
    assert len(again.answers) == len(echoes.answers)
    assert again.companions[0].pays_nobody
    older = {name: one for name, one in echoes.arrays().items() if not name.endswith("pays_nobody")}
    assert not Echoes.restored(older).companions[0].pays_nobody


def test_held_out_fees_cost_what_their_chance_says():
    kept, nats = companion_losses(learned()[1].companions[0], ledger())
    assert (~kept).sum() == (kind_of(ledger()) == FEE).sum()
    assert np.isfinite(nats).all()
    assert (nats > 0).sum() > COUNT / 2


def test_laws_of_one_side_draw_from_streams_of_their_own():
    (law,) = learned()[1].answers
    assert Echoes((law, law, replace(law, turned=True)))._addresses() == [(0,), (0, 1), (1,)]


def test_what_bears_a_fee_may_name_nobody_too():
    (law,), log = learned()[1].companions, ledger()
    other = log.events["other"]
    nobody = MixedTable(
        {**log.events.columns, "other": other.with_values(np.full_like(other.values, -1))}, log.events.rows
    )
    assert (host_chances(law, nobody, log.roles)[kind_of(log) == UNPAID] > 0.9).all()
    assert not host_chances(replace(law, pays_nobody=False), nobody, log.roles).any()


def test_where_nobody_is_ever_named_fees_are_not_asked_of():
    """Else each of many words would be tried with each: nothing tells a fee from a payment there."""
    log = ledger()
    bare = MixedTable({k: one for k, one in log.events.columns.items() if k != "other"}, log.events.rows)
    alone = replace(log, events=bare, roles=replace(log.roles, partner=None))
    assert not paid_of(alone).nobody.any()
    assert not fee_facts(paid_of(alone))
