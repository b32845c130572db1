"""Leak test of a world: what tells labels alone that no detector should live on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.stats import rankdata

LIMIT = 0.75
"""What a column of a payment may tell alone (AUC of any label)."""
NOISE = 4.0
"""Standard errors over schemes by which places may differ from one half: a few are looked at."""
SHUFFLES = 400
"""Times that ids are dealt anew: an id that is a mere label lies within them all."""

_IDS = ("merchant_id", "device_id", "card_id", "from_account", "to_account")
_PLACES = ("tx_id", "second", "fraction")


def leaks(shown: pa.Table, answers: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Return name -> (AUC of any label, what it may be) of each column, of ids, of the place among the rows.

    Words and banks are ranked by their share of labels in the other half of the rows, so a word of one row
    tells nothing. Ids, among the rows that have one, may tell no more than any numbering of the same things
    would; the place among the rows and parts of a second no more than chance with schemes as what is drawn.
    """
    label = (answers["is_fraud"] | answers["is_laundering"]).to_numpy()
    scheme = answers["instance"].to_numpy()
    half = np.arange(len(label)) % 2 == 0
    found: dict[str, tuple[float, float]] = {}
    for name in shown.column_names:
        values = shown[name].to_pandas()
        if name == "ts":
            told = {"time of day": values.dt.hour + values.dt.minute / 60, "second": values.dt.second,
                    "fraction": values.dt.microsecond}  # fmt: skip
        elif isinstance(values.dtype, pd.CategoricalDtype) or name.endswith("_bank"):
            told = {name: _ranked(values.astype(str), label, half)}
        else:
            told = {name: values}
        for key, column in told.items():
            numbers = column.to_numpy(dtype=float, na_value=np.nan)
            if key in _IDS:
                found[key] = _numbering(label[numbers >= 0], numbers[numbers >= 0])
                continue
            area, error = _auc(label, numbers, scheme)
            found[key] = (area, 0.5 + NOISE * error if key in _PLACES else LIMIT)
    return found


def _numbering(label: np.ndarray, ids: np.ndarray) -> tuple[float, float]:
    """Return the AUC of ids, whichever side is higher, and the largest of SHUFFLES other numberings."""
    _, thing = np.unique(ids, return_inverse=True)
    marked, others = np.bincount(thing[label], minlength=thing.max() + 1), np.bincount(thing[~label])
    others = np.pad(others, (0, len(marked) - len(others)))
    rng = np.random.default_rng(0)
    orders = [np.arange(len(marked)), *(rng.permutation(len(marked)) for _ in range(SHUFFLES))]
    pairs = max(int(marked.sum()) * int(others.sum()), 1)
    areas = [(marked[o] * (np.cumsum(others[o]) - others[o] / 2)).sum() / pairs for o in orders]
    told = np.maximum(areas, 1.0 - np.array(areas))
    return float(told[0]), float(told[1:].max())


def _ranked(words: pd.Series, label: np.ndarray, half: np.ndarray) -> pd.Series:
    rates = [pd.Series(label[side]).groupby(words[side].to_numpy()).mean() for side in (half, ~half)]
    return pd.Series(np.where(half, words.map(rates[1]), words.map(rates[0]))).fillna(0.0)


def _auc(label: np.ndarray, column: np.ndarray, scheme: np.ndarray) -> tuple[float, float]:
    """Return the AUC, whichever side is higher, and its standard error over schemes."""
    known = np.isfinite(column)
    filled = np.where(known, column, column[known].min() - 1.0 if known.any() else 0.0)
    ranks, hits = rankdata(filled)[label], int(label.sum())
    if not 0 < hits < len(label):
        return 0.5, 0.0
    beaten = (ranks - rankdata(filled[label])) / (len(label) - hits)
    area = float(beaten.mean())
    apart = pd.Series(beaten - area).groupby(scheme[label]).sum().to_numpy()
    return max(area, 1.0 - area), float(np.sqrt((apart**2).sum()) / hits)
