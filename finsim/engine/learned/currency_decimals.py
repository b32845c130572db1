"""How many decimals the sums of each currency have in a table that has several: yen have none (own)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.notation import Float1D
from finsim.tables import Dialect, Field
from finsim.tables.proposing.roles import roles
from finsim.tables.writing.text_look import CellForm, number_texts

MOST_WORDS = 300
"""Words of a column of currencies at most: there are no more codes in use (assumption)."""
_MOST = 6
Places = Mapping[str, tuple[int, int]]
"""Fewest and most decimals of the sums of each currency."""


def currency_header(fields: Mapping[str, Field], bound: Mapping[str, str]) -> str | None:
    """Return the header of the column of currencies, declared or told by its header; None without one."""
    said = next((header for name, header in bound.items() if fields[name].role == "currency"), None)
    if said is not None:
        return said
    free = [header for name, header in bound.items() if not fields[name].role]
    return next((header for header, role in roles(free, "payments").items() if role == "currency"), None)


def sums_of(fields: Mapping[str, Field], bound: Mapping[str, str]) -> set[str]:
    """Return the headers of amounts and balances: money, or by their role or header."""
    spoken = roles(list(bound.values()), "payments")
    return {
        header for name, header in bound.items()
        if fields[name].type == "money" or (fields[name].role or spoken.get(header)) in ("amount", "balance")
    }  # fmt: skip


def add_places(seen: dict[str, tuple[int, int]], words: pa.Array, counts: pa.Array) -> None:
    """Add the decimals int32[n], null for none, of sums to those seen of the currencies ``words`` [n]."""
    rows = pa.table({"word": words.cast(pa.string()), "count": counts})
    found = rows.group_by("word").aggregate([("count", "min"), ("count", "max")])
    for word, low, high in zip(*(found[name].to_pylist() for name in ("word", "count_min", "count_max")),
                               strict=True):  # fmt: skip
        if word and low is not None and len(seen) <= MOST_WORDS:
            before = seen.get(word, (low, high))
            seen[word] = min(low, before[0]), max(high, before[1])


def told_places(seen: Places) -> Places:
    """Return the decimals of each currency where they differ; nothing where all have the same."""
    known = {word: one for word, one in seen.items() if one[0] >= 0}
    return known if len(set(known.values())) > 1 and len(seen) <= MOST_WORDS else {}


def stored_places(values: pa.ChunkedArray, words: pa.ChunkedArray) -> Places:
    """Return the decimals of the sums of each currency in a column that is stored as numbers."""
    wide, plain = as_floats(values), words.cast(pa.string())
    seen: dict[str, tuple[int, int]] = {}
    for word in pc.unique(plain.drop_null()).to_pylist()[: MOST_WORDS + 1]:
        mine = wide[pc.fill_null(pc.equal(plain, word), False).to_numpy(zero_copy_only=False)]
        mine = mine[np.isfinite(mine)]
        if len(mine):
            fits = (k for k in range(_MOST) if np.allclose(np.round(mine, k), mine, rtol=1e-12, atol=1e-9))
            most = next(fits, _MOST)
            seen[word] = most, most
    return told_places(seen)


def rounded_by_currency(values: pa.Array, words: pa.Array, places: Places) -> pa.Array:
    """Return sums with no more decimals than those of their currencies have, in the type they come in."""
    wide, plain = as_floats(values), words.cast(pa.string())
    for word, (_, most) in places.items():
        mine = pc.fill_null(pc.equal(plain, word), False).to_numpy(zero_copy_only=False)
        wide = np.where(mine, np.round(wide, most), wide)
    return pa.array(wide, mask=np.asarray(values.is_null())).cast(values.type, safe=False)


def as_floats(values: pa.Array | pa.ChunkedArray) -> Float1D:
    """Return numbers as float64[n], NaN where missing."""
    wide = values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return np.array(wide, dtype=np.float64)


def texts_by_currency(
    values: pa.Array, words: pa.Array, places: Places, form: CellForm, dialect: Dialect
) -> pa.Array:
    """Return sums as texts with the decimals of their currencies; others as ``form`` says."""
    plain = words.cast(pa.string())
    found = number_texts(values, form, dialect)
    wide = as_floats(values)
    for word in pc.unique(plain.drop_null()).to_pylist():
        if word in places:
            least, most = places[word]
            each = replace(form, decimals=most if least == most else None)
            shift = form.places
            texts = number_texts(pa.array(np.round(wide, most + shift)), each, dialect)
            found = pc.if_else(pc.fill_null(pc.equal(plain, word), False), texts, found)
    return found
