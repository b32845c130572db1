"""Schemes of a learned ledger buy where and when the ledger buys: no landlords, bills or cash machines."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pandas as pd
import pytest

from finsim.agents.payment_orders import Orders
from finsim.agents.schemes.scheme_plan import SchemePlan
from finsim.agents.settings import Settings
from finsim.engine.learned_payments.learned_world import training_facts
from finsim.engine.learned_payments.open_shops import with_open_shops
from finsim.engine.learned_payments.ordinary_hours import OrdinaryHours, _cells, _next, is_open
from finsim.engine.learned_payments.ordinary_rows import OrdinaryRows
from finsim.engine.learned_payments.training_ledger import PaymentLedger, payment_ledger
from finsim.engine.stages.payment_world import payment_world
from finsim.engine.study.study_file import study_of
from finsim.engine.study.study_resolution import Plan, agent_settings, resolve
from finsim.randomness import Streams

HOUR = 3_600 * 10**9
FIRST, DAYS, ACCOUNTS = pd.Timestamp("2025-01-01"), 120, 40
SHOPS = {"BAKER": 7, "GROCER": 12, "GARAGE": 15, "BISTRO": 19}
WEB = ("WEBSHOP", "TICKETS")
BATCH = {"PHONE": (4.0, "debit"), "LANDLORD": (5.5, "order"), "POWER": (4.0, "debit")}
SCHEMA = """finsim: schema/1
kind: payments
columns:
  who: {type: id, role: from_account}
  when: {type: ts, role: date}
  name: {type: cat, role: merchant}
  other: {type: id, role: to_account, null: true}
  how: {type: cat, role: channel}
  town: {type: cat, null: true}
  sum: {type: money, ccy: EUR, role: amount}
