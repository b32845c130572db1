"""Draw a row anew: from the caller's model, or hot deck from a similar row that breaks no rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.constraints.tables.arrow_to_numpy import values_of
from finsim.constraints.tables.group_layout import combined
from finsim.constraints.tables.nullable_vectors import Vec
from finsim.notation import Array, Bool1D, Int1D
from finsim.randomness import Streams

MOST_MATCHED = 6


@dataclass(frozen=True)
class Ask:
    """A request for new cells.

    ``rows`` [k] of ``table`` get new cells in ``columns`` (headers of the table), drawn together.
    ``words`` [k] uint64 are random and belong to the rows, so a draw that uses each row's own word does
    not depend on the rows beside it. ``likeness`` are columns of labels, the most telling first;
    ``sound()`` says which rows of the table break no rule.
    """

    table: pa.Table
    rows: Int1D
    columns: tuple[str, ...]
    words: Array
    likeness: tuple[str, ...]
    sound: Callable[[], Bool1D]


class Draw(Protocol):
    """Something that draws cells; ``streams`` is where the words come from."""

    @property
    def streams(self) -> Streams:
        """The random streams of the draw."""
        ...

    def __call__(self, ask: Ask) -> Mapping[str, pa.Array]:
        """Return for each column the k new cells; an empty mapping when nothing can be drawn."""
        ...


@dataclass(frozen=True)
class HotDeck:
    """Draws all columns together from one row that breaks no rule (random hot deck imputation).

    The donor agrees with the row in as many columns of ``likeness`` as possible, counted from the first.
    Source: Andridge and Little (2010), A review of hot deck imputation for survey non-response.
    """

    streams: Streams = Streams(0)  # noqa: RUF009  frozen

    def __call__(self, ask: Ask) -> Mapping[str, pa.Array]:
        """Return the cells of the donors."""
        donors = np.flatnonzero(ask.sound())
        if not len(donors):
            return {}
        codes = [_codes(ask.table, name) for name in ask.likeness[:MOST_MATCHED]]
        chosen = np.full(len(ask.rows), -1, dtype=np.int64)
        for depth in range(len(codes), -1, -1):
            left = np.flatnonzero(chosen < 0)
            if not len(left):
                break
            key = combined(codes[:depth], ask.table.num_rows)
            chosen[left] = _drawn(key[donors], donors, key[ask.rows[left]], ask.words[left])
        return {name: ask.table.column(name).take(pa.array(chosen)) for name in ask.columns}


def _drawn(keys: Int1D, donors: Int1D, wanted: Int1D, words: Array) -> Int1D:
    """Return for each wanted key one of the donors that have it, else -1."""
    near = np.isin(keys, np.unique(wanted))
    keys, donors = keys[near], donors[near]
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    low, high = np.searchsorted(keys, wanted, "left"), np.searchsorted(keys, wanted, "right")
    share = (words >> np.uint64(11)).astype(np.float64) * 2.0**-53
    pick = low + (share * (high - low)).astype(np.int64)
    found: Int1D = np.full(len(wanted), -1, dtype=np.int64)
    have = high > low
    found[have] = donors[order[pick[have]]]
    return found


def _codes(table: pa.Table, name: str) -> Vec:
    column = table.column(name)
    plain = column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
    encoded = pc.dictionary_encode(plain, null_encoding="encode")
    whole = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    if isinstance(whole, pa.ChunkedArray):
        whole = whole.unify_dictionaries().chunk(0)
    return Vec(values_of(whole.indices).astype(np.int64))
