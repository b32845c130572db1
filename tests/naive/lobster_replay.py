"""A book kept from LOBSTER messages alone, by the words of lobsterdata.com's data structure."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

NEW, REDUCED, DELETED, EXECUTED, HIDDEN, CROSS, HALT = range(1, 8)


def replay(message: Path, levels: int) -> list[list[int]]:
    """Return the rows that the order book file must have: 4 columns a level after each message.

    Raises AssertionError for a message that no book can take: an order that is not there, another price or
    side than the order has, more than it has left, a deletion of a part.
    """
    orders: dict[int, list[int]] = {}  # number -> size, price, direction
    rows = []
    for time, kind, number, size, price, direction in csv.reader(message.read_text().splitlines()):
        assert float(time) >= 0
        one = [int(size), int(price), int(direction)]
        assert one[2] in (1, -1)
        if int(kind) == NEW:
            assert int(number) not in orders
            assert one[0] > 0
            orders[int(number)] = one
        elif int(kind) in (REDUCED, DELETED, EXECUTED):
            kept = orders[int(number)]
            assert kept[1:] == one[1:], f"order {number}"
            kept[0] -= one[0]
            assert kept[0] >= 0
            assert int(kind) != DELETED or kept[0] == 0
            assert int(kind) != REDUCED or kept[0] > 0
            if not kept[0]:
                del orders[int(number)]
        else:
            assert int(kind) in (HIDDEN, CROSS, HALT)
        rows.append(_shown(orders, levels))
    return rows


def _shown(orders: dict[int, list[int]], levels: int) -> list[int]:
    depth: dict[int, dict[int, int]] = {1: defaultdict(int), -1: defaultdict(int)}
    for size, price, direction in orders.values():
        depth[direction][price] += size
    asks, bids = sorted(depth[-1]), sorted(depth[1], reverse=True)
    row = []
    for level in range(levels):
        row += [asks[level], depth[-1][asks[level]]] if level < len(asks) else [9_999_999_999, 0]
        row += [bids[level], depth[1][bids[level]]] if level < len(bids) else [-9_999_999_999, 0]
    return row
