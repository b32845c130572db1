"""How surely a key, such as an account or a payee, tells the word of a row."""

from __future__ import annotations

import numpy as np

from finsim.notation import Array, Int1D


def agreement(key: Int1D, codes: Array) -> float:
    """Return the chance that another row of the same key has the same code; 0 where no key has two rows.

    key : int64[n], any numbers. codes : int64[n] from 0 on. Source: own.
    """
    key = np.unique(key, return_inverse=True)[1].reshape(-1).astype(np.int64)
    whole = key * (int(codes.max(initial=0)) + 1) + codes
    _, place, count = np.unique(whole, return_inverse=True, return_counts=True)
    rows = np.bincount(key)[key]
    several = rows > 1
    if not several.any():
        return 0.0
    return float(((count[place] - 1)[several] / (rows - 1)[several]).mean())
