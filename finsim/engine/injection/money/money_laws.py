"""What a ledger pays, as a whole and in each of its currencies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from finsim.engine.injection.entity_histories import Histories
from finsim.engine.injection.ledger_population import LedgerPopulation
from finsim.engine.injection.money.ledger_currencies import ENOUGH, Currencies
from finsim.engine.injection.money.scheme_money import Money, ledger_money
from finsim.notation import Int1D


@dataclass(frozen=True)
class MoneyLaws:
    """The amounts of all rows, and those of each currency with enough of them."""

    whole: Money
    of_code: Mapping[int, Money]

    @classmethod
    def of(
        cls, past: Histories, people: LedgerPopulation, currencies: Currencies | None, steps: Int1D
    ) -> MoneyLaws:
        """Return the laws of a ledger; ``steps`` int64[n] are those of its rows' amounts.

        Raises DataError where nothing is paid.
        """
        found = {}
        if currencies is not None:
            for code in range(len(currencies.rows)):
                mine = currencies.codes == code
                if (mine & past.outgoing).sum() >= ENOUGH:
                    found[code] = ledger_money(past, people, int(steps[mine].max()), mine)
        return cls(ledger_money(past, people, int(np.min(steps, initial=2**62))), found)

    def of_scheme(self, code: int) -> Money:
        """Return what schemes of a currency are paid in, of any where it is -1 or has few rows."""
        return self.of_code.get(code, self.whole)
