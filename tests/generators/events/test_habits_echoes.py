"""Answers of rows: found where they are, not found where sums meet by chance, and given to sampled rows."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from echo_ledgers import naive_answers, payers, statement
from event_logs import DAY, words

from finsim.generators.events.habits.cells.seen_words import Seen, words_beside
from finsim.generators.events.habits.echoes.answering_rows import Sides, answered
from finsim.generators.events.habits.echoes.echo_law import Block
from finsim.generators.events.habits.echoes.echo_losses import echo_losses
from finsim.generators.events.habits.echoes.learned_echoes import Echoes, learn_echoes
from finsim.generators.events.habits.echoes.second_sides import mirrored
from finsim.generators.events.habits.habits import Habits
from finsim.generators.generator import Budget
from finsim.randomness import Streams
from finsim.records.mixed_table import MixedTable

BACK, WAGE = 1, 3


@cache
def fitted(kind):
    log = {"statement": statement, "payers": payers, "nobody": lambda: unnamed(statement())}[kind]()
    return Habits.fit(log, Habits.Settings(), Streams(3), Budget(), lambda share, text: None)


@cache
def sampled(kind):
    body = fitted(kind)
    return body.sample(body.log.count, Streams(5))


def unnamed(log):
    """Return the log without its column of partners."""
    roles = replace(log.roles, partner=None)
    return replace(log, events=log.events.without("other"), roles=roles, partner_is_entity=False)


def owners(log):
    """Return entity, partner of each row after turned rows are exchanged."""
    entity, partner = log.entity(), log.part("partner").astype(np.int64)
    turned = np.zeros(len(entity), bool) if log.turned is None else log.turned
    return np.where(turned, partner, entity), np.where(turned, entity, partner)


def waits(log):
    """Return days from the purchase of each refund, -1 where there is none of its pair and sum."""
    entity, partner = owners(log)
    word, sums = log.part("category"), np.abs(log.part("amount"))
    found = []
    for j in np.flatnonzero(word == BACK):
        pair = (entity == entity[j]) & (partner == partner[j])
        pair |= (entity == partner[j]) & (partner == entity[j])
        days = (log.times[j] - log.times[pair & (word == 0) & (sums == sums[j])]) / DAY
        found.append(days[days > 0].min() if (days > 0).any() else -1.0)
    return np.array(found)


def test_refunds_are_found_where_rows_name_nobody():
    log = unnamed(statement(sends=0))
    alone, echoes = learn_echoes(log)
    (law,) = echoes.answers
    assert echoes.mirror is None
    assert not law.turned
    assert (law.share == 1).all()
    back = log.part("category") == BACK
    assert 0 <= alone.events.rows - (~back).sum() <= 3  # another purchase of that sum came between
    spoilt = shuffled(log, ("sum",), 2)
    assert learn_echoes(spoilt) == (spoilt, Echoes())
    plain = replace(log, events=log.events.without("way"), roles=replace(log.roles, direction=None))
    (beside,) = learn_echoes(plain)[1].companions  # nothing but its word tells the way of a row
    assert beside.said.tolist() == [[BACK]]
    bare = replace(plain, events=plain.events.without("word"), roles=replace(plain.roles, category=None))
    assert learn_echoes(bare) == (bare, Echoes())


def test_sampled_refunds_where_rows_name_nobody():
    log, real = sampled("nobody"), unnamed(statement())
    entity, word, sums = log.entity(), log.part("category"), log.part("amount")
    back = np.flatnonzero(word == BACK)
    assert 0.8 * (real.part("category") == BACK).sum() < len(back)
    for j in back:
        bought = (entity == entity[j]) & (word == 0) & (sums == sums[j])
        assert (log.times[bought] < log.times[j]).any()
    way = log.part("direction")
    assert (way[word == 0] == 0).all()  # a purchase is no credit
    assert (way[word == BACK] == 1).all()
    assert (way[word == WAGE] == 1).all()
    assert set(way[word == 2]) == {0, 1}


def test_a_word_never_seen_beside_a_category_is_drawn_again():
    category = np.repeat([0, 1, 2], [100, 10, 100])
    word = np.where(category == 0, 0, np.arange(210) % 2)
    one = np.arange(210), 0.0
    seen = words_beside(word, 3, category, one)
    asked, draw = np.array([0, 1, 1, 2, 1]), np.array([0.99, 0.99, 0.99, 0.7, 0.0])
    kept = Seen(("what",), (seen,)).kept(asked, {"what": np.array([0, 0, 1, 2, 2])}, draw)
    assert kept.tolist() == [0, 0, 1, 1, 1]
    assert (seen[1] > 0).all()  # ten rows tell nothing
    assert words_beside(word[100:110], 3, category[100:110], (one[0][:10], 0.0)) is None


@pytest.mark.parametrize(("make", "turned"), [(statement, False), (payers, True), (payers, False)])
def test_answers_are_those_of_the_plain_search(make, turned):
    log = make(8, 4)
    sides = Sides.of(log)
    assert answered(sides, turned)[0].tolist() == naive_answers(log, turned).tolist()


def test_answers_come_later_and_not_too_late():
    days = np.array([0, 0, 0, 62, 0, 63, 0, 5])
    sums, side = np.array([1.0, 1, 2, 2, 3, 3, 4, 4]), np.array([0, 1, 0, 1, 0, 1, 0, 0])
    rows = Sides(np.zeros(8, np.int64), np.full(8, 5), side, sums, days * DAY, 0)
    assert answered(rows, False)[0].tolist() == [-1, -1, -1, 2, -1, -1, -1, -1]


def test_time_run_back_finds_what_chance_finds():
    log = payers(20, 1)
    before, after = answered(Sides.of(log), True)
    word = log.part("category")
    assert (before[word == BACK] >= 0).mean() > 0.9
    assert not (after[word == BACK] >= 0).any()
    sends = (before[word == 2] >= 0).sum(), (after[word == 2] >= 0).sum()
    assert min(sends) > 50
    assert abs(sends[0] - sends[1]) < 0.2 * sum(sends)


def test_what_is_learned_of_a_statement():
    log = statement()
    alone, echoes = learn_echoes(log)
    (law,), mirror = echoes.answers, echoes.mirror
    back = log.part("category") == BACK
    sent = (log.part("category") == 2).sum()
    assert not law.turned
    assert mirror is not None
    assert mirror.turned
    assert alone.events.rows == log.events.rows - back.sum() - sent // 2
    assert not (alone.part("category") == BACK).any()
    assert (alone.part("direction")[alone.part("category") == 2] == 0).all()
    days = law.lag // DAY
    assert set(days) == set(range(2, 15))
    assert law.same_clock.all()
    assert (law.share == 1).all()
    clothes = alone.times[(alone.part("direction") == 0) & (alone.events["trade"].values == 1)]
    seen = [(law.lag < log.end - time).mean() for time in clothes]  # what answers had the time to come
    assert law.rate.max() == pytest.approx(back.sum() / np.sum(seen), rel=0.02)
    assert np.sum(seen) < 0.96 * len(clothes)
    trade = law.rate.reshape(-1, echoes.sides)
    assert list(log.events.columns)[law.column] == "trade"
    assert abs(trade[2].max() - 0.3) < 0.06
    assert trade[1].max() == 0.0 == trade[3].max()


def test_shops_that_pay_back_do_it_in_their_own_rows():
    log = payers()
    alone, echoes = learn_echoes(log)
    (law,) = echoes.answers
    assert law.turned
    assert echoes.mirror is None
    back = log.part("category") == BACK
    assert alone.events.rows == (~back).sum()
    assert alone.count == log.count


def shuffled(log, names, seed):
    """Return the log with some columns of its rows dealt anew."""
    order = np.random.default_rng(seed).permutation(log.events.rows)
    return replace(log, events=log.events.with_columns({one: log.events[one].take(order) for one in names}))


@pytest.mark.parametrize("names", [("sum",), ("other",), ("word", "way", "trade")])
def test_nothing_is_found_where_rows_answer_nobody(names):
    log = shuffled(statement(sends=0), names, 2)
    assert learn_echoes(log) == (log, Echoes())


def test_a_word_most_of_whose_rows_answer_nobody_is_none_of_answers():
    log = statement(sends=0)
    rng = np.random.default_rng(1)
    sums = log.part("amount").copy()
    spoilt = (log.part("category") == BACK) & (rng.random(len(sums)) < 0.55)
    sums[spoilt] = np.round(rng.lognormal(3, 0.7, spoilt.sum()) + 1_000, 2)
    log = replace(log, events=log.events.with_columns({"sum": log.events["sum"].with_values(sums)}))
    assert learn_echoes(log) == (log, Echoes())


def test_money_back_has_the_sign_of_money_back():
    log = statement(sends=0)
    sums = np.where(log.part("direction") == 1, -1.0, 1.0) * log.part("amount")
    events = log.events.without("way").with_columns({"sum": log.events["sum"].with_values(sums)})
    log = replace(log, events=events, roles=replace(log.roles, direction=None))
    alone, echoes = learn_echoes(log)
    made = of_rows(echoes, alone, log).table
    back = made["sum"].values[made["word"].values == BACK]
    assert len(back) > 100
    assert (back < 0).all()
    assert np.isin(-back, alone.part("amount")).all()


def test_the_second_side_of_a_turned_row_is_the_entitys_own():
    log = statement(10, 3, share=0.0, sends=20)
    alone, echoes = learn_echoes(log)
    for turned in (False, True):
        made = of_rows(echoes, alone, log, turned)
        second = made.table["way"].values == 1
        second &= made.table["word"].values == 2
        assert second.sum() == 200
        assert (made.turned[second] != turned).all()
        assert (made.turned[~second] == turned).all()


def of_rows(echoes, alone, log, turned=False):
    """Return the rows of a log with the answers that were learned."""
    marks = np.full(alone.events.rows, turned)
    block = Block(alone.events, alone.starts, marks, np.arange(log.count), log.end, log.count)
    return echoes.of_rows(block, log, Streams(1))


def test_sides_that_are_not_both_there_are_no_mirror():
    assert learn_echoes(statement(mirror=False))[1].mirror is None


def test_attributes_of_entities_change_nothing_in_rows_of_the_partner():
    log = payers()
    people = MixedTable({"branch": log.events["trade"].take(np.arange(log.count))}, log.count)
    plain, found = learn_echoes(log)[1], learn_echoes(replace(log, entities=people))[1]
    assert any(law.turned for law in found.answers)
    for one, two in zip(plain.answers, found.answers, strict=True):
        np.testing.assert_array_equal(one.rate, two.rate)


def test_an_attribute_that_all_entities_share_forbids_nothing():
    people = MixedTable(
        {"bank": words(np.zeros(60, np.int64), ["X"]), "memo": words(np.full(60, -1), [])}, 60
    )
    log = replace(statement(), entities=people)
    plain, alike = learn_echoes(statement())[1], learn_echoes(log)[1]
    assert alike.mirror is not None
    np.testing.assert_array_equal(alike.mirror.rate, plain.mirror.rate)


def test_an_attribute_that_some_entities_lack_forbids_nothing():
    people = MixedTable({"memo": words(np.arange(60) % 2 - 1, ["X"])}, 60)
    assert learn_echoes(replace(statement(), entities=people))[1].mirror is not None


def test_the_mirror_pairs_each_row_once():
    log = statement(10, 3, share=0.0)
    doubled = np.repeat(np.arange(log.events.rows), 2)  # every payment twice: the k-th side is of the k-th
    log = replace(log, events=log.events.take(doubled), starts=log.starts * 2)
    one, two = mirrored(Sides.of(log), 2, 4)  # both words of the direction
    sent = (log.part("category") == 2).sum()
    assert len(one) == sent // 2 == len(set(one)) == len(set(two))


def test_parts_of_a_sum_are_learned_and_given():
    log = statement(part=0.4, sends=0)
    alone, echoes = learn_echoes(log)
    (law,) = echoes.answers
    halves = np.abs(law.share - 0.5) < 0.05
    assert 0.3 < halves.mean() < 0.5
    assert ((law.share == 1) | halves).mean() > 0.95
    made = of_rows(echoes, alone, log)
    back = made.table["word"].values == BACK
    owner = np.repeat(np.arange(log.count), np.diff(made.starts))
    shop, sums = made.table["other"].values, made.table["sum"].values
    found = []
    for j in np.flatnonzero(back):
        paid = sums[~back & (owner == owner[j]) & (shop == shop[j])]
        found.append((np.isin(sums[j], paid), np.abs(paid / 2 - sums[j]).min() < 0.0051))
    whole, half = np.array(found).T
    assert (whole | half).mean() > 0.9  # a few are taken for parts of another purchase
    assert abs((half & ~whole).mean() - (np.abs(law.share - 0.5) < 0.002).mean()) < 0.08
    assert (half & ~whole).mean() > 0.2


@pytest.mark.parametrize("kind", ["statement", "payers"])
def test_sampled_refunds_have_their_purchase(kind):
    log, known = sampled(kind), {"statement": statement, "payers": payers}[kind]()
    days, real = waits(log), (known.part("category") == BACK).sum()
    assert (days > 0).mean() > 0.97
    assert set(days[days > 0]) <= set(range(1, 15))
    assert 0.8 * real < len(days) < 1.2 * real


def test_sampled_transfers_stand_on_both_sides():
    log = sampled("statement")
    entity, partner = owners(log)
    rows = np.flatnonzero((partner < log.count) & (partner >= 0))
    side, cells = log.part("direction")[rows], (log.times[rows], log.part("amount")[rows])
    entity, partner = entity[rows], partner[rows]
    out = set(zip(entity[side == 0], partner[side == 0], *(one[side == 0] for one in cells), strict=True))
    into = set(zip(partner[side == 1], entity[side == 1], *(one[side == 1] for one in cells), strict=True))
    assert out == into
    assert len(out) > 300


@pytest.mark.parametrize("kind", ["statement", "payers"])
def test_rows_do_not_depend_on_the_calls(kind):
    body, whole = fitted(kind), sampled(kind)
    total = body.log.count
    parts = [body.sample(n, Streams(5), at, None, total) for at, n in ((0, 7), (7, 1), (8, total - 8))]
    for name, one in whole.events.columns.items():
        assert np.array_equal(np.concatenate([part.events[name].values for part in parts]), one.values)
    marks = [np.zeros(part.events.rows, bool) if part.turned is None else part.turned for part in parts]
    assert np.array_equal(np.concatenate(marks), whole.turned)


def test_a_shorter_period_has_no_answers_behind_it():
    body = fitted("statement")
    log = body.sample(body.log.count, Streams(5), days=20)
    assert log.times.max() < log.end
    assert (waits(log) > 0).mean() > 0.97


def test_the_state_keeps_the_echoes():
    body = fitted("payers")
    again = Habits.from_state(body.state()).sample(body.log.count, Streams(5))
    assert again.digest() == sampled("payers").digest()


def test_answers_cost_what_their_chance_says():
    log = statement()
    body = fitted("statement")
    alone, cost = echo_losses(body.known.echoes, log)
    (law,) = body.known.echoes.answers
    rate, clothes = law.rate.max(), (alone.part("direction") == 0) & (alone.events["trade"].values == 1)
    back = (log.part("category") == BACK).sum()
    assert log.events.rows - alone.events.rows == back
    count = np.bincount(law.lag // DAY, minlength=15) + 0.5
    of_waits = -np.log(count[law.lag // DAY] / count.sum()).sum()
    closed = -back * np.log(rate) - (clothes.sum() - back) * np.log1p(-rate) + of_waits
    assert cost.sum() == pytest.approx(closed, rel=1e-9)
    assert body.entity_losses(log, Streams(1)).shape == (log.count,)
