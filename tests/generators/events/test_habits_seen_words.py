"""Words of one row stand together in some real row, and a sum has the sign and the kind of its words."""

from types import SimpleNamespace

import numpy as np
import pytest
from event_logs import BEGIN, DAY, DAYS, assembled, words

from finsim.generators.events.habits import Habits
from finsim.generators.events.habits.cells.kinds_of_sums import sum_kinds, with_signs
from finsim.generators.events.habits.cells.seen_words import Seen, learn_seen, signs_seen, words_beside
from finsim.generators.events.habits.rows_of_lives import _repeated, _signed
from finsim.generators.generator import Budget
from finsim.randomness import Streams
from finsim.records.event_log import EventRoles
from finsim.records.mixed_table import NUMBER, TIME, WORD, MixedColumn, MixedTable

TYPES = ("card", "machine", "fee", "in", "out")
TRADES = ("food", "cash", "charges", "friends")


def statement(count=100, rows=60, seed=0, *, payees=True):
    """Shops sell food and pay out cash too; machines have no name; friends send and are sent money.

    Sums of cash are multiples of ten, a fee is 5, what comes in is above 0 and all other below.
    """
    rng = np.random.default_rng(seed)
    entity = np.repeat(np.arange(count), rows)
    n = len(entity)
    kind = rng.choice(5, n, p=[0.55, 0.15, 0.1, 0.1, 0.1])
    trade = np.array([0, 1, 2, 3, 3])[kind]
    shop, friend = (entity * 3 + rng.integers(0, 4, n)) % 8, 8 + (entity + rng.integers(0, 4, n)) % 20
    payee = np.where(kind == 0, shop, np.where(kind >= 3, friend, -1))
    payee = np.where((kind == 1) & (rng.random(n) < 0.4), shop, payee)
    size = np.select(
        [kind == 1, kind == 2, kind >= 3],
        [10.0 * rng.integers(1, 12, n), 5.0, 5.0 * rng.integers(1, 30, n)],
        np.round(rng.lognormal(3, 0.7, n), 2) + 0.01,
    )
    amount = np.round(np.where(kind == 3, size, -size), 2)
    day = rng.integers(0, DAYS, n)
    columns = {
        "at": MixedColumn(TIME, BEGIN + day * DAY, step=float(DAY)),
        "sum": MixedColumn(NUMBER, amount, step=0.01),
        "type": words(kind, TYPES),
        "trade": words(trade, TRADES),
        "code": words(2 * kind + rng.integers(0, 2, n), [f"c{k}" for k in range(10)]),
    }
    partner = None
    if payees:
        columns["to"], partner = words(payee, [f"p{k}" for k in range(28)]), "to"
    roles = EventRoles("at", "sum", partner, "trade", channel="type")
    return assembled(entity, columns["at"].values, columns, roles, MixedTable({}, count))


def odd(real, found, first, second):
    """Return the share of rows with a pair of cells that no real row has; the sum counts by its sign."""

    def codes(log):
        both = [
            np.sign(log.events[one].values).astype(np.int64) if one == "sum" else log.events[one].values
            for one in (first, second)
        ]
        return (both[0].astype(np.int64) + 1) * 100 + both[1] + 1

    return float((~np.isin(codes(found), codes(real))).mean())


@pytest.fixture(scope="module", params=[True, False], ids=["payees", "nobody named"])
def both(request):
    data = statement(payees=request.param)
    body = Habits.fit(data, Habits.Settings(), Streams(1), Budget(), lambda share, text: None)
    return data, body, body.sample(data.count, Streams(2))


def test_no_row_has_words_that_never_stand_together(both):
    data, _, found = both
    names = [name for name in ("type", "trade", "code", "to", "sum") if name in data.events]
    for at, first in enumerate(names):
        for second in names[at + 1 :]:
            assert odd(data, found, first, second) <= 0.001, (first, second)


def test_shares_of_types_are_kept(both):
    data, _, found = both
    real, own = (
        np.bincount(one.events["type"].values, minlength=5) / one.events.rows for one in (data, found)
    )
    assert own == pytest.approx(real, abs=0.025)


