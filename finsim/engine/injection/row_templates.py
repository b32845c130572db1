"""Real rows that lend added rows the cells that no narrative speaks of: channel, category, references."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as member

import numpy as np
import pandas as pd
import pyarrow as pa

from finsim.engine.injection.accounts.account_sorts import SORTS, AccountSorts
from finsim.engine.injection.accounts.agreement import agreement
from finsim.engine.injection.accounts.companions import Companions
from finsim.engine.injection.accounts.fee_columns import FeeColumn
from finsim.engine.injection.accounts.merchant_words import MerchantWords
from finsim.engine.injection.accounts.other_sides import OtherSides
from finsim.engine.injection.accounts.row_groups import Group
from finsim.engine.injection.accounts.transfer_words import TransferWords
from finsim.engine.injection.entity_histories import Histories
from finsim.engine.injection.ledger_columns import ACCOUNTS, LedgerColumns
from finsim.engine.injection.ledger_sample import LedgerSample, never_twice
from finsim.notation import Bool1D, Int1D

_NEAREST = 3  # of the payer's own rows
_DRAWS = 8
_ALIKE = 25  # of other payers' rows
_ABOVE_USUAL = 0.02  # agreement of any two rows is no sign of the payee


@dataclass(frozen=True)
class Templates:
    """Where cells are taken from.

    ``own`` groups outgoing rows by payer and by whether a merchant is paid (2 e + is shop), ``all_rows`` by
    the latter alone, ``received`` incoming rows by entity, ``returned`` rows in which a merchant pays by who
    is paid, ``all_returned`` all of them; ``in_currency`` outgoing rows by currency; ``to_entity`` rows by
    payee, ``to_shop`` by merchant.
    ``follows_payee`` are places of columns that the payee settles; ``never_twice`` those of references, whose
    values hardly ever occur twice.
    ``steps`` and ``currency`` int64[n] are those of the amount of each row.
    ``words``: what transfers may say, ``shop_words`` payments to merchants.
    ``sides``: the other account's rows, ``fee_columns`` what these differ by; ``times`` int64[n] ns.
    ``beside``: rows that come with others.
    """

    own: Group
    all_rows: Group
    received: Group
    returned: Group
    all_returned: Group
    in_currency: Group
    to_entity: Group
    to_shop: Group
    follows_payee: tuple[int, ...]
    never_twice: tuple[int, ...]
    steps: Int1D
    currency: Int1D
    of_relation: Group | None = None
    own_to: Group | None = None
    from_sort: Group | None = None
    words: TransferWords | None = None
    sides: OtherSides | None = None
    shop_words: MerchantWords | None = None
    fee_columns: tuple[FeeColumn, ...] = ()
    times: Int1D = member(default_factory=lambda: np.zeros(0, np.int64))
    beside: Companions | None = None

    def outgoing(
        self, entity: int, shop: bool, amount: int, rng: np.random.Generator, currency: int = -1,
        relation: int = -1,
    ) -> int:  # fmt: skip
        """Return a row like a payment of an entity: its own nearest in amount, else anybody's.

        One in ``currency`` where any is, in any where that is -1. One of the ``relation`` first, where rows
        have several.
        """
        own = [(self.own, 2 * entity + shop, _NEAREST)] if entity >= 0 else []
        if self.of_relation is not None and self.own_to is not None and relation >= 0:
            mine = [(self.own_to, SORTS * entity + relation % SORTS, _NEAREST)] if entity >= 0 else []
            own = [*mine, (self.of_relation, relation, _ALIKE), *own]
        every = [(self.all_rows, int(one), _ALIKE) for one in (shop, not shop)]
        last = [(self.in_currency, currency, _ALIKE)] if currency >= 0 else []
        return self._first([*own, *every, *last], amount, currency, rng)

    def of_payee(self, entity: int, rng: np.random.Generator, relation: int) -> int:
        """Return a row that pays an entity, of the relation where rows have several; -1 where it has none."""
        if self.from_sort is None:
            return self.to_entity.any(entity, rng)
        return self.from_sort.any(SORTS * entity + relation // SORTS, rng)

    def refund(self, entity: int, amount: int, rng: np.random.Generator, currency: int = -1) -> int:
        """Return a row like money back to an entity: its own nearest in amount, else anybody's."""
        places = [(self.returned, entity, _NEAREST), (self.all_returned, 0, _ALIKE)]
        return self._first(places, amount, currency, rng)

    def incoming(self, entity: int, amount: int, rng: np.random.Generator, currency: int = -1) -> int:
        """Return a row like a receipt of an entity, -1 where it has none."""
        return self._first([(self.received, entity, _NEAREST)], amount, currency, rng)

    def _first(
        self, places: Sequence[tuple[Group, int, int]], amount: int, currency: int, rng: np.random.Generator
    ) -> int:
        """Return a row of the first place that has one, in a currency if one is near; -1 where none has."""
        found = -1
        for group, key, most in places:
            for _ in range(_DRAWS if currency >= 0 else 1):
                row = group.near(key, amount, most, rng)
                if row >= 0 and (currency < 0 or self.currency[row] == currency):
                    return row
                found = row if found < 0 else found
        return found


