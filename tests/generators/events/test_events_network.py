"""The event network: what it learns, what it refuses, what its bytes depend on."""

import dataclasses
import json

import numpy as np
import pytest
from small_networks import DAY, SMALL, STAY, fitted, quiet, two_states

from finsim.errors import FitError
from finsim.generators.events.event_generator import EventGenerator, HasEntityLoss
from finsim.generators.events.network import events_network
from finsim.generators.events.network.event_encoding import encoded
from finsim.generators.events.network.event_sampling import walked
from finsim.generators.events.network.events_network import Events
from finsim.generators.events.network.number_field import NumberField
from finsim.generators.events.network.partner_field import PartnerField
from finsim.generators.generator import Budget, State
from finsim.kernels.events.event_network import GAP, IDENTITY, MAIN, POINTER
from finsim.randomness import Streams
from finsim.records.mixed_table import MixedTable

pytestmark = pytest.mark.sweep


@pytest.fixture(scope="module")
def log():
    return two_states()


@pytest.fixture(scope="module")
def untrained(log):
    return fitted(log, steps=1)


@pytest.fixture(scope="module")
def trained(log):
    settings = dataclasses.replace(SMALL, dropout=0.0, learning_rate=1e-2)
    return fitted(log, settings, steps=250)


def test_keeps_the_contracts(untrained):
    assert isinstance(untrained, EventGenerator)
    assert isinstance(untrained, HasEntityLoss)


def test_held_out_loss_falls_well_below_the_untrained_one(trained):
    assert trained.report.held_out < trained.report.untrained - 1.0


def test_two_states_are_recovered(trained):
    made = trained.sample(120, Streams(2))
    state, amount = made.events["state"].values, made.events["amount"].values
    inside = np.diff(made.entity()) == 0
    kept = (np.diff(state) == 0)[inside].mean()
    assert abs(kept - STAY) < 0.04
    assert (amount[state == 0] == 10.0).mean() > 0.88
    assert ((amount[state == 1] >= 100) & (amount[state == 1] <= 200)).mean() > 0.88
    assert abs(made.events.rows / (120 * 70) - 0.4) < 0.04


def test_losses_of_other_entities_are_lower_than_before_training(trained, untrained):
    other = two_states(entities=12, seed=9)
    better = trained.entity_losses(other, Streams(0))
    assert better.shape == (12,)
    assert better.mean() < untrained.entity_losses(other, Streams(0)).mean() - 1.0


def test_what_follows_the_counterparty_follows_it(untrained):
    made = untrained.sample(16, Streams(3)).events
    assert untrained.fields.bound == ("city",)
    assert np.array_equal(made["city"].values, made["to"].values % 5)


@pytest.mark.parametrize("cuts", [(1, 29), (7, 8, 15), (30,)])
def test_bytes_of_an_entity_do_not_depend_on_the_calls(untrained, cuts):
    whole = untrained.sample(30, Streams(4), first=3)
    first, parts = 3, []
    for size in cuts:
        parts.append(untrained.sample(size, Streams(4), first=first))
        first += size
    for name, column in whole.events.columns.items():
        again = np.concatenate([part.events[name].values for part in parts])
        assert np.array_equal(again, column.values, equal_nan=column.kind == "number")
    assert np.array_equal(np.concatenate([part.lengths() for part in parts]), whole.lengths())
    assert np.concatenate([p.entities["grade"].values for p in parts]).tolist() == (
        whole.entities["grade"].values.tolist()
    )


def test_state_survives_a_round_trip(untrained):
    state = untrained.state()
    again = Events.from_state(State(state.arrays, json.loads(json.dumps(dict(state.facts)))))
    assert again.state().facts == state.facts
    assert all(np.array_equal(array, again.state().arrays[name]) for name, array in state.arrays.items())
    assert again.sample(9, Streams(1)).digest() == untrained.sample(9, Streams(1)).digest()


def test_a_stopped_fit_goes_on_as_if_it_had_not_stopped(log, tmp_path):
    settings = dataclasses.replace(SMALL, check_every=3)
    whole = fitted(log, settings, steps=8).state()

    class StoppedError(Exception):
        pass

    def stop(share, text):
        if share > 0.7:
            raise StoppedError

    with pytest.raises(StoppedError):
        Events.fit(log, settings, Streams(5), Budget(steps=8), stop, checkpoint=tmp_path)
    again = fitted(log, settings, steps=8, checkpoint=tmp_path).state()
    assert all(np.array_equal(array, again.arrays[name]) for name, array in whole.arrays.items())


CHANGED = {
    "width": 20, "embedding": 4, "context": 4, "window": 9, "dropout": 0.5, "blur": 0.6, "amount_bins": 4,
    "number_bins": 4, "ranks": 2, "popular": 2, "words": 1, "steps": 3, "batch": 5, "learning_rate": 1e-3,
    "warm_up": 2, "clip": 1e6, "ema": 0.9, "check_every": 7, "patience": 1, "held_out": 0.4, "block": 5,
}  # fmt: skip


PRIVACY = {"epsilon", "delta", "unit", "entity_clip"}  # tests/generators/test_private_learned.py


def test_every_setting_has_a_changed_value():
    assert set(CHANGED) | PRIVACY == {one.name for one in dataclasses.fields(SMALL)}


