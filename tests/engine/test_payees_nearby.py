"""Payments of schemes at counters are in the town where their payer is then; online merchants have none."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from finsim.agents.payment_orders import Orders
from finsim.agents.schemes.role_casting import Candidates
from finsim.engine.injection.fitting_shops import ShopHabits
from finsim.engine.injection.places.local_shops import LocalShops, Purchases, places_of
from finsim.engine.injection.places.payees_nearby import with_payees_nearby
from finsim.notation import NANOS_PER_DAY, Int1D

DAY = NANOS_PER_DAY
ACCOUNTS, TOWNS, SHOPS, DAYS = 30, 3, 4, 60
ONLINE = TOWNS * SHOPS
"""A merchant that says it is in town 0, as those of town t are t * SHOPS + 0 to 3."""


def _purchases(moved: bool = False) -> Purchases:
    """Return accounts that live in town e % 3; each third is in the next one from day 20 to 24.

    ``moved`` : accounts shop anywhere.
    """
    rng = np.random.default_rng(3)
    rows = []
    for account in range(ACCOUNTS):
        for day in range(DAYS):
            town = (account + (account >= 20 and 20 <= day < 25)) % TOWNS
            town = int(rng.integers(TOWNS)) if moved else town
            for hour in (9, 15):
                shop = ONLINE if rng.random() < 0.2 else town * SHOPS + int(rng.integers(SHOPS))
                rows.append((account, shop, day * DAY + hour * DAY // 24))
    return Purchases(*np.array(rows).T)


def _town(paid: Purchases) -> Int1D:
    return np.where(paid.shop == ONLINE, 0, paid.shop // SHOPS)


def _places(paid: Purchases, *columns: Int1D) -> LocalShops | None:
    return places_of(paid, columns, ONLINE + 1, ACCOUNTS)


@pytest.fixture(scope="module")
def places() -> LocalShops:
    paid = _purchases()
    region = np.minimum(_town(paid), 1)
    kind = paid.shop % SHOPS  # a word of merchants that is no town
    found = _places(paid, kind, region, _town(paid), paid.account)
    assert found is not None
    return found


def test_merchants_and_accounts_are_where_their_payments_are(places: LocalShops) -> None:
    assert places.place.tolist() == [*np.repeat(range(TOWNS), SHOPS), -1]  # the finest column of towns
    assert places.home.tolist() == [account % TOWNS for account in range(ACCOUNTS)]
    assert [places.of(25, day * DAY) for day in (10, 22, 30)] == [1, 2, 1]
    assert [places.of(5, day * DAY) for day in (-50, 22, 200)] == [2, 2, 2]


def test_words_in_which_no_account_stays_are_no_towns() -> None:
    paid = _purchases()
    assert _places(paid, paid.shop % SHOPS) is None
    assert _places(paid, paid.account % TOWNS) is None  # the account's, not the merchant's
    moved = _purchases(moved=True)
    assert _places(moved, _town(moved)) is None


def test_a_town_that_most_rows_have_anyway_is_no_place() -> None:
    moved = _purchases(moved=True)
    shop = np.where(np.random.default_rng(5).random(len(moved.shop)) < 0.9, moved.shop % SHOPS, moved.shop)
    most = Purchases(moved.account, shop, moved.time)
    assert _places(most, _town(most)) is None


def test_a_word_that_few_accounts_have_is_no_place() -> None:
    paid = _purchases()
    one = Purchases(paid.account, np.where(paid.account > 3, paid.shop % SHOPS, paid.shop), paid.time)
    assert _places(one, _town(one)) is None  # a sort of purchase, such as of travel agents


def test_purchases_at_the_same_merchant_are_no_neighbours() -> None:
    paid = Purchases(np.zeros(4, np.int64), np.array([1, 1, 2, 3]), np.array([0, 1, 2, 9]) * DAY)
    near, same = paid.neighbours(np.array([0, 0, 0, 1]), np.ones(4, dtype=np.bool_))
    assert near.tolist() == same.tolist() == [1, 1, 2, 0]


def test_a_purchase_of_days_ago_tells_no_town() -> None:
    none = np.zeros(0, dtype=np.int64)
    time, town = np.array([0, 10]) * DAY, np.array([1, 2])
    known = LocalShops(none, none, np.array([0, 2]), time, town, np.array([7]))
    assert [known.of(0, day * DAY) for day in (0, 2, 5, 8, 12, 14)] == [1, 1, 7, 2, 2, 7]


def test_rows_without_a_word_are_no_town(places: LocalShops) -> None:
    paid = _purchases()
    bare = _places(paid, np.where(paid.shop == ONLINE, -1, _town(paid)))
    assert bare is not None
    assert bare.place.tolist() == places.place.tolist()
    some = _places(paid, np.where(paid.shop % SHOPS == 3, -1, _town(paid)))
    assert some is not None
    assert some.place.tolist() == [*([0, 0, 0, -1, 1, 1, 1, -1, 2, 2, 2, -1]), -1]


def _paid(places: LocalShops, days: list[int], payee: list[int], able: list[int], back: int = 0) -> Any:
    """Return who is paid by account 25 on days; accounts of merchants are 100 + their number.

    ``back`` : of the first merchant's payments so many go back to the account, and who pays those comes last.
    """
    shop_of = np.append(np.full(100, -1), np.arange(ONLINE + 1))
    entity = np.where(shop_of < 0, np.arange(len(shop_of)), -1)
    zero = np.zeros(len(days), dtype=np.int64)
    ts = np.array(days) * DAY
    ends = np.stack([zero + 25, 100 + np.array(payee)])
    ends = np.concatenate([ends, ends[::-1, :back]], axis=1)
    zero, ts = np.zeros(ends.shape[1], dtype=np.int64), np.append(ts, ts[:back])
    orders = Orders(ts, *ends, zero, zero, zero, zero, zero, zero)
    role = Candidates(100 + np.array(able), np.array(able), np.cumsum(np.ones(len(able))), 0, 0, zero, 0)
    one_knows = SimpleNamespace(fit=lambda shop, ts, amounts: 1.0 if shop == 11 else 0.5)
    made = with_payees_nearby(
        orders, zero + 10, {"till": role}, (places, cast(ShopHabits, one_knows)), (entity, shop_of),
        np.random.default_rng(1),
    )  # fmt: skip
    return [*(made.payee - 100)[: len(days)].tolist(), *(made.payer - 100)[len(days) :].tolist()]


def test_a_payment_is_in_the_town_of_its_payer_that_day(places: LocalShops) -> None:
    every = list(range(ONLINE + 1))
    assert _paid(places, [10], [0], every)[0] in range(4, 8)
    assert _paid(places, [22], [4], every) == [11]  # on the visit, at the one that knows such payments
    assert _paid(places, [10, 10], [5, 6], every) == [5, 6]  # at home already
    assert _paid(places, [10], [ONLINE], every) == [ONLINE]


def test_one_merchant_stays_one_and_two_stay_two(places: LocalShops) -> None:
    every = list(range(ONLINE))
    one = _paid(places, [10, 11, 22], [0, 0, 0], every)
    assert len(set(one)) == 1
    assert one[0] in range(4, 8)
    two = _paid(places, [10, 10], [0, 1], every)
    assert len(set(two)) == 2
    assert set(two) <= set(range(4, 8))
    assert _paid(places, [10, 10], [0, 1], [0, 1, 5]) == [5, 1]
    assert _paid(places, [10, 22, 23], [0, 0, 0], every) == [11] * 3  # two of three are paid on the visit


def test_a_role_without_a_merchant_in_the_town_is_paid_at_home_or_stays(places: LocalShops) -> None:
    assert _paid(places, [22], [0], [0, 5]) == [5]
    assert _paid(places, [22], [0], [0, 1]) == [0]


def test_who_is_paid_pays_back(places: LocalShops) -> None:
    assert _paid(places, [10, 11], [0, 0], [0, 5], back=1) == [5, 5, 5]
