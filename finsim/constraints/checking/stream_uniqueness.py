"""``unique`` on a table that comes in batches: computed before its rows are checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import pyarrow as pa

from finsim.constraints.checking.repeated_keys import Firsts, PresumedFirsts, firsts
from finsim.constraints.evaluating.whole_table_functions import needs_whole, whole_calls
from finsim.constraints.language.expression import Node
from finsim.constraints.packs.rule import Rule
from finsim.constraints.tables.key_columns import Cells, Rising, cells_of
from finsim.constraints.tables.nullable_vectors import Vec
from finsim.constraints.tables.parquet_batches import Batches
from finsim.constraints.tables.source_batches import SourceBatches
from finsim.constraints.tables.typed_columns import Source
from finsim.errors import DataError

Stream = Iterable[pa.RecordBatch | pa.Table]


def may_reread(batches: Stream) -> bool:
    """Whether batches can be read more than once: they are no generator, and do not hand one out."""
    return iter(batches) is not iter(batches)


def has_unique(rules: Iterable[Rule]) -> bool:
    """Whether some of the rules have a ``unique`` that can be worked out in a stream."""
    return any(not needs_whole(rule) and whole_calls(rule) for rule in rules)


def unique_calls(batches: Stream, source: Source, rules: Iterable[Rule]) -> dict[Node, Vec]:
    """Return the ``unique`` calls of rules, each with a truth for every row of a stream.

    ``source`` has the headers of the batches; they are read two or three times for each call. Raises
    DataError when cells of a key are not of the declared type, or one reading has other rows than another.
    """
    nodes = [node for rule in rules if not needs_whole(rule) for node in whole_calls(rule)]
    found: dict[Node, Vec] = {}
    for node in nodes:
        if node not in found:
            names = [str(arg.data) for arg in node.args]
            found[node] = Vec(_firsts(batches, source, names))
    return found


def presumed_unique(rules: Iterable[Rule]) -> dict[Node, Vec]:
    """Return the ``unique`` calls of rules, true in every row: the keys of a table often rise."""
    nodes = [node for rule in rules if not needs_whole(rule) for node in whole_calls(rule)]
    return {node: Vec(PresumedFirsts([str(arg.data) for arg in node.args])) for node in nodes}


def watch_keys(known: Mapping[Node, Vec], source: Source) -> None:
    """Hand a batch to the calls that were presumed. Raises KeysDoNotRise when the presumption falls."""
    for vec in known.values():
        if isinstance(vec.values, PresumedFirsts):
            vec.values.watch([cells_of(source, name) for name in vec.values.names])


def begin_again(known: Mapping[Node, Vec]) -> None:
    """Have presumed calls watch from the first row on once more."""
    for vec in known.values():
        if isinstance(vec.values, PresumedFirsts):
            vec.values.begin()


def _firsts(batches: Stream, source: Source, names: Sequence[str]) -> Firsts:
    """Return which rows are the first with their key; the number of rows is counted where it is unknown."""
    if isinstance(batches, Batches):
        return firsts(_Keys(batches, source, names, batches.rows).read, batches.rows)
    if not isinstance(batches, SourceBatches):
        count = sum(batch.num_rows for batch in batches)
        return firsts(_Keys(batches, source, names, count).read, count)
    count, rises, rising = 0, True, Rising()
    for key in _Keys(batches, source, names).read():  # one reading counts and looks whether keys rise
        count += len(key[0])
        rises = rises and rising.goes_on(key)
    return firsts(_Keys(batches, source, names, count).read, count, rises)


def as_table(batch: pa.RecordBatch | pa.Table) -> pa.Table:
    """Return a batch as a table."""
    return batch if isinstance(batch, pa.Table) else pa.Table.from_batches([batch])


class _Keys:
    """The key columns of a stream, to be read as often as needed."""

    def __init__(
        self, batches: Stream, source: Source, names: Sequence[str], rows: int | None = None
    ) -> None:
        self._source, self._names, self._rows = source, names, rows
        headers = list(dict.fromkeys(source.headers[name] for name in names if name in source.headers))
        self._batches: Stream = batches
        if isinstance(batches, Batches | SourceBatches) and headers:
            self._batches = batches.only(headers)

    def read(self) -> Iterator[Sequence[Cells]]:
        """Yield the cells of one batch after the other."""
        row = 0
        for batch in self._batches:
            part = self._source.piece(as_table(batch), row)
            row += part.rows
            if self._rows is None or row <= self._rows:
                yield [cells_of(part, name) for name in self._names]
        if self._rows is not None and row != self._rows:
            raise DataError(
                f"the batches had {self._rows:,} rows and have {row:,} when they are read again",
                place=f"table {self._source.name}",
                remedy="hand in batches that can be read more than once, or a generator",
            )
