"""What a running balance gives away: the next real row of the account does not know what was added (own)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.engine.injection.following.running_balance import Chain, RunningBalance, steps
from finsim.notation import Float1D, Int1D


@dataclass(frozen=True)
class Breaks:
    """Rows whose balance does not go on: among added rows, and behind them.

    ``goes_on`` added rows that go on from the row before, of ``added``; ``behind`` added rows with a next row
    of the account that does not go on; ``area``: the AUC by which that break tells added rows from real ones;
    ``low`` added rows below all real balances of their account.
    """

    header: str
    share: float
    steps: int
    added: int
    goes_on: int
    behind: int
    area: float
    low: int

    def text(self) -> str:
        """Return what is to be said of it."""
        below = f", and {self.low:,} are below all real balances of their account" if self.low else ""
        return (
            f"{self.header}: runs on in {self.share:.1%} of {self.steps:,} steps of real rows, so "
            f"{self.goes_on:,} of {self.added:,} added rows go on from the account's row before{below}; real "
            f"rows stay as they are, so behind {self.behind:,} the next row does not go on: that break tells "
            f"added rows with an AUC of {self.area:.3f}: leave {self.header} out, or make it anew, before a "
            "detector learns"
        )


def balance_breaks(law: RunningBalance, chain: Chain, balances: Float1D) -> Breaks:
    """Return what a balance tells of added rows; ``chain`` and ``balances`` float64[k] with them."""
    use = np.flatnonzero(chain.own & np.isfinite(balances))
    went: Int1D = steps(law, chain, balances)[use]
    entity, added = chain.entity[use], chain.added[use]
    same = np.append(entity[1:] == entity[:-1], False) if len(use) else np.zeros(0, dtype=np.bool_)
    breaks = np.append(went[1:] == 0, False)[: len(use)] & same
    hits, usual = (float(breaks[side].mean()) if side.any() else 0.0 for side in (added, ~added))
    lowest = np.full(int(entity.max(initial=-1)) + 1, np.inf)
    np.minimum.at(lowest, entity[~added], balances[use][~added])
    low = balances[use][added] < lowest[entity[added]] - law.room
    return Breaks(
        law.part.header, law.share, law.steps, int(added.sum()), int((went[added] == 1).sum()),
        int(breaks[added].sum()), 0.5 + abs(hits - usual) / 2.0, int(low.sum()),
    )  # fmt: skip
