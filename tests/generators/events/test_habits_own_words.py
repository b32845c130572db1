"""Words that are mostly the entity's own: a town in half of the rows, a card number among references."""

from dataclasses import replace

import numpy as np
import pytest
from event_logs import BEGIN, DAY, DAYS, assembled, words

from finsim.generators.events.habits import Habits
from finsim.generators.events.habits.known.marked_words import in_form, learn_own, marked
from finsim.generators.generator import Budget
from finsim.randomness import Streams
from finsim.records.event_log import EventRoles
from finsim.records.mixed_table import NUMBER, TIME, MixedColumn, MixedTable

TOWNS = ("north", "south", "east", "west")
COUNT, ROWS, SHOPS, BILLS = 80, 60, 12, 3


def statement(seed=0, own=0.95):
    """Purchases by card in the town of the account, at shops of all towns and machines of one; bills beside.

    Half of the rows have a town. References are card numbers of the account, mandates, or words of anyone.
    """
    rng = np.random.default_rng(seed)
    entity = np.repeat(np.arange(COUNT), ROWS)
    n = len(entity)
    kind = rng.choice(4, n, p=[0.4, 0.15, 0.3, 0.15])  # shop, machine, bill, friend
    home = rng.integers(0, len(TOWNS), COUNT)
    town = np.where(rng.random(n) < own, home[entity], rng.integers(0, len(TOWNS), n))
    payee = np.select(
        [kind == 0, kind == 1, kind == 2],
        [rng.integers(0, SHOPS, n), SHOPS + town, SHOPS + 4 + entity % BILLS],
        SHOPS + 4 + BILLS + (entity + rng.integers(0, 5, n)) % 30,
    )
    names = [
        *(f"CARD {1000 + 97 * k}" for k in range(COUNT)),
        *(f"DD{500_000 + 7_919 * k}" for k in range(COUNT)),
        "LUNCH", "GIFT", "THANKS",
    ]  # fmt: skip
    reference = np.select([kind <= 1, kind == 2], [entity, COUNT + entity], 2 * COUNT + rng.integers(0, 3, n))
    columns = {
        "at": MixedColumn(TIME, BEGIN + rng.integers(0, DAYS, n) * DAY, step=float(DAY)),
        "sum": MixedColumn(NUMBER, -np.round(rng.lognormal(3, 0.7, n), 2) - 0.01, step=0.01),
        "type": words(kind, ["card", "cash", "debit", "transfer"]),
        "to": words(payee, [f"p{k}" for k in range(SHOPS + 4 + BILLS + 30)]),
        "town": words(np.where(kind <= 1, town, -1), TOWNS),
        "reference": words(reference, names),
    }
    roles = EventRoles("at", "sum", "to", channel="type")
    return assembled(entity, columns["at"].values, columns, roles, MixedTable({}, COUNT))


def modal(log, name, rows):
    """Return the share of rows with the commonest word of their entity."""
    word, entity = log.events[name].values[rows], log.entity()[rows]
    return sum(np.bincount(word[entity == e]).max() for e in np.unique(entity)) / len(word)


def of_type(log, *names):
    column = log.events["type"]
    return np.isin(column.values, [column.words.index(name) for name in names])


@pytest.fixture(scope="module")
def ledger():
    return statement()


@pytest.fixture(scope="module")
def fitted(ledger):
    return Habits.fit(ledger, Habits.Settings(), Streams(3), Budget(steps=1), lambda *_: None)


@pytest.fixture(scope="module")
def sample(fitted):
    return fitted.sample(COUNT, Streams(4))


def test_kinds_are_the_filled_cells_of_a_town_and_the_forms_of_references(ledger):
    found = {(one.column, one.form): one for one in learn_own(ledger, Streams(1))}
    assert set(found) == {("town", ""), ("reference", "CARD #"), ("reference", "DD#")}
    town = found["town", ""]
    assert not town.made
    assert set(town.words) == set(TOWNS)
    assert town.share.sum() == pytest.approx(1.0)
    card = found["reference", "CARD #"]
    known = {int(word[5:]) for word in ledger.events["reference"].words if word.startswith("CARD")}
    assert card.made
    assert len(card.numbers)
    assert not known & set(card.numbers.tolist())
    free = max(known) - min(known) + 1 - len(known)
    assert len(card.numbers) <= free // 2  # all free ones would tell the others


