"""In a statement the word of a row is one that the pair has in its direction: a refund is no purchase."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from event_logs import BEGIN, DAY, DAYS, assembled, words

from finsim.generators.events.habits import Habits
from finsim.generators.events.habits.cells.shown_rows import Shown
from finsim.generators.generator import Budget
from finsim.randomness import Streams
from finsim.records.event_log import EventRoles
from finsim.records.mixed_table import NUMBER, TIME, MixedColumn, MixedTable

PURCHASE, REFUND, WAGES = range(3)


def statement(count=120, shops=40, seed=0):
    """People buy at shops, in one row of twenty get money back from one, and are paid wages by two firms."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(count), rng.poisson(25, count) + 5)
    shop = (who * 7 + rng.integers(0, 6, len(who))) % shops
    what = np.where(rng.random(len(who)) < 0.05, REFUND, PURCHASE)
    paid = np.repeat(np.arange(count), 8)
    entity, payee = np.append(who, paid), np.append(shop, shops + paid % 2)
    what = np.append(what, np.full(len(paid), WAGES))
    n = len(entity)
    time = BEGIN + rng.integers(0, DAYS * DAY // 10**9, n) * 10**9
    columns = {
        "at": MixedColumn(TIME, time, step=1e9),
        "to": words(payee, [f"p{k}" for k in range(shops + 2)]),
        "amount": MixedColumn(NUMBER, np.round(rng.lognormal(3, 1, n), 2), step=0.01),
        "sign": words((what == PURCHASE) * 1, ["in", "out"]),
        "what": words(what, ["purchase", "refund", "wages"]),
    }
    roles = EventRoles("at", "amount", "to", None, direction="sign")
    return assembled(entity, time, columns, roles, MixedTable({}, count))


@cache
def both():
    data = statement()
    body = Habits.fit(data, Habits.Settings(), Streams(1), Budget(), lambda share, text: None)
    return data, body


def table(log):
    """Return the rows of each word and direction [3, 2]."""
    code = log.events["what"].values.astype(np.int64) * 2 + log.events["sign"].values
    return np.bincount(code, minlength=6).reshape(3, 2)


def test_no_direction_has_a_word_that_it_never_has():
    data, body = both()
    assert {law.name: law.how for law in body.known.early} == {"sign": "pair", "what": "pair"}
    real, found = table(data), table(body.sample(data.count, Streams(2)))
    assert ((found > 0) == (real > 0)).all()
    assert found[REFUND, 0] == pytest.approx(real[REFUND, 0], rel=0.25)


def test_what_pairs_show_comes_back_from_the_arrays():
    data, body = both()
    known = type(body.known).restored(body.known.arrays(), body.known.facts(), data)
    draws = np.random.default_rng(1).random(200)
    link = np.arange(200) % len(known.parts.links.payee)
    assert known.shown is not None
    assert (known.shown.cases(link, draws) == body.known.shown.cases(link, draws)).all()
    assert [law.shown.tolist() for law in known.early] == [law.shown.tolist() for law in body.known.early]


def test_cases_come_as_often_as_the_link_has_them():
    shown = Shown(np.array([1, 3]), np.array([4, 4, 9]), np.array([1.0, 1.75, 2.0]), np.array([1, 4]))
    draws = np.arange(1_000) / 1_000
    assert (shown.cases(np.zeros(1_000, np.int64), draws) == 4).all()
    assert (shown.cases(np.ones(1_000, np.int64), draws) == 9).sum() == 250
    found = shown.by_rows(np.array([1, 0]), (np.zeros(1_000, np.int64), np.full(1_000, 2)), draws)
    assert (found == 1).sum() == 800
