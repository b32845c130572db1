"""Orders made, kept and merged piece by piece are those that are made whole."""

from __future__ import annotations

import dataclasses
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from finsim.agents.everyday.after_purchases import Refunds
from finsim.agents.everyday.bills import card_spending
from finsim.agents.everyday.block_draws import BlockDraws, pass_doubles
from finsim.agents.everyday.disposable_income import PlannedMoney
from finsim.agents.everyday.draft_orders import Draft, Life, join
from finsim.agents.everyday.income import incomes
from finsim.agents.everyday.ordinary_payments import _life, ordinary_orders, ordinary_slices
from finsim.agents.everyday.purchases import _times, habits, purchases
from finsim.agents.everyday.waiting_orders import WaitingOrders
from finsim.agents.originals.refund_links import RefundLinks
from finsim.agents.payment_orders import Orders, by_time, concatenate, in_time
from finsim.agents.population.shopping_habits import MEANS
from finsim.agents.settings import BLOCK_ORDERS, Settings
from finsim.agents.simulate import unstressed
from finsim.engine.stages.order_files import merged_blocks, write_orders
from finsim.notation import NANOS_PER_DAY
from finsim.randomness import Streams


def equal(left: Orders | Draft | RefundLinks, right: Orders | Draft | RefundLinks) -> bool:
    names = [field.name for field in dataclasses.fields(left)]
    return all(
        getattr(left, name).dtype == getattr(right, name).dtype
        and np.array_equal(getattr(left, name), getattr(right, name))
        for name in names
    )


@pytest.mark.parametrize("before", range(6))
@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 7, 8, 9, 100, 70_001])
def test_numbers_that_are_passed_over_are_those_not_drawn(before: int, count: int) -> None:
    drawn, passed = (Streams(1).at("x") for _ in range(2))
    for rng in (drawn, passed):
        rng.integers(0, 5, 3)  # an odd number of half words: one is kept for later
        rng.random(before)
    drawn.random(count)
    pass_doubles(passed, count)
    assert drawn.integers(0, 5, 5).tolist() == passed.integers(0, 5, 5).tolist()
    assert drawn.random(9).tolist() == passed.random(9).tolist()


