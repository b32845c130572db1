"""One pass through a kernel: blocks in, counts and the first broken rows out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from finsim.constraints.columns import Source
from finsim.constraints.compiled.arrays import Stored, stored
from finsim.constraints.compiled.facts import Facts
from finsim.constraints.compiled.plan import Plan, is_sequence
from finsim.constraints.compiled.sequences import Step, step_for
from finsim.constraints.expression import Node
from finsim.constraints.interpreter import Block, Interpreter, World
from finsim.constraints.order import layout
from finsim.constraints.ruleset import Rule
from finsim.constraints.tally import FIRST_ROWS, Excused, excuses
from finsim.constraints.types import LARGEST
from finsim.constraints.vectors import Vec, solid, spread
from finsim.kernels.generated import constants
from finsim.kernels.sequences import bit_counts
from finsim.notation import Array, Bool1D, Int1D

_SUSPECT_BITS = LARGEST.bit_length() - 1


class Wild(Exception):
    """Columns hold empty cells, or numbers so large that arithmetic may overflow: plan for nulls there."""

    def __init__(self, columns: frozenset[str]) -> None:
        super().__init__()
        self.columns = columns


@dataclass
class Counts:
    """What one rule did: as in ``Tally``, with the smallest broken rows instead of findings."""

    rows: int = 0
    fired: int = 0
    held: int = 0
    violations: int = 0
    excused: int = 0
    unknown: int = 0
    first: list[int] = field(default_factory=list)

    def add(self, other: Counts) -> None:
        """Add the counts of other rows."""
        for name in ("rows", "fired", "held", "violations", "excused", "unknown"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.first = sorted((*self.first, *other.first))[:FIRST_ROWS]


@dataclass(frozen=True)
class Ready:
    """A plan with its compiled kernel."""

    plan: Plan
    kernel: Callable[..., int]


@dataclass
class Part:
    """Rows handed to a run: a source and some of its rows; ``same`` for rules that look at other rows.

    ``numbers`` are the rows' numbers in the whole table, where they differ from ``rows``.
    """

    source: Source
    rows: slice | Int1D
    count: int
    numbers: slice | Int1D
    same: Bool1D | None = None


class Run:
    """Feeds the parts of a table to the kernels of one pass, in order."""

    def __init__(self, ready: Sequence[Ready], facts: Facts, world: World, excused: Excused | None) -> None:
        self.ready, self.facts, self.world, self.excused = ready, facts, world, excused
        self.counts = {one.rule.id: Counts() for each in ready for one in each.plan.rules}
        self.undefined: dict[int, int] = {}
        self.interpreter = Interpreter(world)
        self._steps: dict[int, Step | None] = {}
        self._columns: dict[tuple[str, str], Stored] = {}
        self._source: Source | None = None
        self._words = np.empty(0, dtype=np.uint64)
        self._slot = 0

    def feed(self, part: Part) -> None:
        """Judge some rows. Raises Wild when a column is not as the plan took it to be."""
        if not part.count:
            return
        if part.source is not self._source:
            self._source, self._columns = part.source, {}
        if len(self._words) < part.count:
            self._words = np.empty(part.count, dtype=np.uint64)
        self.interpreter.begin(self._block(part))
        for each in self.ready:
            self._work_out(each.plan, part)
            self._judge(each, part)
        self.interpreter.commit()

    def _block(self, part: Part) -> Block:
        shape = None
        if part.same is not None and self._needs_layout():
            slots = self._slot + np.cumsum(~part.same)
            self._slot = int(slots[-1])
            shape = layout(slots, self._slot + 1, closed=True)
        return Block(part.source, part.rows, part.count, shape, part.numbers)

    def _needs_layout(self) -> bool:
        return any(
            is_sequence(node) and self._step(node) is None
            for each in self.ready
            for node in each.plan.outside
        )

    def _step(self, node: Node) -> Step | None:
        if id(node) not in self._steps:
            self._steps[id(node)] = step_for(node, self.facts) if is_sequence(node) else None
        return self._steps[id(node)]

    def _work_out(self, plan: Plan, part: Part) -> None:
        """Compute the calls that the kernel reads as columns."""
        for node in plan.outside:
            if self.interpreter.knows(node):
                continue
            step = self._step(node)
            if step is not None:
                assert part.same is not None
                args = [self.interpreter.value(arg) for arg in node.args]
                self.interpreter.learn(node, step.read(part.same, args))
            elif node.type.stored != "b":
                self.interpreter.value(node)

    def _column(self, part: Part, name: str) -> Stored:
        dtype = self.facts.dtypes[name]
        if (name, dtype) not in self._columns:
            self._columns[name, dtype] = stored(part.source, name, dtype)
        return self._columns[name, dtype]

    def _arrays(self, plan: Plan, part: Part) -> list[Array]:
        arrays: list[Array] = []
        for leaf in plan.leaves:
            if leaf.node.op == "column":
                held = self._column(part, str(leaf.node.data))
                if held.valid is not None and not leaf.has_valid:
                    raise Wild(frozenset((str(leaf.node.data),)))
                arrays.append(held.values[part.rows])
                if leaf.has_valid:
                    there = held.valid
                    arrays.append(np.ones(part.count, bool) if there is None else there[part.rows])
                continue
            vec = self._outside(leaf.node)
            dtype = {"f": np.float64, "i": np.int64, "b": np.bool_}[leaf.stored]
            arrays.append(np.ascontiguousarray(spread(vec.values, part.count), dtype=dtype))
            if leaf.has_valid:
                arrays.append(np.ascontiguousarray(solid(vec.valid, part.count)))
        return arrays

    def _outside(self, node: Node) -> Vec:
        if node.type.stored != "b" or self.interpreter.knows(node):
            return self.interpreter.value(node)
        rails = self.interpreter.rails(node)
        return Vec(rails.yes, rails.yes | rails.no)

    def _ints(self, plan: Plan, part: Part) -> Int1D:
        found: list[int] = []
        for kind, value in plan.ints:
            if kind == "label":
                assert isinstance(value, tuple)
                found.append((self._column(part, str(value[0])).labels or {}).get(str(value[1]), -1))
            else:
                found.append(self.world.labels.code(value) if isinstance(value, str) else int(str(value)))
        ints: Int1D = constants(found, "int64")
        return ints

    def _judge(self, each: Ready, part: Part) -> None:
        plan, words = each.plan, self._words[: part.count]
        sums = np.zeros(plan.sums, dtype=np.int64)
        arrays = self._arrays(plan, part)
        each.kernel(
            part.count, *arrays, self._ints(plan, part), constants(plan.floats, "float64"), words, sums
        )
        self._guards(plan, part, sums)
        totals = np.zeros(len(plan.rules), dtype=np.int64)
        if sums[0]:
            bit_counts(words, totals)
        for bit, one in enumerate(plan.rules):
            counts, found = self.counts[one.rule.id], int(totals[bit])
            good = part.count - found if one.good is None else int(sums[one.good])
            counts.rows += part.count
            counts.fired += part.count if one.fired is None else int(sums[one.fired])
            counts.held += good if one.held is None else int(sums[one.held])
            counts.unknown += part.count - good - (found if one.false is None else int(sums[one.false]))
            if found:
                self._broken(one.rule, counts, part, (words >> np.uint64(bit)) & np.uint64(1))
        for key, place in plan.undefined:
            self.undefined[key] = self.undefined.get(key, 0) + int(sums[place])

    def _guards(self, plan: Plan, part: Part, sums: Int1D) -> None:
        if sums[1]:
            wild = {name for bit, name in enumerate(plan.guarded) if int(sums[1]) >> bit & 1}
            raise Wild(frozenset(wild))
        if int(sums[2]).bit_length() >= _SUSPECT_BITS:
            for leaf in plan.leaves:
                if leaf.node.op == "column" and leaf.node.type.kind in ("int", "money"):
                    part.source.whole(str(leaf.node.data))  # raises DataError when it is out of range

    def _broken(self, rule: Rule, counts: Counts, part: Part, flags: Array) -> None:
        places = np.flatnonzero(flags)
        rows = (
            np.arange(part.rows.start, part.rows.stop)[places]
            if isinstance(part.rows, slice)
            else part.rows[places]
        )
        pardon = excuses(rule, part.source, rows, self.excused)
        if pardon is not None:
            counts.excused += int(np.count_nonzero(pardon))
            places = places[~pardon]
        counts.violations += len(places)
        numbers = places + part.numbers.start if isinstance(part.numbers, slice) else part.numbers[places]
        smallest = np.sort(
            np.partition(numbers, FIRST_ROWS)[:FIRST_ROWS] if len(numbers) > FIRST_ROWS else numbers
        )
        counts.first = sorted((*counts.first, *smallest.tolist()))[:FIRST_ROWS]
