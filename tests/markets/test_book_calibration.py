"""What is counted in ticks is what was in them: a law from rows, and measures with known answers."""

from dataclasses import replace

import numpy as np
import pytest

from finsim.errors import DataError
from finsim.markets.books.calibration import law_from
from finsim.markets.books.flow_law import STOCK
from finsim.markets.books.lobster_files import Ticks
from finsim.markets.books.tick_measures import TopOfBook, auc, measures, top_of


def ticks(rows: int = 600) -> Ticks:
    """Ten new bids, five deletions and five trades of 300 lots, over and over; spread 4, bids 2 behind."""
    kind = np.resize([1] * 10 + [3] * 4 + [2] + [4] * 5, rows)
    size = np.where(kind == 4, 300, 100)
    book = np.tile(np.array([[[1_000, 1_004, 50, 70]]]), (rows, 1, 1))
    move = np.arange(rows) // 40
    book[:, 0, :2] += move[:, None]
    price = np.where(kind == 1, book[:, 0, 0] - 2, book[:, 0, 1])
    return Ticks(
        np.arange(rows) * 2.0, kind, np.arange(rows), size, price, (kind == 4).astype(int), book, 1e-4
    )


def test_a_law_counts_what_the_rows_hold() -> None:
    law = law_from(ticks(), STOCK)
    assert (law.market, law.limit) == (0.25, 0.5)
    assert law.partial == 0.2
    assert law.hidden == 0
    assert law.size_ratio == pytest.approx(1 / 3)
    assert set(law.limit_sizes) == {1.0}
    assert np.median(law.distances) == pytest.approx(0.5)
    assert law.events == 600
    assert law.tilt == STOCK.tilt


def test_places_at_and_before_the_best_price_are_counted_by_themselves() -> None:
    """Of ten bids two join the best price and two better it, by one tick and by all three of the room."""
    whole, place = ticks(), np.arange(600) % 20
    step = np.select([place == 2, place == 4, np.isin(place, (6, 8))], [1, 3, 0], default=-2)
    price = np.where(whole.kind == 1, whole.book[:, 0, 0] + step, whole.price)
    size = np.where((whole.kind == 1) & (step >= 0), 20, whole.size)
    law = law_from(replace(whole, price=price, size=size), STOCK)
    room = 3 / 4
    assert law.inside * room / (1 + law.inside * room) == pytest.approx(60 / 299)
    assert law.join == pytest.approx(60 / 239)
    assert (law.steps[0], law.steps[-1]) == (0.0, pytest.approx(2 / 3))
    assert np.median(law.distances) == 0.5
    assert set(law.touch_sizes) == {1.0}
    assert law.touch_ratio == pytest.approx(20 / (179 * 100 + 120 * 20) * 299)


def test_parts_of_one_order_at_one_instant_are_one() -> None:
    whole = ticks()
    time = np.where(whole.kind == 4, np.arange(600) // 20 * 40.0 + 30.0, whole.time)
    law = law_from(replace(whole, time=time), STOCK)
    assert law.market == pytest.approx(30 / 480)
    assert law.size_ratio == pytest.approx(100 / 1_500)


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(DataError, match="40 events"):
        law_from(ticks(40), STOCK)


def test_measures_of_a_known_day() -> None:
    found = measures(top_of(ticks()))
    assert found["mean imbalance"] == pytest.approx(20 / 120)
    assert found["spread, 99% quantile over median"] == 1
    assert found["time between events, 50% quantile over mean"] == 1


def test_an_imbalance_that_tells_everything_or_nothing() -> None:
    up = np.array([True, False] * 50)
    assert auc(np.where(up, 0.5, -0.5), up) == 1
    assert auc(np.zeros(100), up) == 0.5


def test_a_bounce_raises_the_variance_at_short_steps() -> None:
    time = np.arange(3_000.0)
    bounce = 100 + np.resize([0.0, 1.0], 3_000) + np.cumsum(np.where(time % 300 == 0, 2.0, 0.0))
    quotes = np.stack([bounce - 0.5, bounce + 0.5, np.full(3_000, 5.0), np.full(3_000, 5.0)], axis=1)
    found = measures(TopOfBook(time, quotes, time[5::7], np.resize([1, -1], len(time[5::7])), np.ones(3)))
    assert found["variance at 1 s over 5 min"] > 10 * found["variance at 60 s over 5 min"]
