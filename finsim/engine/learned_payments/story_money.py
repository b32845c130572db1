"""Sums of narratives in the money of a ledger: as rare there as they are in the simulated world (own)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.engine.learned_payments.entity_facts import EntityFacts
from finsim.engine.learned_payments.training_ledger import PaymentLedger
from finsim.kernels.events.normal_scores import to_places
from finsim.notation import Float1D, Int1D

# Middle payments of the world that narratives are written for, minor units, and the s.d. of their logarithms:
# at shops, and between accounts (measured on 1,000 simulated accounts over 30 days).
_AT_SHOPS, _BETWEEN = (2_000.0, 1.28), (10_800.0, 1.66)
_GRAINS = (10_000, 5_000, 1_000, 500, 100, 50, 10, 5)
_NEARLY_ALL = 0.95


@dataclass(frozen=True)
class StoryMoney:
    """What a ledger pays, sorted, in minor units, and the payments that narratives are written for.

    ``scale`` is the middle payment of the ledger over that of narratives, for balances and limits; ``grain``
    the roundness of nearly all amounts.
    """

    amounts: Int1D
    middle: float
    spread: float
    scale: float
    grain: int

    @classmethod
    def of(cls, facts: EntityFacts, ledger: PaymentLedger) -> StoryMoney:
        """Return the money of a learned world."""
        middle, spread = _AT_SHOPS if ledger.has_shops else _BETWEEN
        if ledger.has_shops and ledger.has_transfers:
            middle, spread = _of_both(float(facts.to_shops.sum() / max(facts.rows_out.sum(), 1)))
        known = np.sort(facts.amounts)
        scale = float(np.median(known)) / middle if len(known) else 1.0
        return cls(known, middle, spread, scale, _grain(known))

    @property
    def power(self) -> float:
        """How far ratios of sums are drawn together where the ledger spreads less than narratives."""
        if len(self.amounts) < 2:
            return 1.0
        return min(1.0, float(np.log(self.amounts).std()) / self.spread)

    def moved(self, sums: Int1D) -> Int1D:
        """Return sums of narratives as the ledger's payments of the same rank; 0 and below stay."""
        if not len(self.amounts):
            return sums
        found: Int1D = sums.astype(np.int64, copy=True)
        some = np.flatnonzero(sums > 0)
        score = (np.log(sums[some]) - np.log(self.middle)) / self.spread
        rank = np.empty(len(some))
        to_places(np.ascontiguousarray(score, dtype=np.float64), rank)
        at = np.minimum((rank * len(self.amounts)).astype(np.int64), len(self.amounts) - 1)
        found[some] = self.amounts[at]
        return found

    def at_least(self, sums: Float1D) -> Int1D:
        """Return for each sum the ledger's next payment of at least as much, or its largest."""
        at = np.searchsorted(self.amounts, sums, side="left")
        found: Int1D = self.amounts[np.minimum(at, len(self.amounts) - 1)].astype(np.int64)
        return found

    def scaled(self, sums: Int1D, back: bool = False) -> Int1D:
        """Return balances or limits of narratives in the ledger's money, or (``back``) the other way."""
        factor = 1.0 / self.scale if back else self.scale
        found: Int1D = np.rint(sums * factor).astype(np.int64)
        return found

    def ratio(self, shares: Float1D) -> Float1D:
        """Return ratios of one payment to the one before, drawn together as the ledger's payments are."""
        return np.asarray(np.maximum(shares, 0.0) ** self.power)


def _of_both(share: float) -> tuple[float, float]:
    """Return middle and s.d. of payments of which a share is made at shops, of the rest between accounts."""
    (shop, narrow), (between, wide) = _AT_SHOPS, _BETWEEN
    apart = float(np.log(between / shop))
    variance = share * narrow**2 + (1 - share) * wide**2 + share * (1 - share) * apart**2
    return float(between * np.exp(-share * apart)), float(np.sqrt(variance))


def _grain(amounts: Int1D) -> int:
    shares = ((one, float((amounts % one == 0).mean()) if len(amounts) else 0.0) for one in _GRAINS)
    return next((one for one, share in shares if share > _NEARLY_ALL), 1)
