"""Sorts of accounts by what they do in the ledger, and the relations of rows: which sort pays which.

Where shops are paid on accounts of the same column as persons, a scheme among all accounts makes shops buy,
and a row between persons is written like a wage. A role that persons play is played by persons, and a row is
like the rows of its relation (own).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from finsim.engine.injection.entity_histories import NOBODY, Histories
from finsim.engine.injection.ledger_columns import ACCOUNTS, LedgerColumns
from finsim.notation import Array, Bool1D, Int1D

BOTH, PAID, PAYS, SELLS = 0, 1, 2, 3
"""An account like most; one that is paid alone; that pays alone, and many; that sells, and at most pays
buyers back."""
SORTS = 4
RECEIPTS = SORTS * SORTS
_SALES = 0.9  # assumption: share of the rows paid to a shop's account that name a shop
_BUYERS = 10  # assumption: payers of an account without the name of a shop that sells
_REPAID = 5  # the same of one that pays some of them back, and nobody else
_LEAST_MANY, _BEYOND = 5, 4  # assumption: partners of a firm, and times those of a middle account
_LEAST_DAYS, _FEW_DAYS, _ON_THEM = 56, 5, 0.9
# assumption: of two months or more, days of the month with nearly all rows of wages and rents.
_BACK = 0.5  # assumption: rows that a seller pays back per row that it is paid


@dataclass(frozen=True)
class AccountSorts:
    """``sort`` int64[E] of each entity; ``relation`` int64[n] of each row that pays out, -1 for any other.

    A relation is 4 times the sort of the payer plus that of the payee; a merchant sells whatever its account.
    ``has_names``: shops are named in place of accounts, so that purchases are beside transfers in any case.
    ``aside`` are sorts that no scheme is cast from: what they pay and are paid comes on a day of the month,
    as wages and rents do, and any other day would tell.
    """

    sort: Int1D
    relation: Int1D
    aside: tuple[int, ...] = ()
    has_names: bool = False

    @property
    def is_mixed(self) -> bool:
        """Whether rows have several relations that tell sellers from others."""
        return self.has_names or bool((self.sort == SELLS).any() and (self.sort != SELLS).any())

    @classmethod
    def of(cls, past: Histories, columns: LedgerColumns, time: Int1D) -> AccountSorts:
        """Return the sorts of the entities of a ledger; between accounts alone they differ.

        time int64[n] ns by the ledger's clock.
        """
        sort = _sorts(past) if columns.layout == ACCOUNTS else np.zeros(past.count, np.int64)
        relation = np.where(past.outgoing, relations(sort, past.payer, past.payee, past.shop), NOBODY)
        found = cls(sort, relation, has_names=past.has_names)
        return replace(found, aside=_aside(relation, time)) if found.is_mixed else found

    def with_receipts(self, past: Histories) -> Int1D:
        """Return the relations int64[n] of all rows, those of money in on numbers of their own."""
        came = RECEIPTS + relations(self.sort, past.payer, past.payee, past.shop)
        return np.where(past.turned, came, self.relation)

    def is_cast(self) -> Bool1D:
        """Return bool[E], the entities that schemes may be cast from, shops apart."""
        return np.asarray(~np.isin(self.sort, self.aside))

    def of_payments(self, giver: Array, taker: Array, shop: Array) -> Int1D:
        """Return the relation of each payment; ``giver``, ``taker`` int64[m] entities, -1 for none."""
        return relations(self.sort, giver, taker, shop)


def relations(sort: Int1D, giver: Array, taker: Array, shop: Array) -> Int1D:
    """Return the relation int64[m] of payments; nobody's sort is ``BOTH``."""
    known = np.append(sort, BOTH)  # -1 is the last
    return np.asarray(SORTS * known[giver] + np.where(shop >= 0, SELLS, known[taker]))


def _aside(relation: Int1D, time: Int1D) -> tuple[int, ...]:
    """Return the sorts all of whose relations, but those to sellers, come on a few days of the month."""
    at = time.astype("datetime64[ns]")
    if not len(time) or (at.max() - at.min()) < np.timedelta64(_LEAST_DAYS, "D"):
        return ()
    day = (at.astype("datetime64[D]") - at.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64)
    free, there = set(), set()
    for one in np.unique(relation[(relation >= 0) & (relation % SORTS != SELLS)]).tolist():
        there |= {one // SORTS, one % SORTS}
        often = np.sort(np.bincount(day[relation == one], minlength=31))
        if often[-_FEW_DAYS:].sum() < _ON_THEM * often.sum():
            free |= {one // SORTS, one % SORTS}
    return tuple(one for one in (PAID, PAYS) if one in there - free)


def _sorts(past: Histories) -> Int1D:
    found = np.full(past.count, BOTH)
    found[past.rows_out == 0] = PAID
    sells = _sellers(past)
    found[sells] = SELLS
    out, into = partners_but_sellers(past, found)
    found[(past.rows_in == 0) & (out >= many_partners(np.maximum(out, into)[~sells]))] = PAYS
    return found


def partners_but_sellers(past: Histories, sort: Int1D) -> tuple[Int1D, Int1D]:
    """Return how many accounts each entity pays and is paid by that do not sell: int64[E] each."""
    sells = np.append(sort == SELLS, True)  # -1 is the last
    rows = (past.payee >= 0) & (past.shop < 0) & ~sells[past.payee] & ~sells[past.payer]
    pairs = np.unique(past.payer[rows] * past.count + past.payee[rows])
    out, into = pairs // past.count, pairs % past.count
    return np.bincount(out, minlength=past.count), np.bincount(into, minlength=past.count)


def many_partners(reach: Int1D) -> int:
    """Return from how many partners on an account has many; ``reach`` of accounts that do not sell."""
    known = reach[reach > 0]
    return max(_LEAST_MANY, int(_BEYOND * np.median(known)) if len(known) else 0)


def _sellers(past: Histories) -> Bool1D:
    """Return bool[E], accounts paid by many or in the name of a shop that pay none but their payers."""
    count = past.count
    rows = past.outgoing & (past.payee >= 0)
    paid = np.bincount(past.payee[rows], minlength=count)
    sold = np.bincount(past.payee[rows & (past.shop >= 0)], minlength=count)
    moves = (past.payee >= 0) & (past.size > 0)
    pairs = np.unique(past.payee[moves] * count + past.payer[moves])  # payee, payer
    back = np.isin(past.payer * count + past.payee, pairs) & moves  # pays one who has paid it
    out = np.bincount(past.payer[moves], minlength=count)
    gives_back = np.bincount(past.payer[back], minlength=count)
    only_back = (gives_back >= _SALES * out) & (out <= _BACK * paid)
    named = (sold >= _SALES * np.maximum(paid, 1)) & (paid > 0)
    known = bool((past.shop >= 0).any())
    many = np.bincount(np.unique(past.payer[rows] * count + past.payee[rows]) % count, minlength=count)
    sells = (many >= _BUYERS) | ((many >= _REPAID) & (out > 0))
    return np.asarray(only_back & (named | (~np.bool_(known) & sells)))
