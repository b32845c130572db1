"""Words that one entity alone has never come out: counterparties, what they tell, attributes, rare levels."""

from dataclasses import replace

import numpy as np
import pytest
from event_logs import BEGIN, DAY, DAYS, assembled, plain, words

from finsim.generators.events.habits import Habits
from finsim.generators.events.habits.known.private_words import without_private
from finsim.generators.generator import Budget
from finsim.randomness import Streams
from finsim.records.event_log import EventRoles
from finsim.records.mixed_table import NUMBER, TIME, MixedColumn, MixedTable
from finsim.tables.new_ids.names_alike import names_alike

SHARED, OWN = 40, 6


def ledger(count=120, rows=30):
    """Return cards with 40 shared shops and six of their own each; a shop tells its town and region."""
    rng = np.random.default_rng(4)
    entity = np.repeat(np.arange(count), rows)
    n = len(entity)
    own = SHARED + OWN * entity + rng.integers(0, OWN, n)
    shop = np.where(rng.random(n) < 0.5, own, rng.integers(0, SHARED, n))
    town = rng.integers(0, 30, SHARED + OWN * count)
    kind = np.where((rng.random(n) < 0.2) & (entity < 3), 2 + entity, rng.integers(0, 2, n))
    columns = {
        "when": MixedColumn(TIME, BEGIN + rng.integers(0, DAYS, n) * DAY, step=float(DAY)),
        "shop": words(shop, [f"m{7 * k + 13:05d}" for k in range(SHARED + OWN * count)]),
        "town": words(town[shop], [f"t{k}" for k in range(30)]),
        "region": words(town[shop] // 5, "uvwxyz"),
        "code": MixedColumn(NUMBER, 1000.0 + town[shop], step=1.0),
        "kind": words(kind, ["sale", "credit", "odd0", "odd1", "odd2"]),
        "amount": MixedColumn(NUMBER, np.round(np.exp(rng.normal(3, 1, n)), 2), step=0.01),
    }
    people = MixedTable({"name": words(np.arange(count), [f"Ann {k + 500}" for k in range(count)])}, count)
    return assembled(entity, columns["when"].values, columns, EventRoles("when", "amount", "shop"), people)


def told(log, name):
    """Return the words of the cells of a column."""
    column = log.events[name]
    return np.array([column.words[k] for k in column.values])


@pytest.fixture(scope="module")
def both():
    """Return a ledger and as many new entities."""
    log = ledger()
    model = Habits.fit(log, Habits.Settings(), Streams(1), Budget(), lambda share, text: None)
    return log, model, model.sample(log.count, Streams(2))


def test_counterparties_of_one_entity_have_new_names_and_degrees_stay(both):
    log, _, made = both
    known = {log.events["shop"].words[k] for k in np.unique(log.part("partner"))}
    private = {one for one in known if int(one[1:]) >= 7 * SHARED + 13}
    found = told(made, "shop")
    assert not private & set(found)
    assert {one[0] for one in found} == {"m"}
    assert {len(one) for one in found} == {6}
    new = set(found) - known
    assert 0.8 < len(new) / len(private) < 1.1
    real, own = (np.mean(log.part("partner") >= SHARED), np.mean([one in new for one in found]))
    assert abs(real - own) < 0.1


def test_names_of_one_entity_are_in_no_part_of_the_model(both):
    log, model, made = both
    assert not set(made.entities["name"].words) & set(log.entities["name"].words)
    kept = str(model.state().facts)
    assert "m05000" not in kept
    assert "Ann 533" not in kept
    assert not [one for one in log.events["shop"].words[SHARED:] if f"'{one}'" in kept]


def test_rare_levels_become_common_ones(both):
    log, _, made = both
    assert "odd0" in told(log, "kind")
    assert set(told(made, "kind")) == {"sale", "credit"}


def test_what_a_counterparty_tells_keeps_its_order(both):
    """Town and region are dealt column by column, and a town still lies in one region."""
    _, _, made = both
    town, region = made.events["town"].values, made.events["region"].values
    assert np.mean(town // 5 == region) > 0.97
    assert np.mean(made.events["code"].values == 1000.0 + town) > 0.97


def test_held_out_entities_are_still_known_by_the_words_of_the_ledger(both):
    log, model, _ = both
    assert np.isfinite(model.entity_losses(log, Streams(1))).all()


def test_names_alike_are_new_and_of_their_form():
    rng = np.random.default_rng(1)
    known = ["m001", "m002", "m900", "17", "90", "Joe", "Ann", "new-0"]
    found = names_alike(known, list(range(len(known))), rng)
    assert len({*found, *known}) == 2 * len(known)
    assert all(one[0] == "m" and len(one) == 4 for one in found[:3])
    assert all(int(one) > 17 for one in found[3:5])
    dense = [str(k) for k in range(10)]
    assert sorted(map(int, names_alike(dense, list(range(10)), rng))) == list(range(10, 20))


def test_texts_that_each_row_has_anew_do_not_come_out():
    """A memo of every payment, as purpose: none of its words is of two entities, so none is said again."""
    rng = np.random.default_rng(6)
    entity = np.repeat(np.arange(30), 20)
    log = plain(
        entity, rng.integers(0, DAYS, 600), np.round(rng.gamma(2, 20, 600), 2), rng.integers(0, 9, 600)
    )
    memos = [f"payment {k:04d} for order {7 * k:05d}" for k in range(600)]
    events = log.events.with_columns({"memo": words(np.arange(600), memos)})
    own = replace(log, events=events, roles=replace(log.roles, category="memo"))
    found = without_private(own, Streams(1)).events["memo"]
    assert not set(found.words) & set(memos)
