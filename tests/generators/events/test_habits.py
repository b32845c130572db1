"""What habits keep of a ledger: places, repeats, limits, graph; how well entities are known; no copies."""

from functools import cache

import numpy as np
import pytest
from event_logs import DAY, DAYS, accounts, assembled, cards, plain, single, words

from finsim.errors import FitError
from finsim.evaluation.learner import fitted_scores, weighted_auc
from finsim.generators.events.habits import Habits, generations
from finsim.generators.events.habits.generations import Generation, Links, mates
from finsim.generators.events.habits.link_reach import mixed
from finsim.generators.events.habits.restaurant import Runs, restaurant
from finsim.generators.generator import Budget
from finsim.randomness import Streams
from finsim.records.event_log import EventLog, EventRoles
from finsim.records.mixed_table import NUMBER, TIME, MixedColumn, MixedTable


def fit(log):
    return Habits.fit(log, Habits.Settings(), Streams(1), Budget(), lambda share, text: None)


@cache
def learned():
    return cards(200, rows=50), fit(cards(200, rows=50))


@cache
def drawn():
    return learned()[1].sample(200, Streams(2))


def repeats(log):
    """Return the share of rows whose merchant the entity had before."""
    key = log.entity() * 10_000 + log.part("partner")
    return 1.0 - len(np.unique(key)) / len(key)


