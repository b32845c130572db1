"""Repair row by row where a row depends on repaired earlier rows of its group.

A broken running balance is the example: once one row is recomputed, the next must be judged against the
new value. Each group is taken in stretches that double while nothing breaks and stop at the first
breach, so long clean stretches cost one block, and the result is that of going row by row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.constraints.checking.check import Excused
from finsim.constraints.evaluating.evaluator_interface import Block
from finsim.constraints.evaluating.interpreter import Interpreter
from finsim.constraints.packs.rule import Rule
from finsim.constraints.repairing.breach_detection import broken_mask
from finsim.constraints.repairing.project_repair import Projection
from finsim.constraints.repairing.repaired_values import Mended, Overlay, at_places, joined
from finsim.constraints.repairing.table_under_repair import Workpiece
from finsim.constraints.tables.group_layout import Arrangement, Layout, layout
from finsim.constraints.tables.typed_columns import Source
from finsim.notation import Bool1D, Int1D


@dataclass(frozen=True)
class Terms:
    """What holds for every round: all rules of the table that can run, rows at a time, pardons."""

    rules: tuple[Rule, ...]
    size: int
    excused: Excused | None


@dataclass
class _Runs:
    """Groups still being mended: ``at`` the next row of each, ``size`` of its next stretch, its ``end``."""

    slots: Int1D
    at: Int1D
    end: Int1D
    size: Int1D

    def stretch(self, blocks: int) -> Int1D:
        """Return how many rows each group offers next."""
        most = max(1, blocks // max(1, len(self.at)))
        offered: Int1D = np.minimum(np.minimum(self.size, most), self.end - self.at)
        return offered

    def advance(self, done: Int1D, stopped: Bool1D, lengths: Int1D) -> _Runs:
        """Return the runs after ``done`` rows each; a stop makes the next stretch short."""
        at = self.at + done
        size = np.where(stopped, 1, 2 * lengths)
        left = at < self.end
        return _Runs(self.slots[left], at[left], self.end[left], size[left])


def one_by_one(
    rule: Rule,
    piece: Workpiece,
    first: Int1D,
    terms: Terms,
    projection: Projection | None = None,
    barred: Bool1D | None = None,
) -> Mended:
    """Return the rows that break a rule when earlier rows of their group have been mended.

    ``first`` are the rows that break it as the table stands; groups without any are left alone. For
    ``drop`` there are no values, for ``project`` the projection finds them. Rows of the table that are
    ``barred`` stay as they are.
    """
    repair, source = rule.repair, piece.source
    assert repair is not None
    assert rule.order is not None
    placed = piece.arrangement(rule.order)
    drops = repair.do == "drop"
    order = np.arange(source.rows) if placed.permutation is None else placed.permutation
    overlay = Overlay(source, repair.columns)
    run = Interpreter(piece.world([rule, *(projection.companions if projection is not None else [])]))
    found: list[Mended] = []
    runs = _begin(placed, order, first)
    while len(runs.at):
        lengths = runs.stretch(terms.size)
        where, shape = _positions(runs, lengths), _shape(runs, lengths, placed.slot_count)
        run.begin(Block(source, order[where], len(where), shape))
        broken = broken_mask(rule, run, terms.excused)
        head = _first_true(broken if barred is None else broken & ~barred[order[where]], lengths)
        stopped = head < lengths
        if stopped.any():
            starts = np.cumsum(lengths) - lengths
            places = (starts + head)[stopped]
            if drops:
                found.append(Mended(order[where[places]], {}, np.ones(len(places), dtype=bool)))
            elif projection is not None:
                found.append(projection.moved(run, places, overlay))
            else:
                found.append(at_places(rule, run, order[where], places))
                new = found[-1]
                overlay.put(new.rows[new.valid], {repair.column: new.values[repair.column][new.valid]})
            kept = np.where(stopped, head if drops else head + 1, lengths)
            _recommit(run, source, order, runs, kept, placed.slot_count)
        else:
            run.commit()
        runs = runs.advance(np.where(stopped, head + 1, lengths), stopped, lengths)
    overlay.restore()
    return joined(found)


def _begin(placed: Arrangement, order: Int1D, broken_rows: Int1D) -> _Runs:
    slots = placed.slots
    starts = np.flatnonzero(np.diff(slots, prepend=-1))
    ends = np.append(starts[1:], len(slots))
    position = np.empty(len(order), dtype=np.int64)
    position[order] = np.arange(len(order))
    hit = np.sort(position[broken_rows])
    group = np.searchsorted(starts, hit, side="right") - 1
    group, first = np.unique(group, return_index=True)
    return _Runs(slots[starts[group]], starts[group], ends[group], hit[first] - starts[group] + 1)


def _positions(runs: _Runs, lengths: Int1D) -> Int1D:
    offsets = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return np.repeat(runs.at, lengths) + offsets


def _shape(runs: _Runs, lengths: Int1D, slot_count: int) -> Layout:
    return layout(np.repeat(runs.slots, lengths), slot_count, closed=False)


def _first_true(flags: Bool1D, lengths: Int1D) -> Int1D:
    """Return in each stretch the place of the first true flag, or its length."""
    starts = np.cumsum(lengths) - lengths
    offset = np.arange(len(flags)) - np.repeat(starts, lengths)
    return np.minimum.reduceat(np.where(flags, offset, np.repeat(lengths, lengths)), starts)


def _recommit(
    run: Interpreter, source: Source, order: Int1D, runs: _Runs, kept: Int1D, slot_count: int
) -> None:
    """Move the state past the kept rows only, with their current values."""
    some = kept > 0
    if not some.any():
        return
    part = _Runs(runs.slots[some], runs.at[some], runs.end[some], runs.size[some])
    where = _positions(part, kept[some])
    run.begin(Block(source, order[where], len(where), _shape(part, kept[some], slot_count)))
    run.commit()
