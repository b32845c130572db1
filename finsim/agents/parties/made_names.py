"""Made names of towns and shops."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from finsim.notation import Array
from finsim.records.columns import TEXT

_HEADS = (
    "Bren", "Cald", "Dorr", "Elver", "Farn", "Grims", "Hald", "Iver", "Jarr", "Kels", "Lorn", "Marr", "Norr",
    "Orms", "Penn", "Quil", "Rav", "Sels", "Thorn", "Wend",
)  # fmt: skip
_TAILS = ("beck", "combe", "dale", "field", "gate", "ham", "mere", "stow", "wick", "worth")
NAMES = len(_HEADS) * len(_TAILS)
"""How many names there are: as many as a world has towns at most."""


def place_names(count: int) -> tuple[str, ...]:
    """Return so many different names, at most ``NAMES``; the first ones differ in their beginnings."""
    heads, tails = len(_HEADS), len(_TAILS)
    return tuple(
        _HEADS[number % heads] + _TAILS[(number // heads + number) % tails] for number in range(count)
    )


def town_column(town: Array, towns: int) -> pa.DictionaryArray:
    """Return the names of town codes as text; null for a code below 0."""
    codes = np.maximum(town, 0).astype(np.int32)
    words = pa.array(place_names(max(towns, 1)), pa.string())
    return pa.DictionaryArray.from_arrays(pa.array(codes, mask=np.asarray(town) < 0), words).cast(TEXT)


def country_of(currency: str) -> str:
    """Return the ISO 3166 code in an ISO 4217 code: its first two letters, ``EU`` for the euro."""
    return currency[:2]