def test_sums_are_of_the_kind_of_their_type(both):
    _, _, found = both
    kind, amount = found.events["type"].values, found.part("amount")
    round_sums = np.abs(amount[kind == 1]) % 10 == 0
    assert round_sums.mean() > 0.997  # a category put right after its sum may keep a sum of another one
    assert (amount[kind == 2] == -5.0).all()
    assert (amount[kind == 3] > 0).all()
    assert (amount[kind != 3] < 0).all()
    assert (np.round(100 * np.abs(amount[kind == 0])) % 1_000 == 0).mean() < 0.05


def test_the_model_comes_back_whole(both):
    _, body, found = both
    again = Habits.from_state(body.state()).sample(found.count, Streams(2))
    assert again.digest() == found.digest()
    parts = [body.sample(40, Streams(2), 0, total=100), body.sample(60, Streams(2), 40, total=100)]
    for name in ("type", "code", "sum"):
        cells = np.concatenate([one.events[name].values for one in parts])
        np.testing.assert_array_equal(cells, found.events[name].values)


def test_a_model_of_before_has_one_context():
    shares = np.array([[0.5, 0.5], [1.0, 0.0]])
    seen = Seen.restored("trade", "column.1", {"column.1.seen": shares})
    assert seen is not None
    assert seen.beside == ("trade",)
    assert Seen.restored((), "column.1", {}) is None
    word = seen.kept(np.array([1, 1, 0]), {"trade": np.array([0, 1, 1])}, np.array([0.9, 0.9, 0.9]))
    assert word.tolist() == [1, 0, 0]


def test_a_word_fits_all_contexts_or_the_first():
    seen = Seen(("a", "b"), (np.array([[0.0, 0.5, 0.5]]), np.array([[0.9, 0.0, 0.1], [1.0, 0.0, 0.0]])))
    words_of = seen.kept(
        np.array([1, 1]), {"a": np.zeros(2, int), "b": np.array([0, 1])}, np.array([0.1, 0.1])
    )
    assert words_of.tolist() == [2, 1]


def test_rows_of_one_entity_count_once_where_they_are_alike():
    """An account's own word never meets some level: of 40 rows of one account, that is chance."""
    entity = np.repeat(np.arange(10), 40)
    word, level = entity, np.tile([0, 1], 200)
    level = np.where(entity == 0, 0, level)
    assert learn_seen(word, 10, {"level": level}, entity) is None or (
        words_beside(word, 10, level, (entity, 1.0))[1, 0] > 0
    )
    assert words_beside(word, 10, level, (entity, 0.0))[1, 0] == 0.0


def test_an_amount_has_the_sign_of_its_word(both):
    data, body, _ = both
    early = [one for one in body.known.early if one.name in data.events]
    (law,) = (one for one in with_signs(data, early) if one.name == "type")
    assert law.signs is not None
    word = MixedColumn(WORD, np.array([3, 3, 0, 0, -1], np.int32), TYPES)
    signed = _signed(np.array([-7.0, 7.0, 3.0, -3.0, 2.0]), [law], {"type": word})
    assert signed.tolist() == [7.0, 7.0, -3.0, -3.0, 2.0]


def test_a_sum_is_repeated_among_its_kind_where_kinds_are_apart():
    like, payee = np.array([-1, 0, 0, 0]), np.array([1, 1, 2, 1])
    rows, case = SimpleNamespace(like=like, payee=payee), np.array([0, 0, 1, 1])
    amount = np.array([-10.0, -3.0, -4.0, -5.0])
    assert _repeated(rows, amount, case, False).tolist() == [0, 0, 2, 0]
    assert _repeated(rows, amount, case, True).tolist() == [0, 0, 2, 3]


def test_kinds_and_signs():
    kinds = sum_kinds(np.array([20.0, 7.0, 3.99, 3.14, -20.0, -3.5, np.nan, 0.29]))
    assert kinds.tolist() == [3, 2, 1, 0, 7, 4, 8, 0]
    word = np.repeat([0, 1, 2], [40, 40, 5])
    amount = np.where(word == 0, 1.0, np.where(np.arange(85) % 2, -1.0, 1.0))
    amount[word == 2] = 1.0
    assert signs_seen(word, 3, amount).tolist() == [[0, 1], [1, 1], [1, 1]]
