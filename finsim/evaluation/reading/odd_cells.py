"""Cells of the real side that are not of their column's kind: read as empty, or the column read as text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.evaluation.reading.declared import Declared
from finsim.tables import open_table
from finsim.tables.proposing.forms import NEARLY_ALL, odd_moments
from finsim.tables.proposing.roles import is_id
from finsim.tables.proposing.text_columns import NULL_WORDS

_TEXTS = ("cat", "id")
_TYPES = {"date": "date", "number": "float"}


@dataclass(frozen=True)
class OddCells:
    """Odd cells of one column: a sentence, and what it would hold without them where they make it text."""

    column: str
    said: str
    else_type: str = ""


def odd_cells(real: Any, table: pa.Table, declared: Declared) -> list[OddCells]:
    """Return the odd cells of each column, with row and cell of the first and how many they are.

    What a schema declares is refused where it is read, so that only infinite numbers are left.
    """
    found = list(_infinite(table))
    if declared.is_schema:
        return found
    headers = {name: each.source or name for name, each in declared.fields.items()}
    strange = {
        headers[name]: [word for word in each.nulls if word.strip().casefold() not in NULL_WORDS]
        for name, each in declared.fields.items()
        if each.type not in _TEXTS and name in table.column_names
    }
    found += _emptied(real, declared, {name: words for name, words in strange.items() if words})
    for name, each in declared.fields.items():
        if each.type in _TEXTS and name in table.column_names:
            found += _as_text(name, headers[name], table[name], declared)
    return found


def _infinite(table: pa.Table) -> Iterator[OddCells]:
    for name in table.column_names:
        if pa.types.is_floating(table[name].type):
            cells = np.asarray(table[name].to_numpy())
            rows = np.flatnonzero(np.isinf(cells))
            if len(rows):
                told = _where(name, int(rows[0]), f"{cells[rows[0]]:g}")
                yield OddCells(name, f"{told}, no finite number; {_cells(len(rows))} not compared")


def _emptied(real: Any, declared: Declared, words: Mapping[str, Sequence[str]]) -> list[OddCells]:
    if not words:
        return []
    row = 0
    first: dict[tuple[str, str], int] = {}
    counts: Counter[tuple[str, str]] = Counter()
    for batch in open_table(real, {}, declared.dialect).batches(rename=False):
        for header, listed in words.items():
            cells = batch.column(batch.schema.names.index(header))
            texts = pc.utf8_trim_whitespace(pc.cast(_plain(cells), pa.string()))
            for word in listed:
                hits = pc.indices_nonzero(pc.fill_null(pc.equal(texts, word.strip()), False))
                if len(hits):
                    first.setdefault((header, word), row + hits[0].as_py())
                    counts[header, word] += len(hits)
        row += batch.num_rows
    said = []
    for header in dict.fromkeys(header for header, _ in first):
        row, word = min((at, one) for (name, one), at in first.items() if name == header)
        found = [n for (name, _), n in counts.items() if name == header]
        values = f" ({len(found)} values)" if len(found) > 1 else ""
        told = f"{_where(header, row, repr(word))}; {_cells(sum(found))}{values} read as empty"
        said.append(OddCells(header, told))
    return said


def _as_text(name: str, header: str, column: pa.ChunkedArray, declared: Declared) -> list[OddCells]:
    """Return the odd cells for which a column of numbers or dates was taken for text."""
    texts = pc.cast(_plain(column.combine_chunks()), pa.string())
    counted = pc.value_counts(texts.drop_null())
    counts = dict(zip(counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True))
    counts = {cell: n for cell, n in counts.items() if cell.strip().casefold() not in {"", *NULL_WORDS}}
    for what, odd in (("date", odd_moments(list(counts), header)), ("number", _no_numbers(counts, declared))):
        lost = sum(counts[cell] for cell in odd)
        if (
            not odd
            or lost > (1.0 - NEARLY_ALL) * sum(counts.values())
            or (what == "number" and is_id(header))
        ):
            continue
        rows = pc.indices_nonzero(pc.is_in(texts, pa.array(odd, pa.string())))
        row = rows[0].as_py()
        said = f"{_where(header, row, repr(texts[row].as_py()))}, no {what}; {_cells(lost)} of {len(texts):,}"
        return [OddCells(name, f"{said}, so the column is read as text: correct or empty them", _TYPES[what])]
    return []


def _no_numbers(counts: Mapping[str, int], declared: Declared) -> list[str]:
    """Return the cells that are no numbers; none where codes with leading zeros are among them."""
    group = re.escape(declared.dialect.thousands)
    whole = rf"\d{{1,3}}(?:{group}\d{{3}})+|\d+" if group else r"\d+"
    form = re.compile(rf"\s*[+-]?(?:{whole})?(?:{re.escape(declared.dialect.point)}\d*)?(?:[eE][+-]?\d+)?\s*")
    odd = []
    for cell in counts:
        if re.match(r"\s*0\d", cell):
            return []
        if not form.fullmatch(cell) or not any(sign.isdigit() for sign in cell):
            odd.append(cell)
    return odd if len(odd) < len(counts) else []


def _plain(cells: pa.Array) -> pa.Array:
    return cells.dictionary_decode() if pa.types.is_dictionary(cells.type) else cells


def _where(header: str, row: int, cell: str) -> str:
    return f"the real side, row {row}: column {header!r} holds {cell}"


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count:,} cells"
