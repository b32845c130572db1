"""Amounts of scheme payments: fixed amounts drawn beforehand, shares computed by the ledger."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from finsim.agents.narratives.narrative import Narrative
from finsim.agents.narratives.narrative_blocks import Amount
from finsim.agents.narratives.quantities import MOST_MONEY
from finsim.agents.population.population import Population
from finsim.agents.schemes.evasion import like_habit, most_of_habit
from finsim.agents.schemes.role_casting import Member
from finsim.kernels.ledger import FIXED, HALF, OF_AVAILABLE, OF_BALANCE, OF_POT, OF_PREVIOUS, PRICE, TENTH

LARGEST = round(MOST_MONEY * 100)
"""The largest payment of a scheme, in cents."""
_MODES = {"balance": OF_BALANCE, "available": OF_AVAILABLE, "pot": OF_POT}


NOBODY = Member(0, -1, "")
"""Who pays and is paid where only the size of a sum is asked for: nobody has a habit."""


@dataclass(frozen=True)
class Sum:
    """One amount: ``mode`` of the ledger, fixed ``amount`` in cents or ``share``, and its limits in cents."""

    mode: int
    amount: int
    share: float
    low: int
    high: int
    step: int


# Step code of the ledger by the chance that a sum is written so (assumptions, as in ``amount_rounding``).
_ROUND = ((0.3, HALF), (0.6, TENTH), (1.0, 1))
_PRICED = ((0.3, 1), (0.408, 5), (0.468, 51), (0.6, 0))


def written_as(is_shop: bool, u: float) -> int:
    """Return the step code of a sum that is written as others write theirs: round, as a price, or plain.

    The chances are those of ordinary transfers and of prices in shops (``amount_rounding``).
    """
    if not is_shop:
        return next(code for most, code in _ROUND if u <= most)
    return next((PRICE - 1 - cut for most, cut in _PRICED if u <= most), 1)


def shares(count: int, total: float, rng: np.random.Generator) -> list[float]:
    """Return uneven parts of ``total`` for ``count`` payments in a row, by a Dirichlet(4) split.

    Each part is a share of what the parts before it left over, so a pot can be paid out step by step.
    """
    part = rng.dirichlet(np.full(count, 4.0)) * total
    left = 1.0 - np.concatenate([[0.0], np.cumsum(part)[:-1]])
    return [float(value) for value in np.clip(part / left, 0.0, 1.0)]


@dataclass(frozen=True)
class Purse:
    """What the amounts of one scheme refer to: its narrative, its proceeds in cents, the population."""

    narrative: Narrative
    proceeds: int
    population: Population

    def sum(
        self,
        amount: Amount,
        edge: tuple[Member, Member],
        part: float | None,
        first: bool,
        rng: np.random.Generator,
    ) -> Sum:
        """Return the sum of one payment; ``part`` is its share where a whole is split over payments.

        ``first`` marks the first payment of a growing series.
        """
        if amount.start is not None and amount.growth is not None:
            if first:
                return self.sum(amount.start, edge, part, True, rng)
            growth = amount.growth.sample(rng)
            return self._evade(self._limits(amount, Sum(OF_PREVIOUS, 0, growth, 0, 0, 1)), edge, rng)
        if amount.fraction_of in _MODES:
            share = part if part is not None else self._share(amount, rng)
            if amount.fraction_of == "pot":
                share *= 1.0 + self.narrative.level("commingle") * rng.random()
            made = Sum(_MODES[amount.fraction_of], 0, share, 0, 0, 1)
            return self._evade(self._limits(amount, made), edge, rng)
        made = self._limits(amount, Sum(FIXED, 0, 1.0, 0, 0, 1))
        value = like_habit(
            self._fixed(amount, edge, part, rng), self._usual(edge), self.narrative.level("mimic_habit")
        )
        value = max(value, float(made.low)) if made.high == 0 else min(max(value, made.low), made.high)
        made = self._evade(replace(made, amount=max(1, round(min(value, LARGEST)))), edge, rng)
        if 1 < made.step <= made.amount:
            made = replace(made, amount=made.amount - made.amount % made.step)
        return made

    def _usual(self, edge: tuple[Member, Member]) -> float:
        """Return what the payer usually pays in cents, 0 where nobody pays yet or nothing is known."""
        return 0.0 if edge[0] == NOBODY else float(self.population.usual[edge[0].account])

    def _share(self, amount: Amount, rng: np.random.Generator) -> float:
        return amount.share.sample(rng) if amount.share is not None else 1.0

    def _fixed(
        self, amount: Amount, edge: tuple[Member, Member], part: float | None, rng: np.random.Generator
    ) -> float:
        """Return a fixed amount in cents."""
        if amount.draw is not None:
            return amount.draw.sample(rng) * 100
        if amount.below is not None:
            low, high = amount.below.band
            return amount.below.threshold * 100 * float(rng.uniform(low, high))
        if amount.ticket is not None:
            shop = edge[1].shop if edge[1].shop >= 0 else edge[0].shop
            usual = float(self.population.merchants.ticket[shop]) if shop >= 0 else 4_000.0
            return usual * amount.ticket.sample(rng)
        share = part if part is not None else self._share(amount, rng)
        if amount.fraction_of == "limit":
            return share * float(self.population.accounts.overdraft[edge[0].account])
        return share * self.proceeds

    def _limits(self, amount: Amount, made: Sum) -> Sum:
        high = 0 if amount.max is None else round(amount.max * 100)
        if made.mode == OF_PREVIOUS and high == 0:
            high = LARGEST
        step = 1 if amount.round_to is None else max(1, round(amount.round_to * 100))
        return replace(made, low=round(amount.min * 100), high=high, step=step)

    def _evade(self, made: Sum, edge: tuple[Member, Member], rng: np.random.Generator) -> Sum:
        """Apply threshold_avoid (cut below the threshold) and mimic_amounts (write as others do).

        Both hold for every way to say an amount: the ledger cuts and writes shares as it works them out.
        """
        most = 0
        if made.mode in (OF_BALANCE, OF_AVAILABLE, OF_POT, OF_PREVIOUS):
            most = most_of_habit(self._usual(edge), self.narrative.level("mimic_habit"), rng)
        if most and (made.high == 0 or made.high > most):
            made = replace(made, high=max(most, made.low))
        for item in self.narrative.evade:
            if item.kind == "threshold_avoid" and item.threshold and rng.random() < item.level:
                cap = round(item.threshold * 100 * rng.uniform(0.8, 0.995))
                if made.mode == FIXED:
                    made = replace(made, amount=min(made.amount, cap))
                elif made.high == 0 or made.high > cap:
                    made = replace(made, high=cap)
            if item.kind == "mimic_amounts" and rng.random() < item.level:
                made = replace(made, step=written_as(edge[1].shop >= 0, rng.random()))
        return made