def test_shapes_are_near_the_data():
    data, found = learned()[0], drawn()
    assert found.events.rows == pytest.approx(data.events.rows, rel=0.15)
    for shape, near in (
        (lambda log: np.sort(log.lengths())[-20:].sum() / log.events.rows, 0.25),
        (repeats, 0.1),
        (lambda log: (log.part("amount") < 0).mean(), 0.35),
        (lambda log: (log.part("amount") == 3.62).mean(), 0.2),
        (lambda log: np.log(np.abs(log.part("amount"))).std(), 0.1),
        (lambda log: ((log.times // DAY + 3) % 7 >= 5).mean(), 0.2),
        (lambda log: np.isnan(log.events["tip"].values).mean(), 0.1),
        (lambda log: (log.events["state"].values < 0).mean(), 0.15),
    ):
        assert shape(found) == pytest.approx(shape(data), rel=near)


def test_a_shorter_sample_is_the_beginning_of_the_whole():
    """Of the lives that begin within it; later ones are moved into it, so that every entity is there."""
    whole, short = drawn(), learned()[1].sample(200, Streams(2), days=5)
    early = np.flatnonzero(whole.times[whole.starts[:-1]] < whole.begin + 5 * DAY)
    assert 100 < len(early) < 200
    cut = whole.take(early)
    cut_rows = cut.times < whole.begin + 5 * DAY
    same = short.take(early)
    np.testing.assert_array_equal(cut.times[cut_rows], same.times)
    np.testing.assert_array_equal(cut.part("partner")[cut_rows], same.part("partner"))
    assert (short.lengths() > 0).all()


def test_what_the_payee_tells_is_kept():
    found = drawn()
    merchant = found.part("partner")
    assert (found.events["trade"].values == merchant // 15).all()
    lacking = merchant % 7 == 0
    assert (found.events["state"].values[lacking] == -1).all()
    assert (found.events["state"].values[~lacking] == (merchant % 5)[~lacking]).all()


def test_a_credit_is_below_zero():
    found = drawn()
    assert ((found.part("direction") == 1) == (found.part("amount") < 0)).mean() > 0.99


def test_amounts_stop_at_the_limit():
    assert drawn().part("amount").max() <= 2_499.0


def test_entities_keep_to_their_trade():
    """Merchants of the usual trade have most payments, as in the data, and far more than a quarter."""

    def usual(log):
        table = np.bincount(log.entity() * 4 + log.part("partner") // 15, minlength=4 * log.count)
        return (table.reshape(-1, 4).max(axis=1)).sum() / log.events.rows

    assert usual(drawn()) == pytest.approx(usual(learned()[0]), abs=0.12)


def test_attributes_go_with_the_life():
    """The branch is the trade of an entity's favourites; a quarter would be by chance."""
    found = drawn()
    home = found.entities["branch"].values[found.entity()]
    assert (found.part("partner") // 15 == home).mean() > 0.45
    assert not set(found.entities["income"].values) <= set(learned()[0].entities["income"].values)


def test_accounts_have_currencies_graphs_and_lacking_amounts():
    data = accounts(200)
    found = fit(data).sample(200, Streams(2))
    money = found.events["money"].values
    assert (
        np.bincount(found.entity() * 2 + money, minlength=400).reshape(-1, 2).min(axis=1) == 0
    ).mean() > 0.9
    medians = [np.nanmedian(found.part("amount")[money == k]) for k in (0, 1)]
    assert 8 < medians[1] / medians[0] < 50
    assert 0.005 < np.isnan(found.part("amount")).mean() < 0.04
    offset = found.events["booked"].values - found.times
    assert offset.min() >= 0
    assert offset.max() <= 2 * DAY

    def two_way(log):
        inner = log.part("partner") < log.count
        pair = np.unique(log.entity()[inner] * 1_000 + log.part("partner")[inner])
        return np.isin(pair % 1_000 * 1_000 + pair // 1_000, pair).mean()

    assert two_way(found) == pytest.approx(two_way(data), abs=0.2)
    assert not (found.part("partner") == found.entity()).any()  # as in the data
    hours = found.times % DAY // (3_600 * 10**9)
    assert hours.min() >= 9
    assert (hours <= 16).mean() > 0.999


def test_generations_hand_out_every_link_once(monkeypatch):
    """Payees keep how many entities share them, entities how many payees they have; none is far from home."""
    rng = np.random.default_rng(0)
    pair = np.unique(
        rng.integers(0, 300, 3_000) * 500 + (rng.pareto(0.8, 3_000) * 5).astype(int).clip(0, 499)
    )
    count = len(pair)
    twoway = (rng.random(count) < 0.1).astype(np.int64)
    links = Links(
        pair // 500, pair % 500, rng.geometric(0.5, count) * 1.0, np.zeros(count), np.zeros(count),
        np.arange(300), twoway, np.arange(300.0)[:, None], np.full(300, 15.0**2),
        np.arange(count), np.arange(300), 0 * twoway, 0 * twoway, np.arange(300),
        np.zeros(300, np.int64), np.zeros(300, np.int64),
    )  # fmt: skip
    links = mixed(links, Streams(1))
    monkeypatch.setattr(generations, "LEAST_DEALT", 40)
    drawn = Generation.draw(links, 300, Streams(1))
    assert sorted(drawn.anchor) == list(range(300))
    size, offered = drawn.offers(0, 300)
    owner, mate = np.repeat(np.arange(300), size), mates(drawn.anchor, links.part)
    own = np.bincount(links.entity, minlength=300)
    wanted = np.round(drawn.more * own[drawn.payees_of]).astype(np.int64)
    assert (mate[mate] == np.arange(300)).all()
    np.testing.assert_array_equal((wanted + wanted[mate]), (own[drawn.anchor] + own[drawn.anchor][mate]))
    place = np.arange(len(owner)) - np.repeat(np.cumsum(size) - size, size)
    first = place < wanted[owner]
    assert len(np.unique(offered[first])) == first.sum() == count  # every link once
    taker, home = drawn.anchor[owner[first]], links.entity[offered[first]]
    moves = twoway[offered[first]] == 0
    near = np.minimum(np.abs(taker - home), np.abs(drawn.anchor[mate[owner[first]]] - home))
    assert (near == 0)[~moves].all()
    assert 0.0 < (near == 0)[moves].mean() < 0.3
    assert 3.0 < near[moves].mean() < 20.0
    # Parts are dealt as they are asked for, and are the same.
    parts = Generation.draw(links, 300, Streams(1))
    assert parts.offers(0, 30)[1].tolist() == offered[: size[:30].sum()].tolist()
    assert parts._hand.done < 300 // 40
    assert parts.offers(250, 300)[1].tolist() == offered[size[:250].sum() :].tolist()


def test_a_generation_is_dealt_once_for_all_parts_of_a_sample(monkeypatch):
    body, whole = learned()[1], drawn()
    dealt, draw = [], Generation.draw
    monkeypatch.setattr(Generation, "draw", lambda *asked: dealt.append(1) or draw(*asked))
    monkeypatch.setattr(body, "_dealt", {})
    parts = [body.sample(50, Streams(2), first, total=200) for first in range(0, 200, 50)]
    assert len(dealt) == 1
    assert np.concatenate([one.part("amount") for one in parts]).tolist() == whole.part("amount").tolist()
    other = body.sample(200, Streams(3))  # of another seed: not those of the one before
    assert len(dealt) == 2
    assert other.part("amount").tolist() != whole.part("amount").tolist()


def described(log):
    """Return features of rows: amount, gap, weekday, merchant's trade, whether it was had before."""
    same = np.append(False, log.entity()[1:] == log.entity()[:-1])
    gap = np.where(same, np.diff(log.times, prepend=0) / DAY, -1)
    partner, amount = log.part("partner"), log.part("amount")
    key = log.entity() * 10_000 + partner
    again = np.ones(len(key), bool)
    again[np.unique(key, return_index=True)[1]] = False
    mean = np.bincount(log.entity(), np.log(np.abs(amount)))[log.entity()] / log.lengths()[log.entity()]
    last = np.where(same, np.append(0, amount[:-1]) == amount, False)
    return np.stack([
        np.log(np.abs(amount)), np.log(np.abs(amount)) - mean, gap, (log.times // DAY + 3) % 7, partner // 15,
        again, last, partner % 7 == 0, np.append(-1, partner[:-1] // 15),
    ], axis=1)  # fmt: skip


def auc(real, own):
    """Return the AUC of rows of half of the entities on the other half."""
    parts = [described(real.take(np.arange(k, real.count, 2))) for k in (0, 1)]
    others = [described(own.take(np.arange(k, own.count, 2))) for k in (0, 1)]
    label = [np.repeat([False, True], [len(a), len(b)]) for a, b in zip(parts, others, strict=True)]
    score = fitted_scores(
        np.concatenate([parts[0], others[0]]), label[0], np.concatenate([parts[1], others[1]]), 1
    )
    return float(weighted_auc(score, label[1], np.ones((1, len(score))))[0])


def test_the_body_beats_shuffled_columns():
    """The untrained twin has the margins of every column, and of the number of rows, and nothing else."""
    data, fresh = learned()[0], cards(200, seed=9, rows=50)
    rng = np.random.default_rng(0)
    columns = {name: one.take(rng.permutation(data.events.rows)) for name, one in data.events.columns.items()}
    twin = assembled(data.entity(), columns["when"].values, columns, data.roles, data.entities)
    assert auc(fresh, drawn()) < auc(fresh, twin) - 0.1


def test_triples_are_repeated_no_more_than_by_fresh_entities():
    def triples(log):
        return set(zip(log.part("partner"), log.part("amount"), log.times, strict=True))

    known = triples(learned()[0])
    null = np.mean([len(known & triples(cards(200, seed=seed, rows=50))) for seed in (7, 8, 9)])
    assert len(known & triples(drawn())) < 1.5 * null + 10


def test_known_lives_lose_less_than_other_lives():
    data, body = learned()
    losses = body.entity_losses(data, Streams(0))
    assert losses.shape == (200,)
    assert np.isfinite(losses).all()
    fresh = cards(200, seed=9, rows=50)
    assert body.entity_losses(fresh, Streams(0)).mean() == pytest.approx(losses.mean(), abs=1.0)
    rng = np.random.default_rng(0)
    columns = {name: one.take(rng.permutation(data.events.rows)) for name, one in data.events.columns.items()}
    twin = assembled(data.entity(), columns["when"].values, columns, data.roles, data.entities)
    assert body.entity_losses(twin, Streams(0)).mean() > losses.mean() + 1.0


def test_losses_add_up_to_a_law():
    """One event on one of the days with one of three words: chances of all such lives are one."""
    rng = np.random.default_rng(1)
    log = one_event_each(rng, 60)
    body = fit(log)
    every = [(day, word) for day in range(DAYS) for word in (-1, 0, 1)]
    lives = one_event_each(rng, len(every), *map(np.array, zip(*every, strict=True)))
    assert np.exp(-body.entity_losses(lives, Streams(0))).sum() == pytest.approx(1.0, abs=0.15)


def one_event_each(rng, count, day=None, word=None):
    day = rng.integers(0, DAYS, count) if day is None else day
    word = rng.integers(-1, 2, count) if word is None else word
    columns = {"when": MixedColumn(TIME, 14_600 * DAY + day * DAY, step=float(DAY)), "w": words(word, "ab")}
    return assembled(
        np.arange(count), columns["when"].values, columns, EventRoles("when"), MixedTable({}, count)
    )


def test_another_period_has_no_loss():
    data, body = learned()
    later = EventLog(data.events, data.starts, data.entities, data.roles, data.begin, data.end + DAY)
    with pytest.raises(FitError):
        body.entity_losses(later, Streams(0))


@pytest.mark.parametrize("discount", [-4.0, -1.0, 0.0, 0.3, 0.75])
def test_a_restaurant_is_found_again(discount):
    """Strength and discount of 150 simulated entities of 200 runs, by the sequential scheme."""
    wanted = 8.0 if discount >= 0 else -20.0 * discount
    rng, runs = np.random.default_rng(1), []
    for entity in range(150):
        counts = []
        for k in range(200):
            new = max(wanted + discount * len(counts), 0.0) / (wanted + k)
            old = np.append(
                (1 - new) * (np.array(counts) - discount) / max(k - discount * len(counts), 1e-9), new
            )
            chosen = rng.choice(len(old), p=old / old.sum())
            counts += [0] * (chosen == len(counts))
            counts[chosen] += 1
            runs.append((entity, chosen))
    entity, payee = np.array(runs).T
    _, link = np.unique(entity * 1_000 + payee, return_inverse=True)
    pairs = np.unique(entity * 1_000 + payee)
    found = Runs(np.arange(len(link)), entity, payee, link, pairs // 1_000, pairs % 1_000)
    strength, by_entity = restaurant(found, 150)
    assert np.median(by_entity) == discount
    assert np.median(strength) == pytest.approx(wanted, rel=0.25)


def test_a_damaged_state_is_refused():
    state = fit(single()).state()
    arrays = {name: one for name, one in state.arrays.items() if name != "popular"}
    with pytest.raises(FitError):
        Habits.from_state(type(state)(arrays, state.facts))


def test_longer_periods_have_more_events_and_shorter_ones_fewer():
    body = learned()[1]
    rows = [body.sample(200, Streams(2), days=days).events.rows for days in (30, DAYS, 480)]
    assert rows[0] < 0.5 * rows[1]
    assert rows[2] > 2.0 * rows[1]


def test_numbers_follow_their_context():
    """A further number that is ten times smaller than the amount stays so."""
    found = drawn()
    tip, amount = found.events["tip"].values, np.abs(found.part("amount"))
    there = ~np.isnan(tip)
    assert found.events["tip"].kind == NUMBER
    assert np.corrcoef(np.log1p(tip[there]), np.log1p(amount[there]))[0, 1] > 0.8


@pytest.mark.slow
def test_purchasing_cards_are_hard_to_tell(shared):
    """Half of the real cards: the body fitted to them against the other half, by events."""
    import csv
    import gzip

    path = shared / "transactions" / "purchasing_cards_2010_half_a.csv.gz"
    with gzip.open(path, "rt") as lines:
        rows = list(csv.DictReader(lines))
    merchant = {m: k for k, m in enumerate(sorted({row["merchant_id"] for row in rows}))}
    kind = {m: k for k, m in enumerate(sorted({row["merchant_kind"] for row in rows}))}
    card = np.unique([row["card_id"] for row in rows], return_inverse=True)[1]
    when = np.array([row["date"] for row in rows], dtype="datetime64[ns]").astype(np.int64)
    columns = {
        "when": MixedColumn(TIME, when, step=float(DAY)),
        "merchant": words([merchant[row["merchant_id"]] for row in rows], merchant),
        "kind": words([kind[row["merchant_kind"]] for row in rows], kind),
        "amount": MixedColumn(NUMBER, np.array([float(row["amount"]) for row in rows]), step=0.01),
    }
    order = np.lexsort((when, card))
    count = int(card.max()) + 1
    log = EventLog(
        MixedTable({name: one.take(order) for name, one in columns.items()}, len(order)),
        np.searchsorted(card[order], np.arange(count + 1)).astype(np.int64), MixedTable({}, count),
        EventRoles("when", "amount", "merchant", "kind"), int(when.min()), int(when.max()) + DAY,
    )  # fmt: skip
    mixed = np.random.default_rng(0).permutation(count)
    body = fit(log.take(np.sort(mixed[: count // 2])))
    rest = log.take(np.sort(mixed[count // 2 :]))
    assert auc(rest, body.sample(rest.count, Streams(2))) < 0.62


def test_a_limit_of_some_entities_is_theirs_alone():
    """Half of the entities stop at 500; as many new ones do, and the others go on beyond."""
    rng = np.random.default_rng(4)
    entity = np.repeat(np.arange(200), 60)
    amount = np.round(np.exp(rng.normal(5.0, 1.0, len(entity))), 2)
    capped = (entity % 2 == 0) & (amount > 500)
    amount[capped] = np.round(500 - rng.exponential(3.0, capped.sum()), 2)
    log = plain(entity, rng.integers(0, DAYS, len(entity)), amount, rng.integers(0, 30, len(entity)))
    found = fit(log).sample(200, Streams(3))
    top = np.zeros(200)
    np.maximum.at(top, found.entity(), found.part("amount"))
    assert (top <= 500).mean() == pytest.approx(0.5, abs=0.12)


def test_standing_orders_are_repeated():
    """Every pair has an amount of its own, of ten thousand: new pairs have new ones, and keep them."""
    rng = np.random.default_rng(5)
    entity = np.repeat(np.arange(150), 40)
    payee = (entity * 7 + rng.integers(0, 4, len(entity))) % 300
    own = np.round(rng.uniform(10, 10_000, (150, 300)), 2)
    log = plain(entity, rng.integers(0, DAYS, len(entity)), own[entity, payee], payee)
    found = fit(log).sample(150, Streams(3))
    key = found.entity() * 1_000 + found.part("partner")
    order = np.argsort(key, kind="stable")
    same = key[order][1:] == key[order][:-1]
    alike = found.part("amount")[order][1:] == found.part("amount")[order][:-1]
    assert alike[same].mean() > 0.8
    assert np.isin(found.part("amount"), own[entity, payee]).mean() < 0.05
