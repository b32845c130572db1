"""Real ticks as the book's own rows: Bitstamp's order events in the layout of ob-analytics.

Orders that take are market orders here: what they took is executed, what they left rests. Orders that stood
before the first row are known by what happens to them later, so they are there from the start. Rows at which
the feed shows a crossed book (0.3 %) are left out.
"""

from __future__ import annotations

from bisect import insort
from pathlib import Path

import numpy as np
import pandas as pd

from finsim.markets.books.lobster_files import Ticks

EVENTS = "bitstamp_btcusd_20150501_order_events.csv.gz"
TRADES = "bitstamp_btcusd_20150501_trades.csv.gz"
TICK, TOGETHER = 0.01, 0.3
NEW, REDUCED, DELETED, EXECUTED = 1, 2, 3, 4


class _Book:
    """Orders and lots by price; ``best`` reads the first levels of both sides."""

    def __init__(self) -> None:
        self.orders: dict[int, list[int]] = {}
        self.lots: tuple[dict[int, int], dict[int, int]] = ({}, {})
        self.keys: tuple[list[int], list[int]] = ([], [])

    def add(self, number: int, size: int, price: int, side: int) -> None:
        if price not in self.lots[side]:
            insort(self.keys[side], -price if side == 0 else price)
        self.orders[number] = [size, price, side]
        self.lots[side][price] = self.lots[side].get(price, 0) + size

    def take(self, number: int, size: int) -> None:
        held = self.orders[number]
        price, side = held[1], held[2]
        held[0] -= size
        self.lots[side][price] -= size
        if held[0] <= 0:
            del self.orders[number]
        if self.lots[side][price] <= 0:
            del self.lots[side][price]
            self.keys[side].remove(-price if side == 0 else price)

    def best(self, levels: int) -> list[list[int]]:
        found = [[-1, -1, 0, 0] for _ in range(levels)]
        for side in (0, 1):
            for level, key in enumerate(self.keys[side][:levels]):
                price = abs(key)
                found[level][side], found[level][2 + side] = price, self.lots[side][price]
        return found


def read_bitstamp(folder: Path, levels: int = 10) -> Ticks:
    """Return the day's rows and the book after each; prices are ticks of a cent, lots 1e-8 coins."""
    events = pd.read_csv(folder / EVENTS).sort_values("timestamp", kind="stable")
    takers = set(pd.read_csv(folder / TRADES)["taker"])
    book, rows, books = _Book(), [], []
    events = events.assign(price=np.rint(events["price"] / TICK).astype(int),
                           side=(events["direction"] == "ask").astype(int))  # fmt: skip
    first = events.drop_duplicates("id")
    for one in first[first["action"] != "created"].itertuples():
        if one.volume > 0:
            book.add(one.id, int(one.volume), one.price, one.side)
    ends = events.groupby("id")["volume"].min()
    for one in events.itertuples():
        held, size = book.orders.get(one.id), int(one.volume)
        is_left = held is None and one.id in takers and one.action == "changed" and ends[one.id] > 0
        if (one.action == "created" and one.id not in takers) or is_left:
            book.add(one.id, size, one.price, one.side)
            change = (NEW, size)
        elif held is None or (one.action == "changed" and size >= held[0]):
            continue
        else:
            is_cut = one.action == "deleted" and size > 0
            change = (DELETED, held[0]) if is_cut else (EXECUTED, held[0] - size)
            book.take(one.id, change[1])
        rows.append([one.timestamp / 1e3, change[0], one.id, change[1], one.price, one.side])
        if change[0] == EXECUTED and len(rows) > 1 and _is_one_order(rows[-2], rows[-1]):
            rows[-1][0] = rows[-2][0]
        books.append(book.best(levels))
    time, kind, number, size, price, side = (np.array(cells) for cells in zip(*rows, strict=True))
    cells = np.array(books)
    is_sound = (cells[:, 0, 0] < cells[:, 0, 1]) | (cells[:, 0, :2] < 0).any(axis=1)
    columns = (one[is_sound] for one in (time, kind, number, size, price, side, cells))
    return Ticks(*columns, TICK)


def _is_one_order(before: list[float], row: list[float]) -> bool:
    """Tell whether two trades that follow each other are parts of one order: the feed spreads them."""
    return before[1] == EXECUTED and before[5] == row[5] and row[0] - before[0] < TOGETHER
