"""Rows to train on and rows to test on, parted by time, each scheme whole on one side."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from finsim.call_errors import public
from finsim.errors import DataError, StudyError
from finsim.notation import Bool1D


@public
def split_by_time(ts: Any, instance: Any = None, *, share: float = 0.7) -> tuple[Bool1D, Bool1D]:
    """Return which rows to train on and which to test on: the first ``share`` of rows, and the later ones.

    Args:
        ts: times [n] in any order; rows of one time are never parted.
        instance: scheme of each row [n], -1 or missing for none; later rows of a scheme that began before
            the cut are in neither part, so that no scheme is learned and tested.
        share: of the rows to train on, between 0 and 1.

    Returns:
        Two bool[n]: rows to train on, rows to test on.

    Raises:
        StudyError: for another share. DataError: for lengths that differ.

    Example:
        >>> import finsim
        >>> train, test = finsim.split_by_time([1, 2, 3, 4], [-1, 7, 7, -1], share=0.5)
        >>> train.tolist(), test.tolist()
        ([True, True, False, False], [False, False, False, True])

    """
    if not isinstance(share, int | float) or not 0 < share < 1:
        raise StudyError(f"share={share}", expected="a number between 0 and 1", remedy="such as 0.7")
    times = pd.Series(ts).reset_index(drop=True)
    if not len(times):
        return np.zeros(0, dtype=bool), np.zeros(0, dtype=bool)
    last = times.sort_values(kind="stable").iloc[max(int(share * len(times)) - 1, 0)]
    early = np.asarray(times <= last, dtype=bool)
    if instance is None:
        return early, ~early
    schemes = pd.Series(instance).reset_index(drop=True).fillna(-1)
    if len(schemes) != len(times):
        raise DataError(f"{len(schemes)} instances for {len(times)} times", expected="one for each row")
    begun = schemes[early & (schemes != -1).to_numpy()].unique()
    return early, ~early & ~schemes.isin(begun).to_numpy()
