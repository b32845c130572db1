"""One pass through a kernel: blocks in, counts and the first broken rows out."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from finsim.constraints.codegen.code_buffer import Leaf
from finsim.constraints.codegen.column_arrays import Stored, has_text_codes, stored
from finsim.constraints.codegen.column_facts import Facts
from finsim.constraints.codegen.inline_sequences import is_sequence
from finsim.constraints.codegen.kernel_plan import Plan
from finsim.constraints.compiled.run_types import Counts, Part, Ready, Wild
from finsim.constraints.compiled.scratch_buffers import TextCodes, block_arrays
from finsim.constraints.compiled.sequence_state import Step, step_for
from finsim.constraints.compiled.sorted_groups import OutOfOrder
from finsim.constraints.compiled.window_state import WindowStarts
from finsim.constraints.evaluating.evaluator_interface import Block, World
from finsim.constraints.evaluating.interpreter import Interpreter
from finsim.constraints.evaluating.rule_counts import FIRST_ROWS, Excused, excuses, excusing
from finsim.constraints.language.expression import Node, walk
from finsim.constraints.language.time_zones import kernel_local_times
from finsim.constraints.language.types import LARGEST
from finsim.constraints.packs.rule import Rule
from finsim.constraints.tables.group_layout import layout
from finsim.constraints.tables.nullable_vectors import Vec, solid, spread
from finsim.constraints.tables.typed_columns import Source
from finsim.kernels.generated import constants
from finsim.kernels.marks import bit_counts, first_places, size_bits
from finsim.notation import Array, Bool1D, Int1D

_DTYPES = {"f": np.float64, "i": np.int64, "b": np.bool_}
_SUSPECT_BITS = LARGEST.bit_length() - 1
_COUNTED = ("int", "money")


class Run:
    """Feeds the parts of a table to the kernels of one pass, in order."""

    def __init__(self, ready: Sequence[Ready], facts: Facts, world: World, excused: Excused | None) -> None:
        self.ready, self.facts, self.world, self.excused = ready, facts, world, excused
        self.counts = {one.rule.id: Counts() for each in ready for one in each.plan.rules}
        self.undefined: dict[int, int] = {}
        self.interpreter = Interpreter(world)
        self.interpreter.local_times = kernel_local_times
        self._steps: dict[int, Step | None] = {}
        self._starts: dict[Hashable, WindowStarts] = {}
        self._columns: dict[tuple[str, str], Stored] = {}
        self._source: Source | None = None
        self.reach = max((each.plan.reach for each in ready), default=0)
        self.needs_same = any(is_sequence(node) for each in ready for node in each.plan.outside)
        self._states = [block_arrays(each.plan) for each in ready]
        self._gathered: dict[str, tuple[Array, Bool1D | None]] = {}
        self._codes = TextCodes(facts.texts)
        self._words = np.empty(0, dtype=np.uint64)
        self._places = np.empty(0, dtype=np.int64)
        self._slot = 0

    def feed(self, part: Part) -> None:
        """Judge some rows. Raises Wild when a column is not as the plan took it to be."""
        if not part.count:
            return
        if part.source is not self._source:
            self._source, self._columns = part.source, {}
            self._look_at_sizes(part.source)
        if len(self._words) <= part.count:
            self._words = np.empty(part.count + 1, dtype=np.uint64)
            self._places = np.empty(part.count + 1, dtype=np.int64)
        self._gathered = {}
        self.interpreter.begin(self._block(part))
        for each, state in zip(self.ready, self._states, strict=True):
            self._work_out(each, part)
            self._judge(each, part, state)
        self.interpreter.commit()

    def undefined_results(self) -> dict[int, int]:
        """Return how often a node had no defined result, by node: in the kernel, or outside it."""
        return {**self.interpreter.undefined, **self.undefined}

    def _look_at_sizes(self, source: Source) -> None:
        """Look once, quickly, whether the whole numbers of a piece are as small as rules need them.

        Columns that the kernels of the rules or the steps read are watched there.
        """
        for name in self._unwatched():
            if self.facts.dtypes[name] == "int64" and source.columns[name].type.kind in _COUNTED:
                values = np.ascontiguousarray(source.unchecked(name).values)
                if values.ndim and int(size_bits(values)).bit_length() < _SUSPECT_BITS:
                    source.trust(name)
                source.whole(name)  # raises DataError when one is too large

    def _unwatched(self) -> set[str]:
        """Return the columns that only the interpreter reads, or kernels that write arguments."""
        read = [leaf.node for each in self.ready if each.inputs is not None for leaf in each.inputs.leaves]
        watched = {name for each in self.ready for name in each.plan.sized}
        for node in (node for each in self.ready for node in each.plan.outside):
            step = self._step(node)
            for arg in node.args:
                if step is not None and arg.op == "column":
                    watched.add(str(arg.data))
                read += [one for one in walk(arg) if one.op == "column"]
        return {str(node.data) for node in read} - watched

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
            self._steps[id(node)] = step_for(node, self.facts, self._starts)
        return self._steps[id(node)]

    def _work_out(self, each: Ready, part: Part) -> None:
        """Compute the calls that the kernel reads as columns."""
        if each.inputs is not None:
            self._write_inputs(each, part)
        for node in each.plan.outside:
            if self.interpreter.knows(node):
                continue
            step = self._step(node)
            if step is not None:
                assert part.same is not None
                args = [self._argument(arg, part) for arg in node.args]
                self.interpreter.learn(node, step.read(part.same, args))
            elif node.type.stored != "b":
                self.interpreter.value(node)

    def _write_inputs(self, each: Ready, part: Part) -> None:
        """Compute the arguments of sequence functions with their own kernel."""
        inputs, kernel = each.inputs, each.input_kernel
        assert inputs is not None
        assert kernel is not None
        outs: list[Array] = []
        found: list[tuple[Node, Vec]] = []
        for node, has_flag in zip(inputs.nodes, inputs.flagged, strict=True):
            values: Array = np.empty(part.count, dtype=_DTYPES[node.type.stored])
            flag = np.empty(part.count, dtype=bool) if has_flag else None
            outs += [values] if flag is None else [values, flag]
            found.append((node, Vec(values, flag)))
        arrays, ints = self._arrays(inputs.leaves, part), self._ints(inputs.ints, part)
        kernel(part.count, *arrays, ints, constants(inputs.floats, "float64"), *outs)
        for node, vec in found:
            self.interpreter.learn(node, vec)

    def _argument(self, node: Node, part: Part) -> Vec:
        """Return an argument of a sequence function; a column of whole numbers comes as it is stored."""
        if node.op != "column" or self.facts.dtypes[str(node.data)] != "int64":
            return self.interpreter.value(node)
        held = self._column(part, str(node.data))
        values = held.values[part.rows]
        if self._is_unwatched(node) and int(size_bits(values)).bit_length() >= _SUSPECT_BITS:
            part.source.whole(str(node.data))
        return Vec(values, None if held.valid is None else held.valid[part.rows])

    def _is_unwatched(self, column: Node) -> bool:
        """Whether numbers of a column have to be looked at here: no kernel of the rules reads them."""
        return column.type.kind in _COUNTED and not any(
            str(column.data) in each.plan.sized for each in self.ready
        )

    def _column(self, part: Part, name: str) -> Stored:
        dtype = self.facts.dtypes[name]
        if (name, dtype) not in self._columns:
            self._columns[name, dtype] = stored(part.source, name, dtype, self.facts.texts.get(name, ()))
        return self._columns[name, dtype]

    def _around(self, part: Part, name: str) -> tuple[Array, Bool1D | None]:
        """Return a column of the part and of the rows before it, with which cells are there."""
        if name not in self._gathered and self._is_text(part, name):
            assert isinstance(part.around, slice)
            self._gathered[name] = self._codes.of(part.source, name, part.around)
        elif name not in self._gathered:
            held = self._column(part, name)
            there = None if held.valid is None else held.valid[part.around]
            self._gathered[name] = held.values[part.around], there
        return self._gathered[name]

    def _is_text(self, part: Part, name: str) -> bool:
        """Whether a column is text that is coded for this part alone."""
        is_text = has_text_codes(self.facts.dtypes[name]) and name in part.source.headers
        return is_text and isinstance(part.around, slice)

    def _arrays(self, leaves: Sequence[Leaf], part: Part) -> list[Array]:
        arrays: list[Array] = []
        for leaf in leaves:
            if leaf.node.op == "column":
                values, valid = self._around(part, str(leaf.node.data))
                if valid is not None and not leaf.has_valid:
                    raise Wild(frozenset((str(leaf.node.data),)))
                rows = slice(self.reach - leaf.back, self.reach - leaf.back + part.count)
                arrays.append(values[rows])
                if leaf.has_valid:
                    arrays.append(np.ones(part.count, bool) if valid is None else valid[rows])
                continue
            vec = self._outside(leaf.node)
            values = spread(vec.values, part.count)
            arrays.append(np.ascontiguousarray(values, dtype=_DTYPES[leaf.stored]))
            if leaf.has_valid:
                arrays.append(np.ascontiguousarray(solid(vec.valid, part.count)))
            elif vec.valid is not None and not np.all(vec.valid):
                raise Wild(frozenset(str(one.data) for one in walk(leaf.node) if one.op == "column"))
        return arrays

    def _before(self, plan: Plan, part: Part, state: Sequence[Array]) -> Sequence[Array]:
        """Return what a kernel needs to know who follows whom: keys, room for a block, what is carried."""
        starts = [(part.keys[key], self.reach - back) for key, back in plan.stages.keys]
        state[-2][0] = part.known
        return [*(key[start : start + part.count] for key, start in starts), *state[:-1]]

    def _outside(self, node: Node) -> Vec:
        if node.type.stored != "b" or self.interpreter.knows(node):
            return self.interpreter.value(node)
        rails = self.interpreter.rails(node)
        return Vec(rails.yes, rails.yes | rails.no)

    def _ints(self, wanted: Sequence[tuple[str, object]], part: Part) -> Int1D:
        found: list[int] = []
        for kind, value in wanted:
            if kind == "label":
                assert isinstance(value, tuple)
                found.append((self._column(part, str(value[0])).labels or {}).get(str(value[1]), -1))
            else:
                found.append(self.world.labels.code(value) if isinstance(value, str) else int(str(value)))
        ints: Int1D = constants(found, "int64")
        return ints

    def _judge(self, each: Ready, part: Part, state: Sequence[Array]) -> None:
        plan, sums = each.plan, np.zeros(each.plan.sums, dtype=np.int64)
        arrays, ints = self._arrays(plan.leaves, part), self._ints(plan.ints, part)
        before, floats = self._before(plan, part, state), constants(plan.floats, "float64")
        room = (state[-1], self._words, self._places)
        found = int(each.kernel(part.count, *arrays, *before, ints, floats, *room, sums))
        self._guards(plan, part, sums)
        marks, marked = self._words[:found], self._places[:found]
        totals = np.zeros(len(plan.rules), dtype=np.int64)
        bit_counts(marks, totals)
        self._add(plan, part, sums, totals, marks, marked)

    def _add(self, plan: Plan, part: Part, sums: Int1D, totals: Int1D, marks: Array, places: Int1D) -> None:
        """Add what a kernel counted, and the first broken rows among those that it marked."""
        plain = [self._is_plain(one.rule, part) for one in plan.rules]
        known = [self._knows_first(one.rule, part) for one in plan.rules]
        first = _first_rows(part, marks, places, np.where(known, 0, np.where(plain, totals, 0)))
        for bit, one in enumerate(plan.rules):
            counts, found = self.counts[one.rule.id], int(totals[bit])
            good = part.count - found if one.good is None else int(sums[one.good])
            counts.rows += part.count
            fired = part.count if one.fired is None else int(sums[one.fired])
            counts.fired += fired
            if one.held is not None:
                counts.held += int(sums[one.held])
            else:
                counts.held += good if one.rule.antecedent is None else fired - found
            counts.unknown += part.count - good - (found if one.false is None else int(sums[one.false]))
            if plain[bit]:
                counts.violations += found
                counts.first = sorted((*counts.first, *first[bit]))[:FIRST_ROWS]
            elif found:
                flags = (marks >> np.uint64(bit)) & np.uint64(1)
                self._broken(one.rule, counts, part, places[flags == 1])
        for key, place in plan.undefined:
            self.undefined[key] = self.undefined.get(key, 0) + int(sums[place])

    def _guards(self, plan: Plan, part: Part, sums: Int1D) -> None:
        """Raise OutOfOrder for a row that steps back, DataError for numbers too large, Wild for floats."""
        if sums[2]:
            raise OutOfOrder
        if int(sums[1]).bit_length() >= _SUSPECT_BITS:
            for name in plan.sized:
                part.source.whole(name)
        if sums[0]:
            wild = {name for bit, name in enumerate(plan.guarded) if int(sums[0]) >> bit & 1}
            raise Wild(frozenset(wild))

    def _is_plain(self, rule: Rule, part: Part) -> bool:
        """Whether broken rows are only counted and the first ones kept: nothing excuses them."""
        return isinstance(part.numbers, slice) and not excusing(rule, part.source, self.excused)

    def _knows_first(self, rule: Rule, part: Part) -> bool:
        """Whether the first broken rows are known, and none of a part comes before them."""
        first = self.counts[rule.id].first
        return len(first) == FIRST_ROWS and isinstance(part.numbers, slice) and first[-1] < part.numbers.start

    def _broken(self, rule: Rule, counts: Counts, part: Part, places: Int1D) -> None:
        pardon = excuses(rule, part.source, _taken(part.rows, places), self.excused)
        if pardon is not None:
            counts.excused += int(np.count_nonzero(pardon))
            places = places[~pardon]
        counts.violations += len(places)
        numbers = _taken(part.numbers, places)
        if len(numbers) > FIRST_ROWS:
            numbers = np.partition(numbers, FIRST_ROWS)[:FIRST_ROWS]
        counts.first = sorted((*counts.first, *numbers.tolist()))[:FIRST_ROWS]


def _first_rows(part: Part, marks: Array, places: Int1D, totals: Int1D) -> list[list[int]]:
    """Return, by bit, the numbers of the first rows that are marked with it; ``totals`` says how many are."""
    wanted = np.minimum(totals, FIRST_ROWS)
    if not wanted.any():
        return [[] for _ in wanted]
    first = np.zeros((len(wanted), FIRST_ROWS), dtype=np.int64)
    first_places(marks, places, wanted, first)
    rows = _taken(part.numbers, first)
    return [some[:count] for some, count in zip(rows.tolist(), wanted.tolist(), strict=True)]


def _taken(rows: slice | Int1D, places: Int1D) -> Int1D:
    """Return the rows at some places of a part."""
    return places + rows.start if isinstance(rows, slice) else rows[places]
