"""The first broken rows, explained: the interpreter judges each once more, with the rows it looks at."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from finsim.constraints.compiled.arrays import dtype_of, stored
from finsim.constraints.compiled.feeding import rows_of
from finsim.constraints.compiled.plan import is_sequence, roots_of
from finsim.constraints.compiled.tier import Compiled
from finsim.constraints.expression import walk
from finsim.constraints.interpreter import Block, Interpreter
from finsim.constraints.order import layout
from finsim.constraints.ruleset import Rule
from finsim.constraints.tally import Finding, finding
from finsim.notation import Int1D

_STEP = 1 << 12
_BLOCK = 1 << 16


def findings(wanted: Sequence[tuple[Rule, Sequence[int]]], fast: Compiled) -> list[list[Finding]]:
    """Return the findings of some broken rows of each rule, given by their numbers.

    Rows whose rules look at nothing else are fetched together.
    """
    alone = sorted({row for rule, rows in wanted if rule.order is None for row in rows})
    numbers = np.array(alone, dtype=np.int64)
    run = Interpreter(fast.world)
    if alone:
        small = fast.source.piece(fast.source.table.take(pa.array(numbers - fast.first_row)))
        run.begin(Block(small, slice(0, len(alone)), len(alone), None, numbers))
    found = []
    for rule, rows in wanted:
        if rule.order is None:
            found.append([finding(rule, run, bisect_left(alone, row), row) for row in rows])
            continue
        contexts = (_context(rule, row - fast.first_row, fast) for row in rows)
        found.append([_finding(rule, context, fast) for context in contexts])
    return found


def _finding(rule: Rule, context: Int1D, fast: Compiled) -> Finding:
    """Return the finding of the last row of ``context``, which are the rows before it and itself."""
    run, source = Interpreter(fast.world), fast.source
    for low in range(0, len(context), _BLOCK):
        part = context[low : low + _BLOCK]
        small = source.piece(source.table.take(pa.array(part)))
        shape = layout(np.zeros(len(part), dtype=np.int64), 1, closed=True)
        numbers = part + fast.first_row
        run.begin(Block(small, slice(0, len(part)), len(part), shape, numbers))
        if low + _BLOCK >= len(context):
            return finding(rule, run, len(part) - 1, int(numbers[-1]))
        run.commit()
    raise AssertionError("a row is in its own context")


def _context(rule: Rule, row: int, fast: Compiled) -> Int1D:
    reach = _reach(rule)
    if fast.placed is not None:
        permutation, slots = fast.placed.permutation, fast.placed.slots
        place = row if permutation is None else int(np.flatnonzero(permutation == row)[0])
        first = int(np.searchsorted(slots, slots[place]))
        first = first if reach is None else max(first, place - reach)
        places = np.arange(first, place + 1)
        return places if permutation is None else permutation[places]
    first = _group_start(rule, row, fast, 0 if reach is None else max(0, row - reach))
    return np.arange(first, row + 1)


def _reach(rule: Rule) -> int | None:
    """Return how many rows back a rule looks (None: to the beginning of the group)."""
    calls = {id(node): node for root in roots_of([rule]) for node in walk(root) if is_sequence(node)}
    if any(node.data[0] != "lag" for node in calls.values()):
        return None
    return sum(int(node.data[1]) for node in calls.values())


def _group_start(rule: Rule, row: int, fast: Compiled, least: int) -> int:
    """Return the first row of the group that ends in a row, looking back no further than ``least``."""
    assert rule.order is not None
    if not rule.order.group:
        return least
    step, end = _STEP, row + 1
    while end > least:
        begin = max(least, end - step)
        piece = rows_of(fast.source, begin, row + 1)
        other = np.zeros(piece.rows, dtype=bool)
        for name in rule.order.group:
            key = stored(piece, name, dtype_of(piece, name, False)).values
            other |= key != key[-1]
        if other.any():
            return begin + int(np.flatnonzero(other)[-1]) + 1
        step, end = 2 * step, begin
    return least
