"""What figures and measures need of a panel, added up while its months pass shard by shard."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.credit.conditional import MONTHS_PER_YEAR, per_period
from finsim.credit.text_codes import coded
from finsim.notation import Array, Bool1D, Float1D, Float2D, Int1D, Int2D


@dataclass(frozen=True)
class MonthCounts:
    """Panel counts by month and group: new defaults, loans at risk, and expected defaults; [T, G] each."""

    defaults: Int2D
    at_risk: Int2D
    expected: Float2D

    def dispersion(self, group: int | None = None) -> float:
        """Return the dispersion of one group, or of all groups together."""
        chosen = slice(None) if group is None else slice(group, group + 1)
        parts = (counts[:, chosen].sum(axis=1) for counts in (self.defaults, self.at_risk, self.expected))
        return dispersion(*parts)


def dispersion(defaults: Int1D, at_risk: Int1D, expected: Float1D | None = None) -> float:
    """Return the variance of monthly default counts over its binomial value; 1 when independent.

    Sum of (d_t - m_t)^2 over sum of m_t (1 - m_t / n_t). m_t is ``expected`` (the sum of unconditional
    monthly PDs of the loans at risk), or without it the number at risk n_t, scaled to the total of d_t:
    so a book that grows riskier as its short loans mature does not count as clustering. NaN without any
    default. Source: Pearson's index of dispersion for binomial counts.
    """
    shape = at_risk.astype(np.float64) if expected is None else expected
    if defaults.sum() == 0:
        return float("nan")
    mean = shape * (defaults.sum() / shape.sum())
    spread = ((defaults - mean) ** 2).sum()
    expected_spread = float((mean * (1.0 - mean / np.maximum(at_risk, 1))).sum())
    return float(spread / expected_spread) if expected_spread > 0 else float("nan")


class PanelSums:
    """Sums over a panel by month and by a text column of its loans, groups in alphabetical order.

    Expected defaults are the sum of monthly PDs at the loans' own ``pd``, through the cycle. The sums do not
    depend on how the panel was cut: each cell adds its rows in their order.
    """

    def __init__(self, loans: pa.Table, column: str = "sector") -> None:
        self._codes, self.groups = coded(loans, column)
        self._numbers = loans["loan_id"].to_numpy()
        self._order = np.argsort(self._numbers)
        self._monthly = per_period(loans["pd"].to_numpy(), MONTHS_PER_YEAR)
        self._at: dict[np.datetime64, int] = {}
        none = np.zeros((0, len(self.groups)))
        self._counts = MonthCounts(none.astype(np.int64), none.astype(np.int64), none)
        self._ends: list[Array] = []
        self.loss = 0

    def watch(self, months: pa.Table) -> None:
        """Add the months of some loans."""
        ids, size = months["loan_id"].to_numpy(), len(self.groups)
        row = self._order[np.searchsorted(self._numbers, ids, sorter=self._order)]
        known, place = np.unique(months["month"].to_numpy(), return_inverse=True)
        cell = self._places(known)[place] * size + self._codes[row]
        hit, counts = _is_default(months), self._counts
        counts.defaults.ravel()[:] += np.bincount(cell[hit], minlength=counts.defaults.size)
        counts.at_risk.ravel()[:] += np.bincount(cell, minlength=counts.at_risk.size)
        np.add.at(counts.expected.ravel(), cell, self._monthly[row])
        self._ends.append(months["month"].to_numpy()[hit])
        self.loss += int(pc.sum(months["loss"]).as_py() or 0)

    def _places(self, known: Array) -> Int1D:
        """Return the row of each month in the counts, with new rows for new months."""
        for month in known:
            self._at.setdefault(month, len(self._at))
        more = len(self._at) - len(self._counts.defaults)
        if more:
            had, room = self._counts, ((0, more), (0, 0))
            self._counts = MonthCounts(
                np.pad(had.defaults, room), np.pad(had.at_risk, room), np.pad(had.expected, room)
            )
        return np.array([self._at[month] for month in known], dtype=np.int64)

    def counts(self) -> MonthCounts:
        """Return the counts by month, in time order."""
        rows = [self._at[month] for month in sorted(self._at)]
        found = self._counts
        return MonthCounts(found.defaults[rows], found.at_risk[rows], found.expected[rows])

    def ages_at_default(self) -> Int1D:
        """Return for every default how many months after the first of the panel it happened."""
        if not self._at:
            return np.empty(0, np.int64)
        ends = np.concatenate(self._ends).astype("datetime64[M]").astype(np.int64)
        ages: Int1D = ends - int(min(self._at).astype("datetime64[M]").astype(np.int64))
        return ages


def count_months(loans: pa.Table, months: pa.Table, column: str = "sector") -> MonthCounts:
    """Count a whole panel by month and by a text column of its loans (``PanelSums``)."""
    found = PanelSums(loans, column)
    found.watch(months)
    return found.counts()


def _is_default(months: pa.Table) -> Bool1D:
    codes, words = coded(months, "status")
    return codes == words.index("default") if "default" in words else np.zeros(len(codes), dtype=bool)
