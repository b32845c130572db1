"""Signs of amounts are directions: learned as a word, and given back as a sign."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from echo_ledgers import statement

from finsim.generators.events.habits.habits import Habits
from finsim.generators.events.habits.sides.signed_amounts import SIDE, side_column, with_side, with_signs
from finsim.generators.generator import Budget
from finsim.randomness import Streams

BUY, BACK, SEND, WAGE = range(4)


def signed(log):
    """Return the log with the sign of the amount in place of its direction."""
    sums = np.where(log.part("direction") == 1, 1.0, -1.0) * log.part("amount")
    events = log.events.without("way").with_columns({"sum": log.events["sum"].with_values(sums)})
    return replace(log, events=events, roles=replace(log.roles, direction=None))


@cache
def fitted():
    return Habits.fit(signed(statement()), Habits.Settings(), Streams(3), Budget(), lambda share, text: None)


@cache
def sampled():
    return fitted().sample(60, Streams(5))


def test_each_word_keeps_its_sign():
    log = sampled()
    word, positive = log.part("category"), log.part("amount") > 0
    assert not positive[word == BUY].any()
    assert positive[word == BACK].all()
    assert positive[word == WAGE].all()
    sent = log.events.take(word == SEND)
    assert positive[word == SEND].mean() == pytest.approx(0.5, abs=0.02)  # both sides of each
    assert sent.rows > 500


def test_what_comes_out_has_the_columns_and_roles_of_what_went_in():
    log, real = sampled(), signed(statement())
    assert list(log.events.columns) == list(real.events.columns)
    assert log.roles == real.roles
    again = Habits.from_state(fitted().state()).sample(60, Streams(5))
    assert again.digest() == log.digest()
    losses = fitted().entity_losses(real, Streams(1))
    assert losses.shape == (60,)
    assert np.isfinite(losses).all()


@pytest.mark.parametrize(("below", "is_side"), [(0, False), (4, False), (5, True), (95, True), (96, False)])
def test_few_sums_on_one_side_are_corrections(below, is_side):
    log = signed(statement(10))
    sums = np.full(log.events.rows, np.nan)
    sums[:100] = 1.0
    sums[:below] = -1.0
    log = replace(log, events=log.events.with_columns({"sum": log.events["sum"].with_values(sums)}))
    assert bool(side_column(log)) == is_side


def test_a_ledger_of_directions_needs_no_other_and_names_do_not_meet():
    assert side_column(statement(10)) == ""
    log = signed(statement(10))
    assert side_column(replace(log, roles=replace(log.roles, amount=None))) == ""
    taken = replace(log, events=log.events.with_columns({SIDE: log.events["word"]}))
    assert side_column(taken) == SIDE + "'"


def test_signs_go_and_come_back():
    log = signed(statement(10))
    sums = log.part("amount").copy()
    sums[:2] = np.nan, 0.0
    log = replace(log, events=log.events.with_columns({"sum": log.events["sum"].with_values(sums)}))
    there = with_side(log, "side")
    assert np.nanmin(there.part("amount")) == 0.0
    assert there.events["side"].values[0] == -1
    assert there.roles.direction == "side"
    back = with_signs(there.events, "sum", "side")
    assert list(back.columns) == list(log.events.columns)
    assert np.array_equal(back["sum"].values, sums, equal_nan=True)
    assert with_side(log, "") is log
    assert with_signs(log.events, "sum", "") is log.events
