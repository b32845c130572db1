"""A walked book is possible after every event, and its trades make the bar, to the tick and the lot."""

from dataclasses import replace

import numpy as np
import pytest
from naive.order_book import replayed

from finsim.kernels.books import book_state as k
from finsim.markets.books import book_walk
from finsim.markets.books.book_walk import DayPlan, walk_day
from finsim.markets.books.day_bars import TickBar
from finsim.markets.books.flow_law import COIN, STOCK
from finsim.markets.books.kernel_law import Liquidity
from finsim.markets.books.lobster_files import Ticks
from finsim.markets.books.tick_measures import measures, top_of
from finsim.notation import Array
from finsim.randomness import Streams

pytestmark = pytest.mark.sweep

DAY = (34_200.0, 57_600.0)
BARS = {
    "ordinary": (TickBar(*DAY, 10_000, 10_090, 9_950, 10_040, 500_000),),
    "opens at the high": (TickBar(*DAY, 10_090, 10_090, 9_950, 10_040, 500_000),),
    "closes at the low": (TickBar(*DAY, 10_000, 10_090, 9_950, 9_950, 500_000),),
    "one price": (TickBar(*DAY, 10_000, 10_000, 10_000, 10_000, 500_000),),
    "one tick": (TickBar(*DAY, 10_000, 10_001, 10_000, 10_001, 500_000),),
    "four lots": (TickBar(*DAY, 10_000, 10_090, 9_950, 10_040, 4),),
    "pennies": (TickBar(*DAY, 3, 5, 1, 2, 900_000),),
    "a crash": (TickBar(*DAY, 10_000, 10_050, 4_000, 9_000, 500_000),),
    "bars of an hour that gap": (
        TickBar(0.0, 3_600.0, 500, 520, 490, 510, 9_000),
        TickBar(3_600.0, 7_200.0, 560, 580, 555, 570, 4),
        TickBar(7_200.0, 10_800.0, 480, 480, 470, 470, 9_000),
    ),
}


def plan(bars: tuple[TickBar, ...], **other: object) -> DayPlan:
    wanted = DayPlan(bars, STOCK, volatility=80.0, events=1_500, levels=3)
    return replace(wanted, **other)  # type: ignore[arg-type]


def walked(wanted: DayPlan, seed: int = 1) -> tuple[Array, Array]:
    pieces = list(walk_day(wanted, Streams(seed)))
    return np.concatenate([one.rows for one in pieces]), np.concatenate([one.book for one in pieces])


