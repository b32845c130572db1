"""Common random numbers: what a scenario must not touch stays as it was, to the byte."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from finsim.agents.cards.row_cards import with_row_cards
from finsim.agents.devices.device_tables import with_row_devices
from finsim.agents.everyday.ordinary_payments import order_key, ordinary_orders
from finsim.agents.ledger_posting import RowMarks, post
from finsim.agents.observed.bank_watch import BankWatch
from finsim.agents.originals.refund_links import RefundLinks, all_links
from finsim.agents.originals.row_originals import RowOriginals
from finsim.agents.payment_orders import Orders, merge
from finsim.agents.scenario_effects import on_days
from finsim.agents.schemes.scheme_generation import scheme_orders
from finsim.agents.simulate import simulate, sliced, unstressed
from finsim.agents.vocabulary import CHANNEL, PURPOSE
from finsim.errors import RecordError, ScenarioError
from finsim.randomness import Streams
from finsim.records.transactions import TRANSACTION_SCHEMA

LEGITIMATE = ["order_id", "ts", "from_account", "to_account", "amount", "channel", "purpose", "merchant_id"]


def stressed(settings, severity=1.0, **blocks):
    return replace(unstressed(settings), scenario="test", severity=severity, **blocks)


def days(settings, value):
    return np.full(settings.days, float(value))


def test_days_before_and_after_the_clock_of_a_scenario_are_neutral():
    clock = SimpleNamespace(day_dates=lambda: np.array(["2026-01-03", "2026-01-04"], "datetime64[D]"))
    drivers, settings = SimpleNamespace(clock=clock), SimpleNamespace(start="2026-01-01", days=6)
    assert on_days(np.array([2.0, 3.0]), drivers, settings).tolist() == [1.0, 1.0, 2.0, 3.0, 1.0, 1.0]


@pytest.fixture(scope="module")
def wave(world):
    """A scenario that changes fraud and laundering only."""
    settings = world.settings
    drivers = stressed(
        settings,
        intensity={
            "fraud:card_testing": days(settings, 6.0),
            "fraud:authorised_push_payment": days(settings, 4.0),
            "aml:layering": days(settings, 3.0),
        },
        mules={"branching_ratio": 0.3, "excitation_half_life_hours": 18.0, "recruit_mult": 3.0,
               "hops_low": 2.0, "hops_high": 5.0, "dwell_low": 0.2, "dwell_high": 24.0},
    )  # fmt: skip
    return drivers, simulate(settings, Streams(7), drivers)


def test_fraud_only_scenarios_leave_every_legitimate_order_as_it_was(world, wave):
    before, after = (
        rows.filter(pc.equal(rows["instance"], -1)).select(LEGITIMATE)
        for rows in (world.tables.rows, wave[1].rows)
    )
    assert before.equals(after)
    assert wave[1].patterns.num_rows > 2 * world.tables.patterns.num_rows
    assert wave[1].accounts.equals(world.tables.accounts)


def test_only_balances_and_declines_that_follow_from_stolen_money_differ(world, wave):
    """Before the first payment that the wave adds all rows are equal; after it few statuses change."""
    base, now = world.rows, wave[1].to_pandas(internal=True)
    added = now[now["instance"].ge(0) & ~now["order_id"].isin(base["order_id"])]["ts"].min()
    early = [frame[frame["ts"] < added].drop(columns="tx_id") for frame in (base, now)]
    assert len(early[0]) > 0
    assert early[0].equals(early[1])
    ordinary = [frame[frame["instance"].eq(-1)].set_index("order_id") for frame in (base, now)]
    changed = ordinary[0]["status"].ne(ordinary[1]["status"])
    assert 0 < changed.mean() < 0.01
    balances = ["from_balance_after", "to_balance_after"]
    assert ordinary[0][balances].ne(ordinary[1][balances]).any(axis=None)


def test_unstressed_schemes_keep_their_identity_under_a_wave(world, wave):
    base = world.patterns.set_index("instance")
    now = wave[1].patterns.to_pandas().set_index("instance")
    assert set(base.index) <= set(now.index)
    assert (base["start"] == now.loc[base.index, "start"]).all()
    untouched = base.index[base["narrative"].eq("card_testing_escalation")]
    assert base.loc[untouched, "accounts"].map(list).equals(now.loc[untouched, "accounts"].map(list))


def test_severity_zero_is_the_identity(world, wave):
    drivers = replace(
        wave[0], severity=0.0, intensity={name: days(world.settings, 1) for name in wave[0].intensity}
    )
    again = simulate(world.settings, Streams(7), drivers)
    assert again.rows.equals(world.tables.rows)
    assert again.patterns.equals(world.tables.patterns)


def test_same_seed_same_bytes_and_another_seed_another_world(world):
    again = simulate(world.settings, Streams(7))
    assert again.rows.equals(world.tables.rows)
    assert again.accounts.equals(world.tables.accounts)
    other = simulate(world.settings, Streams(8))
    assert not other.rows.equals(world.tables.rows)
    assert not other.accounts.equals(world.tables.accounts)


@pytest.mark.parametrize("slice_days", [1, 90])
def test_bytes_do_not_depend_on_slices(world, slice_days):
    again = simulate(replace(world.settings, slice_days=slice_days), Streams(7))
    assert again.rows.equals(world.tables.rows)
    assert again.patterns.equals(world.tables.patterns)


def test_bytes_do_not_depend_on_the_order_of_shards_or_a_trip_through_a_file(world):
    settings, streams, drivers = world.settings, Streams(7), unstressed(world.settings)
    found: list[RefundLinks] = []
    shards = [
        ordinary_orders(world.population, settings, streams, shard, drivers, links=found)
        for shard in reversed(range(settings.shards))
    ]
    shards = [Orders.from_arrow(part.to_arrow()) for part in shards]
    planned, plan = scheme_orders(world.population, world.narratives, settings, streams, drivers)
    _, gear = with_row_devices(world.population, settings, streams, (planned, plan))
    watch = BankWatch(world.population.accounts, (planned, plan), settings.observed, streams)
    blocks = sliced([planned, *shards], settings)
    _, wallet = with_row_cards(world.population.accounts, settings, streams, (planned, plan), watch.parts)
    links = RefundLinks.from_arrow(all_links(found).to_arrow())
    marks = RowMarks(gear, wallet, RowOriginals(links, (planned, plan), len(world.accounts)))
    posted = post(world.population, settings, blocks, plan, marks=marks, watch=watch)
    rows = pa.Table.from_batches(list(posted), schema=TRANSACTION_SCHEMA)
    assert rows.equals(world.tables.rows)
    assert watch.tables()["alerts"].equals(world.tables.alerts)
    assert posted.patterns.equals(world.tables.patterns)


def orders_of(world, drivers):
    return ordinary_orders(world.population, world.settings, Streams(7), 0, drivers)


@pytest.fixture(scope="module")
def plain(world):
    return orders_of(world, unstressed(world.settings))


def columns_by_id(orders):
    order = np.argsort(orders.order_id)
    return orders.take(order)


def test_less_spending_thins_and_moves_nothing_else(world, plain):
    found = orders_of(world, stressed(world.settings, behaviour={"spend:travel": days(world.settings, 0.15)}))
    travel = PURPOSE["travel"]
    share = (found.purpose == travel).sum() / (plain.purpose == travel).sum()
    assert 0.05 < share < 0.3
    assert np.isin(found.order_id, plain.order_id).all()
    statements = np.array([PURPOSE["card_payment"], PURPOSE["refund"]])
    before, after = columns_by_id(plain), columns_by_id(found)
    before = before.take(np.isin(before.order_id, after.order_id))
    kept = ~np.isin(after.purpose, statements)
    for name in ("ts", "payer", "payee", "amount", "channel", "merchant"):
        assert (getattr(before, name) == getattr(after, name))[kept].all()
    lost = ~np.isin(plain.order_id, found.order_id)
    assert set(np.unique(plain.purpose[lost])) <= {travel, PURPOSE["refund"]}


def test_more_spending_adds_and_keeps_all_base_orders(world, plain):
    found = orders_of(
        world, stressed(world.settings, behaviour={"channel:card_not_present": days(world.settings, 1.8)})
    )
    assert np.isin(plain.order_id, found.order_id).all()
    new = ~np.isin(found.order_id, plain.order_id)
    assert set(np.unique(found.channel[new])) == {CHANNEL["card_not_present"]}
    elective = (plain.channel == CHANNEL["card_not_present"]) & (plain.purpose < 10)
    assert new.sum() / elective.sum() == pytest.approx(0.8, abs=0.05)
    assert found.order_id[new].min() > plain.order_id.max()


def test_late_payments_move_bills_only(world, plain):
    found = orders_of(world, stressed(world.settings, behaviour={"late_payment": days(world.settings, 8.0)}))
    both = np.intersect1d(plain.order_id, found.order_id)
    before, after = (columns_by_id(o.take(np.isin(o.order_id, both))) for o in (plain, found))
    moved = before.ts != after.ts
    assert moved.sum() > 50
    assert set(np.unique(before.purpose[moved])) <= {PURPOSE["rent"], PURPOSE["card_payment"]}
    assert (after.ts >= before.ts).all()
    assert (after.amount == before.amount).all()


def test_cash_withdrawals_follow_their_driver(world, plain):
    found = orders_of(
        world, stressed(world.settings, behaviour={"cash_withdrawal": days(world.settings, 2.0)})
    )
    cash = world.population.outside["cash"]
    count = [np.isin(o.payee, cash).sum() for o in (plain, found)]
    assert count[1] / count[0] == pytest.approx(2.0, abs=0.15)


def test_order_key_reads_behaviour_alone(world, wave):
    settings = world.settings
    base = order_key(unstressed(settings))
    assert order_key(wave[0]) == base
    assert order_key(stressed(settings, behaviour={"spend:travel": days(settings, 1.0)})) == base
    assert order_key(stressed(settings, behaviour={"spend:travel": days(settings, 0.9)})) != base


def test_unknown_behaviour_is_refused_with_a_suggestion(world):
    drivers = stressed(world.settings, behaviour={"spend:grocery": days(world.settings, 0.5)})
    with pytest.raises(ScenarioError, match="did you mean 'spend:groceries'"):
        orders_of(world, drivers)


def test_exploding_and_absurd_intensities_are_refused(world):
    for blocks, message in (
        ({"mules": {"branching_ratio": 1.0}}, "explodes"),
        ({"intensity": {"fraud:card_testing": days(world.settings, 60.0)}}, "60.0 times"),
    ):
        with pytest.raises(ScenarioError, match=message):
            scheme_orders(
                world.population,
                world.narratives,
                world.settings,
                Streams(7),
                stressed(world.settings, **blocks),
            )


def test_posting_refuses_slices_out_of_order_and_an_early_pattern_table(world, plain):
    drivers = unstressed(world.settings)
    _, plan = scheme_orders(world.population, world.narratives, world.settings, Streams(7), drivers)
    low, high = world.settings.slices()[:2]
    wrong = [plain.between(*high), plain.between(*low)]
    posted = post(world.population, world.settings, wrong, plan)
    with pytest.raises(RecordError, match="not complete"):
        posted.patterns  # noqa: B018
    with pytest.raises(RecordError, match="time order"):
        list(posted)


def test_merge_orders_ties_by_id(plain):
    some = plain.take(slice(0, 6))
    flat = replace(some, ts=np.zeros(6, np.int64), order_id=np.array([2, 5, 9, 1, 4, 8]))
    one, two = flat.take(slice(0, 3)), replace(flat.take(slice(3, 6)), order_id=np.array([11, 14, 18]))
    assert merge([two, one]).order_id.tolist() == [2, 5, 9, 11, 14, 18]
    assert len(merge([])) == 0
