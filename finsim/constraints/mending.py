"""One repair on one table: which rows break the rule, and what their new values are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from finsim.constraints.check import Excused, Pass, cut
from finsim.constraints.columns import Source
from finsim.constraints.expression import walk
from finsim.constraints.functions import FUNCTIONS
from finsim.constraints.interpreter import Interpreter, World
from finsim.constraints.order import Arrangement
from finsim.constraints.ruleset import Rule
from finsim.constraints.stored import stored_kind
from finsim.constraints.tally import excuses, judged
from finsim.constraints.vectors import Vec, known, solid, spread
from finsim.notation import Array, Bool1D, Int1D


@dataclass(frozen=True)
class Mended:
    """Rows that break a rule, in row order, and their new values where there are any (else null)."""

    rows: Int1D
    values: Array
    valid: Bool1D


def broken_mask(rule: Rule, run: Interpreter, excused: Excused | None) -> Bool1D:
    """Return the rows of the interpreter's block that break a rule and have no excuse."""
    seen = judged(rule, run)
    broken = np.array(np.broadcast_to(seen.broken, (run.block.count,)))
    pardon = excuses(rule, run.block.source, run.block.rows, excused)
    return broken if pardon is None else broken & ~pardon


def looks_back_at_itself(rule: Rule) -> bool:
    """Whether a repaired value is seen by the rule in later rows: then rows must be mended one by one."""
    if rule.order is None or rule.repair is None:
        return False
    if rule.repair.do == "drop":
        return True
    roots = [node for node in (rule.check, rule.when, rule.repair.node) if node is not None]
    for root in roots:
        for node in walk(root):
            if node.op == "call" and node.data[0] in FUNCTIONS:
                inside = {one.data for arg in node.args for one in walk(arg) if one.op == "column"}
                if FUNCTIONS[node.data[0]].family not in ("row", "whole") and rule.repair.column in inside:
                    return True
    return False


def at_once(
    rule: Rule, world: World, source: Source, blocks: int, excused: Excused | None
) -> tuple[Mended, Arrangement | None]:
    """Return all rows that break a rule with their new values, each from the table as it stands."""
    whole = Pass(rule.order, [], Interpreter(world))
    placed = whole.arrangement(source)
    parts = list(_parts(rule, whole.run, source, placed, blocks, excused))
    if not parts:
        none = np.zeros(0, dtype=np.int64)
        return Mended(none, none, np.zeros(0, dtype=bool)), placed
    rows = np.concatenate([part.rows for part in parts])
    order = np.argsort(rows, kind="stable")
    values = np.concatenate([part.values for part in parts])[order]
    return Mended(rows[order], values, np.concatenate([part.valid for part in parts])[order]), placed


def _parts(
    rule: Rule,
    run: Interpreter,
    source: Source,
    placed: Arrangement | None,
    blocks: int,
    excused: Excused | None,
) -> Iterator[Mended]:
    for begin in range(0, source.rows, blocks):
        block, rows = cut(source, placed, begin, min(begin + blocks, source.rows), closed=True)
        run.begin(block)
        broken = broken_mask(rule, run, excused)
        new = Vec(np.zeros(block.count, dtype=np.int64)) if not _writes(rule) else new_values(rule, run)
        places = np.flatnonzero(broken)
        if len(places):
            valid = np.broadcast_to(known(new), (block.count,))[places]
            yield Mended(rows[places], spread(new.values, block.count)[places], valid)
        run.commit()


def _writes(rule: Rule) -> bool:
    return rule.repair is not None and rule.repair.do in ("set", "clip")


def new_values(rule: Rule, run: Interpreter) -> Vec:
    """Return what the repaired column should hold in every row of the block."""
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
