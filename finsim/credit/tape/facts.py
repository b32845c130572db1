"""What was read from a tape: the typed columns, and for each in words what it was taken as."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from finsim.credit.tape.time_on_book import ObservedRate


@dataclass(frozen=True)
class ColumnFact:
    """How one header of the file was understood; ``name`` is empty for a column that is not used."""

    header: str
    name: str
    taken: str
    missing: float = 0.0
    least: str = ""
    most: str = ""

    def line(self) -> str:
        """Return the fact as one line of the printed mapping."""
        name = self.name or "(not used)"
        span = f"{self.least} to {self.most}" if self.least else ""
        gaps = f"{self.missing:.1%} missing" if self.missing else ""
        return f"{self.header:<28} {name:<18} {self.taken:<34} {gaps:<14} {span}".rstrip()

    def to_dict(self) -> dict[str, Any]:
        """Return the fact as JSON-able data."""
        return {
            "header": self.header,
            "name": self.name,
            "taken_as": self.taken,
            "missing": round(self.missing, 6),
            "min": self.least,
            "max": self.most,
        }


@dataclass(frozen=True)
class Tape:
    """A loan tape: typed columns under the model's names, the mapping that was used, and notes in words.

    ``unscored``: columns that no scorecard may ask, since they are known only with the outcome. ``observed``
    : the default rate of all its loans per loan-year, None where nothing says how long they were followed.
    """

    frame: pd.DataFrame
    columns: tuple[ColumnFact, ...]
    notes: tuple[str, ...]
    place: str
    unscored: tuple[str, ...] = ()
    observed: ObservedRate | None = None


def fact_of(header: str, name: str, taken: str, values: pd.Series) -> ColumnFact:
    """Return the fact of a column that was read as ``values``."""
    present = values.dropna()
    least, most = "", ""
    if len(present) and present.dtype.kind in "ifM":
        least, most = (_shown(value) for value in (present.min(), present.max()))
    elif len(present) and present.dtype.kind != "b":
        words = sorted(set(present.astype(str)))
        least, most = words[0][:20], words[-1][:20]
    return ColumnFact(header, name, taken, float(np.mean(values.isna())), least, most)


def _shown(value: Any) -> str:
    return str(value.date()) if isinstance(value, pd.Timestamp) else f"{value:.10g}"


def odd_loans(frame: pd.DataFrame) -> list[str]:
    """Return in words which kept loans are possible and unlikely: they are followed as they stand."""
    found = []
    if {"balance", "amount"} <= set(frame):
        more = frame["balance"] > frame["amount"]
        found += _counted(more, "owes more than was lent", "owe more than was lent")
    if {"months_on_book", "term_months"} <= set(frame):
        over = frame["months_on_book"] >= frame["term_months"]
        found += _counted(over, "is at the end of its term", "are at the end of their term")
    if {"obligor_id", "pd"} <= set(frame):
        kinds = frame.dropna(subset=["obligor_id"]).groupby("obligor_id")["pd"].nunique()
        apart = int((kinds > 1).sum())
        if apart:
            who = "1 obligor has" if apart == 1 else f"{apart:,} obligors have"
            found.append(f"{who} loans of more than one PD: these default apart")
    return found


def _counted(mask: pd.Series, one: str, many: str) -> list[str]:
    rows = np.flatnonzero(mask.astype("boolean").fillna(False).to_numpy(dtype=np.bool_))
    if not len(rows):
        return []
    said = one if len(rows) == 1 else many
    return [f"{len(rows):,} of {len(mask):,} loans {said}, the first in row {rows[0] + 1}"]