"""
WORDS = {"card": "card_present", "web": "card_not_present", "debit": "direct_debit", "atm": "cash",
         "order": "ach", "transfer": "ach", "credit": "ach"}  # fmt: skip


def _ledger(folder: Path) -> Path:
    """Write statements of 40 accounts: cards by day, web all day, batches at night, transfers from noon."""
    rng = np.random.default_rng(4)
    rows = []

    def add(who: int, day: int, hour: float, name: str, other: str, how: str, sum_: float) -> None:
        when = FIRST + pd.Timedelta(days=day, minutes=int(hour * 60))
        town = ("Lyon", "Lille")[who % 2] if how == "card" else ""
        rows.append((f"{700 + who}", when, name, other, how, town, f"{sum_:.2f}"))

    for who in range(ACCOUNTS):
        for month in range(0, DAYS, 30):
            for name, (hour, how) in BATCH.items():
                add(who, month + 3 + len(name) % 5, hour, name, "", how, -(20.0 + who + len(name)))
            add(who, month + 1, 6.25, "EMPLOYER", "", "credit", 2_000.0 + who)
        for day in range(DAYS):
            for name, hour in SHOPS.items():
                if rng.random() < 0.12:
                    add(who, day, hour + rng.normal(0, 0.4), name, "", "card", -np.exp(rng.normal(3, 0.6)))
            if rng.random() < 0.06:
                at, name = rng.uniform(8, 23), WEB[int(rng.integers(2))]
                add(who, day, at, name, "", "web", -np.exp(rng.normal(3, 0.7)))
            if rng.random() < 0.06:
                add(who, day, rng.uniform(7, 22), "ATM", "", "atm", -float(rng.choice([21, 51, 102])))
            if rng.random() < 0.08:
                other = (who + int(rng.integers(1, 6))) % ACCOUNTS
                paid = float(np.exp(rng.normal(3.5, 0.7)))
                at = rng.uniform(12, 21)
                add(who, day, at, f"CLIENT {other}", f"{700 + other}", "transfer", -paid)
                add(other, day, at, f"CLIENT {who}", f"{700 + who}", "credit", paid)
    names = ["who", "when", "name", "other", "how", "town", "sum"]
    pd.DataFrame(rows, columns=names).to_csv(folder / "l.csv", index=False)
    (folder / "l.yaml").write_text(SCHEMA)
    return folder


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    folder = _ledger(tmp_path_factory.mktemp("merchants"))
    stories = [{"name": one, "count": 20} for one in ("card_testing_escalation", "app_scam_mule_chain")]
    part = {
        "data": "l.csv", "schema": "l.yaml", "entities": 200, "days": 60, "narratives": stories,
        "words": {"channel": WORDS},
    }  # fmt: skip
    return resolve(study_of({"id": "m", "seed": 5, "transactions": part}, folder))


@pytest.fixture(scope="module")
def ledger(plan: Plan) -> PaymentLedger:
    assert plan.study.transactions is not None
    return payment_ledger(plan.study.transactions)


@pytest.fixture(scope="module")
def planned(plan: Plan) -> tuple[Orders, SchemePlan]:
    world = payment_world(plan, None)
    drivers = next(iter(plan.drivers.values()))
    return world.schemes(plan.narratives, agent_settings(plan), plan.streams, drivers)


def _names(ledger: PaymentLedger) -> list[str]:
    return [word.strip("\x1f") for word, shop in zip(ledger.outside, ledger.shops, strict=True) if shop]


def test_merchants_are_those_that_are_paid_by_purchases(ledger: PaymentLedger) -> None:
    bought = OrdinaryRows.of(ledger).bought
    found = {name for name, one in zip(_names(ledger), bought, strict=True) if one}
    assert found == {*SHOPS, *WEB}


def test_free_rows_are_purchases_and_transfers_between_persons(ledger: PaymentLedger) -> None:
    known = OrdinaryRows.of(ledger)
    late = known.orders.ts[known.free(known.orders, known.places)] % (24 * HOUR) / HOUR
    assert late.min() > 5.5
    assert len(late) < len(known.orders)
    facts = training_facts(ledger)
    assert not facts.hours[:5].any()
    assert min(facts.own.min(), facts.times.min()) > 5.5 * HOUR


def test_schemes_buy_at_such_merchants_by_channels_and_at_hours_of_theirs(
    ledger: PaymentLedger, planned: tuple[Orders, SchemePlan]
) -> None:
    made, plan = planned
    rows = OrdinaryRows.of(ledger).orders
    entities = 200
    late, hour = rows.ts % (24 * HOUR), made.ts % (24 * HOUR)
    assert (np.diff(made.ts) >= 0).all()
    inside = made.ts < made.ts.max() // (24 * HOUR) * 24 * HOUR  # after the last day there is none
    made, hour = made.take(inside), hour[inside]
    at_shop = made.merchant >= 0
    assert 50 < at_shop.sum() < len(made)
    pairs = set(zip(rows.merchant.tolist(), rows.channel.tolist(), strict=True))
    names = _names(ledger)
    for shop, channel, at in zip(made.merchant[at_shop], made.channel[at_shop], hour[at_shop], strict=True):
        assert (shop, channel) in pairs
        assert names[shop] in {*SHOPS, *WEB}
        own = late[rows.merchant == shop]
        assert own.min() <= at <= own.max()
    between = ~at_shop & (made.payee < entities)
    assert between.sum() > 50
    assert hour[between].min() >= 12 * HOUR
    assert hour[between].max() <= 21 * HOUR
    assert any("come at a later hour than told" in text for text in plan.remarks)


@pytest.mark.parametrize("is_refunded", [False, True])
def test_a_closed_merchant_is_another_unless_it_pays_back(
    plan: Plan, ledger: PaymentLedger, is_refunded: bool
) -> None:
    """Two payments at 20 o'clock at the baker, who closes at 9; the second may be a refund."""
    merchants, baker = payment_world(plan, None).population.merchants, _names(ledger).index("BAKER")
    account, zero = int(merchants.account[baker]), np.zeros(2, dtype=np.int64)
    ends = np.array([0, account if is_refunded else 0]), np.array([account, 0 if is_refunded else account])
    made = Orders(zero + 20 * HOUR, *ends, zero, zero, zero, zero + baker, zero, zero)
    schemes = cast(SchemePlan, SimpleNamespace(steps=SimpleNamespace(scheme=zero[:1]), id=zero[:1]))
    found = with_open_shops(made, zero, schemes, (merchants, OrdinaryRows.of(ledger)), Streams(1))
    names = {_names(ledger)[one] for one in found.merchant.tolist()}
    assert names == {"BAKER"} if is_refunded else names <= {"BISTRO", *WEB}


