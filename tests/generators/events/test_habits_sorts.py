"""Firms and people are told apart, and no new entity is both."""

import numpy as np
import pytest
from event_logs import BEGIN, DAY, DAYS, assembled, words

from finsim.generators.events.habits import Habits
from finsim.generators.events.habits.living import Wanted, crowd
from finsim.generators.events.habits.sorts_of_entities import parted, sorts_of
from finsim.generators.generator import Budget
from finsim.randomness import Streams
from finsim.records.event_log import EventRoles
from finsim.records.mixed_table import NUMBER, TIME, MixedColumn, MixedTable

CARD, TAX, BILL = range(3)
FIRMS, PEOPLE, PAYEES = 40, 160, 30


def ledger(share=1.0, seed=2):
    """Firms pay taxes and bills, people pay bills and by card; of the rest (``share`` < 1) all pay both."""
    rng, rows = np.random.default_rng(seed), []
    for e in range(FIRMS + PEOPLE):
        ways = [TAX, BILL] if e < FIRMS else [CARD, BILL]
        ways = ways if rng.random() < share else [CARD, TAX, BILL]
        for _ in range(int(rng.integers(25, 45))):
            way = ways[rng.integers(len(ways))]
            payee = {CARD: int(rng.integers(0, 20)), TAX: 20, BILL: int(rng.integers(21, PAYEES))}[way]
            time = BEGIN + int(rng.integers(0, DAYS)) * DAY
            rows.append((e, time, payee, -round(float(rng.lognormal(3, 0.6)), 2), way))
    entity, time, payee, amount, way = (np.array(one) for one in zip(*sorted(rows), strict=True))
    columns = {
        "when": MixedColumn(TIME, time, step=float(DAY)),
        "other": words(payee, [f"p{k}" for k in range(PAYEES)]),
        "way": words(way, ["CARD", "TAX", "BILL"]),
        "sum": MixedColumn(NUMBER, amount, step=0.01),
    }
    roles = EventRoles("when", "sum", "other", channel="way")
    return assembled(entity, time, columns, roles, MixedTable({}, FIRMS + PEOPLE))


def both(log):
    """Return the share of entities with taxes that pay by card too."""
    way = log.events["way"].values
    taxed, carded = (np.unique(log.entity()[way == one]) for one in (TAX, CARD))
    return np.isin(taxed, carded).mean(), len(taxed) / log.count


def test_sorts_are_those_that_were_planted():
    assert sorts_of(ledger()).tolist() == [1] * FIRMS + [0] * PEOPLE
    assert sorts_of(ledger(share=0.5)).max() == 0  # too many pay both ways


def test_who_has_neither_way_is_of_the_sort_that_it_is_like():
    rng = np.random.default_rng(1)
    firm = np.arange(300) < 90
    has = rng.random((300, 6)) < np.where(
        firm[:, None], [0, 0.9, 0.9, 0.1, 0.5, 0.5], [0.9, 0, 0.1, 0.9, 0.5, 0.5]
    )
    other = parted(has)
    assert other is not None
    assert min((other == firm).mean(), 1 - (other == firm).mean()) < 0.03


def test_ways_that_meet_by_chance_part_nobody():
    rng = np.random.default_rng(0)
    for _ in range(20):
        assert parted(rng.random((400, 30)) < rng.uniform(0.1, 0.6, 30)) is None


def test_lives_are_those_of_the_sort():
    log = ledger()
    body = Habits.fit(log, Habits.Settings(), Streams(1), Budget(), lambda share, text: None)
    sort = body.known.parts.links.sort
    for seed in range(3):
        found = crowd(body.known, Wanted(np.arange(200), DAYS, 200), Streams(seed), body.log, {})
        assert (sort[found.life] == sort[found.anchor]).all()
        assert (found.life != found.anchor).mean() > 0.7


@pytest.mark.parametrize("count", [200, 37])
def test_no_new_entity_is_firm_and_person(count):
    log = ledger()
    body = Habits.fit(log, Habits.Settings(), Streams(1), Budget(), lambda share, text: None)
    found, taxed = both(body.sample(count, Streams(3)))
    assert both(log)[0] == found == 0.0
    assert taxed == pytest.approx(FIRMS / (FIRMS + PEOPLE), abs=0.09)
