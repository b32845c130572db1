"""Cells as text: one value of a column or node in one row, as findings and messages show it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from finsim.constraints.evaluating.evaluator_interface import Evaluator
from finsim.constraints.language.expression import Node, walk
from finsim.constraints.language.types import Type, label_shown, shown
from finsim.constraints.tables.nullable_vectors import Vec, flags
from finsim.constraints.tables.typed_columns import Source


def source_cell(source: Source, name: str, row: int) -> str:
    """Return one cell as a reader writes it."""
    return source_cells(source, name, [row])[0]


def source_cells(source: Source, name: str, rows: Sequence[int]) -> list[str]:
    """Return cells of a column as a reader writes them."""
    if source.is_plain_text(name) and not source.is_loaded(name):
        column = source.column(name)  # gives the whole batch no codes
        texts = [column[row].as_py() for row in rows]
        return ["null" if text is None else label_shown(text) for text in texts]
    return cell_texts(source, source.columns[name].type, name, source.whole(name), rows)


def cell_text(source: Source, kind: Type, name: str, vec: Vec, place: int) -> str:
    """Return one value of a block as a reader writes it; ``name`` is the column an id came from."""
    return cell_texts(source, kind, name, vec, [place])[0]


def cell_texts(source: Source, kind: Type, name: str, vec: Vec, places: Sequence[int]) -> list[str]:
    """Return some values of a block as a reader writes them; ``name`` is the column an id came from."""
    is_label = kind.kind == "cat" or (kind.kind == "id" and name != "" and source.is_text(name))
    texts = []
    for value, is_there in zip(_at(vec.values, places), _at(vec.valid, places), strict=True):
        if is_there is False:
            texts.append("null")
        else:
            texts.append(label_shown(source.labels.text(value)) if is_label else shown(kind, value))
    return texts


def _at(values: Any, places: Sequence[int]) -> list[Any]:
    """Return what stands at some places; a scalar, or None, stands for every row."""
    if np.ndim(values):
        return [values[place].item() for place in places]
    return [values.item() if isinstance(values, np.generic | np.ndarray) else values] * len(places)


def cell(run: Evaluator, node: Node, place: int) -> str:
    """Return the value of a node in one row of the block."""
    return cells(run, node, [place])[0]


def cells(run: Evaluator, node: Node, places: Sequence[int]) -> list[str]:
    """Return the values of a node in some rows of the block."""
    vec = flags(run.rails(node)) if node.type.kind == "bool" else run.value(node)
    source, name = _origin(run, node) if node.type.kind == "id" else (run.block.source, "")
    return cell_texts(source, node.type, name, Vec(*vec), places)


def _origin(run: Evaluator, node: Node) -> tuple[Source, str]:
    """Return the table and the column that an id came from: that of the parent row where one is looked up."""
    for one in walk(node):
        if one.op == "call" and one.data[0] == "parent":
            return run.world.others[one.data[1]], str(one.data[2])
        if one.op == "column":
            return run.block.source, str(one.data)
    return run.block.source, ""
