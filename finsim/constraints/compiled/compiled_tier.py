"""Run the rules of one pass compiled: threads, and restarts when a column is not as planned."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from finsim.constraints.codegen.column_facts import Facts
from finsim.constraints.compiled.background import compiled_later
from finsim.constraints.compiled.kernel_run import Run
from finsim.constraints.compiled.rule_compiler import Prepared, facts_for, prepared
from finsim.constraints.compiled.run_types import Counts, Ready, Wild
from finsim.constraints.compiled.sorted_groups import OutOfOrder, may_stand_in_order
from finsim.constraints.compiled.table_feed import arranged_shares, feed, feed_arranged, shares
from finsim.constraints.evaluating.evaluator_interface import World
from finsim.constraints.evaluating.rule_counts import Excused
from finsim.constraints.evaluating.rule_passes import stored_columns
from finsim.constraints.language.row_order import Order
from finsim.constraints.packs.rule import Rule
from finsim.constraints.tables.group_layout import Arrangement, arrange
from finsim.constraints.tables.typed_columns import Source


class Uncompiled(Exception):
    """Kernels are needed that are not on disk, and whoever asks does not want to wait for them."""


@dataclass
class Outcome:
    """Counts by rule, and undefined results by node."""

    counts: dict[str, Counts]
    undefined: dict[int, int]

    def add(self, other: Outcome) -> None:
        """Add what another thread, or another piece, found."""
        for name, counts in other.counts.items():
            self.counts.setdefault(name, Counts()).add(counts)
        for key, count in other.undefined.items():
            self.undefined[key] = self.undefined.get(key, 0) + count


class Compiled:
    """The rules of one pass in the compiled tier."""

    def __init__(self, rules: Sequence[Rule], source: Source, world: World, excused: Excused | None) -> None:
        self.rules, self.source, self.world, self.excused = list(rules), source, world, excused
        self.order: Order | None = rules[0].order
        self.nullable: frozenset[str] = frozenset()
        self.placed: Arrangement | None = None
        self.first_row = 0
        self.may_wait = True
        self._ready: tuple[Facts, list[Ready]] | None = None

    def facts(self) -> Facts:
        """Return what is known of the columns by now."""
        is_arranged = self.placed is not None or (
            self.order is not None and not may_stand_in_order(self.order, self.source)
        )
        params = self.world.params
        return facts_for(self.rules, self.source, params, self.order, self.nullable, is_arranged)

    def plans(self) -> Prepared:
        """Return what would be compiled."""
        return prepared(self.rules, self.facts())

    def prepare(self) -> tuple[Facts, list[Ready]]:
        """Return facts and kernels; as they were while the facts are the same.

        They are compiled if need be, else raises Uncompiled where nobody wants to wait.
        """
        facts = self.facts()
        if self._ready is None or self._ready[0] != facts:
            plans = prepared(self.rules, facts)
            if not self.may_wait and not plans.is_compiled():
                raise Uncompiled
            self._ready = facts, plans.compiled()
        return self._ready

    def move(self, source: Source, first_row: int) -> None:
        """Go on with other rows of the same table, the first of them numbered ``first_row``."""
        self.nullable |= self.facts().nullable
        self.source, self.first_row, self.placed = source, first_row, None

    def check(self, begin: int, threads: int, is_stream: bool = False) -> Outcome:
        """Judge the rows from ``begin`` on; starts anew when a column turns out to have nulls.

        Rows that do not stand in group order are arranged; those of a stream cannot be: raises OutOfOrder.
        """
        if is_stream and self.order is not None and not may_stand_in_order(self.order, self.source):
            raise OutOfOrder
        if self.placed is None and self.order is not None and not may_stand_in_order(self.order, self.source):
            self.placed = self._arranged()
        while True:
            try:
                return self._once(begin, threads)
            except Wild as wild:
                if wild.columns <= self.nullable:
                    raise
                self.nullable |= wild.columns
            except OutOfOrder:
                if is_stream:
                    raise
                self.placed = self._arranged()

    def _arranged(self) -> Arrangement:
        assert self.order is not None
        return arrange(*stored_columns(self.order, self.source), self.source.rows)

    def _once(self, begin: int, threads: int) -> Outcome:
        facts, ready = self.prepare()
        placed, rows = self.placed, self.source.rows

        def work(share: tuple[int, int]) -> Outcome:
            run = Run(ready, facts, self.world, self.excused)
            if placed is None:
                feed(run, self.source, self.order, *share, self.first_row)
            else:
                feed_arranged(run, self.source, placed, *share)
            return Outcome(run.counts, run.undefined_results())

        if begin:
            parts = [(begin, rows)]
        elif placed is None:
            parts = list(shares(self.source, self.order, facts, rows, threads))
        else:
            parts = list(arranged_shares(placed, rows, threads))
        total = Outcome({rule.id: Counts() for rule in self.rules}, {})
        if len(parts) < 2:
            for part in parts:
                total.add(work(part))
            return total
        with ThreadPoolExecutor(len(parts)) as pool:
            for outcome in pool.map(work, parts):
                total.add(outcome)
        return total

    def is_compiled(self) -> bool:
        """Whether the machine code is on disk."""
        return self.plans().is_compiled()

    def in_background(self) -> Future[bool]:
        """Compile in a thread of its own, if that was not begun before."""
        return compiled_later(self.plans())
