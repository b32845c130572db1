"""The other account's own row of a payment between accounts: where the ledger has it, so have added ones."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from finsim.engine.injection.accounts.agreement import agreement
from finsim.engine.injection.accounts.row_groups import Group
from finsim.engine.injection.accounts.transfer_words import word_columns
from finsim.engine.injection.entity_histories import Histories
from finsim.engine.injection.ledger_columns import ACCOUNTS, LedgerColumns
from finsim.engine.injection.ledger_sample import LedgerSample
from finsim.generators.events.habits.echoes.answering_rows import NANOS_PER_DAY, Sides
from finsim.generators.events.habits.echoes.second_sides import REACHES, second_sides
from finsim.generators.events.habits.echoes.side_fees import EQUAL, Difference, nearest_opposite
from finsim.notation import Bool1D, Int1D

_NEAREST, _ALIKE = 3, 25
_MOSTLY, _LEAST, _BY_CHANCE = 0.5, 20, -6
# assumption: share of the transfers, and number, that met an opposite row; days away that tell chance.
NONE, PAYS = -1, 0
"""No row; the side of who pays."""


@dataclass(frozen=True)
class OtherSides:
    """Rows of money in of a ledger between accounts that says on which side a row stands.

    ``second`` int64[n] the second side of each row, -1 without one; ``paired`` rows that have one, by
    ``money``, the currency int64[n] of each row, and all of them in ``all_paired``;
    ``came``, ``all_came`` rows paid by accounts that have none of their own, by entity and all of them.
    ``holds`` bool[E]: whether an account has rows of its own.
    ``laws``: by what sums of both sides differ, ``law`` int64[n] that of each row with a second side;
    ``kind`` int64[n] the word that tells it, ``of_kind`` paired rows by currency and word.
    ``transfers`` between accounts of the ledger, and how many ``met`` a row the other way within days.
    """

    second: Int1D
    money: Int1D
    paired: Group
    all_paired: Group
    came: Group
    all_came: Group
    holds: Bool1D
    laws: tuple[Difference, ...]
    law: Int1D
    kind: Int1D
    of_kind: Group
    transfers: int
    met: int

    @property
    def has_second(self) -> bool:
        """Whether payments between accounts of the ledger stand on both sides."""
        return bool(len(self.all_paired.order))

    @property
    def differs(self) -> bool:
        """Whether the sums of both sides are not always equal."""
        return len(self.laws) > 1

    @classmethod
    def of(cls, sample: LedgerSample, past: Histories, columns: LedgerColumns) -> OtherSides | None:
        """Return the other sides; None of a ledger without directions, or that is not between accounts."""
        if columns.layout != ACCOUNTS or not past.turned.any():
            return None
        nought = np.zeros(len(past.size), np.int64)
        moves = (past.size > 0) & (past.outgoing | past.turned) & (past.other >= 0)
        rows = np.flatnonzero(moves)
        way, size = past.turned[rows].astype(np.int64), past.size[rows].astype(np.float64)
        # An account without rows of its own cannot have a second side.
        other = np.where(past.external[past.other[rows]], past.count, 0) + past.other[rows]
        sides = Sides(past.own[rows], other, way, size, sample.time[rows], past.count)
        found = second_sides(sides, 2, payer=PAYS)
        second, law = np.full(len(past.size), NONE), nought.copy()
        laws: tuple[Difference, ...] = (EQUAL,)
        if found is not None and found.side == PAYS:
            second[rows[found.one]] = rows[found.two]
            law[rows[found.one]], laws = found.law, found.laws
        elif found is not None and len(found.laws) == 1:  # who is paid is booked first
            second[rows[found.two]] = rows[found.one]
        came = np.flatnonzero(moves & past.turned & past.external[past.payer])
        pairs = np.flatnonzero(second >= 0)
        kind = _telling(sample, columns, pairs, law) if len(laws) > 1 else nought
        money = _currency(sample, columns)
        both = money * (int(kind.max(initial=0)) + 1) + kind
        return cls(
            second, money, Group.of(pairs, money, past.size, int(money.max(initial=0)) + 1),
            Group.of(pairs, nought, past.size, 1),
            Group.of(came, past.own, past.size, past.count), Group.of(came, nought, past.size, 1),
            ~past.external, laws, law, kind, Group.of(pairs, both, past.size, int(both.max(initial=0)) + 1),
            int((sides.between_entities() & (way == 0)).sum()), _met(sides),
        )  # fmt: skip

    def pair(self, template: int, amount: int, rng: np.random.Generator) -> tuple[int, int]:
        """Return a row and its second side, that of the row that lends a payment's words where it has one.

        Else that of a row of the same currency, and word where words tell by what both sides differ.
        """
        first = template if template >= 0 and self.second[template] >= 0 else NONE
        if first < 0 and template >= 0:
            money = int(self.money[template])
            if self.differs:
                both = money * (int(self.kind.max(initial=0)) + 1) + int(self.kind[template])
                first = self.of_kind.near(both, amount, _ALIKE, rng)
            if first < 0:
                first = self.paired.near(money, amount, _ALIKE, rng)
        if first < 0:
            first = self.all_paired.near(0, amount, _ALIKE, rng)
        return first, int(self.second[first])

    def sums(self, first: int, amount: int) -> tuple[int, int]:
        """Return what both sides say of ``amount`` that is sent as in the payment of row ``first``."""
        one, two = self.laws[int(self.law[first])].sides(float(amount))
        return round(one), round(two)

    def fees(self, amount: int) -> tuple[int, int]:
        """Return by how much more the payer's row may say of ``amount``, and by how much less the payee's."""
        both = [one.sides(float(amount)) for one in self.laws]
        return round(max(one for one, _ in both)) - amount, amount - round(min(two for _, two in both))

    def sent(self, past: Histories) -> Histories:
        """Return the histories with what transfers send: without what the payer's row says of a fee."""
        if not self.differs:
            return past
        size = past.size.copy()
        usual = self._usual()
        transfer = np.flatnonzero(past.outgoing & (past.other >= 0) & (past.shop < 0))
        law = np.where(self.second >= 0, self.law, usual[self.kind])[transfer]
        for number, one in enumerate(self.laws):
            rows = transfer[law == number]
            if not one.is_none and not one.by_payee and not one.back:
                size[rows] = np.maximum(np.rint(one.second_of(size[rows].astype(np.float64))), 1)
        return replace(past, size=size.astype(np.int64))

    def _usual(self) -> Int1D:
        """Return the most frequent law of each kind, int64[K]."""
        pairs = self.all_paired.order
        many = int(self.kind.max(initial=0)) + 1
        count = np.zeros((many, len(self.laws)), np.int64)
        np.add.at(count, (self.kind[pairs], self.law[pairs]), 1)
        return np.asarray(count.argmax(axis=1), dtype=np.int64)

    def receipt(self, entity: int, amount: int, rng: np.random.Generator) -> int:
        """Return a row like what an account gets from outside: its own nearest in amount, else anybody's."""
        own = self.came.near(entity, amount, _NEAREST, rng)
        return own if own >= 0 else self.all_came.near(0, amount, _ALIKE, rng)

    def told(self, scale: int) -> list[str]:
        """Return what is said of second sides: by what they differ, and where most are and none is added."""
        rows = len(self.all_paired.order)
        if not self.has_second:
            if self.transfers < _LEAST or self.met < _MOSTLY * self.transfers:
                return []
            return [
                f"{self.met:,} of {self.transfers:,} transfers between accounts of the table have a row the "
                "other way within four days, but by their sums no rule says which belong together: added "
                "transfers have one row, that of who pays, so who is paid shows no receipt"
            ]
        if not self.differs:
            return []
        count = np.bincount(self.law[self.all_paired.order], minlength=len(self.laws)).tolist()
        parts = [
            f"{number:,} {one.text(scale)}" for number, one in zip(count, self.laws, strict=True) if number
        ]  # fmt: skip
        return [
            f"second sides: of {rows:,} real transfers with a row on both sides {', '.join(parts)}; "
            "added ones differ so too"
        ]


