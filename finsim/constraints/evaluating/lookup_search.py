"""Search in lookup tables: binary search for the keys of a block, then for the range with the day."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from finsim.constraints.evaluating.cell_text import cell
from finsim.constraints.evaluating.evaluator_interface import Evaluator
from finsim.constraints.language.expression import Node
from finsim.constraints.language.lookup_table import FOREVER, Lookup
from finsim.constraints.language.types import DAY_NANOS
from finsim.constraints.tables.label_codes import Labels
from finsim.constraints.tables.nullable_vectors import Vec, known, solid, spread
from finsim.errors import DataError
from finsim.notation import Array, Bool1D, Int1D

_SPAN = 2 * FOREVER + 3


@dataclass(frozen=True)
class Index:
    """A table under one numbering of labels: known codes a key column, rows by key number and first day."""

    codes: tuple[Int1D, ...]
    groups: Int1D
    clock: Int1D
    last: Int1D
    values: Array


def index_of(table: Lookup, labels: Labels, kinds: Sequence[str]) -> Index:
    """Return the search index of a table; ``kinds`` are the types of the key arguments."""
    if table.cache and table.cache[0][0]() is labels and table.cache[0][1] == tuple(kinds):
        found: Index = table.cache[0][2]
        return found
    columns = [
        np.array([_code(labels, key[at], kind) for key in table.keys], dtype=np.int64)
        for at, kind in enumerate(kinds)
    ]
    codes = tuple(np.unique(column) for column in columns)
    packed = _packed(codes, columns)
    groups, numbers = np.unique(packed, return_inverse=True)
    first, last = (np.array(side, dtype=np.int64) for side in zip(*table.spans, strict=True))
    clock = numbers * _SPAN + first + FOREVER + 1
    order = np.argsort(clock, kind="stable")
    if table.type.kind == "cat":
        values = np.array([labels.code(str(value)) for value in table.values], dtype=np.int64)
    else:
        values = np.array(table.values, dtype={"f": "f8", "i": "i8", "b": "?"}[table.type.stored])
    made = Index(codes, groups, clock[order], (numbers * _SPAN + last + FOREVER + 1)[order], values[order])
    table.cache[:] = [(weakref.ref(labels), tuple(kinds), made)]
    return made


def _code(labels: Labels, text: str, kind: str) -> int:
    if kind == "cat":
        return labels.code(text)
    return int(text) if kind == "int" else int(text == "true")


def _packed(codes: Sequence[Int1D], columns: Sequence[Int1D]) -> Int1D:
    """Return one number a row for its key, -1 where a code is unknown."""
    key = np.zeros(len(columns[0]), dtype=np.int64)
    known_key = np.ones(len(columns[0]), dtype=bool)
    for mine, column in zip(codes, columns, strict=True):
        place = np.minimum(np.searchsorted(mine, column), len(mine) - 1)
        known_key &= mine[place] == column
        key = key * len(mine) + place
    return np.where(known_key, key, -1)


def looked_up(run: Evaluator, node: Node) -> Vec:
    """Return the value of a ``lookup`` call for every row of the block.

    Raises DataError for a row without a match when the table asks for it.
    """
    table: Lookup = node.data[1]
    count = run.block.count
    args = [run.value(arg) for arg in node.args]
    there = np.ones(count, dtype=bool)
    for arg in args:
        there &= solid(known(arg), count)
    kinds = [arg.type.kind for arg in node.args[: len(table.by)]]
    index = index_of(table, run.world.labels, kinds)
    columns = [spread(arg.values, count).astype(np.int64) for arg in args[: len(kinds)]]
    day = np.zeros(count, dtype=np.int64)
    if table.dated:
        day = spread(args[-1].values, count) // (DAY_NANOS if node.args[-1].type.kind == "ts" else 1)
    place, hit = _search(index, columns, day)
    lost = np.flatnonzero(there & ~hit)
    if len(lost) and table.is_strict:
        raise _no_match(run, node, int(lost[0]))
    taken: Any = index.values[place]
    if table.type.stored == "f":
        return Vec(np.where(there & hit, taken, np.nan))
    return Vec(taken, there & hit)


def _search(index: Index, columns: Sequence[Int1D], day: Int1D) -> tuple[Int1D, Bool1D]:
    """Return the row of the index for each key and day, and whether it is one."""
    packed = _packed(index.codes, columns)
    number = np.minimum(np.searchsorted(index.groups, packed), len(index.groups) - 1)
    now = number * _SPAN + np.clip(day, -FOREVER, FOREVER) + FOREVER + 1
    place = np.maximum(np.searchsorted(index.clock, now, side="right") - 1, 0)
    hit = (index.groups[number] == packed) & (index.clock[place] <= now) & (now <= index.last[place])
    return place, hit


def _no_match(run: Evaluator, node: Node, place: int) -> DataError:
    table: Lookup = node.data[1]
    rows = run.block.rows
    row = rows.start + place if isinstance(rows, slice) else int(rows[place])
    names = (*table.by, *(["date"] if table.dated else []))
    shown = ", ".join(f"{name} {cell(run, arg, place)}" for name, arg in zip(names, node.args, strict=True))
    return DataError(
        f"lookup {table.name} has no row for {shown}",
        place=f"table {run.block.source.name}, row {row}",
        remedy="add the row to the lookup, or give it `default: null`",
    )
