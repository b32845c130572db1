"""How far demand falls short in the quarter after macro moves: households buy less, banks lend less."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from finsim.agents.economy.job_loss import SPENDING_WITHOUT_SALARY
from finsim.credit.conditional import collateral_lgd, default_point, loss_shift, sensitivity, systematic_lgd
from finsim.credit.factors import FACTOR, link
from finsim.credit.recovery import follows_frye_jacobs
from finsim.credit.reference_parameters import CLASSES
from finsim.extras import Later
from finsim.notation import Float1D
from finsim.records.drivers import Drivers

special = Later("scipy.special", "credit")

# assumption: shares of the loans of US commercial banks, rounded (order of Federal Reserve release H.8).
SYSTEM: Mapping[str, float] = {
    "mortgage": 0.225, "heloc": 0.025, "cre": 0.29, "corporate": 0.27, "cards": 0.105, "consumer": 0.085,
}  # fmt: skip
# assumption: household consumption is about two thirds of US GDP.
CONSUMPTION = 0.68
# assumption: percent of GDP that is lost per point of yearly loan losses above the usual ones: a point of
# losses costs about .7 points of capital ratio, that one to two percent of lending, and a fifth of it output.
LENDING = 0.3


@dataclass(frozen=True)
class Strength:
    """How strongly households (``spending``) and banks (``credit``) act back: 1 as derived, 0 not at all."""

    spending: float = 1.0
    credit: float = 1.0


class Demand:
    """Demand that a scenario's moves take away, by the links that the worlds of a study read."""

    def __init__(self, drivers: Drivers, strength: Strength) -> None:
        self._strength = strength
        names = list(SYSTEM)
        self._share = np.array([SYSTEM[name] for name in names])
        self._pd, self._rho, self._lgd = (
            np.array([getattr(CLASSES[name], key) for name in names]) for key in ("pd", "rho", "lgd")
        )
        self._links = [link(drivers, name) for name in names]
        self._prices = [drivers.credit.collateral.get(name, "") for name in names]
        self._follows = follows_frye_jacobs(drivers, names)
        self._usual = self._losses({})

    def shortfall(self, moves: Mapping[str, float]) -> float:
        """Return by how many percent of GDP demand falls short after a quarter with these moves.

        ``moves`` are points and percent from the jump-off. Income that the scenario itself moves is its own
        first round and not counted: what counts is who lost a job, and what banks lose.
        """
        buys = self._strength.spending * CONSUMPTION * _unbought(moves.get("unemployment", 0.0))
        return buys + self._strength.credit * LENDING * (self._losses(moves) - self._usual)

    def _losses(self, moves: Mapping[str, float]) -> float:
        """Return the yearly losses of the banking system in percent of its loans."""
        z = np.array([sum(beta * moves.get(name, 0.0) for name, beta in one.items()) for one in self._links])
        z = z + moves.get(FACTOR, 0.0)
        point = default_point(self._pd, self._rho) - sensitivity(self._rho) * z
        systematic = systematic_lgd(point, loss_shift(self._pd, self._lgd, self._rho))
        index = np.array([max(1.0 + moves.get(name, 0.0) / 100.0, 0.0) for name in self._prices])
        lgd = collateral_lgd(np.where(self._follows, systematic, self._lgd), index)
        rate: Float1D = special.ndtr(point) * lgd
        return 100.0 * float(self._share @ rate)


def _unbought(unemployment: float) -> float:
    """Return how many percent less households buy: people without their salary buy a fifth less."""
    return (1.0 - SPENDING_WITHOUT_SALARY) * min(max(unemployment, 0.0), 60.0)
