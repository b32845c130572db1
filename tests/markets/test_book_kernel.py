"""The compiled walk is the plain one, bit for bit; what excites a flow is found again in it."""

import importlib.util
import sys
from collections.abc import Iterator
from types import ModuleType

import numpy as np
import pytest

from finsim.kernels import kernel as flags
from finsim.kernels import xoshiro
from finsim.kernels.books import book_state as k
from finsim.markets.books import book_walk
from finsim.markets.books.book_walk import DayPlan, walk_day
from finsim.markets.books.day_bars import TickBar
from finsim.markets.books.excitation import fitted_branching
from finsim.markets.books.flow_law import COIN, STOCK, FlowLaw
from finsim.markets.books.kernel_law import Scales, hawkes, kernel_law, settled
from finsim.randomness import Streams

BOOKS = "finsim.kernels.books"
PARTS = ("order_queues", "tape_rows", "order_choices", "arrivals", "executions", "session_walk")


def plain(name: str) -> ModuleType:
    """Load a module of kernels again, as it is now patched: nothing is compiled."""
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def plain_walk(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Return the session's module with every kernel of books a plain function."""
    for word in ("kernel", "bare_kernel", "inlined_kernel"):
        monkeypatch.setattr(flags, word, lambda function: function)
    monkeypatch.setattr(xoshiro, "next_uniform", lambda words: float(compiled_uniform(words)))
    before = {f"{BOOKS}.{part}": sys.modules[f"{BOOKS}.{part}"] for part in PARTS}
    compiled_uniform = before[f"{BOOKS}.arrivals"].next_uniform
    *_, walk = (plain(name) for name in before)
    yield walk
    sys.modules.update(before)
    package = sys.modules[BOOKS]
    for name, module in before.items():
        setattr(package, name.rpartition(".")[2], module)


@pytest.mark.parametrize("law", [STOCK, COIN], ids=["stock", "coin"])
def test_the_compiled_walk_is_the_plain_one(
    law: FlowLaw, plain_walk: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    bar = TickBar(0.0, 3_600.0, 2_000, 2_009, 1_990, 2_001, 90_000)
    plan = DayPlan((bar,), law, volatility=20.0, events=300, levels=2)
    (fast,) = walk_day(plan, Streams(5))
    for word in ("build_book", "walk_bar"):
        monkeypatch.setattr(book_walk, word, getattr(plain_walk, word))
    (slow,) = walk_day(plan, Streams(5))
    assert len(fast.rows) > 200
    assert fast.rows.tobytes() == slow.rows.tobytes()
    assert fast.book.tobytes() == slow.book.tobytes()


def test_the_fit_finds_what_excites_a_flow() -> None:
    random, times, kinds = np.random.default_rng(1), [], []
    queue = [(at, int(kind)) for at, kind in zip(np.sort(random.uniform(0, 2_000, 2_000)),
                                                 random.integers(0, 6, 2_000), strict=True)]  # fmt: skip
    while queue:  # every arrival has 0.4 children of its kind, a tenth of a mean time later
        at, kind = queue.pop()
        times.append(at)
        kinds.append(kind)
        queue += [(at + wait, kind) for wait in random.exponential(0.1, random.poisson(0.4))]
    order = np.argsort(times)
    found = fitted_branching(np.array(times)[order], np.array(kinds)[order], (10.0, 0.3, 0.01))
    own, other = np.array(found).T
    assert own[0] == pytest.approx(0.4, abs=0.05)
    assert own[1:].sum() < 0.05
    assert 6 * other.sum() < 0.05


@pytest.mark.parametrize("law", [STOCK, COIN], ids=["stock", "coin"])
def test_a_flow_has_its_rate_and_begins_with_its_mean_excitation(law: FlowLaw) -> None:
    base, jumps, decays = hawkes(law, 3.0)
    branching = (jumps / decays[:, None, None]).sum(axis=0)
    mean = np.linalg.solve(np.eye(k.TYPES) - branching.T, base)
    assert mean.sum() == pytest.approx(3.0)
    assert mean[k.BUY] / mean.sum() == pytest.approx(law.market / 2)
    begun = settled(kernel_law(law, Scales(10.0, 50.0, 3.0), book_walk.Liquidity(), True))
    assert base + begun.sum(axis=0) == pytest.approx(mean)


class Room:
    """A book of four prices a side, the plain kernels, and what they need."""

    def __init__(self, bids: dict[int, int], asks: dict[int, int], **changed: float) -> None:
        made = kernel_law(STOCK, Scales(4.0, 50.0, 1.0), book_walk.Liquidity(), False)
        self.law = made._replace(**changed)
        self.book, self.tape = k.new_book(4_000, 600), k.new_tape(600, 2, 0)
        words = np.arange(1, 5, dtype=np.uint64)
        self.state = k.new_state(words, 0.0, settled(made), 20)
        self.state.edges[:2] = 900, 1_100
        path = np.full(4, 1_000.0)
        self.bar = k.Bar(1_000, 1_100, 900, 1_000, 0.0, 9.0, path, np.ones(4), 3, 3, 10.0, 1, 1, 5, 5)
        for side, orders in enumerate((bids, asks)):
            for price, size in orders.items():
                self.add(side, price, size)

    def add(self, side: int, price: int, size: int) -> None:
        part("order_queues").add_order(self.book, side, price, size)

    def best(self, side: int) -> int:
        return int(self.book.top[k.BEST + side])


def part(name: str) -> ModuleType:
    return sys.modules[f"{BOOKS}.{name}"]


def test_the_reference_and_the_queues_pull(plain_walk: ModuleType) -> None:
    for reference, lots, names in ((1_010.0, 50, ("pull",)), (1_002.0, 500, ("lean",))):
        room = Room({1_000: lots}, {1_004: 50})
        room.bar.reference[:] = reference
        part("arrivals").bends(room.book, room.law, room.bar, room.state)
        bend = room.state.bend
        assert bend[k.BUY] > bend[k.SELL], names
        if names == ("pull",):
            assert bend[k.ADD_BID] > bend[k.ADD_ASK]
            assert bend[k.CUT_ASK] > bend[k.CUT_BID]


def test_excitation_that_fades_brings_as_many_arrivals_as_its_integral(plain_walk: ModuleType) -> None:
    room = Room({1_000: 50}, {1_004: 50})
    law = room.law._replace(base=np.full(k.TYPES, 1e-9), decays=np.array([2.0, 2.0, 2.0]))
    room.state.bend[:], bar, count = 1.0, room.bar._replace(step=99.0), 0
    for _ in range(300):
        room.state.clock[k.NOW] = 0.0
        room.state.excited[:] = 0.25
        while part("arrivals").next_arrival(room.state, law, bar) >= 0:
            count += 1
    mean = 300 * 18 * 0.25 / 2.0
    assert abs(count - mean) < 4 * np.sqrt(mean)


def test_levels_stand_in_order_over_wide_gaps(plain_walk: ModuleType) -> None:
    random, room, queues = np.random.default_rng(2), Room({1_999: 1}, {2_001: 1}), part("order_queues")
    held: list[tuple[int, int, int]] = []
    for _ in range(300):
        if held and random.random() < 0.45:
            side, slot, _ = held.pop(int(random.integers(len(held))))
            queues.reduce_order(room.book, side, slot, 5)
        else:
            side, away = int(random.integers(2)), int(random.choice([16, 80, 2 ** random.uniform(0, 10.9)]))
            price = 2_000 - away if side == 0 else 2_000 + away
            held.append((side, queues.add_order(room.book, side, price, 5), price))
        for side, first in ((0, 1_999), (1, 2_001)):
            at, found = room.best(side), []
            while at >= 0:
                found.append(at)
                at = int(room.book.levels[at, k.FURTHER])
            prices = {first, *(price for own, _, price in held if own == side)}
            assert found == sorted(prices, reverse=side == 0)
    assert room.book.blocks.sum() == len({price for *_, price in held} | {1_999, 2_001})


def test_makers_close_a_wide_spread_within_the_bar(plain_walk: ModuleType) -> None:
    room = Room({1_090: 5}, {1_160: 5})
    part("tape_rows").write_row(room.book, room.state, room.tape, k.DELETED, 7, 5, 1_095, k.BID)
    assert room.best(k.BID) == 1_100
    assert room.best(k.ASK) == 1_110
    assert room.state.counts[k.ROWS] == 3


def test_young_orders_are_cancelled_first(plain_walk: ModuleType) -> None:
    room = Room({1_000: 9}, {1_010 + away: 9 for away in range(40)}, haste=4.0, near=12.0, stale=0.15)
    slots = [part("order_choices").chosen(room.book, room.law, k.ASK, room.state) for _ in range(200)]
    numbers = room.book.orders[slots, k.NUMBER] - 1
    assert np.median(numbers) > 30
    assert numbers.min() < 20


def test_orders_better_the_best_price_as_often_as_the_law_says(plain_walk: ModuleType) -> None:
    room = Room({1_000: 9}, {1_009: 9}, inside=0.25)
    room.state.bend[:] = 1.0
    at = [part("order_choices").placed(room.book, room.law, room.bar, k.BID, room.state) for _ in range(900)]
    wide = 0.25 * 8 / room.law.unit
    assert np.mean(np.array(at) > 1_000) == pytest.approx(wide / (1 + wide), abs=0.05)
    assert max(at) < 1_009


def test_a_market_order_stops_at_the_high(plain_walk: ModuleType) -> None:
    room = Room({1_000: 9}, {1_098: 3, 1_100: 3, 1_104: 30, 1_108: 30, 1_110: 30}, capped=0.0, hidden=0.0)
    room.state.counts[k.LEFT] = 4_000
    room.state.edges[k.WIDEST] = 500
    part("executions").market_order(room.book, room.law, room.bar, room.state, room.tape, k.ASK)
    rows = room.tape.rows[: room.state.counts[k.ROWS]]
    assert rows[:, k.AT].tolist() == [1_098, 1_100]
    assert room.state.counts[k.HIGH_DONE] == 1


def test_market_orders_want_what_pace_and_fills_until_now_leave(plain_walk: ModuleType) -> None:
    """Half of the bar is gone, half as many came as expected and got a part of what they wanted."""
    room, mean = Room({1_000: 9}, {1_009: 9}), part("executions")._mean_size
    bar, counts = room.bar._replace(trades=1e6), room.state.counts
    assert mean(bar, room.state, 10**9) == pytest.approx(1e3)
    counts[k.STEP], counts[k.TRADES], counts[k.SOUGHT] = 2, 250_000, 8 * 10**8
    for filled, least in ((8 * 10**8, 1.0), (4 * 10**8, 0.5), (0, 0.25)):
        counts[k.FILLED] = filled
        assert mean(bar, room.state, 10**9) == pytest.approx(10**9 / (250_000 * least), rel=1e-3)
    counts[k.STEP] = 4
    assert mean(bar, room.state, 10) == pytest.approx(10 / 0.25, rel=1e-3)


def test_what_a_market_order_got_is_counted(plain_walk: ModuleType) -> None:
    room = Room({1_000: 9}, {1_098: 3, 1_100: 3, 1_104: 30, 1_108: 30, 1_110: 30}, capped=0.0, hidden=0.0)
    room.state.counts[k.LEFT], room.state.edges[k.WIDEST] = 4_000, 500
    part("executions").market_order(room.book, room.law, room.bar, room.state, room.tape, k.ASK)
    assert room.state.counts[k.FILLED] == 6
    assert room.state.counts[k.SOUGHT] > 6
    assert room.state.counts[k.TRADES] == 1


def test_orders_at_the_best_price_have_sizes_of_their_own(plain_walk: ModuleType) -> None:
    room = Room({1_000: 400}, {1_010: 400}, touch_size=7.0, limit_size=300.0)
    room.law.touch_sizes[:], room.law.limit_sizes[:] = 1.0, 1.0
    for price in (1_000, 1_002, 999):
        plain_walk._add(room.book, room.law, room.state, room.tape, k.BID, price)
    assert room.tape.rows[:3, k.SIZE].tolist() == [7, 7, 300]
