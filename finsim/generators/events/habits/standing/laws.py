"""``Laws``: all that is learned of the standing series of a ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from finsim.generators.events.habits.ledger import Ledger
from finsim.generators.events.habits.standing.changing_law import ChangingLaw
from finsim.generators.events.habits.standing.holes.hole_law import HoleLaw
from finsim.generators.events.habits.standing.law import StandingLaw, learn_law
from finsim.generators.events.habits.standing.months.own_months import PayeeMonths
from finsim.generators.events.habits.standing.odd_law import OddLaw
from finsim.generators.events.habits.standing.payees.price_lists import NO_LIST
from finsim.generators.events.habits.standing.series_table import Series
from finsim.generators.events.habits.standing.spans import WHERE
from finsim.generators.events.stored_arrays import arrays_of, item_of
from finsim.notation import Array, Int1D
from finsim.randomness import Streams


@dataclass(frozen=True)
class Laws:
    """Which series there are and when they are paid; sums that vary, months that pause; odd payments.

    months : habits of payees in one month of the year; holes : words that lack.
    """

    law: StandingLaw
    changing: ChangingLaw
    odd: OddLaw
    months: PayeeMonths = field(default_factory=PayeeMonths.none)
    holes: HoleLaw = field(default_factory=HoleLaw.none)

    def arrays(self) -> dict[str, Array]:
        """Return all arrays by name."""
        found = arrays_of("standing", self.law)
        found.update(arrays_of("standing.changing", self.changing))
        found.update(arrays_of("standing.odd", self.odd))
        if len(self.months.chance):
            found.update(arrays_of("standing.months", self.months))
        return found if self.holes.is_none else {**found, **arrays_of("standing.holes", self.holes)}

    @classmethod
    def restored(cls, arrays: Mapping[str, Array]) -> Laws:
        """Return what ``arrays`` wrote; models of before know fewer. Raises KeyError for one that lacks."""
        law = item_of(StandingLaw, "standing", {**_before(arrays), **arrays})
        changing, odd = ChangingLaw.none(law.kinds, len(law.offer_kind)), OddLaw.none(law.kinds)
        if "standing.changing.varies" in arrays:
            changing = item_of(ChangingLaw, "standing.changing", arrays)
            odd = item_of(OddLaw, "standing.odd", arrays)
        months, holes = PayeeMonths.none(), HoleLaw.none()
        if "standing.months.at" in arrays:
            months = item_of(PayeeMonths, "standing.months", arrays)
        if "standing.holes.shares" in arrays:
            holes = item_of(HoleLaw, "standing.holes", arrays)
        return cls(law, changing, odd, months, holes)


def _before(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Return what older models do not say: hours and shifts together, begins, price lists, holidays."""
    kinds = len(arrays["standing.period"])
    found: dict[str, Array] = {f"standing.{one}_alike": np.zeros((kinds, 2)) for one in ("hour", "shift")}
    found["standing.between"] = np.tile(np.linspace(0.0, 1.0, WHERE), (kinds, 2, 1))
    offers, prices = len(arrays["standing.offer_kind"]), arrays["standing.atom_sum"]
    found.update({f"standing.{one}": np.arange(offers) for one in ("offer_payee", "offer_common")})
    found["standing.atom_later"] = prices
    found["standing.atom_since"] = np.full(len(prices), NO_LIST)
    found["standing.closed"] = np.zeros(0, np.int64)
    return {**found, **{f"standing.{one}": np.zeros(kinds, np.int64) for one in ("stays", "turn")}}


def learn_laws(
    ledger: Ledger, found: Series, payee: Int1D, alike: Int1D, step: float, streams: Streams
) -> Laws:
    """Return the laws of at least one series; see ``learn_law``."""
    return Laws(*learn_law(ledger, found, payee, alike, step, streams))
