"""What series of one payee have in common: words of the payer aside, price lists, pauses, due days."""

import numpy as np

from finsim.generators.events.habits.standing.law import SHIFTS, _shifts
from finsim.generators.events.habits.standing.payees.due_days import first_of, usual_phase
from finsim.generators.events.habits.standing.payees.payees import Pauses, payee_of_targets
from finsim.generators.events.habits.standing.payees.price_lists import NEVER, NO_LIST, Paths, learn_prices
from finsim.generators.events.habits.standing.regularity import grouped, regular

BEGIN = int(np.datetime64("2025-01-01", "D").astype(np.int64))
APRIL = int(np.datetime64("2025-04", "M").astype(np.int64))


def month_starts(months):
    return (np.datetime64("2025-01", "M") + np.array(months)).astype("datetime64[D]").astype(np.int64)


def test_a_mandate_of_the_payer_is_no_payee():
    # payee, reference: 0 and 1 are mandates, 2 is a word that both entities have.
    cells = np.array([[5, 0], [5, 1], [5, 2], [6, 2], [6, 2], [5, 2]])
    entity = np.array([0, 1, 0, 0, 1, 1])
    targets = np.array([[5, 0], [5, 1], [5, 2], [6, 2], [5, -1]])
    found = payee_of_targets(targets, cells, entity, np.array([True, False]))
    assert found[0] == found[1]
    assert len(set(found.tolist())) == 4
    # A payee that one entity alone pays stays a payee, told by its column or by its shared words.
    alone = np.array([[7, -1], [8, -1]])
    assert payee_of_targets(alone, alone, np.array([0, 1]), np.array([True, False])).tolist() == [0, 1]
    turned = payee_of_targets(targets[:, ::-1], cells[:, ::-1], entity, np.zeros(2, np.bool_))
    assert turned[0] == turned[1] != turned[3]


def paths(rows):
    """Paths of series, each a list of sums month by month from January 2025 on."""
    series = np.repeat(np.arange(len(rows)), [len(one) for one in rows])
    month = np.concatenate([APRIL - 3 + np.arange(len(one)) for one in rows])
    usual = np.array([max(set(one), key=one.count) for one in rows])
    return Paths.of(series, np.concatenate(rows), month, usual, np.zeros(len(rows), np.bool_))


def drawn(prices, payee, many=2000):
    draw = (np.arange(many) + 0.5) / many
    return prices.drawn(np.full(many, payee), draw)


def test_series_take_prices_of_their_payee_with_their_shares():
    rows = [[10.99] * 6] * 6 + [[17.99] * 6] * 3 + [[11.99] * 6] * 5
    payee = np.array([0] * 9 + [1] * 5)
    prices, own, listed = learn_prices(payee, np.arange(14), paths(rows), 2)
    assert listed.all()
    assert not own.any()
    at = drawn(prices, 0)
    assert (at >= 0).all()
    assert abs((prices.first[at] == 10.99).mean() - 2 / 3) < 0.01
    assert set(prices.first[at]) == {10.99, 17.99}
    assert set(prices.first[drawn(prices, 1)]) == {11.99}
    assert (prices.since == NEVER).all()


def test_a_change_of_price_comes_at_its_month():
    rows = [[10.99] * 3 + [12.99] * 3] * 6 + [[17.99] * 6] * 3
    prices, _, listed = learn_prices(np.zeros(9, np.int64), np.arange(9), paths(rows), 1)
    assert listed.all()
    at = drawn(prices, 0, 90)
    month = np.tile(APRIL - 3 + np.arange(6), (90, 1))
    sums = prices.asked(at, month, np.zeros((90, 6)))
    seen, many = np.unique(sums, axis=0, return_counts=True)
    assert seen.tolist() == [rows[0], rows[-1]]
    assert many.tolist() == [60, 30]


def test_rents_of_ones_own_are_no_price_list():
    rows = [[float(500 + 25 * k)] * 6 for k in range(20)] + [[800.0] * 6] * 2
    prices, own, listed = learn_prices(np.zeros(22, np.int64), np.arange(22), paths(rows), 1)
    assert not listed.any()
    assert prices.first.tolist() == [800.0]  # three entities share it
    assert prices.since.tolist() == [NO_LIST]
    assert abs((drawn(prices, 0) >= 0).mean() - 3 / 22) < 0.01
    assert own.sum() == 19
    usual = np.full((1, 6), 7.0)
    assert (prices.asked(np.array([0]), np.zeros((1, 6), np.int64), usual) == usual).all()


def test_prices_that_one_entity_has_many_times_are_its_own():
    rows = [[10.99] * 6] * 6
    prices, own, listed = learn_prices(np.zeros(6, np.int64), np.zeros(6, np.int64), paths(rows), 1)
    assert own.all()
    assert not listed.any()
    assert (drawn(prices, 0) == -1).all()


def test_months_in_which_nobody_pays_count_as_none_left_out():
    months = [0, 3, 4, 5]
    day = np.concatenate([month_starts(months) + 14 for _ in range(5)])
    entity = np.repeat(np.arange(5), 4)
    payee, usable = np.zeros(20, np.int64), np.ones(20, np.bool_)
    groups = grouped(entity)
    assert not regular(day, groups).ok.any()
    pauses = Pauses.of(payee, entity, day, usable)
    assert pauses.within(np.array([0]), np.array([APRIL - 3]), np.array([APRIL + 2])).tolist() == [2]
    assert pauses.within(np.array([0]), np.array([APRIL]), np.array([APRIL + 2])).tolist() == [0]
    assert pauses.within(np.array([0]), np.array([APRIL - 1]), np.array([APRIL + 2])).tolist() == [1]
    assert pauses.within(np.array([0]), np.array([APRIL - 3]), np.array([APRIL - 1])).tolist() == [2]
    assert regular(day, groups, pauses=pauses).ok.all()
    # Two entities are too few, and a month in which one of five pays is a pause of the others alone.
    few = entity < 2
    two = Pauses.of(payee[few], entity[few], day[few], usable[few])
    assert two.within(np.array([0]), np.array([APRIL - 3]), np.array([APRIL + 2])).tolist() == [0]
    often = Pauses.of(payee, entity % 2, day, usable)  # two entities, five payments a month
    assert often.within(np.array([0]), np.array([APRIL - 3]), np.array([APRIL + 2])).tolist() == [0]
    more = np.append(day, month_starts([1]) + 14)
    some = Pauses.of(np.zeros(21, np.int64), np.append(entity, 0), more, np.ones(21, np.bool_))
    assert some.within(np.array([0]), np.array([APRIL - 3]), np.array([APRIL + 2])).tolist() == [1]


def test_the_day_of_a_payee_needs_three_entities():
    group, phase = np.array([0, 0, 0, 0, 1, 1]), np.array([27, 27, 27, 3, 5, 5])
    assert usual_phase(group, phase, np.arange(6), 3).tolist() == [27, -1, -1]
    assert first_of(np.array([4, 2, 4, 2, 9])).tolist() == [0, 1, 0, 1, 4]


def test_a_kind_without_a_row_on_its_days_is_paid_on_them():
    found = _shifts(np.array([0]), np.array([4]), np.array([0]), 2)
    assert np.isfinite(found).all()
    assert (found[1, :, SHIFTS // 2 - 1] == 0).all()
    assert (found[1, :, SHIFTS // 2] == 1).all()