@pytest.mark.parametrize("name", BARS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_trades_make_the_bars(name: str, seed: int) -> None:
    rows, _ = walked(plan(BARS[name]), seed)
    trades = rows[rows[:, k.KIND] >= k.EXECUTED]
    edges = np.array([0.0, *(bar.end for bar in BARS[name][:-1]), np.inf])
    volume = np.cumsum([bar.lots for bar in BARS[name]])
    ends = np.searchsorted(np.cumsum(trades[:, k.SIZE]), volume) + 1
    assert trades[:, k.SIZE].sum() == volume[-1]
    for bar, start, end, least in zip(BARS[name], np.r_[0, ends[:-1]], ends, edges[:-1], strict=True):
        part = trades[start:end]
        prices = part[:, k.AT]
        found = prices[0], prices.max(), prices.min(), prices[-1], part[:, k.SIZE].sum()
        assert found == (bar.open, bar.high, bar.low, bar.close, bar.lots)
        assert (part[:, k.TIME] >= least * 1e9 - 1).all()
        assert (part[:, k.TIME] <= bar.end * 1e9 + 1).all()


@pytest.mark.parametrize("name", BARS)
@pytest.mark.parametrize("law", [STOCK, COIN], ids=["stock", "coin"])
def test_every_event_is_possible_and_the_levels_are_those_of_a_plain_book(name: str, law: object) -> None:
    rows, book = walked(plan(BARS[name], law=law, liquidity=Liquidity(2.0, 0.5)), 4)
    assert (np.diff(rows[:, k.TIME]) >= 0).all()
    for shown, sides in zip(book.tolist(), replayed(rows.tolist(), 3), strict=True):
        for side in (0, 1):
            held = [(level[side], level[2 + side]) for level in shown if level[side] >= 0]
            assert held == sides[side]
    both = (book[:, 0, :2] >= 0).all(axis=1)
    assert both[6:].all()
    assert (book[both, 0, 0] < book[both, 0, 1]).all()


def test_hidden_trades_and_auctions_print_inside_the_quotes() -> None:
    rows, book = walked(plan(BARS["ordinary"], events=6_000))
    inside = rows[:, k.KIND] >= k.HIDDEN
    assert inside.sum() > 20
    assert (rows[inside, k.AT] >= book[inside, 0, 0]).all()
    assert (rows[inside, k.AT] <= book[inside, 0, 1]).all()


def test_a_wide_spread_is_in_every_quote_and_depth_scales() -> None:
    calm, tense = (
        plan(BARS["ordinary"], events=6_000, liquidity=one) for one in (Liquidity(), Liquidity(10, 0.2))
    )
    (_, first), (_, second) = walked(calm), walked(tense)
    spreads = [book[8:, 0, 1] - book[8:, 0, 0] for book in (first, second)]
    assert spreads[0].min() == 1
    assert spreads[1].min() >= 10
    assert spreads[1].mean() > 5 * spreads[0].mean()
    depth = [book[8:, :, 2:].sum(axis=(1, 2)).mean() for book in (first, second)]
    assert depth[1] < 0.4 * depth[0]


def test_the_same_streams_give_the_same_rows_in_any_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, book = walked(plan(BARS["ordinary"]))
    monkeypatch.setattr(book_walk, "TAPE_ROWS", book_walk.MARGIN + 1_500)
    again, book_again = walked(plan(BARS["ordinary"]))
    assert rows.tobytes() == again.tobytes()
    assert book.tobytes() == book_again.tobytes()
    other, _ = walked(plan(BARS["ordinary"]), 2)
    assert rows[:99].tobytes() != other[:99].tobytes()


def test_no_quote_of_a_calm_day_is_wider_than_half_a_percent() -> None:
    rows, book = walked(plan((TickBar(*DAY, 4_989, 5_042, 4_947, 5_000, 123_456),), volatility=57.0), 3)
    last = np.r_[rows[1:, k.TIME] > rows[:-1, k.TIME], True] & (rows[:, k.TIME] > DAY[0] * 1e9)
    bid, ask = book[last, 0, 0], book[last, 0, 1]
    within = ask - bid <= 0.0049 * 4_947
    assert (rows[:, k.KIND] == k.NEW)[~last].sum() > 5
    assert within.all()


def test_levels_that_are_shown_do_not_change_the_walk() -> None:
    (rows, one), (again, four) = (walked(plan(BARS["ordinary"], levels=levels)) for levels in (1, 4))
    assert rows.tobytes() == again.tobytes()
    assert one[:, 0].tobytes() == four[:, 0].tobytes()


def test_lopsided_books_are_filled_up_before_they_look_like_layering() -> None:
    rows, book = walked(plan(BARS["ordinary"], events=8_000, law=COIN))
    last = np.r_[rows[1:, k.TIME] // 1_000 != rows[:-1, k.TIME] // 1_000, True]
    bid, ask = book[:, 0, 2], book[:, 0, 3]
    at = rows[last & (np.abs(bid - ask) > 0.95 * (bid + ask)) & (bid > 0) & (ask > 0), k.TIME] / 1e9
    within = np.searchsorted(at, at + 1.0, side="right") - np.arange(len(at))
    assert len(at) > 50
    assert within.max() <= 20


@pytest.mark.parametrize("events", [1_500, 12_000])
def test_about_as_many_events_come_as_are_asked_for(events: int) -> None:
    rows, _ = walked(plan(BARS["ordinary"], events=events))
    assert 0.6 * events < len(rows) < 1.7 * events


def test_orders_before_the_close_are_no_larger_than_the_others() -> None:
    """What queues did not fill is wanted again at once: nothing is left to a few orders that sweep it all."""
    rows, _ = walked(plan(BARS["ordinary"], events=12_000, law=replace(STOCK, smile=0.0)))
    trades = rows[(rows[:, k.KIND] == k.EXECUTED) | (rows[:, k.KIND] == k.HIDDEN)]
    at, first = np.unique(trades[:, [k.TIME]], return_index=True)
    sizes = np.add.reduceat(trades[:, k.SIZE], first)
    gone = (at / 1e9 - DAY[0]) / (DAY[1] - DAY[0])
    early, late = (sizes[(gone > low) & (gone < high)].mean() for low, high in ((0.1, 0.6), (0.9, 1.0)))
    assert late < 2.0 * early


def test_trades_of_the_stock_law_move_its_quotes() -> None:
    """Queues are as large as trades, as IBM's were: impact, imbalance, what it foretells are near theirs."""
    rows, book = walked(plan(BARS["ordinary"], events=30_000, volatility=130.0, levels=1))
    ticks = Ticks(rows[:, k.TIME] / 1e9, *rows[:, 1:].T, book, 1.0)
    found = measures(top_of(ticks).between(*DAY))
    assert 0.12 < found["impact after 1 trades over the spread"] < 0.3
    assert 0.25 < found["mean imbalance"] < 0.4
    assert 0.57 < found["imbalance foretells the next move, AUC"] < 0.72


def test_closing_auctions_take_what_is_left_but_not_most_of_the_day() -> None:
    rows, _ = walked(plan(BARS["ordinary"], events=12_000))
    assert rows[-1, k.KIND] == k.CROSSED
    assert rows[-1, k.SIZE] < 0.5 * BARS["ordinary"][0].lots