@pytest.mark.parametrize("size", [1, 7, 999, 1_000, 70_000])
def test_draws_in_blocks_are_those_of_one_draw(size: int) -> None:
    total = 70_000  # more than what is passed over at once
    rng, same = (Streams(3).at("y") for _ in range(2))
    for one in (rng, same):
        one.integers(0, 9, 1)
    whole = [
        same.random(total),
        same.integers(1, 40, total),
        same.random(total),
        same.exponential(22.0, total),
        same.standard_normal(total),
    ]
    draws, found = BlockDraws(rng, total), [[] for _ in whole]
    sizes = [size] * min(total // size, 20)
    for some in sizes:
        draws.begin(some)
        calls = (
            draws.random,
            lambda: draws.integers(1, 40),
            draws.random,
            lambda: draws.exponential(22.0),
            draws.standard_normal,
        )
        for kept, call in zip(found, calls, strict=True):
            kept.extend(call().tolist())
    for kept, values in zip(found, whole, strict=True):
        assert kept == values[: sum(sizes)].tolist()
    assert rng.random() == same.random()  # what is drawn afterwards is the same, too


@pytest.mark.parametrize("rows", [1, 500, 20_000])
@pytest.mark.parametrize("layer", [0, 1])
def test_purchases_do_not_depend_on_the_size_of_blocks(world, rows: int, layer: int) -> None:
    life = _life(world.population, world.settings, Streams(7), 0, unstressed(world.settings))
    life = dataclasses.replace(life, people=life.people[:300])
    known = habits(life, PlannedMoney(life).free())
    (whole,) = purchases(life, known, layer, rows=10**9)
    blocks = list(purchases(life, known, layer, rows=rows))
    assert len(blocks) > 1
    assert equal(join(blocks), whole)
    assert max(map(len, blocks)) < rows + 3_000  # a block is full once it has so many


def test_people_who_buy_nothing_at_the_end_are_no_block_after_the_last(world) -> None:
    life = _life(world.population, world.settings, Streams(7), 0, unstressed(world.settings))
    life = dataclasses.replace(life, people=life.people[:50])
    known = habits(life, PlannedMoney(life).free())
    known.rate[1::2] = 0.0
    (whole,) = purchases(life, known, 0, rows=10**9)
    for rows in (len(whole), len(whole) // 2, 1):
        assert equal(join(list(purchases(life, known, 0, rows=rows))), whole)


class Far(BlockDraws):
    """Draws in which every purchase follows the one 39 places on."""

    def random(self) -> np.ndarray:
        return np.zeros(self._size)

    def integers(self, low: int, high: int) -> np.ndarray:
        return np.full(self._size, high - 1)

    def exponential(self, scale: float) -> np.ndarray:
        return np.zeros(self._size)


@pytest.mark.parametrize("is_last", [True, False])
def test_what_lies_beyond_the_last_block_is_its_last_purchase(world, is_last: bool) -> None:
    life = _life(world.population, world.settings, Streams(7), 0, unstressed(world.settings))
    draws, person = Far(Streams(1).at("z"), 45), np.zeros(45, dtype=np.int64)
    draws.begin(45)
    category = np.arange(45) % 5
    _, ts = _times(life, np.array([[0.0, 1.0]]), person, category, draws, is_last)
    alone = life.when(category, np.zeros(45, dtype=np.int64), np.zeros(45), _shift(life, category))
    inside, minutes = np.minimum(np.arange(45) + 39, 44), 120_000_000_000
    wanted = np.where(is_last | (np.arange(45) < 6), alone[inside] + minutes, alone)
    assert ts.tolist() == wanted.tolist()


def _shift(life: Life, category: np.ndarray) -> np.ndarray:
    own = life.population.people.shift[life.people[0]]
    return (own * np.where(MEANS[category] > 0.5, 0.45, 0.8)).astype(np.int64)


def test_refunds_and_card_sums_do_not_depend_on_the_blocks(world) -> None:
    life = _life(world.population, world.settings, Streams(7), 0, unstressed(world.settings))
    (bought,) = purchases(life, habits(life, PlannedMoney(life).free()), 0, rows=10**9)
    bought = bought.thinned(np.arange(len(bought)) % 5 > 0)
    found = []
    for size in (len(bought), 1_003):
        given_back, by_card = Refunds(life, 7), card_spending(life)
        for low in range(0, len(bought), size):
            part = bought.take(slice(low, low + size))
            given_back.watch(part)
            by_card.watch(part)
        found.append((*given_back.draft(), by_card.total))
    (refunds, links, total), again = found
    assert equal(refunds, again[0])
    assert equal(links, again[1])
    assert len(refunds) > 50
    assert np.array_equal(total, again[2])
    kept = refunds.take(np.flatnonzero(refunds.keep))
    assert len(kept) == len(links)
    assert ((links.refund >= 7 + len(bought)) & (links.refund < 7 + len(bought) + len(refunds))).all()
    sales = bought.take(links.sale - 7)
    assert np.array_equal(sales.ts, links.ts)
    assert np.array_equal(sales.payer, kept.payee)
    assert np.array_equal(sales.merchant, kept.merchant)
    assert 0.6 < (sales.amount == kept.amount).mean() < 0.9
    assert (sales.amount >= kept.amount).all()
    cards = world.population.people.card[life.people]
    frame = pd.DataFrame({"card": bought.payer, "ts": bought.ts, "amount": bought.amount})[bought.keep]
    step = 5 * NANOS_PER_DAY
    since = (frame["ts"] - world.settings.start_ns) // step
    wanted = frame[(since >= 0) & (since < len(total))].groupby(["card", since])["amount"].sum()
    kept = wanted[wanted.index.get_level_values(0).isin(cards[cards >= 0])]
    order = {card: place for place, card in enumerate(cards[cards >= 0].tolist())}
    assert len(kept) > 100
    assert [total[since, order[card]] for card, since in kept.index] == kept.tolist()
    assert total.sum() == kept.sum()


def test_money_left_to_spend_does_not_depend_on_the_drafts(world) -> None:
    life = _life(world.population, world.settings, Streams(7), 0, unstressed(world.settings))
    planned = incomes(life)
    whole, parts = PlannedMoney(life), PlannedMoney(life)
    whole.watch(planned)
    for low in range(0, len(planned), 777):
        parts.watch(planned.take(slice(low, low + 777)))
    assert np.array_equal(whole.free(), parts.free())
    assert (whole.free() > PlannedMoney(life).free()).mean() > 0.5  # who earns has more


@pytest.fixture(scope="module")
def made(world) -> Orders:
    drivers = unstressed(world.settings)
    return ordinary_orders(world.population, world.settings, Streams(7), 1, drivers)


@pytest.mark.parametrize("step", [1, NANOS_PER_DAY])  # whole days: many ties, and the instants of slices
def test_orders_put_aside_come_back(world, made: Orders, tmp_path: Path, step: int) -> None:
    settings = world.settings
    made = by_time(dataclasses.replace(made, ts=made.ts - made.ts % step))
    in_id_order = made.take(np.argsort(made.order_id))
    size = len(made) // 5 + 1
    parts = [in_id_order.take(slice(low, low + size)) for low in range(0, len(made), size)]
    with WaitingOrders(settings.slices(), tmp_path, held_rows=size) as waiting:
        for part in parts:
            waiting.add(part)
            assert sum(len(one) for piece in waiting._parts for one in piece) <= size
        assert len(waiting._files) == 2  # after the second and the fourth part; the fifth waits in memory
        assert list(tmp_path.iterdir()) == []  # files without a name: a kill leaves nothing
        pieces = list(waiting.slices())
    for (low, high), piece in zip(settings.slices(), pieces, strict=True):
        assert equal(piece, made.between(low, high))


@pytest.mark.parametrize(
    "step", [1_000_000, 1_000, 3_000_000_000, 65_536_000_000]
)  # ms; us; further than 2^32 ms
def test_instants_are_sorted_stably_whatever_their_step(step: int) -> None:
    rng = np.random.default_rng(3)
    for size in (0, 1, 2, 5_000):
        ts = 1_767_225_600_000_000_000 + rng.integers(0, 2_000_000, size) * step
        assert np.array_equal(in_time(ts), np.argsort(ts, kind="stable"))


def test_slices_are_those_of_all_orders_sorted(world, made: Orders) -> None:
    settings, drivers = world.settings, unstressed(world.settings)
    pieces = list(ordinary_slices(world.population, settings, Streams(7), 1, drivers))
    assert len(pieces) == len(settings.slices()) > 1
    assert equal(by_time(concatenate(pieces)), made)


@pytest.mark.parametrize("most", [256, 1])
def test_blocks_of_files_are_merged_in_time_order(
    world, made: Orders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr("finsim.engine.stages.order_files.OPEN_FILES", most)
    low, high = world.settings.slices()[0]
    some = made.between(low, high)
    third = [some.take(slice(k, None, 3)) for k in range(3)]
    edges = [low, low + 1, (low + high) // 2, high]
    files = [tmp_path / f"{k}.arrow" for k in range(2)]
    for file, part in zip(files, third, strict=False):
        write_orders(file, part, edges)
    blocks = list(merged_blocks(files, third[2], edges))
    assert len(blocks) == 3
    assert concatenate(blocks).ts.tolist() == some.ts.tolist()
    assert sorted(concatenate(blocks).order_id.tolist()) == sorted(some.order_id.tolist())
    for block, (begin, end) in zip(blocks, pairwise(edges), strict=True):
        assert ((block.ts >= begin) & (block.ts < end)).all()


def test_blocks_cut_a_slice_by_the_orders_that_are_expected() -> None:
    small, large = Settings(accounts=2_000, days=30), Settings(accounts=1_000_000, days=30)
    low, high = small.slices()[0]
    assert small.blocks(low, high) == [low, high]
    edges = large.blocks(low, high)
    assert (edges[0], edges[-1]) == (low, high)
    assert len(edges) == 1 + -(-1_200_000 * 15 // BLOCK_ORDERS)
    steps = np.diff(edges)
    assert steps.max() - steps.min() <= 1
    assert steps.sum() == 15 * NANOS_PER_DAY