@pytest.mark.parametrize(
    "name", [*list(CHANGED)[:6], *(pytest.param(name, marks=pytest.mark.slow) for name in list(CHANGED)[6:])]
)
def test_every_setting_changes_bytes(name):
    log = two_states(entities=14, days=50)
    base = dataclasses.replace(SMALL, steps=4, patience=1, check_every=2, learning_rate=0.05)
    if name in ("patience", "check_every", "clip", "ema"):
        # A noisy course: held-out losses go up and down, so that when they are asked for matters.
        base = dataclasses.replace(base, steps=60, patience=0, check_every=1, learning_rate=0.1, ema=0.3)
    changed = dataclasses.replace(base, **{name: CHANGED[name]})
    made = []
    for settings in (base, changed):
        model = Events.fit(log, settings, Streams(5), Budget(), quiet)
        made.append(model.sample(12, Streams(1)).digest())
    assert made[0] != made[1]


@pytest.mark.parametrize("clock", [False, True])
@pytest.mark.parametrize("partners", [False, True])
def test_logs_with_and_without_hours_and_counterparties(clock, partners):
    log = two_states(entities=12, clock=clock, partners=partners)
    made = fitted(log, steps=2).sample(9, Streams(1))
    assert list(made.events.columns) == list(log.events.columns)
    assert made.events.rows > 0
    assert ((made.times % DAY != 0).any()) == clock


@pytest.mark.parametrize("days", [1, 30, 200])
def test_other_periods(untrained, days):
    made = untrained.sample(8, Streams(1), days=days)
    assert made.end == days * DAY
    assert made.times.max(initial=0) < made.end


def test_missing_cells_are_learned_and_drawn():
    log = two_states(entities=20)
    amount, to = log.events["amount"].values.copy(), log.events["to"].values.copy()
    amount[::3], to[::4] = np.nan, -1
    events = log.events.with_columns({
        "amount": log.events["amount"].with_values(amount), "to": log.events["to"].with_values(to),
    })  # fmt: skip
    log = dataclasses.replace(log, events=events)
    made = fitted(log, dataclasses.replace(SMALL, learning_rate=1e-2), steps=60).sample(40, Streams(1)).events
    assert 0.2 < np.isnan(made["amount"].values).mean() < 0.47
    assert 0.12 < (made["to"].values < 0).mean() < 0.38


def test_no_entity_is_asked_for(untrained):
    made = untrained.sample(0, Streams(1))
    assert made.count == 0
    assert made.events.rows == 0


@pytest.mark.parametrize("request_", [{"count": -1}, {"count": 1, "days": 0}])
def test_impossible_requests_are_refused(untrained, request_):
    with pytest.raises(FitError, match="asked for"):
        untrained.sample(streams=Streams(1), **request_)


def test_all_problems_are_told_at_once():
    settings = dataclasses.replace(SMALL, width=0, dropout=1.0)
    log = two_states(entities=1, days=3)
    with pytest.raises(FitError) as told:
        Events.refuse(log, settings)
    assert all(word in str(told.value) for word in ("width", "dropout", "entities"))


def test_one_day_and_constant_columns():
    log = two_states(entities=60, days=1)
    events = MixedTable({"when": log.events["when"], "state": log.events["state"].with_values(
        np.zeros(log.events.rows))}, log.events.rows)  # fmt: skip
    log = dataclasses.replace(
        log, events=events, roles=dataclasses.replace(log.roles, amount=None, partner=None)
    )
    made = fitted(log, steps=2).sample(20, Streams(1))
    assert (made.events["state"].values == 0).all()
    assert (made.times == 0).all()


def test_entities_come_in_turn_each_turn_in_its_own_order(untrained):
    blocks = np.concatenate([untrained._likes(block, Streams(1)) for block in range(15)])
    assert sorted(blocks[:60]) == sorted(blocks[60:]) == list(range(60))
    assert blocks[:60].tolist() != blocks[60:].tolist()


def test_what_was_walked_is_what_the_encoder_reads(log, monkeypatch):
    to = log.events["to"]
    few = log.events.with_columns({"to": to.with_values(to.values % 3)}).without("city")
    model = fitted(dataclasses.replace(log, events=few), steps=2)
    walks = []

    def kept(*given):
        walks.append(walked(*given))
        return walks[-1]

    monkeypatch.setattr(events_network, "walked", kept)
    again = encoded(model.sample(8, Streams(2)), model.fields).tokens
    fields = [MAIN, GAP, POINTER, IDENTITY]
    assert len(walks) == 1
    assert len(again) > 100
    assert np.array_equal(again[:, fields], walks[0].tokens[:, fields])


def test_counterparties_of_one_entity_are_dealt_to_one():
    codes = np.arange(64)
    field = PartnerField.fit(codes, codes // 4, 64, np.zeros((64, 0), int), 3, np.random.default_rng(1))
    names = np.full(32, field.identities - 1)
    dealt = np.concatenate([field.dealt(names, np.arange(32) // 4, block, 8) for block in (0, 1)])
    assert sorted(dealt) == list(range(64))
    assert not (field.dealt(names, np.arange(32) // 4, 2, 8) - dealt[:32]).any()


def test_numbers_keep_their_share_of_round_ones():
    rng = np.random.default_rng(0)
    values = np.round(rng.uniform(1, 500, 20_000), 2)
    values[::10] = np.round(values[::10], -1)
    field = NumberField.fit(values, 0.01, 24)
    made = field.values(field.tokens(values), None, rng.random((20_000, 3)))
    for unit in (1.0, 10.0):
        shares = [(np.abs(one / unit - np.round(one / unit)) < 1e-6).mean() for one in (values, made)]
        assert abs(shares[1] - shares[0]) < 0.004
