"""The first broken rows in detail: the rows that each depends on, for the interpreter to judge it again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from finsim.constraints.codegen.column_arrays import dtype_of, stored
from finsim.constraints.codegen.inline_sequences import is_sequence
from finsim.constraints.codegen.precomputed_calls import roots_of
from finsim.constraints.compiled.compiled_tier import Compiled
from finsim.constraints.compiled.kept_rows import (
    Asked,
    KeptRows,
    few_rows,
    is_judged_alone,
    small_world,
    told_by_rule,
)
from finsim.constraints.compiled.table_feed import rows_of
from finsim.constraints.evaluating.broken_rows import Finding
from finsim.constraints.evaluating.evaluator_interface import Block
from finsim.constraints.evaluating.interpreter import Interpreter
from finsim.constraints.language.expression import walk
from finsim.constraints.packs.rule import Rule
from finsim.constraints.tables.arrow_to_numpy import taken
from finsim.constraints.tables.group_layout import layout
from finsim.notation import Int1D

_STEP = 1 << 12
_BLOCK = 1 << 16
KEPT_ROWS = 1 << 12  # at most so many rows are kept for words that nobody may read


def findings(wanted: Sequence[tuple[Rule, Sequence[int]]], fast: Compiled) -> list[list[Finding]]:
    """Return the findings of some broken rows of each rule, given by their numbers.

    Many are judged together: each with the rows before it that its rule looks at, as a group of its own.
    Where that needs no more than these few rows, they are kept, and judged when somebody reads a finding.
    """
    asked = [(place, rule, row) for place, (rule, rows) in enumerate(wanted) for row in rows]
    found: list[list[Finding]] = [[] for _ in wanted]
    kinds: dict[tuple[bool, bool], list[Asked]] = {}
    for one in asked:
        kinds.setdefault((one[1].order is None, is_judged_alone(one[1])), []).append(one)
    for (_, may_wait), some in kinds.items():
        contexts = [_context(rule, row - fast.first_row, fast) for _, rule, row in some]
        for begin, end in _batches([len(one) for one in contexts]):
            told = _findings(some[begin:end], contexts[begin:end], fast, may_wait)
            for (place, _, _), finding in zip(some[begin:end], told, strict=True):
                found[place].append(finding)
    return found


def _batches(lengths: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield ranges of contexts that have together at most ``_BLOCK`` rows, or one that has more."""
    begin, rows = 0, 0
    for place, length in enumerate(lengths):
        if rows + length > _BLOCK and place > begin:
            yield begin, place
            begin, rows = place, 0
        rows += length
    if begin < len(lengths):
        yield begin, len(lengths)


def _findings(
    asked: Sequence[Asked], contexts: Sequence[Int1D], fast: Compiled, may_wait: bool
) -> list[Finding]:
    """Return the finding of the last row of each context."""
    ends = np.cumsum([len(context) for context in contexts])
    rows, slots = np.concatenate(contexts), np.repeat(np.arange(len(contexts)), np.diff(ends, prepend=0))
    is_sequence = asked[0][1].order is not None
    if may_wait and len(rows) <= KEPT_ROWS:
        small = few_rows(fast.source, rows, [rule for _, rule, _ in asked], fast.world)
        shape = layout(slots, len(contexts), closed=True) if is_sequence else None
        block = Block(small, slice(0, len(rows)), len(rows), shape, rows + fast.first_row)
        kept = KeptRows(asked, block, small_world(fast.world, small), (ends - 1).tolist())
        return kept.findings()
    run, source = Interpreter(fast.world), fast.source
    for low in range(0, len(rows), _BLOCK):
        part = rows[low : low + _BLOCK]
        small = source.piece(taken(source.table, part))
        shape = layout(slots[low : low + _BLOCK], len(contexts), closed=True) if is_sequence else None
        run.begin(Block(small, slice(0, len(part)), len(part), shape, part + fast.first_row))
        if low + _BLOCK >= len(rows):
            return told_by_rule(asked, run, (ends - 1 - low).tolist())
        for node in roots_of([rule for _, rule, _ in asked]):
            run.rails(node)  # what nobody asks for is not carried into the next block
        run.commit()
    raise AssertionError("a row is in its own context")


def _context(rule: Rule, row: int, fast: Compiled) -> Int1D:
    """Return the rows that a rule looks at to judge a row, which is the last of them."""
    if rule.order is None:
        return np.array([row])
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
