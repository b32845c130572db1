"""Check a table that comes batch by batch: each pass reads it once, in the tier that suits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from finsim.constraints.checking.tier_choice import Manner, by_kernel, may_compile
from finsim.constraints.evaluating.rule_passes import Pass
from finsim.constraints.language.row_order import Order
from finsim.constraints.tables.group_layout import StreamGroups
from finsim.constraints.tables.typed_columns import Source

if TYPE_CHECKING:
    from finsim.constraints.compiled.compiled_tier import Compiled

COMPILE_ROWS = 20_000_000  # so many rows that look at others wait for their kernels: these take seconds
BATCH_ROWS = 32_768  # batches of fewer rows, such as those of text, cost kernels more in calls than they gain
TAIL_ROWS = 4_096  # looked at first for the beginning of the last group
HELD_ROWS = 4_000_000  # the largest group that is kept until its last row has come


class Unsuited(Exception):
    """The rows do not come group by group; the stream has to be read once more, by the interpreter."""


class Streamed:
    """One pass over a stream."""

    def __init__(self, one: Pass, table: str, manner: Manner, may_restart: bool, expected: int = 0) -> None:
        """Begin a pass; ``expected`` is how many rows will come, where that is known."""
        self.one, self.manner, self.expected = one, manner, expected
        self.rows = 0
        self.fast: Compiled | None = None
        self._coming: Compiled | None = None
        has_groups = one.order is not None and bool(one.order.group)
        self._may_restart = may_restart and has_groups and manner.tier != "interpreter"
        self._held: pa.Table | None = None
        self._before: tuple[object, ...] | None = None
        if one.order is not None:
            one.groups = StreamGroups(one.order, table)

    def feed(self, source: Source) -> None:
        """Judge a batch. Raises Unsuited when kernels cannot go on and the interpreter cannot take over."""
        if self.one.order is not None:
            self._feed_groups(source)
        elif self._is_fast(source):
            self._judge_or_wait(source)
        else:
            self.one.feed(source, self.rows, self.manner.blocks, self.manner.excused)
        self.rows += source.rows

    def finish(self) -> None:
        """Judge what was held back. Raises Unsuited when its group does not come after the one before."""
        if self.fast is not None and self._held is not None and self._held.num_rows:
            from finsim.constraints.compiled.sorted_groups import OutOfOrder

            first_row = self.rows - self._held.num_rows
            held = self.fast.source.piece(self._held, first_row - self.fast.source.first_row)
            self._follows(held, held.rows)
            try:
                self._judge(held, first_row)
            except OutOfOrder:
                raise Unsuited from None

    def _is_fast(self, source: Source) -> bool:
        """Whether kernels judge this batch: asked for, on disk, or compiled while others were judged."""
        known = max(self.rows + source.rows, self.expected)
        if self.fast is None and self._is_worth(source, known):
            self._coming = self._coming or self._compiled(source)
            self._coming.may_wait = self.manner.tier == "compiled"
            if self._coming.may_wait or self._coming.is_compiled():
                self.fast, self._coming = self._coming, None
            else:
                self._coming.in_background()
        return self.fast is not None

    def _is_worth(self, source: Source, known: int) -> bool:
        """Whether kernels may judge a stream of batches like this one."""
        is_large = self.manner.tier == "compiled" or source.rows >= BATCH_ROWS
        return is_large and may_compile(known, self.manner.tier)

    def _judge_or_wait(self, source: Source) -> None:
        """Judge a batch by kernels; by the interpreter where others are needed, until these are compiled."""
        from finsim.constraints.compiled.compiled_tier import Uncompiled

        try:
            self._judge(source, self.rows)
        except Uncompiled:
            self.fast, self._coming = None, self.fast
            self.one.feed(source, self.rows, self.manner.blocks, self.manner.excused)

    def _compiled(self, source: Source) -> Compiled:
        from finsim.constraints.compiled.compiled_tier import Compiled

        rules = [tally.rule for tally in self.one.tallies]
        fast = Compiled(rules, source, self.one.run.world, self.manner.excused)
        fast.nullable = frozenset(name for name, column in source.columns.items() if column.null)
        return fast

    def _judge(self, source: Source, first_row: int) -> None:
        assert self.fast is not None
        self.fast.move(source, first_row)
        by_kernel(self.one, self.fast, 0, self.manner, is_stream=True)

    def _feed_groups(self, source: Source) -> None:
        """Judge the groups that are complete; the last one may go on in the next batch."""
        if not self.rows and self._may_restart:
            known = max(source.rows, self.expected)
            if self._is_worth(source, known):
                fast = self._compiled(source)
                if self.manner.tier == "compiled" or known >= COMPILE_ROWS or fast.is_compiled():
                    self.fast = fast
                else:
                    fast.in_background()  # for the next stream: here groups have begun in the interpreter
        if self.fast is None:
            self.one.feed(source, self.rows, self.manner.blocks, self.manner.excused)
            return
        from finsim.constraints.compiled.sorted_groups import OutOfOrder, may_stand_in_order

        assert self.one.order is not None
        table = source.table if self._held is None else pa.concat_tables([self._held, source.table])
        whole = source.piece(table, source.rows - table.num_rows)
        if not whole.rows:
            return
        if not may_stand_in_order(self.one.order, whole):
            raise Unsuited
        start = last_group(self.one.order, whole)
        first_row = self.rows + source.rows - whole.rows
        self._held = table.slice(start)
        if self._held.num_rows > HELD_ROWS:
            raise Unsuited
        try:
            if start:
                self._follows(whole, start)
                self._judge(whole.piece(table.slice(0, start)), first_row)
        except OutOfOrder:
            raise Unsuited from None

    def _follows(self, source: Source, end: int) -> None:
        """Refuse rows up to ``end`` whose first group does not come after the last one judged."""
        assert self.one.order is not None
        first, last = [], []
        for name in self.one.order.group:
            first.append(source.block(name, slice(0, 1)).values[0])
            last.append(source.block(name, slice(end - 1, end)).values[0])
        if self._before is not None and tuple(first) <= self._before:
            raise Unsuited
        self._before = tuple(last)


def last_group(order: Order, source: Source) -> int:
    """Return the first row of the last group, looked for from the end: most are short beside a batch."""
    last = slice(source.rows - 1, source.rows)
    keys = {name: source.block(name, last).values[0] for name in order.group}
    stop, size = source.rows, TAIL_ROWS
    while stop:
        start = max(stop - size, 0)
        other = np.zeros(stop - start, dtype=bool)
        for name, key in keys.items():
            other |= source.block(name, slice(start, stop)).values != key
        places = np.flatnonzero(other)
        if len(places):
            return start + int(places[-1]) + 1
        stop, size = start, 2 * size
    return 0
