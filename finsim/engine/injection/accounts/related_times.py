"""Times of day of a scheme's transfers: those at which real rows of the same relation stand (own)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from finsim.engine.injection.accounts.account_sorts import SELLS, SORTS, AccountSorts
from finsim.engine.injection.ledger_sample import LedgerSample
from finsim.notation import NANOS_PER_DAY, Bool1D, Int1D

_LEAST = 30  # rows that tell the hours of a relation


@dataclass(frozen=True)
class RelatedTimes:
    """Sorted times of day (ns) of all rows, ``whole``, and of each relation between accounts.

    ``start`` ns the first midnight, ``end`` ns the end of the last day.
    """

    whole: Int1D
    of_relation: Mapping[int, Int1D]
    start: int
    end: int

    @classmethod
    def of(
        cls, sample: LedgerSample, sorts: AccountSorts, is_daily: bool, used: Bool1D
    ) -> RelatedTimes | None:
        """Return the times of a ledger; None of one without a clock or with accounts of one sort.

        ``used`` bool[n]: rows whose hours count, as in ``ledger_clock``.
        """
        if is_daily or not sorts.is_mixed:
            return None
        late = (sample.time - sample.begin) % NANOS_PER_DAY
        found = {}
        for one in np.unique(sorts.relation[sorts.relation >= 0]).tolist():
            mine = sorts.relation == one
            if one % SORTS != SELLS and one // SORTS != SELLS and mine.sum() >= _LEAST:
                found[one] = np.sort(late[mine])
        end = int(sample.begin + len(sample.daily) * NANOS_PER_DAY)
        return cls(np.sort(late[(sorts.relation >= 0) & used]), found, int(sample.begin), end)

    def moved(self, ts: Int1D, relations: Int1D) -> Int1D:
        """Return the instants of a scheme's payments, in order of time, at hours of their relations.

        A time of day goes to that of its own rank in the relation. What would come before an earlier payment
        comes a day later, with all that follow, where the ledger does not end before.
        """
        late = (ts - self.start) % NANOS_PER_DAY
        found = late.copy()
        rank = np.searchsorted(self.whole, late, "left") / len(self.whole)
        for one, own in self.of_relation.items():
            rows = relations == one
            found[rows] = own[np.minimum((rank[rows] * len(own)).astype(np.int64), len(own) - 1)]
        made = (ts - late + found).tolist()
        before, shift = -(2**62), 0
        for k, time in enumerate(made):
            if time + shift < before:
                shift += NANOS_PER_DAY
            if time + shift >= self.end:
                shift = 0
            made[k] = before = max(time + shift, before)
        return np.array(made, dtype=np.int64)
