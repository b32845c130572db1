"""How a wanted epsilon is divided between preparing the data and training, before either begins."""

from __future__ import annotations

import math
from dataclasses import dataclass

from finsim.generators.privacy.entity_units import Privacy
from finsim.generators.privacy.ledger import Ledger
from finsim.generators.privacy.noise_calibration import noise_for
from finsim.generators.privacy.private_steps import Mechanism

PREPARING = 0.5
"""assumption: share of the budget (in 1 / noise squared) for scales and laws of the channels."""


@dataclass(frozen=True)
class Plan:
    """Noise of preparation and the mechanism of training, with all that both will spend.

    prepared : what the preparation spends, sigma its noise multiplier. naming : the part of delta that
    pays for words and values which nobody declared (see ``noised_counts.named``).
    """

    privacy: Privacy
    entities: int
    sigma: float
    prepared: Ledger
    mechanism: Mechanism
    naming: float = 0.0

    @classmethod
    def of(
        cls,
        privacy: Privacy,
        entities: int,
        batch: int,
        updates: int,
        releases: int,
        naming: float = 0.0,
        preparing: float = PREPARING,
    ) -> Plan:
        """Return the plan for ``updates`` of ``batch`` expected entities, after ``releases`` of sums.

        naming : share of delta for undeclared words; preparing : share of the budget (in 1 / noise squared)
        for the releases. Raises PrivacyBudgetError when the epsilon cannot be kept.
        """
        rate, delta = min(1.0, batch / entities), privacy.delta * (1.0 - naming)
        alone = noise_for(privacy.epsilon, delta, 1.0, 1)
        sigma = alone * math.sqrt(releases / preparing)
        prepared = Ledger().spend(1.0, sigma, releases)
        noise = noise_for(privacy.epsilon, delta, rate, updates, prepared)
        planned = prepared.spend(rate, noise, updates)
        return cls(
            privacy,
            entities,
            sigma,
            prepared,
            Mechanism(privacy.clip, noise, rate, prepared, planned),
            privacy.delta - delta,
        )
