"""A limit order book of dicts and lists: what the kernel's queues must show after every event."""

from __future__ import annotations

from collections.abc import Iterable

NEW, REDUCED, DELETED, EXECUTED = 1, 2, 3, 4


class PlainBook:
    """Orders by price and time; asserts that every event is possible."""

    def __init__(self) -> None:
        self.queues: dict[tuple[int, int], list[list[int]]] = {}

    def apply(self, kind: int, number: int, size: int, price: int, side: int) -> None:
        """Let one event act."""
        if kind > EXECUTED:
            return
        queue = self.queues.setdefault((side, price), [])
        if kind == NEW:
            assert all(number != one[0] for held in self.queues.values() for one in held[-1:])
            queue.append([number, size])
            return
        place = next(k for k, one in enumerate(queue) if one[0] == number)
        if kind == EXECUTED:
            assert place == 0, "a trade takes the first order of a queue"
            best = self.levels(side, 1)[0][0]
            assert price == best, "a trade takes the best price"
        queue[place][1] -= size
        assert queue[place][1] >= 0
        assert (queue[place][1] == 0) == (kind == DELETED) or kind == EXECUTED
        if queue[place][1] == 0:
            del queue[place]
        if not queue:
            del self.queues[side, price]

    def levels(self, side: int, count: int) -> list[tuple[int, int]]:
        """Return price and lots of the best levels of a side."""
        prices = sorted((p for s, p in self.queues if s == side), reverse=side == 0)[:count]
        return [(price, sum(size for _, size in self.queues[side, price])) for price in prices]


def replayed(rows: Iterable[Iterable[int]], count: int) -> list[list[list[tuple[int, int]]]]:
    """Return the best levels of both sides after every row (time, kind, number, size, price, side)."""
    book, found = PlainBook(), []
    for _, *event in rows:
        book.apply(*event)
        found.append([book.levels(side, count) for side in (0, 1)])
    return found