def test_what_anyone_has_is_nobodys_own():
    assert learn_own(statement(own=0.3), Streams(1))[0].column == "reference"
    log = statement()
    rng = np.random.default_rng(5)
    shuffled = log.events["reference"].take(rng.permutation(log.events.rows))
    events = log.events.with_columns({"reference": shuffled})
    assert [one.column for one in learn_own(replace(log, events=events), Streams(1))] == ["town"]


def test_marks_stand_where_the_usual_word_was(ledger):
    kinds = learn_own(ledger, Streams(1))
    found = marked(ledger, kinds)
    column, before = found.events["town"], ledger.events["town"]
    mark = column.words.index(kinds[0].mark)
    for e in range(0, COUNT, 7):
        rows = ledger.entity() == e
        usual = np.bincount(before.values[rows & (before.values >= 0)]).argmax()
        assert np.array_equal(column.values[rows] == mark, before.values[rows] == usual)
        other = rows & (before.values != usual)
        assert np.array_equal(column.values[other], before.values[other])
    assert not in_form(column, "")[column.values == mark].any()


def test_new_accounts_shop_in_a_town_of_their_own(ledger, sample):
    real, made = (modal(log, "town", log.events["town"].values >= 0) for log in (ledger, sample))
    assert real > 0.93
    assert made > real - 0.05
    filled = [(log.events["town"].values >= 0).mean() for log in (ledger, sample)]
    assert filled[1] == pytest.approx(filled[0], abs=0.04)
    homes = np.bincount([
        np.bincount(sample.events["town"].values[rows], minlength=4).argmax()
        for rows in (
            (sample.entity() == e) & (sample.events["town"].values >= 0) for e in range(COUNT)
        )
        if rows.any()
    ], minlength=4)  # fmt: skip
    assert (homes > 0).all()


def test_machines_stay_in_their_town(ledger, sample):
    for log in (ledger, sample):
        rows = of_type(log, "cash")
        at = log.part("partner")[rows]
        machine = (at >= SHOPS) & (at < SHOPS + 4)
        town = np.array([log.events["town"].words[k] for k in log.events["town"].values[rows]])
        assert (town[machine] == np.array(TOWNS)[at[machine] - SHOPS]).mean() > 0.99


@pytest.mark.parametrize(("types", "head"), [(("card", "cash"), "CARD "), (("debit",), "DD")])
def test_each_new_account_has_one_number_and_none_of_the_learned_ones(ledger, sample, types, head):
    rows = of_type(sample, *types)
    column, entity = sample.events["reference"], sample.entity()[rows]
    found = np.array([column.words[k] for k in column.values[rows]])
    assert np.char.startswith(found, head).mean() > 0.97
    mine = np.char.startswith(found, head)
    pairs = {(int(e), word) for e, word in zip(entity[mine], found[mine], strict=True)}
    assert len(pairs) == len({e for e, _ in pairs}) == len({word for _, word in pairs})
    assert not {word for _, word in pairs} & set(ledger.events["reference"].words)


def test_parts_of_a_sample_and_a_restored_model_say_the_same(fitted, sample):
    again = Habits.from_state(fitted.state())
    part = again.sample(20, Streams(4), first=30, total=COUNT)
    begin, end = sample.starts[30], sample.starts[50]
    for name in ("town", "reference"):
        one, other = sample.events[name], part.events[name]
        assert one.words == other.words
        assert np.array_equal(one.values[begin:end], other.values)
        assert not any(word.startswith("\x00") for word in one.words)


def test_losses_tell_own_words_once(fitted, ledger):
    known = fitted.entity_losses(ledger, Streams(5))
    assert np.isfinite(known).all()
    rng = np.random.default_rng(6)
    town = ledger.events["town"]
    filled = np.flatnonzero(town.values >= 0)
    values = town.values.copy()
    values[filled] = values[rng.permutation(filled)]
    mixed = replace(ledger, events=ledger.events.with_columns({"town": town.with_values(values)}))
    assert fitted.entity_losses(mixed, Streams(5)).mean() > known.mean() + 0.1
