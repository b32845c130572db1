"""A ledger as fields that the peers can hold: rare counterparties become one level, and are drawn again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

Frame = pd.DataFrame
MOST = 100
OTHER = "other"


@dataclass(frozen=True)
class Partners:
    """The column of counterparties, and the cells that stand behind ``other``, as often as they were met."""

    column: str | None
    others: tuple[str, ...] = ()

    def narrowed(self, frame: Frame) -> Frame:
        """Return the frame with rare counterparties as one level."""
        if self.column is None or not self.others:
            return frame
        rare = frame[self.column].isin(set(self.others))
        return frame.assign(**{self.column: frame[self.column].where(~rare, OTHER)})

    def widened(self, frame: Frame, rng: np.random.Generator) -> Frame:
        """Return the frame with a rare counterparty drawn for each ``other``."""
        if self.column is None or not self.others:
            return frame
        cells = frame[self.column].astype(object).to_numpy().copy()
        rare = cells == OTHER
        cells[rare] = rng.choice(np.array(self.others, dtype=object), int(rare.sum()))
        whole = frame.assign(**{self.column: cells})
        whole.attrs = frame.attrs
        return whole


def partners(frame: Frame, roles: dict[str, Any]) -> Partners:
    """Return the counterparties of a ledger, those beyond the 100 most met ones as the rare ones."""
    column = roles["partner"]
    if column is None:
        return Partners(None)
    met = frame[column].value_counts()
    return Partners(column, tuple(frame[column][~frame[column].isin(met.index[:MOST])]))
