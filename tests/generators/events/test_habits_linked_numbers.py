"""Sampled payments keep the links between their numbers, in any part of a sample."""

import numpy as np
from event_logs import cards

from finsim.generators.events.habits.habits import Habits
from finsim.generators.generator import Budget
from finsim.randomness import Streams
from finsim.records.mixed_table import NUMBER, MixedColumn


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
