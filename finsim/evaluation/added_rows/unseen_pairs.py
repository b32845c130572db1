"""Pairs of cells that no real row has: a type that a merchant is never paid by, another customer's card."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
import pyarrow as pa

from finsim.notation import Bool1D, Float1D, Int1D

_WORDS = 64  # assumption: a column of more is of names or references
_MOST_ALONE = 0.05  # assumption: real rows alone with their pair, above which a new pair is no sign
_JUDGED = 20_000
_FEWEST, _LEAST = 3, 0.03  # added rows, and share of them, beyond what real ones show that are named


@dataclass(frozen=True)
class UnseenPair:
    """Two columns whose cells real rows never have together in ``share`` of the added rows.

    ``real`` is the share of real rows whose pair no other real row has, as if each were held out.
    """

    columns: str
    share: float
    real: float

    @property
    def excess(self) -> float:
        """How much larger the share is among added rows."""
        return self.share - self.real


def unseen_pairs(
    rows: pa.Table, real: Bool1D, own: Sequence[Bool1D], entity: str, keys: Collection[str]
) -> list[UnseenPair | None]:
    """Return the pair of columns that gives each part of the added rows away most, None where none does.

    ``own`` are the rows bool[n] of each part. Pairs are those of two columns of words, of one and a
    counterparty of ``keys``, and of the column ``entity`` and any text. A pair counts where real rows
    have both of its cells.
    """
    codes, few = _codes(rows, entity, keys)
    pairs = list(combinations(few, 2))
    pairs += [(key, word) for key in sorted(keys) if key != entity and key in codes for word in few]
    pairs += [(entity, name) for name in codes if name != entity and name not in keys]
    best: list[UnseenPair | None] = [None] * len(own)
    for a, b in pairs:
        known, alone = _unseen(codes[a], codes[b], real)
        usual = float(alone.mean()) if len(alone) else 1.0
        if usual > _MOST_ALONE:
            continue
        for place, mine in enumerate(own):
            size = int(mine.sum())
            found = UnseenPair(f"{a} and {b}", float(known[mine].sum()) / max(size, 1), usual)
            before = best[place]
            is_more = found.excess >= max(_LEAST, _FEWEST / max(size, 1))
            if is_more and (before is None or found.excess > before.excess):
                best[place] = found
    return best


def _codes(rows: pa.Table, entity: str, keys: Collection[str]) -> tuple[Mapping[str, Int1D], list[str]]:
    """Return codes int64[n] of columns of text and of keys, -1 for empty ones, and those of few words."""
    codes: dict[str, Int1D] = {}
    few = []
    for name in rows.column_names:
        kind = rows[name].type
        is_key = name in keys or name == entity
        if not (is_key or pa.types.is_string(kind) or pa.types.is_large_string(kind)):
            continue
        found, words = pd.factorize(rows[name].to_pandas())
        codes[name] = np.asarray(found, dtype=np.int64)
        if not is_key and 2 <= len(words) <= _WORDS:
            few.append(name)
    return codes, few


def _unseen(one: Int1D, other: Int1D, real: Bool1D) -> tuple[Bool1D, Float1D]:
    """Return bool[n], rows whose pair no real row has, and of some real rows whether no other one has it.

    A row is asked only where real rows have both cells; a real one, where others have both.
    """
    size = int(other.max(initial=0)) + 2
    pair = (one + 1) * size + other + 1
    seen, count = np.unique(pair[real], return_counts=True)
    left = np.bincount(one[real] + 1, minlength=int(one.max(initial=0)) + 2)[one + 1]
    right = np.bincount(other[real] + 1, minlength=size)[other + 1]
    at = np.minimum(np.searchsorted(seen, pair), len(seen) - 1)
    unseen = (seen[at] != pair) & (left > 0) & (right > 0)
    judged = np.flatnonzero(real)
    judged = judged[:: max(1, len(judged) // _JUDGED)]
    asked = (left[judged] > 1) & (right[judged] > 1)
    return unseen, ((count[at[judged]] == 1) & asked).astype(np.float64)
