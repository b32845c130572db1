"""Margins of functions that depend on other rows; the row positions are constants without slope.

``lag``, ``first`` and ``cummax`` pick rows; sums are differences of one running sum. What only counts
(``count_in``, ``runlen``), ``max_in``, totals of the whole table and lookups are taken as constants.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from finsim.constraints.evaluating.evaluator_interface import Block, World
from finsim.constraints.evaluating.interpreter import Interpreter
from finsim.constraints.evaluating.lookup_search import looked_up
from finsim.constraints.evaluating.node_operations import VALUES
from finsim.constraints.evaluating.text_functions import TEXT_FUNCTIONS
from finsim.constraints.evaluating.whole_table_functions import computed
from finsim.constraints.language.expression import Node
from finsim.constraints.language.functions import FUNCTIONS
from finsim.constraints.language.types import DAY_NANOS
from finsim.constraints.tables.group_layout import Layout
from finsim.constraints.tables.nullable_vectors import Rails, Vec, both, solid, spread, truth
from finsim.constraints.tables.typed_columns import Source
from finsim.constraints.training.margin_frame import Cells, MarginRun
from finsim.constraints.training.margin_values import as_vec, lifted
from finsim.notation import Array, Bool1D, Int1D, Nanos1D


def _layout(run: MarginRun) -> Layout:
    assert run.frame.layout is not None
    return run.frame.layout


def _spread(run: MarginRun, cells: Cells) -> Cells:
    """Return a column with one cell a row, also of a constant."""
    rows = (run.frame.rows,)
    known = None if cells.known is None else run.space.xp.broadcast_to(cells.known, rows)
    return Cells(run.space.xp.broadcast_to(cells.values, rows), known)


def _taken(run: MarginRun, x: Cells, rows: Int1D, there: Bool1D | None = None) -> Cells:
    """Return the cells of other rows; null where they are not ``there``."""
    at = run.space.lift(rows)
    known = None if x.known is None else x.known[at]
    return Cells(x.values[at], known if there is None else both(known, run.space.lift(there)))


def _lag(run: MarginRun, node: Node) -> Cells:
    block, back = _layout(run), int(node.data[1])
    at = np.arange(block.rows)
    there = at - back >= block.row_starts
    found = _taken(run, _spread(run, run.value(node.args[0])), np.where(there, at - back, at), there)
    if len(node.args) == 1:
        return Cells(run.space.pick(found.known, found.values, 0), found.known)
    default, inside = _spread(run, run.value(node.args[1])), run.space.lift(there)
    known = found.known if default.known is None else found.known | (~inside & default.known)
    known = known | ~inside if default.known is None else known
    return Cells(run.space.xp.where(inside, found.values, default.values), known)


def _first(run: MarginRun, node: Node) -> Cells:
    return _taken(run, _spread(run, run.value(node.args[0])), _layout(run).row_starts)


def _cummax(run: MarginRun, node: Node) -> Cells:
    x, block = _spread(run, run.value(node.args[0])), _layout(run)
    values, known = _on_host(run, x, node.args[0])
    lowest: Any = -np.inf if values.dtype.kind == "f" else np.iinfo(np.int64).min
    filled = np.where(known, values, lowest)
    leader = np.arange(block.rows)
    for start, end in zip(block.starts.tolist(), block.ends.tolist(), strict=True):
        best = np.maximum.accumulate(filled[start:end])
        rises = np.append(True, best[1:] > best[:-1])
        leader[start:end] = start + np.maximum.accumulate(np.where(rises, np.arange(end - start), 0))
    return _taken(run, x, leader)


def _cumsum(run: MarginRun, node: Node) -> Cells:
    x = _spread(run, run.value(node.args[0]))
    return _since(run, x, _layout(run).row_starts)


def _since(run: MarginRun, x: Cells, first: Int1D) -> Cells:
    """Return sums from row ``first`` up to here; nulls add nothing."""
    filled = run.space.pick(x.known, x.values, 0)
    total = run.space.xp.cumsum(filled, 0)
    return Cells(total - (total - filled)[run.space.lift(first)])


def _period(run: MarginRun, node: Node) -> Cells:
    block = _layout(run)
    time, timed = _on_host(run, _spread(run, run.value(node.args[1])), node.args[1])
    period = time // DAY_NANOS
    if node.data[0] == "sum_month":
        period = period.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    begins = np.append(True, period[1:] != period[:-1])[: block.rows]
    begins[block.starts] = True
    first = np.maximum.accumulate(np.where(begins, np.arange(block.rows), 0))
    return Cells(_since(run, _spread(run, run.value(node.args[0])), first).values, run.space.lift(timed))


def _window(run: MarginRun, node: Node) -> Cells:
    """Return ``sum_in``: rows without a time are in no window and have none."""
    block = _layout(run)
    x = _spread(run, run.value(node.args[0]))
    time, timed = _on_host(run, _spread(run, run.value(node.args[1])), node.args[1])
    rows = np.flatnonzero(timed)
    if not len(rows):
        return fixed(run, node)
    first = window_starts(block.row_slots[rows], time[rows], int(node.data[1]))
    sums = _since(run, _taken(run, x, rows), first)
    return _taken(run, sums, np.maximum(np.cumsum(timed) - 1, 0), timed)


def _on_host(run: MarginRun, cells: Cells, node: Node) -> tuple[Array, Bool1D]:
    vec = as_vec(run.space, cells, node.type)
    known = solid(vec.valid, run.frame.rows)
    values = spread(vec.values, run.frame.rows)
    return values, ~np.isnan(values) if values.dtype.kind == "f" else known


def fixed(run: MarginRun, node: Node) -> Cells:
    """Return a function of other rows, or of a lookup table, as a constant: as the interpreter has it."""
    given = _Given(run)
    if node.op != "call" or node.data[0] in TEXT_FUNCTIONS:
        return lifted(run.space, VALUES[node.op](given, node))
    if node.data[0] == "lookup":
        return lifted(run.space, looked_up(given, node))
    args = [given.value(arg) for arg in node.args]
    if FUNCTIONS[str(node.data[0])].family == "whole":
        return lifted(run.space, computed(node, args, run.frame.rows))
    return lifted(run.space, given.state(node).read(_layout(run), args))


class _Given(Interpreter):
    """The interpreter on values that were computed here."""

    def __init__(self, run: MarginRun) -> None:
        super().__init__(World({}, run.frame.labels, {}, {}, {}, {}))
        self.margins = run
        nowhere = Source("rows in training", pa.table({}), {}, run.frame.labels)
        self.begin(Block(nowhere, slice(0, run.frame.rows), run.frame.rows))

    def value(self, node: Node) -> Vec:
        return as_vec(self.margins.space, self.margins.value(node), node.type)

    def rails(self, node: Node) -> Rails:
        return truth(self.value(node))


SEQUENCES: dict[str, Callable[[MarginRun, Node], Cells]] = {
    "lag": _lag, "first": _first, "cummax": _cummax, "cumsum": _cumsum, "sum_day": _period,
    "sum_month": _period, "sum_in": _window,
}  # fmt: skip


def window_starts(slots: Int1D, times: Nanos1D, width: int) -> Int1D:
    """Return for each row the first row of its group later than ``time - width``.

    Rows are sorted by slot, then time. Gaps longer than the window are cut to its width, so that one
    increasing clock runs over all groups and one binary search serves all rows.
    """
    if not len(times):
        return np.zeros(0, dtype=np.int64)
    gap = np.full(len(times), width, dtype=np.int64)
    same = slots[1:] == slots[:-1]
    gap[1:][same] = np.minimum(times[1:] - times[:-1], width)[same]
    if float(np.sum(gap, dtype=np.float64)) < 2.0**61:
        clock = np.cumsum(gap)
        return np.searchsorted(clock, clock - width, side="right")
    pieces = np.cumsum(gap, dtype=np.float64) // 2.0**61  # one clock of int64 holds a piece
    cuts = np.append(np.flatnonzero(np.diff(pieces, prepend=-1.0)), len(times))
    starts = np.zeros(len(times), dtype=np.int64)
    for begin, end in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True):
        seen = int(starts[begin - 1]) if begin else 0  # nobody later sees further back
        clock = np.cumsum(gap[seen:end])
        starts[begin:end] = np.searchsorted(clock, clock[begin - seen :] - width, side="right") + seen
    return starts
