"""An opened table, larger than memory perhaps: typed batches, read as often as needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import copy

import pyarrow as pa

from finsim.constraints.tables.typed_columns import PLACE
from finsim.tables import TableSource


class SourceBatches:
    """The rows of an opened table; iterating again reads it again.

    ``names`` are the declared columns that are read. ``rows`` is 0 until they were counted, which the
    first reading does; ``progress`` is called with the rows taken and all rows (0: not known).
    """

    def __init__(
        self,
        source: TableSource,
        names: Sequence[str],
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self._source, self._names, self._progress = source, tuple(names), progress
        self._count = [source.rows or 0]  # shared by all that read the same table

    @property
    def rows(self) -> int:
        """How many rows there are, 0 before the first reading has ended."""
        return self._count[0]

    def only(self, names: Sequence[str]) -> SourceBatches:
        """Return the same table with the other columns unread."""
        narrow = copy(self)
        narrow._names = tuple(names)
        return narrow

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows in canonical form, money in minor units."""
        done = 0
        self._tell(done)
        for batch in self._source.batches(self._names, minor=True):
            yield batch.replace_schema_metadata({PLACE: self._source.place.encode(errors="replace")})
            done += batch.num_rows
            self._tell(done)
        self._count[0] = done

    def _tell(self, done: int) -> None:
        if self._progress is not None:
            self._progress(done, self.rows)
