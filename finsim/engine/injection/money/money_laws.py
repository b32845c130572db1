"""What a ledger pays, as a whole and in each of its currencies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from finsim.engine.injection.accounts.account_sorts import SELLS, SORTS
from finsim.engine.injection.entity_histories import Histories
from finsim.engine.injection.ledger_population import LedgerPopulation
from finsim.engine.injection.money.ledger_currencies import ENOUGH, Currencies
from finsim.engine.injection.money.scheme_money import Money, at_usual_sums, ledger_money
from finsim.notation import Bool1D, Cents1D, Int1D


@dataclass(frozen=True)
class MoneyLaws:
    """The amounts of all rows, and those of each currency, and of each relation, with enough of them.

    Relations count in a ledger of one currency whose accounts are of several sorts; see ``account_sorts``.
    """

    whole: Money
    of_code: Mapping[int, Money]
    of_relation: Mapping[int, Money]

    @classmethod
    def of(
        cls, past: Histories, people: LedgerPopulation, currencies: Currencies | None, steps: Int1D,
        lends: Bool1D | None = None,
    ) -> MoneyLaws:  # fmt: skip
        """Return the laws of a ledger; ``steps`` int64[n] are those of its rows' amounts.

        ``lends`` bool[n]: rows with words of transfers, whose sums schemes take; see ``TransferWords``.

        Raises DataError where nothing is paid.
        """
        found = {}
        if currencies is not None:
            for code in range(len(currencies.rows)):
                mine = currencies.codes == code
                if (mine & past.outgoing).sum() >= ENOUGH:
                    found[code] = ledger_money(past, people, int(steps[mine].max()), mine)
        least = int(np.min(steps, initial=2**62))
        related: dict[int, Money] = {}
        usual = None
        if lends is not None and currencies is None and (lends & past.outgoing).sum() >= ENOUGH:
            usual = at_usual_sums(ledger_money(past, people, least, lends))
        if currencies is None and people.sorts.is_mixed:
            for one in np.unique(people.sorts.relation[past.outgoing]).tolist():
                mine = people.sorts.relation == one
                if usual is not None and lends is not None and one % SORTS != SELLS:
                    mine &= lends
                    related[one] = usual
                if (mine & past.outgoing).sum() >= ENOUGH:
                    related[one] = at_usual_sums(ledger_money(past, people, least, mine))
        if usual is None or people.sorts.is_mixed:
            usual = ledger_money(past, people, least)
        return cls(usual, found, related)

    def of_scheme(self, code: int, relations: Int1D) -> Money:
        """Return what a scheme is paid in: its currency, or what most of its ``relations`` int64[m] pay.

        What all pay where these have few rows.
        """
        if self.of_relation and len(relations):
            return self.of_relation.get(int(np.bincount(relations).argmax()), self.whole)
        return self.of_code.get(code, self.whole)

    def as_related(self, amounts: Cents1D, relations: Int1D, law: Money, rng: np.random.Generator) -> Cents1D:
        """Return sums at their rank in ``law`` as those of the same rank that each relation pays."""
        found = amounts.copy()
        for one, own in self.of_relation.items():
            rows = np.flatnonzero(relations == one) if own is not law else np.zeros(0, np.int64)
            low = np.searchsorted(law.amounts, amounts[rows], "left")
            high = np.searchsorted(law.amounts, amounts[rows], "right")
            rank = (low + rng.random(len(rows)) * np.maximum(high - low, 1)) / len(law.amounts)
            found[rows] = own.amounts[
                np.minimum((rank * len(own.amounts)).astype(np.int64), len(own.amounts) - 1)
            ]
        return found
