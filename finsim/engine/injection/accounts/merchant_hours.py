"""Times of day at which merchants are paid: a scheme's purchase stands at one of its merchant (own).

A planned time that the merchant knows stays. One at which the merchant is closed goes to a time of the
merchant's own rows, for payments that a story sets in quiet hours to one of the nearest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.engine.injection.entity_histories import Histories
from finsim.engine.injection.ledger_sample import LedgerSample
from finsim.notation import NANOS_PER_DAY, Bool1D, Float1D, Int1D

_HOUR = NANOS_PER_DAY // 24
_LEAST = 30  # rows of a merchant that tell its hours; those of one of fewer are all purchases'
_RARE = 0.01  # share of its rows within an hour, below which it is never paid then
_NEAREST = 0.05  # share of its rows that lend a quiet payment their time
_DAYS = 3  # in which a payment finds a time behind the one before


@dataclass(frozen=True)
class MerchantHours:
    """Sorted times of day (ns): ``of_shop[edges[k]:edges[k + 1]]`` of merchant k, ``every`` of all purchases.

    ``start`` ns the first midnight, ``end`` ns the end of the last day.
    """

    of_shop: Int1D
    edges: Int1D
    every: Int1D
    start: int
    end: int

    @classmethod
    def of(
        cls, sample: LedgerSample, past: Histories, used: Bool1D, *, is_daily: bool = False
    ) -> MerchantHours | None:
        """Return the hours of merchants in the rows ``used`` bool[n]; None without a clock or a merchant."""
        rows = np.flatnonzero(past.outgoing & (past.shop >= 0) & used)
        if is_daily or past.is_log or not len(rows):
            return None
        late = (sample.time[rows] - sample.begin) % NANOS_PER_DAY
        order = np.lexsort((late, past.shop[rows]))
        edges = np.searchsorted(past.shop[rows][order], np.arange(past.shops + 1))
        end = int(sample.begin + len(sample.daily) * NANOS_PER_DAY)
        return cls(late[order], edges, np.sort(late), int(sample.begin), end)

    def moved(self, ts: Int1D, shop: Int1D, quiet: Bool1D, rng: np.random.Generator) -> Int1D:
        """Return the instants of a scheme's payments, in order of time, at hours of their merchants.

        ``shop`` int64[m], -1 for none; ``quiet`` bool[m] payments that the story sets in quiet hours. None
        comes before an earlier one.
        """
        made, before = ts.tolist(), -(2**62)
        for k, time in enumerate(made):
            if shop[k] >= 0 and (time < before or not self.knows(int(shop[k]), time)):
                time = self._instant(int(shop[k]), (time, before), bool(quiet[k]), rng)
            made[k] = before = max(time, before)
        return np.array(made, dtype=np.int64)

    def knows(self, shop: int, time: int) -> bool:
        """Tell whether a merchant is paid within an hour of the time of day of an instant."""
        late = np.array([(time - self.start) % NANOS_PER_DAY])
        return bool(_share_near(self._own(shop), late)[0] >= _RARE)

    def _own(self, shop: int) -> Int1D:
        own = self.of_shop[self.edges[shop] : self.edges[shop + 1]]
        return own if len(own) >= _LEAST else self.every

    def _instant(self, shop: int, when: tuple[int, int], quiet: bool, rng: np.random.Generator) -> int:
        """Return an instant at a time of the merchant's own, on the planned day or soon after."""
        time, before = when
        own = self._own(shop)
        usual = own[_share_near(own, own) >= _RARE]
        known = usual if len(usual) else own
        late = (time - self.start) % NANOS_PER_DAY
        for day in range(_DAYS + 1):
            midnight = max(time, before) // NANOS_PER_DAY * NANOS_PER_DAY + day * NANOS_PER_DAY
            midnight = midnight if day or before > time else time - late
            able = known[midnight + known >= before]
            if not len(able) or midnight + able[0] >= self.end:
                continue
            if quiet or self.knows(shop, time):  # the nearest to what the story says
                away = np.abs(midnight + able - time) if not quiet else np.abs(able - late)
                away = np.minimum(away, NANOS_PER_DAY - away) if quiet else away
                able = able[np.argsort(away, kind="stable")[: max(1, int(_NEAREST * len(able)))]]
            return int(midnight + able[int(rng.integers(len(able)))])
        return max(time, before)


def _share_near(own: Int1D, late: Int1D) -> Float1D:
    """Return which share of sorted times lies within an hour of each of ``late``, over midnight too."""
    wide = np.concatenate([own - NANOS_PER_DAY, own, own + NANOS_PER_DAY])
    low = np.searchsorted(wide, late - _HOUR, "left")
    high = np.searchsorted(wide, late + _HOUR, "right")
    return np.asarray((high - low) / len(own))