def test_transfers_inside_are_told_from_those_outside_but_in_the_widest_cell() -> None:
    """Accounts 0 and 1 are inside, 2 outside: a transfer inside, one to 2, a purchase there, a refund."""
    payer, payee, shop = np.array([0, 0, 0, 2]), np.array([1, 2, 2, 0]), np.array([-1, -1, 0, 0])
    zero = np.zeros(4, dtype=np.int64)
    cells = list(_cells(Orders(zero, payer, payee, zero, zero, zero, shop, zero, zero), 2))
    assert len(np.unique(cells[1])) == len(np.unique(cells[2])) == 4
    assert cells[3][0] == cells[3][1]
    assert len(np.unique(cells[3])) == 3
    assert len(set(np.concatenate([cells[0], cells[1], cells[3]]).tolist())) == 3 + 4 + 3


def test_the_account_that_is_paid_is_the_merchants(plan: Plan, planned: tuple[Orders, SchemePlan]) -> None:
    merchants, made = payment_world(plan, None).population.merchants, planned[0]
    at_shop = made.merchant >= 0
    assert np.array_equal(merchants.account[made.merchant[at_shop]], made.payee[at_shop])


@pytest.mark.parametrize("seed", range(10))
def test_payments_of_a_scheme_keep_their_order_and_stay_in_the_period(seed: int) -> None:
    rng = np.random.default_rng(seed)
    cell, late = np.repeat([3, 7, 9], 40), rng.integers(8 * HOUR, 20 * HOUR, 120)
    order = np.lexsort((late, cell))
    hours = OrdinaryHours(cell[order], late[order])
    cells = np.stack([rng.choice([3, 7, 8], 30)] * 2 + [np.full(30, 9)])
    ts = np.sort(rng.integers(0, 6 * 24 * HOUR, 30))
    made, _ = hours._scheme(ts, cells, _days(7), rng)
    assert (np.diff(made) >= 0).all()
    assert made.max() < 7 * 24 * HOUR
    assert (made >= ts).all()
    times = {one: hours._times(cells[:, one]) for one in range(30)}
    assert all(is_open(times[k], int(made[k]) % (24 * HOUR)) for k in range(30))


def _days(count: int) -> Settings:
    return cast(Settings, SimpleNamespace(start_ns=0, end_ns=count * 24 * HOUR))


def test_a_time_is_open_where_rows_are_near_and_none_tells_nothing() -> None:
    times = np.sort(np.concatenate([np.full(500, 9), np.full(500, 14)]) * HOUR)
    assert is_open(times, 9 * HOUR)
    assert not is_open(times, 9 * HOUR - 1)  # before the first of all
    assert not is_open(times, 12 * HOUR)
    assert not is_open(np.append(times, 20 * HOUR), 20 * HOUR - HOUR)
    assert not is_open(np.append(times, 20 * HOUR), 20 * HOUR)  # one row of a thousand
    assert is_open(times[:0], 3 * HOUR)


def test_the_next_time_is_one_of_the_rows_on_the_day_or_the_day_after() -> None:
    times, day, rng = np.arange(9, 18) * HOUR, 24 * HOUR, np.random.default_rng(0)
    bounds = (0, 10 * day)
    early = {_next(times, day + 4 * HOUR, bounds, rng) - day for _ in range(200)}
    assert early == set(times.tolist())
    assert {_next(times, day + 16 * HOUR, bounds, rng) - day for _ in range(50)} == {16 * HOUR, 17 * HOUR}
    assert {_next(times, day + 20 * HOUR, bounds, rng) // day for _ in range(50)} == {2}
    assert _next(times, day + 20 * HOUR, (day, 2 * day), rng) == day + 17 * HOUR  # the period ends
    assert _next(times, day + 20 * HOUR, (day + 19 * HOUR, 2 * day), rng) == day + 20 * HOUR


def test_payments_within_an_hour_are_moved_together() -> None:
    times, cells = np.repeat(np.arange(9, 18) * HOUR, 10), np.zeros((3, 4), dtype=np.int64)
    hours = OrdinaryHours(np.zeros(len(times), dtype=np.int64), times)
    ts = np.array([3 * HOUR, 3 * HOUR + 60, 3 * HOUR + 90, 34 * HOUR])
    made, moved = hours._scheme(ts, cells, _days(10), np.random.default_rng(2))
    assert (made[1:3] - made[0]).tolist() == [60, 90] or made[0] == 17 * HOUR
    assert made[3] == 34 * HOUR
    assert moved == 3