def _currency(sample: LedgerSample, columns: LedgerColumns) -> Int1D:
    """Return the codes int64[n] of the currency of rows; a gap is one of its own."""
    part = columns.parts.get("currency")
    if part is None:
        return np.zeros(sample.cells.num_rows, np.int64)
    cells = sample.cells.column(part.at).to_pandas().astype(object)
    return np.asarray(pd.factorize(cells, use_na_sentinel=False)[0], dtype=np.int64)


def _telling(sample: LedgerSample, columns: LedgerColumns, pairs: Int1D, law: Int1D) -> Int1D:
    """Return the codes int64[n] of the column of words that tells best by what two sides differ."""
    found, best = np.zeros(len(law), np.int64), agreement(pairs * 0, law[pairs])
    for _, codes in word_columns(sample, columns):
        told = agreement(codes[pairs], law[pairs])
        if told > best:
            found, best = codes, told
    return found


def _met(sides: Sides) -> int:
    """Return how many payments met a row of the same two accounts the other way within days, less chance."""
    inside = sides.between_entities() & (sides.size > 0)
    one, two = np.flatnonzero(inside & (sides.side == 0)), np.flatnonzero(inside & (sides.side == 1))
    pays = sides.side == 0
    keys = (
        np.where(pays, sides.entity, sides.partner), np.where(pays, sides.partner, sides.entity), sides.time
    )  # fmt: skip
    met, chance = (
        len(nearest_opposite(keys, (one, two), day * NANOS_PER_DAY, REACHES[-1])[0])
        for day in (0, _BY_CHANCE)
    )
    return max(met - chance, 0)
