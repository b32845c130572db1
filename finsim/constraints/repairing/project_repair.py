"""The `project` repair: move columns to the nearest point that the linear rules allow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from finsim.constraints.evaluating.interpreter import Interpreter
from finsim.constraints.evaluating.rule_counts import judged
from finsim.constraints.evaluating.whole_table_functions import whole_nodes
from finsim.constraints.language.types import Clash
from finsim.constraints.packs.linear_rules import HalfSpace, half_spaces, touches
from finsim.constraints.packs.rule import Rule
from finsim.constraints.repairing.half_space_rows import Rows, in_rows
from finsim.constraints.repairing.nearest_point import nearest
from finsim.constraints.repairing.repaired_values import Mended, Overlay
from finsim.constraints.repairing.table_under_repair import Workpiece
from finsim.constraints.tables.arrow_writeback import stored_kind
from finsim.notation import Array, Bool1D, Float2D, Int1D

# Units in the last place by which rounding may miss a bound; the larger ones where the solver's own
# closeness (1e-12) hides a bound behind another.
_MARGINS = (0.0, 1.0, 8.0, 64.0, 1024.0, 2.0**15, 2.0**18)
_CLOSEST = 1e-9


class Projection:
    """One rule's projection: its own half-spaces and those of the other invariants on the same columns."""

    def __init__(self, rule: Rule, rules: Sequence[Rule], piece: Workpiece) -> None:
        assert rule.repair is not None
        self.rule, self.columns = rule, rule.repair.columns
        source = piece.source
        kinds = [stored_kind(source, name) for name in self.columns]
        self._whole = np.array([kind.kind != "f" for kind in kinds])
        self._kinds = dict(zip(self.columns, kinds, strict=True))
        self._unit = max((float(np.finfo(kind).eps) for kind in kinds if kind.kind == "f"), default=0.0)
        most = max(_CLOSEST, 64 * self._unit)
        self._margins = [one for one in _MARGINS if one == 0 or 0 < one * self._unit <= most]
        self._weights = np.array(rule.repair.weights)
        self.companions, self._owners = [], [rule]
        self._spaces = [self._of(rule)]
        for other in rules:
            spaces = self._of(other) if self._may_join(other, piece) else []
            if spaces:
                self.companions.append(other)
                self._owners.append(other)
                self._spaces.append(spaces)

    def _may_join(self, other: Rule, piece: Workpiece) -> bool:
        alike = other.order is None or other.order == self.rule.order
        plain = not whole_nodes([other.check, *([other.when] if other.when is not None else [])])
        same = other is not self.rule and other.table == self.rule.table and other.level == "invariant"
        return same and alike and plain and not piece.session.obstacle(other, piece.source)

    def _of(self, rule: Rule) -> list[HalfSpace]:
        """Return a rule as half-spaces, none where it is not linear in the columns."""
        if rule.when is not None and touches(rule.when, self.columns):
            return []
        given = ((rule.when, True),) if rule.when is not None else ()
        try:
            return half_spaces(rule.check, self.columns, given)
        except Clash:
            return []

    def moved(self, run: Interpreter, places: Int1D, overlay: Overlay) -> Mended:
        """Return the new values in some places of the block, and leave them in the overlay.

        Values are rounded as they are stored and judged again by the rules themselves; where rounding
        misses a bound, the bound is drawn in by a few units in the last place.
        """
        block = run.block
        numbers = np.arange(block.source.rows)[block.rows] if isinstance(block.rows, slice) else block.rows
        rows = numbers[places]
        every = [space for spaces in self._spaces for space in spaces]
        owner = np.repeat(np.arange(len(self._owners)), [len(spaces) for spaces in self._spaces])
        facts = in_rows(every, self.columns, run, places)
        before = self._holding(run, places)
        start = {name: overlay.values[name][rows].copy() for name in self.columns}
        left = np.arange(len(rows))
        valid: Bool1D = np.zeros(len(rows), dtype=bool)
        for margin in self._margins:
            part = Rows(facts.a[left], facts.slack[left], facts.size[left], facts.strict)
            moves, solved = self._moves(part, before[left][:, owner], margin)
            new = {
                name: self._stored(name, start[name][left], moves[:, n])
                for n, name in enumerate(self.columns)
            }
            overlay.put(rows[left][solved], {name: values[solved] for name, values in new.items()})
            run.begin(block)
            kept = self._holding(run, places[left])
            done = solved & kept[:, 0] & (kept | ~before[left]).all(axis=1)
            valid[left[done]] = True
            overlay.put(rows[left][~done], {name: start[name][left][~done] for name in self.columns})
            run.begin(block)
            left = left[~done & (solved | (margin > 0))]
            if not len(left):
                break
        values = {name: overlay.values[name][rows] for name in self.columns}
        return Mended(rows, values, valid)

    def _moves(self, facts: Rows, held: Bool1D, margin: float) -> tuple[Float2D, Bool1D]:
        """Return the nearest moves; where there are none, those that leave broken companions aside."""
        drawn = self._unit * margin * facts.size
        slack = facts.slack - drawn
        whole = ((facts.a == 0) | (self._whole & (facts.a == np.rint(facts.a)))).all(axis=2)
        exact = np.where(facts.strict, np.ceil(facts.slack) - 1, facts.slack)
        slack = np.where(whole & np.isfinite(facts.slack), exact, slack)
        moves, solved = nearest(facts.a, slack, self._weights, self._whole)
        again = np.flatnonzero(~solved)
        if len(again):
            aside = ~held[again]
            aside[:, : len(self._spaces[0])] = False
            eased = np.where(aside, np.inf, slack[again])
            moves[again], solved[again] = nearest(facts.a[again], eased, self._weights, self._whole)
        return moves, solved

    def _stored(self, name: str, start: Array, move: Array) -> Array:
        """Return moved values as the column stores them."""
        kind: Any = self._kinds[name]
        if kind.kind == "f":
            values: Array = (start + move).astype(kind).astype(np.float64)
            return np.where(move == 0, start, values)
        step = np.rint(move).astype(np.int64) if start.dtype.kind == "i" else np.rint(move)
        moved: Array = start + step
        return moved

    def _holding(self, run: Interpreter, places: Int1D) -> Bool1D:
        """Return [places, owners]: whether each rule is not broken."""
        count = run.block.count
        broken = [np.broadcast_to(judged(rule, run).broken, (count,))[places] for rule in self._owners]
        return ~np.stack(broken, axis=1)
