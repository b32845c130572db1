"""Sampled payments keep the links between their numbers, in any part of a sample."""

import json
from dataclasses import replace

import numpy as np
from event_logs import cards

from finsim.generators.events.habits.cells.linked_numbers import _draws, learn_links
from finsim.generators.events.habits.habits import Habits
from finsim.generators.generator import Budget
from finsim.randomness import Streams
from finsim.records.mixed_table import NUMBER, WORD, MixedColumn


def test_a_sum_billed_within_a_word_is_computed_in_every_part_of_a_sample() -> None:
    log = cards(60, seed=3)
    amount, abroad = log.events["amount"].values, log.events["trade"].values == 0
    billed = np.where(abroad, np.round(amount * 1.03, 2), amount)
    events = log.events.without("tip").with_columns({"billed": MixedColumn(NUMBER, billed, step=0.01)})
    log = type(log)(events, log.starts, log.entities, log.roles, log.begin, log.end)
    model = Habits.fit(log, Habits.Settings(), Streams(1), Budget(), lambda *_: None)
    model = Habits.from_state(model.state())
    whole = model.sample(40, Streams(2))
    amount, abroad = whole.events["amount"].values, whole.events["trade"].values == 0
    expected = np.where(abroad, np.round(amount * 1.03, 2), amount)
    assert abroad.sum() > 50
    np.testing.assert_allclose(whole.events["billed"].values, expected, atol=0.0101)
    parts = [model.sample(size, Streams(2), first, total=40) for first, size in ((0, 15), (15, 25))]
    found = np.concatenate([one.events["billed"].values for one in parts])
    np.testing.assert_array_equal(found, whole.events["billed"].values)


def test_draws_are_those_of_the_entity_in_any_part() -> None:
    log = cards(12, seed=3)
    whole = _draws(log, 4, 9)
    assert len(np.unique(whole)) == len(whole)
    part = log.take(np.arange(5, 9))
    begin = int(log.starts[5])
    assert np.array_equal(_draws(part, 9, 9), whole[begin : begin + part.events.rows])
    assert not np.array_equal(_draws(log, 5, 9), whole)


def test_a_word_of_one_entity_is_not_told() -> None:
    log = cards(40, seed=3)
    amount = log.events["amount"].values
    owner = np.repeat(np.arange(log.count), log.lengths())
    most = int(np.bincount(owner).argmax())
    word = np.where(owner == most, 2, np.arange(len(owner)) % 2).astype(np.int32)
    billed = np.where(word == 0, np.round(amount * 1.03, 2), amount)
    columns = {
        "billed": MixedColumn(NUMBER, billed, step=0.01),
        "mark": MixedColumn(WORD, word, ("abroad", "home", "secret")),
    }
    events = log.events.with_columns(columns)
    assert np.bincount(owner).max() >= 20
    facts = json.dumps(learn_links(replace(log, events=events)))
    assert "abroad" in facts
    assert "secret" not in facts
