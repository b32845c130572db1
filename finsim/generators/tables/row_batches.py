"""Rows in batches of a fixed size: what is drawn for a row depends on its number alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from finsim.errors import FitError
from finsim.generators.tables.table_generator import Cell, TableGenerator
from finsim.randomness import Streams
from finsim.records.mixed_table import MixedTable, joined


def in_batches(count: int, first: int, batch: int, make: Callable[[int], MixedTable]) -> MixedTable:
    """Return rows ``first`` to ``first + count`` of a sample whose batches ``make(number)`` makes whole.

    Raises FitError for a negative count or first row.
    """
    if count < 0 or first < 0:
        raise FitError(f"asked for {count} rows from row {first}", place="sample", expected="0 or more")
    start, stop = first // batch, max(first // batch, (first + count - 1) // batch)
    parts = []
    for number in range(start, stop + 1):
        low, high = max(first - number * batch, 0), min(first + count - number * batch, batch)
        parts.append(make(number).take(slice(low, high)))
    return joined(parts)


class RowsInTurn:
    """The rows of a sample from its first on, piece by piece.

    A generator draws whole batches; what is left over of one is kept for the next piece, not drawn again.
    """

    def __init__(
        self, generator: TableGenerator, streams: Streams, given: Mapping[str, Cell] | None = None
    ) -> None:
        """Begin at the first row; ``given`` cells hold in every row."""
        self._generator, self._streams, self._given = generator, streams, given
        settings = getattr(generator, "settings", None)
        # A generator that is trained by batches has another size for them: ``batch``.
        self._batch = int(getattr(settings, "sampling_batch", getattr(settings, "batch", 1)))
        self._rest: MixedTable | None = None
        self._drawn = 0

    def next(self, count: int) -> MixedTable:
        """Return the next rows, ``count`` >= 0 of them. Raises FitError as ``sample`` does."""
        held = self._rest.rows if self._rest is not None else 0
        size = -(-max(count - held, 0) // self._batch) * self._batch
        parts = [self._rest] if self._rest is not None else []
        if size or not parts:
            parts.append(self._generator.sample(size, self._streams, self._drawn, self._given))
            self._drawn += size
        whole = joined(parts)
        self._rest = whole.take(slice(count, None))
        return whole.take(slice(count))
