"""Cells as text: one value of a column or node in one row, as findings and messages show it."""

from __future__ import annotations

from typing import Any

import numpy as np

from finsim.constraints.evaluating.evaluator_interface import Evaluator
from finsim.constraints.language.expression import Node, walk
from finsim.constraints.language.types import Type, label_shown, shown
from finsim.constraints.tables.nullable_vectors import flags
from finsim.constraints.tables.typed_columns import Source


def source_cell(source: Source, name: str, row: int) -> str:
    """Return one cell as a reader writes it."""
    if source.is_plain_text(name) and not source.is_loaded(name):
        text = source.column(name)[row].as_py()  # gives the whole batch no codes
        return "null" if text is None else label_shown(text)
    return cell_text(source, source.columns[name].type, name, *source.whole(name), row)


def cell_text(source: Source, kind: Type, name: str, values: Any, valid: Any, place: int) -> str:
    """Return one value of a block as a reader writes it; ``name`` is the column an id came from."""
    if valid is not None and not (valid[place] if np.ndim(valid) else valid):
        return "null"
    value = values[place] if np.ndim(values) else values
    if kind.kind == "cat" or (kind.kind == "id" and name and source.is_text(name)):
        return label_shown(source.labels.text(int(value)))
    return shown(kind, value)


def cell(run: Evaluator, node: Node, place: int) -> str:
    """Return the value of a node in one row of the block."""
    vec = flags(run.rails(node)) if node.type.kind == "bool" else run.value(node)
    columns = [str(one.data) for one in walk(node) if one.op == "column"] if node.type.kind == "id" else []
    return cell_text(run.block.source, node.type, columns[0] if columns else "", *vec, place)
