"""Rows of other tables, made ready before rows are judged: keys numbered, sums and counts of each key."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from finsim.constraints.evaluating.cell_text import source_cell
from finsim.constraints.evaluating.evaluator_interface import Block, World
from finsim.constraints.evaluating.group_totals import aggregated, groups_of
from finsim.constraints.evaluating.interpreter import Interpreter
from finsim.constraints.evaluating.key_index import KeyIndex, key_index
from finsim.constraints.language.expression import Node, walk
from finsim.constraints.language.table_links import Link, is_match, link_of
from finsim.constraints.tables.label_codes import Labels
from finsim.constraints.tables.nullable_vectors import Vec, both, solid, spread
from finsim.constraints.tables.typed_columns import Source

_TOTALS = {"sum_of": "group_sum", "mean_of": "group_mean", "min_of": "group_min", "max_of": "group_max"}
_SHOWN = 3


def linked_columns(roots: Sequence[Node]) -> list[tuple[str, str]]:
    """Return the columns (table, name) of other tables that conditions read."""
    found: dict[tuple[str, str], None] = {}
    for node in (node for root in roots for node in walk(root) if node.op == "call"):
        inner: list[Node] = []
        if is_match(node):
            link = link_of(node)
            found |= {(link.table, key): None for key in link.keys}
            inner = [link.where] if link.where is not None else []
        elif node.data[0] == "parent":
            found[node.data[1], node.data[2]] = None
        elif node.data[0] in _TOTALS:
            inner = [node.data[2]]
        table = link_of(node).table if inner else ""
        found |= {(table, str(one.data)): None for root in inner for one in walk(root) if one.op == "column"}
    return list(found)


class CrossTables:
    """Keys and totals of the tables of one check; those of tables that do not change are kept."""

    def __init__(self, params: Mapping[str, Any], labels: Labels) -> None:
        self._params, self._labels = params, labels
        self._kept: dict[Link, tuple[Source, KeyIndex, dict[Node, Vec]]] = {}

    def made(
        self, roots: Sequence[Node], own: Source, sources: Mapping[str, Source]
    ) -> tuple[dict[Link, KeyIndex], dict[Node, Callable[[Vec], Vec]]]:
        """Return the keys by link and the totals by call that conditions on ``own`` need."""
        nodes = list({id(node): node for root in roots for node in walk(root) if node.op == "call"}.values())
        links = list(dict.fromkeys(link_of(node) for node in nodes if is_match(node)))
        found = {link: self._of(link, sources[link.table], own) for link in links}
        joins = {link: index for link, (index, _) in found.items()}
        totals: dict[Node, Callable[[Vec], Vec]] = {}
        for node in nodes:
            if node.data[0] in (*_TOTALS, "count_of"):
                link = link_of(node)
                index, known = found[link]
                if node not in known:
                    known[node] = self._total(node, index, sources[link.table])
                totals[node] = partial(found_total, known[node])
        return joins, totals

    def twins(self, roots: Sequence[Node], own: Source, sources: Mapping[str, Source]) -> str:
        """Return which keys that ``parent`` looks for stand in more than one row, in words."""
        nodes = {id(node): node for root in roots for node in walk(root) if node.op == "call"}.values()
        links = dict.fromkeys(link_of(node) for node in nodes if node.data[0] == "parent")
        told = [
            _told(self._of(link, sources[link.table], own)[0], sources[link.table], link) for link in links
        ]
        return "; ".join(one for one in told if one)

    def _of(self, link: Link, other: Source, own: Source) -> tuple[KeyIndex, dict[Node, Vec]]:
        """Return the keys of a link, with the totals that are known of them."""
        kept = self._kept.get(link)
        if kept is not None and kept[0] is other:
            return kept[1], kept[2]
        columns = [other.block(name, slice(None)) for name in link.keys]
        counted = None
        if link.where is not None:
            counted = np.broadcast_to(self._there(other).rails(link.where).yes, (other.rows,))
        index, totals = key_index(columns, counted, other.rows), dict[Node, Vec]()
        if other is not own:  # a table under repair changes
            self._kept[link] = other, index, totals
        return index, totals

    def _there(self, other: Source) -> Interpreter:
        """Return the interpreter on all rows of another table."""
        run = Interpreter(World(self._params, self._labels, {}, {}, {}, {}))
        run.begin(Block(other, slice(0, other.rows), other.rows))
        return run

    def _total(self, node: Node, index: KeyIndex, other: Source) -> Vec:
        """Return one value for each key, and behind them that of rows that have found none."""
        if node.data[0] == "count_of":
            return Vec(np.append(index.counts, 0))
        vec = self._there(other).value(node.data[2])
        values = spread(vec.values, other.rows)[index.places]
        valid = None if vec.valid is None else solid(vec.valid, other.rows)[index.places]
        found = aggregated(_TOTALS[node.data[0]], Vec(values, valid), groups_of(index.keys))
        nothing = 0 if node.data[0] == "sum_of" or found.values.dtype.kind != "f" else np.nan
        known = None if found.valid is None else np.append(found.valid, node.data[0] == "sum_of")
        return Vec(np.append(found.values, np.array([nothing], dtype=found.values.dtype)), known)


def found_total(total: Vec, found: Vec) -> Vec:
    """Return the total of the key that each row has found; ``found`` is -1 for none, null where unknown."""
    values = total.values[np.asarray(found.values)]
    if values.dtype.kind == "f":
        return Vec(values if found.valid is None else np.where(found.valid, values, np.nan))
    return Vec(
        values, both(found.valid, None if total.valid is None else total.valid[np.asarray(found.values)])
    )


def _told(index: KeyIndex, other: Source, link: Link) -> str:
    """Return the keys that stand in more than one row, with two rows of each; nothing when there are none."""
    twice = np.flatnonzero(index.counts > 1)
    twice = twice[np.argsort(index.rows[twice], kind="stable")]
    told = []
    for key in twice[:_SHOWN].tolist():
        rows = index.places[index.keys == key]
        cells = ", ".join(f"{name} {source_cell(other, name, int(rows[0]))}" for name in link.keys)
        told.append(f"{cells or 'the condition'} in rows {rows[0]} and {rows[1]}")
    more = f", and {len(twice) - _SHOWN:,} more keys" if len(twice) > _SHOWN else ""
    return f"parent finds more than one row of {link.table}: {'; '.join(told)}{more}" if told else ""
