"""Find the rows that break rules during a repair; only changed rows are checked again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from finsim.constraints.checking.check import Excused, cut
from finsim.constraints.evaluating.evaluator_interface import Block
from finsim.constraints.evaluating.interpreter import Interpreter
from finsim.constraints.evaluating.rule_counts import excuses, judged
from finsim.constraints.evaluating.whole_table_functions import whole_nodes
from finsim.constraints.language.expression import walk
from finsim.constraints.language.functions import FUNCTIONS
from finsim.constraints.language.row_order import Order
from finsim.constraints.packs.rule import Rule
from finsim.constraints.repairing.table_under_repair import Workpiece, renumbered
from finsim.constraints.tables.group_layout import layout
from finsim.notation import Bool1D, Int1D

_NONE: Int1D = np.zeros(0, dtype=np.int64)


def broken_mask(rule: Rule, run: Interpreter, excused: Excused | None) -> Bool1D:
    """Return the rows of the interpreter's block that break a rule and have no excuse."""
    seen = judged(rule, run)
    broken: Bool1D = np.broadcast_to(seen.broken, (run.block.count,))
    if np.ndim(seen.broken) == 0 and not seen.broken:
        return broken
    pardon = excuses(rule, run.block.source, run.block.rows, excused)
    return broken if pardon is None else broken & ~pardon


def blocks_of(
    piece: Workpiece, order: Order | None, rows: Int1D | None, run: Interpreter, size: int
) -> Iterator[Int1D]:
    """Begin the interpreter on one block after the other and yield the rows of each.

    With an order, ``rows`` must be whole groups as ``group_rows`` gives them. None means all rows.
    """
    source = piece.source
    placed = piece.arrangement(order) if order is not None else None
    count = source.rows if rows is None else len(rows)
    for begin in range(0, count, size):
        end = min(begin + size, count)
        if rows is None:
            block, seen = cut(source, placed, begin, end, closed=True)
        elif placed is None:
            seen = rows[begin:end]
            block = Block(source, seen, len(seen))
        else:
            at = rows[begin:end]
            seen = at if placed.permutation is None else placed.permutation[at]
            block = Block(source, seen, len(seen), layout(placed.slots[at], placed.slot_count, closed=True))
        run.begin(block)
        yield seen
        run.commit()


def group_places(piece: Workpiece, order: Order, rows: Int1D) -> Int1D:
    """Return the places, in group order, of all rows in the groups of some rows."""
    placed = piece.arrangement(order)
    if placed.permutation is None:
        slots = placed.slots[rows]
    else:
        wanted = np.zeros(piece.source.rows, dtype=bool)
        wanted[rows] = True
        slots = placed.slots[wanted[placed.permutation]]
    hit = np.zeros(placed.slot_count, dtype=bool)
    hit[slots] = True
    return np.flatnonzero(hit[placed.slots])


def needs_order(rule: Rule) -> bool:
    """Whether a rule's repair value looks at other rows of the group."""
    repair = rule.repair
    roots = [repair.node, *(bound.node for bound in repair.bounds)] if repair is not None else []
    return any(
        node.op == "call"
        and node.data[0] in FUNCTIONS
        and FUNCTIONS[node.data[0]].family not in ("row", "whole")
        for root in roots
        if root is not None
        for node in walk(root)
    )


def sees_everything(rule: Rule) -> bool:
    """Whether one changed cell may change the verdict on any row."""
    roots = [node for node in (rule.check, rule.when) if node is not None]
    return bool(whole_nodes(roots)) or rule.table in rule.others


def breaches(
    rules: Sequence[Rule],
    piece: Workpiece,
    size: int,
    excused: Excused | None,
    rows: Int1D | None = None,
) -> dict[str, Int1D]:
    """Return rule -> rows that break it, ascending.

    ``rows`` None judges all rows; else the rows of rules that need no order, or places that
    ``group_places`` gave for the one order that all rules have.
    """
    found: dict[str, list[Int1D]] = {rule.id: [] for rule in rules}
    world = piece.world(rules)
    for order in dict.fromkeys(rule.order for rule in rules):
        own = [rule for rule in rules if rule.order == order]
        run = Interpreter(world)
        for seen in blocks_of(piece, order, rows, run, size):
            for rule in own:
                places = np.flatnonzero(broken_mask(rule, run, excused))
                if len(places):
                    found[rule.id].append(seen[places])
    return {name: np.sort(np.concatenate(parts)) if parts else _NONE for name, parts in found.items()}


class Watch:
    """The rows that break each of some rules; told of every change of the table."""

    def __init__(self, piece: Workpiece, rules: Sequence[Rule], size: int, excused: Excused | None) -> None:
        self.piece, self.rules, self.size, self.excused = piece, list(rules), size, excused
        self._everywhere = {rule.id for rule in rules if sees_everything(rule)}
        self._stale: dict[str, list[Int1D]] = {}
        self._all: set[str] = set()
        self._broken: dict[str, Int1D] = breaches(self.rules, piece, size, excused)

    def rows(self, rule: Rule) -> Int1D:
        """Return the rows that break a rule now."""
        if rule.id in self._all:
            self._broken |= breaches([rule], self.piece, self.size, self.excused)
        elif rule.id in self._stale:
            self._judge_again(rule, np.unique(np.concatenate(self._stale[rule.id])))
        self._stale.pop(rule.id, None)
        self._all.discard(rule.id)
        return self._broken[rule.id]

    def _judge_again(self, rule: Rule, rows: Int1D) -> None:
        seen, places = rows, rows
        if rule.order is not None:
            places = group_places(self.piece, rule.order, rows)
            permutation = self.piece.arrangement(rule.order).permutation
            seen = places if permutation is None else permutation[places]
        found = breaches([rule], self.piece, self.size, self.excused, places)[rule.id]
        old = self._broken[rule.id]
        self._broken[rule.id] = np.union1d(old[~np.isin(old, seen)], found)

    def changed(self, columns: Sequence[str], rows: Int1D, by: Rule) -> None:
        """Note that a rule's repair changed cells."""
        for rule in self.rules:
            order = (*rule.order.group, *rule.order.by) if rule.order is not None else ()
            read = bool(rule.columns & set(columns)) or rule.id == by.id
            if read and (rule.id in self._everywhere or set(order) & set(columns)):
                self._all.add(rule.id)
            elif read:
                self._stale.setdefault(rule.id, []).append(rows)

    def moved(self, kept: Int1D, count: int) -> None:
        """Note that only these of ``count`` rows are left, in this order."""
        place = renumbered(kept, count)
        for rule in self.rules:
            if rule.order is not None or rule.id in self._everywhere:
                self._all.add(rule.id)
                continue
            self._broken[rule.id] = _placed(self._broken[rule.id], place)
            if rule.id in self._stale:
                self._stale[rule.id] = [_placed(rows, place) for rows in self._stale[rule.id]]

    def counts(self) -> Mapping[str, int]:
        """Return rule -> number of rows that break it now."""
        return {rule.id: len(self.rows(rule)) for rule in self.rules}


def _placed(rows: Int1D, place: Int1D) -> Int1D:
    new = place[rows]
    return np.sort(new[new >= 0])
