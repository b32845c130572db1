"""New values of a repair for the rows of a block."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from finsim.constraints.evaluating.interpreter import Interpreter
from finsim.constraints.language.expression import walk
from finsim.constraints.language.functions import FUNCTIONS
from finsim.constraints.packs.rule import Rule
from finsim.constraints.tables.arrow_writeback import stored_kind
from finsim.constraints.tables.nullable_vectors import Vec, known, solid, spread
from finsim.constraints.tables.typed_columns import Source
from finsim.notation import Array, Bool1D, Int1D


@dataclass(frozen=True)
class Mended:
    """Rows under repair, in ascending order, and per column their new values where ``valid``."""

    rows: Int1D
    values: Mapping[str, Array]
    valid: Bool1D


def joined(parts: list[Mended]) -> Mended:
    """Return parts as one, in the order of rows."""
    if not parts:
        none = np.zeros(0, dtype=np.int64)
        return Mended(none, {}, np.zeros(0, dtype=bool))
    rows = np.concatenate([part.rows for part in parts])
    order = np.argsort(rows, kind="stable")
    values = {name: np.concatenate([part.values[name] for part in parts])[order] for name in parts[0].values}
    return Mended(rows[order], values, np.concatenate([part.valid for part in parts])[order])


def looks_back_at_itself(rule: Rule) -> bool:
    """Whether a repaired value is seen by the rule in later rows: then rows must be mended one by one."""
    repair = rule.repair
    if rule.order is None or repair is None:
        return False
    if repair.do == "drop":
        return repair.group is None
    if repair.do == "project":
        return True
    roots = [node for node in (rule.check, rule.when, repair.node) if node is not None]
    for root in roots:
        for node in walk(root):
            if node.op == "call" and node.data[0] in FUNCTIONS:
                inside = {one.data for arg in node.args for one in walk(arg) if one.op == "column"}
                if FUNCTIONS[node.data[0]].family not in ("row", "whole") and repair.column in inside:
                    return True
    return False


def at_places(rule: Rule, run: Interpreter, rows: Int1D, places: Int1D) -> Mended:
    """Return what ``set`` or ``clip`` gives in some places of the interpreter's block."""
    assert rule.repair is not None
    count = run.block.count
    new = new_values(rule, run)
    valid = np.broadcast_to(known(new), (count,))[places]
    return Mended(rows[places], {rule.repair.column: spread(new.values, count)[places]}, valid)


def new_values(rule: Rule, run: Interpreter) -> Vec:
    """Return what the repaired column should hold in every row of the block (``set`` and ``clip``)."""
    repair = rule.repair
    assert repair is not None
    if repair.node is not None:
        return run.value(repair.node)
    source, count = run.block.source, run.block.count
    old = source.block(repair.column, run.block.rows)
    x, valid = spread(old.values, count), solid(old.valid, count)
    kind = stored_kind(source, repair.column)
    for bound in repair.bounds:
        vec = run.value(bound.node)
        limit, there = spread(vec.values, count), np.broadcast_to(known(vec), (count,))
        limit = _nearest(limit, bound.is_low, bound.strict, kind)
        moved = np.maximum(x, limit) if bound.is_low else np.minimum(x, limit)
        x = np.where(there, moved, x)
    return Vec(x, valid)


def _nearest(limit: Array, is_low: bool, strict: bool, kind: np.dtype[Any]) -> Array:
    """Return the stored value nearest to a limit on its good side (``strict``: not the limit itself)."""
    if kind.kind == "f":
        near = limit.astype(kind)
        wrong = (near < limit) if is_low else (near > limit)
        wrong |= strict & (near == limit)
        toward = kind.type(np.inf if is_low else -np.inf)
        narrow: Array = np.where(wrong, np.nextafter(near, toward), near).astype(np.float64)
        return narrow
    step = 1 if is_low else -1
    if limit.dtype.kind != "f":
        return np.where(strict, limit + step, limit)
    near = np.where(np.isfinite(limit), limit, 0.0)
    near = np.ceil(near) if is_low else np.floor(near)
    whole: Array = np.where(strict & (near == limit), near + step, near)
    return whole


class Overlay:
    """Columns that are being repaired; rules read the new values through the source until ``restore``."""

    def __init__(self, source: Source, columns: tuple[str, ...]) -> None:
        self.source, self.columns = source, columns
        self._old = {name: source.whole(name) for name in columns}
        self.values: dict[str, Array] = {}
        self._valid: dict[str, Bool1D] = {}
        for name in columns:
            whole = slice(None)
            self.values[name] = spread(source.block(name, whole).values, source.rows).copy()
            self._valid[name] = solid(self._old[name].valid, source.rows).copy()
            is_float = self.values[name].dtype.kind == "f"
            source.replace(name, Vec(self.values[name], None if is_float else self._valid[name]))

    def put(self, rows: Int1D, values: Mapping[str, Array]) -> None:
        """Write new values."""
        for name, new in values.items():
            self.values[name][rows] = new
            self._valid[name][rows] = True

    def restore(self) -> None:
        """Put the columns back as they were."""
        for name, old in self._old.items():
            self.source.replace(name, old)
