"""The kernels of event generators against their plain twins and closed forms."""

import math

import naive.habits as naive
import numpy as np
import pytest

from finsim.kernels.events.active_days import Calendar, Spans, count_days, day_losses, draw_days
from finsim.kernels.events.link_swaps import Slots, nearest_shares, swap_links
from finsim.kernels.events.normal_scores import log_gamma, to_places, to_scores
from finsim.kernels.events.own_words import Context, Own, OwnChances, draw_own_words, own_chances
from finsim.kernels.events.payment_laws import Habits, Law, Offers, Payments
from finsim.kernels.events.payments import draw_payments, draw_sizes


def test_scores_are_normal_quantiles():
    place = np.concatenate(
        [np.random.default_rng(1).random(500), [1e-12, 1e-9, 0.02425, 0.5, 0.97575, 1 - 1e-9]]
    )
    scores, back, gamma = np.empty(len(place)), np.empty(len(place)), np.empty(len(place))
    to_scores(place, scores)
    to_places(scores, back)
    log_gamma(place, gamma)
    np.testing.assert_allclose(scores, [naive.score_of(float(p)) for p in place], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(back, place, rtol=1e-9)
    np.testing.assert_allclose(gamma, [math.lgamma(p) for p in place], rtol=1e-12, atol=1e-12)


def lives(seed, count=60, days=90):
    """Lives of one day, of every day of a span, of two days, and of nothing."""
    rng = np.random.default_rng(seed)
    first = rng.integers(0, days - 1, count)
    last = np.minimum(first + rng.integers(1, days, count), days - 1)
    active = rng.integers(2, np.maximum(last - first + 2, 3))
    active = np.where(np.arange(count) % 5 == 0, last - first + 1, active)
    single = np.arange(count) % 7 == 0
    last, active = np.where(single, first, last), np.where(single, 1, active)
    active = np.where(np.arange(count) % 11 == 3, 0, active)
    starts = np.concatenate([[0], np.cumsum(active)]).astype(np.int64)
    shares = rng.random(days) * rng.choice([1e-6, 1.0, 30.0], days) + 1e-9
    spans = Spans(starts, rng.integers(0, 3, count), rng.random((count, 7)) + 0.01)
    factor = np.exp(rng.normal(0, 1.5, (3, 8, 12, 5)))
    return first, last, spans, Calendar(shares, (np.arange(days) + 3) % 7), factor


@pytest.mark.parametrize("seed", range(4))
def test_days_are_those_of_the_twin(seed):
    first, last, spans, calendar, factor = lives(seed)
    numbers = np.arange(1_000, 1_000 + len(first))
    days = np.zeros(spans.starts[-1], np.int64)
    there = np.diff(spans.starts) > 0
    days[spans.starts[:-1][there]] = first[there]
    draw_days(np.uint64(9), numbers, spans, last, calendar, factor, days)
    seen, expected = np.zeros((3, 8, 12, 5)), np.zeros((3, 8, 12, 5))
    count_days(spans, calendar, days, seen, expected)
    wanted_seen, wanted_expected = np.zeros_like(seen), np.zeros_like(expected)
    losses = np.empty(len(first))
    day_losses(spans, calendar, days, factor[0], losses)
    for e, (a, b) in enumerate(zip(spans.starts[:-1], spans.starts[1:], strict=True)):
        group = spans.group[e]
        law = calendar.shares, calendar.weekday, spans.own[e]
        wanted = naive.draw_days(9, numbers[e], first[e], last[e], b - a, *law, factor[group])
        assert days[a:b].tolist() == wanted
        assert (np.diff(days[a:b]) > 0).all()
        if b > a:
            assert losses[e] == pytest.approx(naive.day_loss(wanted, *law, factor[0]), abs=1e-9)
            naive.count_days(wanted, *law, factor[group], wanted_seen[group], wanted_expected[group])
    np.testing.assert_allclose(seen, wanted_seen)
    np.testing.assert_allclose(expected, wanted_expected, atol=1e-9)


def test_chances_of_all_sets_of_days_are_one():
    """Three of the five days between first and last: the ten ways are a law."""
    from itertools import combinations

    calendar = Calendar(np.array([1.0, 3.0, 0.2, 1.0, 5.0, 0.7, 1.0]), np.arange(7))
    factor, total = np.exp(np.random.default_rng(2).normal(0, 1, (8, 12, 5))), 0.0
    for inner in combinations(range(1, 6), 3):
        losses = np.empty(1)
        spans = Spans(np.array([0, 5]), np.zeros(1, np.int64), np.ones((1, 7)))
        day_losses(spans, calendar, np.array([0, *inner, 6]), factor, losses)
        total += math.exp(-losses[0])
    assert total == pytest.approx(1.0)


def test_sizes_are_those_of_the_twin():
    rng = np.random.default_rng(3)
    shares = np.cumsum(rng.dirichlet(np.ones(5), (4, 3)), axis=2)
    starts = np.array([0, 0, 7, 8, 40])
    sizes, edges = np.empty(40, np.int64), np.array([1, 2, 4, 9, 30, 500])
    tilts = rng.choice([0.3, 1.0, 2.5], 40)
    draw_sizes(np.uint64(4), np.arange(5, 9), starts, np.array([3, 1, 0, 2]), shares, edges, tilts, sizes)
    for e, group in enumerate([3, 1, 0, 2]):
        wanted = naive.draw_sizes(4, 5 + e, tilts[starts[e] : starts[e + 1]], shares[group], edges)
        assert sizes[starts[e] : starts[e + 1]].tolist() == wanted


@pytest.mark.parametrize("is_dated", [0, 1])
@pytest.mark.parametrize("seed", range(3))
def test_payments_are_those_of_the_twin(seed, is_dated):
    rng = np.random.default_rng(seed)
    count, payees = 9, 12
    starts = np.concatenate([[0], np.cumsum(rng.integers(0, 12, count))]).astype(np.int64)
    sizes = rng.geometric(0.4, starts[-1])
    sizes[::5] = rng.permutation(len(sizes[::5])) % 21 + 1  # days of all sizes
    rates = [rng.choice([0.0, 1.0, 0.3, 0.7], count) for _ in range(6)]
    strength, discount = rng.choice([0.01, 1.0, 50.0], count), rng.choice([-4.0, 0.0, 0.5], count)
    strength[-3:], discount[-3:] = 30.0, -4.0  # some have all of few payees, popular ones with them
    habits = Habits(*rates, strength, discount, rng.choice([0.0, 0.3, 1.0, 9.0], (count, 24)) + 1e-3)
    offered = np.concatenate([[0], np.cumsum(rng.integers(0, 6, count))]).astype(np.int64)
    payee, liking = rng.integers(0, payees, offered[-1]), rng.random(offered[-1]) + 0.05
    popular, sort = np.cumsum(rng.dirichlet(np.ones(payees), 2), axis=1), rng.integers(0, 2, count)
    seconds, waits = np.sort(rng.random((24, 9)) * 3_600, axis=1), np.sort(rng.random(9) * 900)
    fixed, sticky, paired = (rng.random(payees) * 2 for _ in range(3))
    busy, crowd = rng.choice([0.0, 0.3, 1.0], payees), np.exp(rng.normal(0, 1, (2, 7)))
    hours = rng.dirichlet(np.full(24, 0.1), 5)  # some hours belong to some payees alone
    at, hours_of, usual = rng.integers(0, 5, offered[-1]), rng.integers(0, 5, payees), hours.mean(axis=0)
    n = int(sizes.sum())
    out = Payments(np.zeros(n), *(np.empty(n, np.int64) for _ in range(4)), np.empty((n, 3)))
    older = np.array([0.3, 0.6])
    law = Law(fixed, sticky, older, seconds, waits, is_dated, crowd, paired, busy, hours, usual, hours_of)
    draw_payments(
        np.uint64(8),
        np.arange(count),
        starts,
        sizes,
        habits,
        Offers(offered, payee, liking, at, popular, sort),
        law,
        out,
    )
    row = 0
    names = ("stays", "doubles", "burst", "remembers", "keeps", "returns", "strength", "discount", "hours")
    plain = {
        "fixed": fixed, "sticky": sticky, "older": older, "seconds": seconds, "waits": waits,
        "is_dated": is_dated, "crowd": crowd, "paired": paired, "busy": busy,
        "hours": hours, "usual": usual, "hours_of": hours_of,
    }  # fmt: skip
    for e in range(count):
        habit = {name: getattr(habits, name)[e] for name in names}
        own = list(zip(payee, liking, at, strict=True))[offered[e] : offered[e + 1]]
        rows = naive.draw_payments(
            8, e, sizes[starts[e] : starts[e + 1]], habit, own, popular[sort[e]], plain, 3
        )
        begin = row
        for second, one, offer, met, like, uniforms in rows:
            assert out.second[row] == pytest.approx(second)
            assert out.payee[row] == one
            assert out.offer[row] == (offer + offered[e] if offer >= 0 else -1)
            assert out.met[row] == met + begin
            assert out.like[row] == (like + begin if like >= 0 else -1)
            assert out.uniforms[row].tolist() == uniforms
            row += 1
    assert row == n


@pytest.mark.parametrize("discount", [0.0, 0.5])
def test_new_payees_come_at_the_rate_of_a_restaurant(discount):
    """Mean number of payees of 60 runs over 3,000 entities against the closed form (Pitman 2006, 3.11)."""
    count, runs, strength = 3_000, 60, 2.0
    none = np.zeros(count)
    habits = Habits(
        none, none, none, none, none, none, none + strength, none + discount, np.ones((count, 24))
    )
    starts = np.arange(count + 1) * runs
    offers = Offers(
        starts,
        np.tile(np.arange(runs), count),
        np.ones(count * runs),
        np.zeros(count * runs, np.int64),
        np.ones((1, 1)),
        np.zeros(count, np.int64),
    )
    n = count * runs
    out = Payments(np.zeros(n), *(np.empty(n, np.int64) for _ in range(4)), np.empty((n, 1)))
    ones = np.ones(runs)
    law = Law(
        ones, ones, np.zeros(2), np.zeros((24, 2)), np.zeros(2), 1, np.ones((2, 7)), ones, ones,
        np.ones((1, 24)), np.ones(24), np.zeros(runs, np.int64),
    )  # fmt: skip
    draw_payments(np.uint64(1), np.arange(count), starts, np.ones(n, np.int64), habits, offers, law, out)
    found = np.mean([len(np.unique(one)) for one in out.payee.reshape(count, runs)])
    if discount:
        ratio = math.lgamma(strength + runs + discount) - math.lgamma(strength + runs)
        ratio += math.lgamma(strength + 1) - math.lgamma(strength + discount)
        wanted = math.exp(ratio) / discount - strength / discount
    else:
        wanted = sum(strength / (strength + k) for k in range(runs))
    assert found == pytest.approx(wanted, rel=0.02)


def links_of(seed, takers=20, payees=25):
    """Return taker and payee of links, no pair twice; some payees almost everybody has."""
    rng = np.random.default_rng(seed)
    pair = np.unique(rng.integers(0, takers, 160) * payees + (rng.random(160) ** 2 * payees).astype(int))
    return pair // payees, pair % payees


@pytest.mark.parametrize("seed", [1, 2])
def test_swaps_are_those_of_the_twin(seed):
    """Three classes, the last one stays; points on a grid, so that distances are equal at times."""
    rng = np.random.default_rng(seed)
    taker, payee = links_of(seed)
    group = rng.integers(0, 3, len(taker))
    order = np.lexsort((taker, group))
    at, payee = taker[order], payee[order]
    borders = np.searchsorted(group[order], np.arange(3)).astype(np.int64)
    points, reach = rng.integers(0, 3, (20, 2)).astype(float), rng.choice([1e-9, 0.5, 2.0, 9.0], 20)
    slots = np.argsort(at, kind="stable")
    starts = np.searchsorted(at[slots], np.arange(21)).astype(np.int64)
    link, wanted, turn = np.arange(len(at)), np.arange(len(at)), rng.integers(0, 2, 20)
    origin = rng.permutation(at)  # slots have changed owners since their links were at home
    for now in (0, 1):
        before = link.copy()
        whole = Slots(borders, at, starts, slots, turn, origin)
        swap_links(np.uint64(seed), now, 6, whole, payee, points, reach, link)
        wanted = naive.swap_links(seed, now, 6, reach, borders, at, turn, origin, payee, points, wanted)
        np.testing.assert_array_equal(link, wanted)
        done = turn[at] < now
        assert (link == before)[done].all()  # what was dealt in an earlier turn stays
    assert (link != np.arange(len(at)))[: borders[-1]].mean() > 0.3
    assert (link == np.arange(len(at)))[borders[-1] :].all()
    assert len(np.unique(at * 25 + payee[link])) == len(at)


def test_nearest_shares_are_those_of_sets():
    entity, payee = links_of(3)
    sets = [set(payee[entity == e].tolist()) for e in range(20)]
    starts = np.searchsorted(entity, np.arange(21)).astype(np.int64)
    by_payee = np.argsort(payee, kind="stable")
    owners = np.searchsorted(payee[by_payee], np.arange(26)).astype(np.int64)
    for barred in (np.arange(20), np.full(20, -1)):
        out = np.zeros(20)
        nearest_shares(starts, owners, entity[by_payee], starts, payee, barred, out)
        wanted = [naive.nearest_share(sets[e], sets[:e] + sets[e + (barred[e] >= 0) :]) for e in range(20)]
        np.testing.assert_allclose(out, wanted, rtol=1e-12)


@pytest.mark.parametrize("is_before", [False, True])
def test_chances_of_own_words_are_those_of_the_twin(is_before):
    rng = np.random.default_rng(3)
    entity = np.repeat(np.arange(12), rng.integers(0, 9, 12))
    word, place = rng.integers(0, 5, len(entity)), rng.integers(0, 3, len(entity))
    table, alone = rng.dirichlet(np.full(6, 0.4), 3), rng.dirichlet(np.ones(6))
    table[0, 2], alone[5] = 0.0, 0.0  # a word that a context never has, and one that nobody has
    plain, lifted, others = np.empty(len(word)), np.empty(len(word)), np.empty(len(word), np.int64)
    out = OwnChances(plain, lifted, others)
    own_chances(entity, word, Context(np.cumsum(table, axis=1), np.cumsum(alone), place), is_before, out)
    wanted = naive.own_chances(entity, word, place, table, alone, is_before)
    np.testing.assert_allclose(np.stack([plain, lifted, others], axis=1), wanted, rtol=1e-9, atol=1e-12)


def test_own_words_are_those_of_the_twin():
    rng = np.random.default_rng(4)
    ends = np.cumsum([3, 0, 1, 4, 2])
    own, counts = rng.integers(0, 6, ends[-1]), rng.integers(1, 9, ends[-1]) * 1.0
    entity, place, draws = rng.choice([0, 2, 3, 4], 300), rng.integers(0, 3, 300), rng.random(300)
    table, alone = rng.dirichlet(np.full(6, 0.4), 3), rng.dirichlet(np.ones(6))
    table[1, own[3]] = 0.0  # the only word of an entity, and the context never has it
    out = np.empty(300, np.int64)
    context = Context(np.cumsum(table, axis=1), np.cumsum(alone), place)
    draw_own_words(entity, context, draws, Own(ends, own, counts), out)
    for e, at, u, found in zip(entity, place, draws, out, strict=True):
        mine = slice(ends[e - 1] if e else 0, ends[e])
        assert found == naive.own_word(own[mine], counts[mine], table[at], alone, u)
