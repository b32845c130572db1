"""A row that the solver found, written out and judged again by the interpreter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa

from finsim.constraints.columns import Labels, Source
from finsim.constraints.expression import Node
from finsim.constraints.feasible import Problem
from finsim.constraints.interpreter import Block, Interpreter, World
from finsim.constraints.ruleset import Rule, Table
from finsim.constraints.tally import cell_text, judged
from finsim.errors import DataError

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
    """Return a row that satisfies the rules; None when there is none, or a cell does not fit its column."""
    empty = {name: problem.encoder.null(node) for name, node in sorted(problem.columns.items())}
    if not problem.found([rule.id for rule in rules]):
        return None
    own = [rule for rule in rules if not problem.encoded[rule.id].unknowns]
    try:
        cells = _cells(problem, empty)
        arrays = {name: _array(value, table.columns[name].type.kind) for name, value in cells.items()}
        source = Source(table.name, pa.table(arrays), table.columns, Labels())
        run = Interpreter(World(params, source.labels, {}, {}, {}, {}))
        run.begin(Block(source, slice(0, 1), 1))
        refused = tuple(rule.id for rule in own if bool(np.any(judged(rule, run).broken)))
        texts = {name: _text(source, name) for name in cells}
    except (DataError, pa.ArrowInvalid, OverflowError):
        return None
    return Row(cells, texts, tuple(rule.id for rule in own), refused)


def _text(source: Source, name: str) -> str:
    values, valid = source.block(name, slice(0, 1))
    return cell_text(source, source.columns[name].type, name, values, valid, 0)


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


def _array(value: Any, kind: str) -> pa.Array:
    if kind == "cat" or isinstance(value, str):
        return pa.array([value], pa.string())
    if kind == "bool":
        return pa.array([value], pa.bool_())
    return pa.array([value], pa.float64() if kind in ("float", "ratio") else pa.int64())
