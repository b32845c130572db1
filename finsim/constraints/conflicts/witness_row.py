"""An example row for a finding of the solver, checked again by the interpreter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import ulp
from typing import Any

import numpy as np
import pyarrow as pa

from finsim.constraints.conflicts.joint_feasibility import Problem
from finsim.constraints.evaluating.cell_text import cell_text
from finsim.constraints.evaluating.evaluator_interface import Block, World
from finsim.constraints.evaluating.interpreter import Interpreter
from finsim.constraints.evaluating.rule_counts import judged
from finsim.constraints.language.expression import Node
from finsim.constraints.packs.rule import Rule, Table
from finsim.constraints.tables.label_codes import Labels
from finsim.constraints.tables.nullable_vectors import Vec
from finsim.constraints.tables.typed_columns import Source
from finsim.errors import DataError
from finsim.notation import Bool1D
from finsim.tables.cells.canonical_columns import typed_table

MOST_MOVED = 6
_LARGEST = 10**18
_FILLERS = {"cat": "any", "bool": False, "float": 0.0, "ratio": 0.0}


@dataclass(frozen=True)
class Row:
    """One row: its cells as Python values, as text, the rules judged, and those that do not accept it."""

    cells: Mapping[str, Any]
    texts: Mapping[str, str]
    judged: tuple[str, ...]
    refused: tuple[str, ...]


def witness(problem: Problem, table: Table, rules: list[Rule], params: Mapping[str, Any]) -> Row | None:
    """Return a row that satisfies the rules; None when there is none, or a cell does not fit its column.

    Where rounding makes the interpreter refuse it, rows beside it are tried.
    """
    empty = {name: problem.encoder.null(node) for name, node in sorted(problem.columns.items())}
    if not problem.found([rule.id for rule in rules]):
        return None
    own = [rule for rule in rules if not problem.encoded[rule.id].unknowns]
    try:
        cells = _cells(problem, empty)
        run = _read(table, params, [cells])
        refused = _refused(own, run, 0)
        if refused:
            nearby = neighbours(cells)
            tried = _read(table, params, nearby)
            fine = np.flatnonzero(~_broken(own, tried))
            if len(fine):
                cells, run, refused = nearby[fine[0]], _read(table, params, [nearby[fine[0]]]), ()
        texts = {name: _text(run.block.source, name) for name in cells}
    except (DataError, pa.ArrowInvalid, OverflowError):
        return None
    return Row(cells, texts, tuple(rule.id for rule in own), refused)


def _read(table: Table, params: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> Interpreter:
    """Return the interpreter at a block of some rows."""
    arrays = {name: _array([row[name] for row in rows], table.columns[name].type.kind) for name in rows[0]}
    typed = typed_table(pa.table(arrays), {name: column.declared for name, column in table.columns.items()})
    source = Source(table.name, typed, table.columns, Labels())
    run = Interpreter(World(params, source.labels, {}, {}, {}, {}))
    run.begin(Block(source, slice(0, len(rows)), len(rows)))
    return run


def _refused(rules: Sequence[Rule], run: Interpreter, row: int) -> tuple[str, ...]:
    """Return the rules that a row breaks."""
    count = run.block.count
    return tuple(rule.id for rule in rules if np.broadcast_to(judged(rule, run).broken, (count,))[row])


def _broken(rules: Sequence[Rule], run: Interpreter) -> Bool1D:
    """Return the rows that break some rule."""
    broken: Bool1D = np.zeros(run.block.count, dtype=bool)
    for rule in rules:
        broken |= judged(rule, run).broken
    return broken


def neighbours(cells: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return rows beside a row, nearest first: floats moved by one or two of their steps, up or down.

    A step is that of the float itself or that of the largest in the row, where sums are rounded. At most
    six columns move, of more than three only by the larger step.
    """
    names = [name for name, value in cells.items() if isinstance(value, float)][:MOST_MOVED]
    top = max((abs(cells[name]) for name in names), default=0.0)
    ways = []
    for name in names:
        own, large = ulp(cells[name]), ulp(top)
        sizes = dict.fromkeys((0.0, own, -own, 2 * own, -2 * own, large, -large, 2 * large, -2 * large))
        coarse = dict.fromkeys((0.0, 2 * large, -2 * large))
        ways.append([cells[name] + size for size in (sizes if len(names) <= MOST_MOVED // 2 else coarse)])
    return [{**cells, **dict(zip(names, values, strict=True))} for values in product(*ways)]


def _text(source: Source, name: str) -> str:
    values, valid = source.block(name, slice(0, 1))
    return cell_text(source, source.columns[name].type, name, Vec(values, valid), 0)


def _cells(problem: Problem, empty: Mapping[str, int]) -> dict[str, Any]:
    run = problem.encoder
    search, values = run.forms.search, run.forms.search.values()
    cells: dict[str, Any] = {}
    for name, node in sorted(problem.columns.items()):
        if search.holds(empty[name]):
            cells[name] = None
        elif node in run.numbers:
            ((unknown, _),) = run.numbers[node].terms.items()
            cells[name] = _number(values[unknown], node, run.text_of)
        elif node in run.flags:
            cells[name] = search.holds(run.flags[node])
        elif (None, node) in run.choices:
            cells[name] = _label(problem, node, name)
        else:  # only asked whether it is empty
            cells[name] = _FILLERS.get(node.type.kind, 0)
    return cells


def _number(value: Fraction, node: Node, texts: Mapping[int, str]) -> Any:
    if node.type.stored == "f":
        return float(value)
    whole = int(value)
    if node.type.kind == "id":
        return texts.get(whole, whole)
    if abs(whole) > _LARGEST:
        raise OverflowError
    return whole


def _label(problem: Problem, node: Node, name: str) -> str:
    literals = problem.encoder.choices[None, node]
    search = problem.encoder.forms.search
    label = next((one for one, literal in literals.items() if search.holds(literal)), None)
    return f"another {name}" if label is None else label


def _array(values: list[Any], kind: str) -> pa.Array:
    if kind == "cat" or any(isinstance(value, str) for value in values):
        return pa.array(values, pa.string())
    if kind == "bool":
        return pa.array(values, pa.bool_())
    return pa.array(values, pa.float64() if kind in ("float", "ratio") else pa.int64())
