"""How sharp the law of an outcome has to be so that drawn rows teach it as well as the real ones do (own).

A law that was learned from few rows is cautious: its log odds are drawn towards their mean, so an outcome
that is drawn by it follows the other columns less than the real one does, and whoever learns from drawn rows
loses twice. How well rows teach an outcome can be measured in both: the log loss that boosted trees save on
rows that were left out. The sharpness is chosen at which drawn rows save what the real ones do.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from finsim.generators.tables.boosting.label_law import FEW_ROWS, LabelLaw
from finsim.notation import Array
from finsim.randomness import Streams

MOST_ROWS = 10_000
"""From 10,000 rows on the law is sharp enough as it is learned (assumption, loan tables)."""
CANDIDATES = (1.0, 1.25, 1.5, 1.75, 2.0)
SHARPER = 1.35
"""Of fewer than 1,000 rows the law itself is blurred, which drawn rows do not show: it is so much sharper
(assumption; German credit: label AUC less that of real rows -.026 without, -.014 with; six splits)."""
_DRAWS, _DRAWN = 4, 4_000  # samples of each candidate, of so many rows in all


def learnable_sharpness(
    law: LabelLaw, saved: float, levels: Array, draw: Callable[[np.random.Generator], Array], streams: Streams
) -> float:
    """Return the sharpness, 1 to 2, at which rows that are drawn save as much log loss as the real ones.

    ``saved`` is what the real rows ``levels`` int32[N, C] save a row, in nats; ``draw`` gives as many new
    rows, whose outcome is drawn anew. A line through what the candidates save is solved for it. Of few rows
    it is ``SHARPER`` times as much.
    """
    if not law.odds or len(levels) >= MOST_ROWS:
        return 1.0
    tried, found = [], []
    for number in range(int(np.clip(_DRAWN // len(levels), 1, _DRAWS))):
        rows = draw(streams.at("rows", number))
        for one in CANDIDATES:
            told = law.sharpened(one, levels).drawn(rows, streams.at("outcome", number))
            tried.append(one)
            found.append(LabelLaw.learned(told, law.column, streams.at("folds", number))[1])
    slope, start = np.polyfit(tried, found, 1)
    if slope <= 0:
        return 1.0
    more = SHARPER if len(levels) < FEW_ROWS else 1.0
    equal = max((saved - start) / slope, CANDIDATES[0])
    return float(min(more * equal, CANDIDATES[-1]))