def templates(
    sample: LedgerSample, past: Histories, columns: LedgerColumns, steps: Int1D, currency: Int1D | None,
    sorts: AccountSorts, used: Bool1D, beside: Companions | None = None,
) -> Templates:  # fmt: skip
    """Return the real rows of the sample as templates; ``steps`` and ``currency`` are as in ``Templates``.

    Payments but those ``used`` bool[n] lend nothing: bills, wages and cash are no purchases. Nor do rows that
    come ``beside`` others.
    """
    lends = np.ones(len(used), dtype=np.bool_) if beside is None else beside.lends
    used = used & lends
    groups: tuple[Group | None, Group | None, Group | None] = (None, None, None)
    if sorts.is_mixed:
        told_by = np.flatnonzero((sorts.relation >= 0) & used)
        to = SORTS * past.payer + sorts.relation % SORTS
        groups = (
            Group.of(told_by, sorts.relation, past.size, SORTS * SORTS),
            Group.of(told_by, to, past.size, SORTS * past.count),
            Group.of(
                told_by[past.payee[told_by] >= 0],
                SORTS * past.payee + sorts.relation // SORTS, past.size, SORTS * past.count,
            ),
        )  # fmt: skip
    shop = (past.shop >= 0).astype(np.int64)
    out, into = np.flatnonzero(past.outgoing & used), np.flatnonzero(~past.outgoing & (past.size > 0))
    payee = past.payee if columns.layout == ACCOUNTS else past.shop
    paid = np.flatnonzero(past.outgoing & (past.payee >= 0))
    sold = np.flatnonzero(past.outgoing & (past.shop >= 0) & lends)
    # Who is never paid gives nothing back: wages are no refunds.
    back = np.flatnonzero(past.refund & np.isin(past.shop, past.shop[sold]))
    back = back if len(back) else np.flatnonzero(past.refund)
    told = np.zeros(len(shop), dtype=np.int64) if currency is None else currency
    kept = out[told[out] >= 0]
    taker = past.payer
    if columns.layout == ACCOUNTS:
        taker = np.where(past.payee >= 0, past.payee, past.payer)
    return Templates(
        Group.of(out, 2 * past.payer + shop, past.size, 2 * past.count),
        Group.of(out, shop, past.size, 2),
        Group.of(into, past.payer, past.size, past.count),
        Group.of(back, taker, past.size, past.count),
        Group.of(back, np.zeros(len(shop), dtype=np.int64), past.size, 1),
        Group.of(kept, told, past.size, int(told.max(initial=0)) + 1),
        Group.of(paid, past.payee, past.size, past.count),
        Group.of(sold, past.shop, past.size, past.shops),
        _follows(sample, past, payee, columns),
        never_twice(sample.cells, columns),
        steps,
        np.full(len(shop), -1) if currency is None else currency,
        *groups,
        beside=beside,
    )


def _follows(sample: LedgerSample, past: Histories, payee: Int1D, columns: LedgerColumns) -> tuple[int, ...]:
    """Return the places of columns in which rows of a payee agree more than rows of a payer do.

    The category of a merchant is the payee's by its role.
    """
    taken = {part.at for role, part in columns.parts.items() if role != "category"}
    known = past.outgoing & (payee >= 0)
    found = []
    if "category" in columns.parts and (past.shop >= 0).any():
        found.append(columns.parts["category"].at)
    for at, column in enumerate(sample.cells.columns):
        if at in found or at in taken or pa.types.is_nested(column.type) or not known.any():
            continue
        codes = pd.factorize(column.to_pandas()[known], use_na_sentinel=False)[0]
        by_payee = agreement(payee[known], codes)
        if by_payee > max(agreement(past.payer[known], codes), agreement(codes * 0, codes) + _ABOVE_USUAL):
            found.append(at)
    return tuple(sorted(found))
