"""One pass of the interpreter: rules that see the rows in one order, block by block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from finsim.constraints.evaluating.evaluator_interface import Block, World
from finsim.constraints.evaluating.interpreter import Interpreter
from finsim.constraints.evaluating.rule_counts import Excused, Tally, excuses, judged
from finsim.constraints.language.row_order import Order
from finsim.constraints.tables.group_layout import Arrangement, StreamGroups, arrange, layout
from finsim.constraints.tables.key_columns import group_codes
from finsim.constraints.tables.nullable_vectors import Vec
from finsim.constraints.tables.presorted_rows import Standing, standing
from finsim.constraints.tables.typed_columns import Source
from finsim.notation import Int1D

BLOCK = 65_536


@dataclass
class Pass:
    """Rules that see the rows of a table in one order; the interpreter keeps their state."""

    order: Order | None
    tallies: list[Tally]
    run: Interpreter
    groups: StreamGroups | None = None

    def arrangement(self, source: Source) -> Arrangement | Standing | None:
        """Return the rows of a table (or of one batch) in group order; None when no rule looks around."""
        if self.order is None:
            return None
        if self.groups is not None:
            return self.groups.arrange(*order_columns(self.order, source), source.rows)
        columns = stored_columns(self.order, source)
        return standing(*columns, source.rows) or arrange(*columns, source.rows)

    def feed(
        self,
        source: Source,
        first_row: int,
        blocks: int,
        excused: Excused | None,
        numbers: Int1D | None = None,
    ) -> None:
        """Evaluate all rules on a table, block by block.

        ``first_row`` is the number of its first row; ``numbers`` are all rows' numbers where they do not
        follow one another.
        """
        placed = self.arrangement(source)
        for begin in range(0, source.rows, blocks):
            end = min(begin + blocks, source.rows)
            block, rows = cut(source, placed, begin, end, closed=self.groups is None)
            self.judge(block, rows + first_row if numbers is None else numbers[rows], excused)

    def judge(self, block: Block, numbers: Int1D, excused: Excused | None) -> None:
        """Evaluate all rules on one block of rows of these numbers, and move the state past it."""
        self.run.begin(replace(block, numbers=numbers))
        for tally in self.tallies:
            pardon = excuses(tally.rule, block.source, block.rows, excused)
            tally.add(judged(tally.rule, self.run), self.run, numbers, pardon)
        self.run.commit()


def order_columns(order: Order, source: Source) -> tuple[list[Vec], list[Vec]]:
    """Return the group columns and the sorting columns of a table."""
    group = [source.block(name, slice(None)) for name in order.group]
    by = [source.block(name, slice(None)) for name in order.by] if order.is_sorted else []
    return group, by


def stored_columns(order: Order, source: Source) -> tuple[list[Vec], list[Vec]]:
    """Return the group columns and the sorting columns of a table as they are stored, not widened."""
    by = order.by if order.is_sorted else ()
    return [group_codes(source, name) for name in order.group], [source.whole(name) for name in by]


def cut(
    source: Source, placed: Arrangement | Standing | None, begin: int, end: int, closed: bool
) -> tuple[Block, np.ndarray]:
    """Return one block of a table and the row numbers in it."""
    if placed is None:
        return Block(source, slice(begin, end), end - begin), np.arange(begin, end)
    if isinstance(placed, Standing):
        return Block(source, slice(begin, end), end - begin, placed.part(begin, end, closed)), np.arange(
            begin, end
        )
    shape = layout(placed.slots[begin:end], placed.slot_count, closed)
    if placed.permutation is None:
        return Block(source, slice(begin, end), end - begin, shape), np.arange(begin, end)
    rows = placed.permutation[begin:end]
    return Block(source, rows, end - begin, shape), rows


def passes(tallies: Sequence[Tally], world: World) -> list[Pass]:
    """Return the tallies of one table, together where they need the same order of rows."""
    orders = dict.fromkeys(tally.rule.order for tally in tallies if not tally.skipped)
    return [
        Pass(
            order, [one for one in tallies if one.rule.order == order and not one.skipped], Interpreter(world)
        )
        for order in orders
    ]
