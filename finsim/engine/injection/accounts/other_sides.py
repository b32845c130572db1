"""The other account's own row of a payment between accounts: where the ledger has it, so have added ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.engine.injection.accounts.row_groups import Group
from finsim.engine.injection.entity_histories import Histories
from finsim.engine.injection.ledger_columns import ACCOUNTS, LedgerColumns
from finsim.engine.injection.ledger_sample import LedgerSample
from finsim.generators.events.habits.echoes.answering_rows import Sides
from finsim.generators.events.habits.echoes.second_sides import second_sides
from finsim.notation import Bool1D, Int1D

_NEAREST, _ALIKE = 3, 25
NONE = -1


@dataclass(frozen=True)
class OtherSides:
    """Rows of money in of a ledger between accounts that says on which side a row stands.

    ``second`` int64[n] the second side of each row, -1 without one; ``paired`` rows that have one, by amount;
    ``came``, ``all_came`` rows paid by accounts that have none of their own, by entity and all of them.
    ``holds`` bool[E]: whether an account has rows of its own.
    """

    second: Int1D
    paired: Group
    came: Group
    all_came: Group
    holds: Bool1D

    @property
    def has_second(self) -> bool:
        """Whether payments between accounts of the ledger stand on both sides."""
        return bool(len(self.paired.order))

    @classmethod
    def of(cls, sample: LedgerSample, past: Histories, columns: LedgerColumns) -> OtherSides | None:
        """Return the other sides; None of a ledger without directions, or that is not between accounts."""
        if columns.layout != ACCOUNTS or not past.turned.any():
            return None
        nought = np.zeros(len(past.size), np.int64)
        moves = (past.size > 0) & (past.outgoing | past.turned) & (past.other >= 0)
        rows = np.flatnonzero(moves)
        way, size = past.turned[rows].astype(np.int64), past.size[rows].astype(np.float64)
        sides = Sides(past.own[rows], past.other[rows], way, size, sample.time[rows], past.count)
        found = second_sides(sides, 2)
        second = np.full(len(past.size), NONE)
        if found is not None and found.side == 0:  # who pays comes first
            second[rows[found.one]] = rows[found.two]
        came = np.flatnonzero(moves & past.turned & past.external[past.payer])
        return cls(
            second, Group.of(np.flatnonzero(second >= 0), nought, past.size, 1),
            Group.of(came, past.own, past.size, past.count), Group.of(came, nought, past.size, 1),
            ~past.external,
        )  # fmt: skip

    def pair(self, template: int, amount: int, rng: np.random.Generator) -> tuple[int, int]:
        """Return a row and its second side, that of the row that lends a payment's words where it has one."""
        first = template if template >= 0 and self.second[template] >= 0 else NONE
        if first < 0:
            first = self.paired.near(0, amount, _ALIKE, rng)
        return first, int(self.second[first])

    def receipt(self, entity: int, amount: int, rng: np.random.Generator) -> int:
        """Return a row like what an account gets from outside: its own nearest in amount, else anybody's."""
        own = self.came.near(entity, amount, _NEAREST, rng)
        return own if own >= 0 else self.all_came.near(0, amount, _ALIKE, rng)
