"""``unique`` on a table that comes in batches: computed before its rows are checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

import numpy as np
import pyarrow as pa

from finsim.constraints.checking.repeated_keys import Firsts, PresumedFirsts, firsts
from finsim.constraints.evaluating.evaluator_interface import Block, World
from finsim.constraints.evaluating.interpreter import Interpreter
from finsim.constraints.evaluating.whole_table_functions import needs_whole, whole_calls
from finsim.constraints.language.aggregate_types import parts_of
from finsim.constraints.language.expression import Node, walk
from finsim.constraints.packs.rule import Rule
from finsim.constraints.tables.key_columns import Cells, Rising, cells_of
from finsim.constraints.tables.nullable_vectors import Vec
from finsim.constraints.tables.parquet_batches import Batches
from finsim.constraints.tables.source_batches import SourceBatches
from finsim.constraints.tables.typed_columns import Source
from finsim.errors import DataError
from finsim.notation import Bool1D

Stream = Iterable[pa.RecordBatch | pa.Table]


def may_reread(batches: Stream) -> bool:
    """Whether batches can be read more than once: they are no generator, and do not hand one out."""
    return iter(batches) is not iter(batches)


def has_unique(rules: Iterable[Rule]) -> bool:
    """Whether some of the rules have a ``unique`` that can be worked out in a stream."""
    return any(not needs_whole(rule) and whole_calls(rule) for rule in rules)


def unique_calls(batches: Stream, source: Source, rules: Iterable[Rule], world: World) -> dict[Node, Vec]:
    """Return the ``unique`` calls of rules, each with a truth for every row of a stream.

    ``source`` has the headers of the batches; they are read two or three times for each call, and once more
    for a condition of ``where``, which sees ``world``. Raises DataError when cells of a key are not of the
    declared type, or one reading has other rows than another.
    """
    nodes = [node for rule in rules if not needs_whole(rule) for node in whole_calls(rule)]
    found: dict[Node, Vec] = {}
    for node in nodes:
        if node not in found:
            parts = parts_of(node)
            names = [str(arg.data) for arg in parts.values]
            if parts.where is None:
                found[node] = Vec(_firsts(batches, source, names))
            else:
                count = _count(batches)
                counted = _counted(batches, source, parts.where, count, world)
                keys = _Reading(batches, source, names, count)
                few = firsts(partial(keys.cells_of, counted), int(np.count_nonzero(counted)))
                found[node] = Vec(few.among(counted))
    return found


def _count(batches: Stream) -> int:
    """Return the number of rows, by reading them where no footer says it."""
    known = batches.rows if isinstance(batches, Batches | SourceBatches) else 0
    return known or sum(batch.num_rows for batch in batches)


def _counted(batches: Stream, source: Source, where: Node, count: int, world: World) -> Bool1D:
    """Return in which rows of a stream a condition is true."""
    names = [str(node.data) for node in walk(where) if node.op == "column"]
    run, parts = Interpreter(world), [np.zeros(0, dtype=bool)]
    for part in _Reading(batches, source, names, count).parts():
        run.begin(Block(part, slice(0, part.rows), part.rows))
        parts.append(np.broadcast_to(run.rails(where).yes, (part.rows,)))
    return np.concatenate(parts)


def presumed_unique(rules: Iterable[Rule]) -> dict[Node, Vec] | None:
    """Return the ``unique`` calls of rules, true in every row: the keys of a table often rise.

    None when a call has a condition of its own, which has to be worked out.
    """
    nodes = [node for rule in rules if not needs_whole(rule) for node in whole_calls(rule)]
    if any(parts_of(node).where is not None for node in nodes):
        return None
    return {node: Vec(PresumedFirsts([str(arg.data) for arg in parts_of(node).values])) for node in nodes}


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
    if not isinstance(batches, SourceBatches) or batches.rows:
        count = _count(batches)
        return firsts(_Reading(batches, source, names, count).cells, count)
    count, rises, rising = 0, True, Rising()
    for key in _Reading(batches, source, names).cells():  # one reading counts and looks whether keys rise
        count += len(key[0])
        rises = rises and rising.goes_on(key)
    return firsts(_Reading(batches, source, names, count).cells, count, rises)


def as_table(batch: pa.RecordBatch | pa.Table) -> pa.Table:
    """Return a batch as a table."""
    return batch if isinstance(batch, pa.Table) else pa.Table.from_batches([batch])


class _Reading:
    """Some columns of a stream, to be read as often as needed."""

    def __init__(
        self, batches: Stream, source: Source, names: Sequence[str], rows: int | None = None
    ) -> None:
        self._source, self._names, self._rows = source, names, rows
        headers = list(dict.fromkeys(source.headers[name] for name in names if name in source.headers))
        self._batches: Stream = batches
        if isinstance(batches, Batches | SourceBatches) and headers:
            self._batches = batches.only(headers)

    def parts(self) -> Iterator[Source]:
        """Yield one batch after the other."""
        row = 0
        for batch in self._batches:
            part = self._source.piece(as_table(batch), row)
            row += part.rows
            if self._rows is None or row <= self._rows:
                yield part
        if self._rows is not None and row != self._rows:
            raise DataError(
                f"the batches had {self._rows:,} rows and have {row:,} when they are read again",
                place=f"table {self._source.name}",
                remedy="hand in batches that can be read more than once, or a generator",
            )

    def cells(self) -> Iterator[Sequence[Cells]]:
        """Yield the cells of one batch after the other."""
        for part in self.parts():
            yield [cells_of(part, name) for name in self._names]

    def cells_of(self, counted: Bool1D) -> Iterator[Sequence[Cells]]:
        """Yield the cells of the rows that count, batch after batch."""
        row = 0
        for part in self.parts():
            places = np.flatnonzero(counted[row : row + part.rows])
            row += part.rows
            yield [cells_of(part, name).take(places) for name in self._names]
