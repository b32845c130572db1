"""Second sides that are booked later, and what they say: found beyond chance, and given to new rows."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from echo_ledgers import MINUTE, Rows, minute
from event_logs import BEGIN, DAY

from finsim.generators.events.habits.echoes.answer_words import ANY, matching, telling_words
from finsim.generators.events.habits.echoes.answering_rows import Sides
from finsim.generators.events.habits.echoes.learned_echoes import Echoes, learn_echoes
from finsim.generators.events.habits.echoes.second_sides import mirrored, second_sides
from finsim.generators.events.habits.habits import Habits
from finsim.generators.generator import Budget
from finsim.randomness import Streams

COUNT = 40


def transfers(wait, *, sends=15, words=lambda rng: (0, 1), seed=0):
    """Accounts send each other money: the other side comes ``wait(rng, time)`` later, with words of its own.

    ``words``: of both sides. Each buys at a shop as well.
    """
    rng = np.random.default_rng(seed)
    rows = Rows()
    for e in range(COUNT):
        for _ in range(sends):
            other, time = (
                (e + int(rng.integers(1, 4))) % COUNT,
                BEGIN + minute(rng),
            )
            amount, (one, two) = float(rng.lognormal(3, 0.7)), words(rng)
            rows.add(e, time, other, amount, 0, one, 0)
            rows.add(other, time + wait(rng, time), e, amount, 1, two, 1)
            rows.add(
                e,
                BEGIN + minute(rng),
                COUNT,
                float(rng.lognormal(3, 1)),
                0,
                0,
                2,
            )
    return rows.log(COUNT, [*(f"a{k}" for k in range(COUNT)), "shop"], both=True)


def minutes(rng, time):
    return int(rng.integers(1, 9)) * MINUTE


def next_day(rng, time):
    """The day after, on a Monday what is paid from Friday on; at six."""
    weekday = (time // DAY + 3) % 7
    days = {4: 3, 5: 2}.get(weekday, 1)
    return (time // DAY + days) * DAY + 6 * 60 * MINUTE - time


def naive(sides, first, second, reach):
    """Each first side in order of time takes the earliest second side that is left, row by row."""
    taken, found = set(), []
    order = np.argsort(sides.time, kind="stable")
    for i in order[sides.side[order] == first]:
        for j in order[sides.side[order] == second]:
            same = (sides.entity[i], sides.partner[i]) == (sides.partner[j], sides.entity[j])
            near = 0 <= sides.time[j] - sides.time[i] <= reach
            if j not in taken and same and near and sides.size[i] == sides.size[j]:
                taken.add(j)
                found.append((i, j))
                break
    return sorted(found)


@pytest.mark.parametrize("reach", [0, 3, 10])
def test_pairs_are_those_of_the_plain_search(reach):
    rng = np.random.default_rng(reach)
    n = 400
    entity = rng.integers(0, 3, n)
    partner = (entity + rng.integers(0, 3, n)) % 4  # itself and an outsider too
    size = rng.choice([0.0, 5.0, 10.0, np.nan], n, p=[0.1, 0.4, 0.4, 0.1])
    sides = Sides(entity, partner, rng.integers(0, 2, n), size, rng.integers(0, 60, n), 3)
    inside = (entity != partner) & (partner < 3) & (size > 0)
    sides = sides.take(np.flatnonzero(inside | (rng.random(n) < 0.5)))
    keep = replace(sides, size=np.where(sides.between_entities() & (sides.size > 0), sides.size, np.nan))
    one, two = mirrored(sides, 0, 1, reach=reach)
    assert sorted(zip(one.tolist(), two.tolist(), strict=True)) == naive(keep, 0, 1, reach)
    assert len(one) > 3


@pytest.mark.parametrize(("wait", "longest"), [(minutes, 8 * MINUTE), (next_day, 4 * DAY)])
def test_the_wait_of_second_sides_is_learned(wait, longest):
    log = transfers(wait)
    alone, echoes = learn_echoes(log)
    assert echoes.mirror is not None
    assert (alone.part("direction") == 0).mean() > 0.99
    assert echoes.mirror.lag.min() > 0
    assert echoes.mirror.lag.max() <= longest
    turned = replace(log, events=log.events.with_columns({"way": log.events["way"].with_values(
        1 - log.part("direction"))}))  # fmt: skip
    assert learn_echoes(turned)[1].mirror is not None  # whatever the words are


def test_sums_that_come_again_are_no_second_sides():
    late = transfers(lambda rng, time: int(rng.integers(5, 40)) * DAY)
    assert second_sides(Sides.of(late), 5) is None
    weekly = transfers(lambda rng, time: 7 * DAY)
    assert second_sides(Sides.of(weekly), 5) is None
    log = transfers(minutes)
    order = np.random.default_rng(1).permutation(log.events.rows)
    spoilt = replace(log, events=log.events.with_columns({"sum": log.events["sum"].take(order)}))
    assert learn_echoes(spoilt)[1].mirror is None


def test_half_of_the_payments_must_have_one():
    log = transfers(minutes)
    rng = np.random.default_rng(2)
    for share, is_found in ((0.3, True), (0.7, False)):
        kept = (log.part("direction") == 0) | (rng.random(log.events.rows) > share)
        before = np.concatenate([[0], np.cumsum(kept)]).astype(np.int64)
        some = replace(log, events=log.events.take(kept), starts=before[log.starts])
        assert (second_sides(Sides.of(some), 5) is not None) == is_found


@cache
def sampled(kind):
    words = {"minutes": lambda rng: [(0, 1), (2, 3)][int(rng.random() < 0.3)], "days": lambda rng: (0, 1)}
    log = transfers({"minutes": minutes, "days": next_day}[kind], words=words[kind])
    body = Habits.fit(log, Habits.Settings(), Streams(3), Budget(), lambda share, text: None)
    return body.sample(COUNT, Streams(5))


def pairs_of(log):
    """Return rows that pay an account, and the row of the other side of each, -1 without."""
    partner = log.part("partner").astype(np.int64)
    owner = np.where(log.turned, partner, log.entity())
    other = np.where(log.turned, log.entity(), partner)
    sides = Sides(owner, other, log.part("direction").astype(np.int64), log.part("amount"), log.times, COUNT)
    rows = np.flatnonzero(sides.between_entities() & (sides.side == 0))
    one, two = mirrored(sides, 0, 1, reach=5 * DAY)
    found = np.full(len(owner), -1)
    found[one] = two
    return rows, found[rows]


def test_a_new_second_side_has_the_words_that_answer_its_first():
    log = sampled("minutes")
    rows, second = pairs_of(log)
    assert (second >= 0).mean() > 0.97
    word, answer = log.part("category")[rows[second >= 0]], log.part("category")[second[second >= 0]]
    assert set(zip(word.tolist(), answer.tolist(), strict=True)) == {(0, 1), (2, 3)}
    wait = log.times[second[second >= 0]] - log.times[rows[second >= 0]]
    assert wait.min() >= MINUTE
    assert wait.max() <= 8 * MINUTE


def test_what_is_paid_on_a_friday_is_booked_on_monday():
    log = sampled("days")
    rows, second = pairs_of(log)
    rows, second = rows[second >= 0], second[second >= 0]
    days = log.times[second] // DAY - log.times[rows] // DAY
    weekday = (log.times[rows] // DAY + 3) % 7
    for day, wanted in ((0, 1), (4, 3), (5, 2), (6, 1)):
        assert (days[weekday == day] == wanted).mean() > 0.97
    assert (log.times[second] % DAY == 6 * 60 * MINUTE).mean() > 0.97


def test_words_tell_answers_only_where_they_do():
    rng = np.random.default_rng(0)
    word, noise = rng.integers(0, 3, 400), rng.integers(0, 4, 400)
    names = np.arange(400)
    before = np.stack([word, noise, names], axis=1).astype(np.int32)
    kind = np.zeros(400, np.int64)
    told = telling_words(before, np.stack([word + 7, noise * 0], axis=1), kind)
    assert np.array_equal(told[:, 0], word)
    assert (told[:, 1:] == ANY).all()
    assert (telling_words(before, rng.integers(0, 2, (400, 1)), kind) == ANY).all()
    assert (
        telling_words(before, (word + 7)[:, None], word.astype(np.int64)) == ANY
    ).all()  # the kind tells it
    both = telling_words(before, (word * 4 + noise)[:, None], kind)
    assert (both[:, :2] != ANY).all()


def test_rows_take_answers_of_their_words():
    told = np.array([[0, ANY], [1, ANY], [0, ANY]], np.int32)
    order, begin, wide = matching(told, np.arange(3), np.array([[0, 5], [1, 5], [2, 5]], np.int32))
    assert wide.tolist() == [2, 1, 0]
    assert sorted(order[begin[0] : begin[0] + 2]) == [0, 2]
    assert order[begin[1]] == 1
    assert matching(np.full((3, 2), ANY, np.int32), np.arange(3), np.zeros((2, 2)))[2].tolist() == [0, 0]


def test_models_of_before_have_no_words_that_tell():
    echoes = learn_echoes(transfers(minutes))[1]
    arrays = {name: one for name, one in echoes.arrays().items() if not name.endswith(".told")}
    again = Echoes.restored(arrays)
    assert (again.mirror.told == ANY).all()
    assert len(again.mirror.lag) == len(echoes.mirror.lag)


@pytest.mark.parametrize("fee", [0.0, 0.5])
def test_of_two_rows_at_one_time_that_of_who_pays_is_the_first_where_it_is_known(fee):
    """More comes in from outside than goes out there, which would make who is paid the first."""
    rng = np.random.default_rng(3)
    one, other = np.array([(e, (e + step) % 30) for e in range(30) for step in (1, 2, 3)]).T
    time, size = rng.integers(0, 50 * DAY, len(one)), np.round(rng.lognormal(3, 1, len(one)), 2)
    wages = np.arange(60)
    sides = Sides(
        np.concatenate([one, other, wages % 30]), np.concatenate([other, one, np.full(60, 31)]),
        np.repeat([0, 1, 1], [len(one), len(one), 60]), np.concatenate([size + fee, size, 900.0 + wages]),
        np.concatenate([time, time, wages * DAY]), 30,
    )  # fmt: skip
    found = second_sides(sides, 2, payer=0)
    assert found.side == 0
    assert sorted(zip(found.one.tolist(), found.two.tolist(), strict=True)) == [
        (k, k + len(one)) for k in range(len(one))
    ]
    assert second_sides(sides, 2).side == 1
