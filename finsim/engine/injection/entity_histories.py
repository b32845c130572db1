"""What the sample knows of each entity and merchant: rows, partners, first and last time, sums."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from finsim.engine.injection.ledger_columns import ACCOUNTS, SINGLE, LedgerColumns
from finsim.engine.injection.ledger_sample import LedgerSample, entity_names
from finsim.engine.learned.counterparties.two_columns import LEAST_ALONE
from finsim.generators.events.habits.sides.signed_amounts import LEAST_SIDE
from finsim.notation import Array, Bool1D, Int1D
from finsim.tables.direction_words import IN_WORDS, OUT_WORDS

NOBODY = -1
_EVER = 2**63 - 1  # ns, beyond all times
_TILLS = 12  # of the one merchant of a purchase log, so that a story finds as many as it asks for
_LEAST_OUT = 0.15  # assumption: share of amounts below 0; where payments are above it, fewer are reversals
_CASH = frozenset(["cash", "bargeld", "efectivo", "espèces"])


@dataclass(frozen=True)
class Histories:
    """Rows of the sample by entity, n rows, E entities, M merchants.

    ``payer``, ``payee`` int64[n] entity of each side (the second only between accounts), ``shop`` int64[n]
    merchant, -1 for none; ``outgoing`` bool[n] rows that pay out; ``refund`` bool[n] rows in which a merchant
    pays; ``size`` int64[n] what is paid, above 0. ``external`` bool[E] accounts without a row of their own,
    in a ledger between accounts that says on which side of its account a row stands: only others name them.
    ``has_names``: a merchant is named beside no account, and beside an account its holder.
    ``till`` int64[M] the account that a merchant is usually paid on, -1 where rows name none.
    ``whole`` bool[E]: whether the sample has the whole history. ``rows_out``, ``rows_in``, ``sum_in``,
    ``partners_out``, ``partners_in``, ``first``, ``last`` (ns) have shape [E]. ``is_log``: no money comes in
    and nobody is named as paid, so all rows are purchases at the one who keeps the table.
    """

    payer: Int1D
    payee: Int1D
    shop: Int1D
    outgoing: Bool1D
    refund: Bool1D
    till: Int1D
    size: Int1D
    sign: int
    whole: Bool1D
    rows_out: Int1D
    rows_in: Int1D
    sum_in: Int1D
    partners_out: Int1D
    partners_in: Int1D
    first: Int1D
    last: Int1D
    shops: int
    is_log: bool
    turned: Bool1D
    external: Bool1D
    has_names: bool

    @property
    def own(self) -> Int1D:
        """The entity that each row names as its own account: who pays, or who is paid where it is turned."""
        found: Int1D = np.where(self.turned, self.payee, self.payer)
        return found

    @property
    def other(self) -> Int1D:
        """The entity that each row names as the other side, -1 for none."""
        found: Int1D = np.where(self.turned, self.payer, self.payee)
        return found

    @property
    def count(self) -> int:
        """Number of entities E."""
        return len(self.whole)


def is_purchase_log(columns: LedgerColumns, amount: Int1D) -> bool:
    """Whether a single-sided table knows no money that comes in: purchases at the one who keeps it."""
    return columns.layout == SINGLE and "direction" not in columns.parts and bool((amount >= 0).all())


def histories(sample: LedgerSample, columns: LedgerColumns) -> Histories:
    """Return who paid whom in the sample."""
    n = len(sample.row)
    names = [_plain(one) for one in entity_names(sample.cells, columns)]
    codes, words = pd.factorize(pd.Series(np.concatenate(names)), use_na_sentinel=True)
    payer = codes[:n].astype(np.int64)
    payee = codes[n:].astype(np.int64) if columns.layout == ACCOUNTS else np.full(n, NOBODY)
    outgoing, sign = _directions(sample, columns)
    shop, shops = np.full(n, NOBODY), 0
    has_names = False
    if "merchant" in columns.parts:
        shop, shops = _shops(sample.cells.column(columns.parts["merchant"].at))
        has_names = columns.layout == ACCOUNTS and _is_named_alone(shop, payee)
        shop = np.where(has_names & (payee >= 0), NOBODY, shop)
    elif is_purchase_log(columns, sample.amount):
        shop, shops = np.arange(n) % _TILLS, _TILLS
    whole = np.zeros(len(words), dtype=np.bool_)
    whole[payer[sample.payer_kept]] = True
    if columns.layout == ACCOUNTS:
        whole[payee[sample.payee_kept & (payee >= 0)]] = True
    turned, external = np.zeros(n, dtype=np.bool_), np.zeros(len(words), dtype=np.bool_)
    if columns.layout == ACCOUNTS:
        # A row of money in is paid by the one whom it names as the other side.
        pays_out, is_sided = _pays_out(sample, columns)
        turned = ~pays_out & (payee >= 0)
        external = is_sided & (np.bincount(payer[payer >= 0], minlength=len(words)) == 0)
        payer, payee = np.where(turned, payee, payer), np.where(turned, payer, payee)
        outgoing = outgoing & pays_out
    size = np.where(outgoing, sample.amount * sign, np.abs(sample.amount))
    till = _tills(payee[outgoing], shop[outgoing], shops)
    refund = (shop >= 0) & (size > 0) & ~outgoing
    if columns.layout == ACCOUNTS:
        from_till = payer == np.append(till, NOBODY)[shop]
        refund = (shop >= 0) & (size > 0) & np.where(payee >= 0, from_till, ~outgoing & is_sided)
    out = (outgoing | (turned & external[payer])) & (size > 0)
    into = _receipts(columns, outgoing, payee)
    receiver = payee if columns.layout == ACCOUNTS else payer
    count = len(words)
    return Histories(
        payer, payee, shop, outgoing & (size > 0) & ~refund, refund, till, size, sign, whole,
        np.bincount(payer[out], minlength=count),
        np.bincount(receiver[into], minlength=count),
        np.bincount(
            receiver[into], weights=np.abs(size[into]).astype(np.float64), minlength=count
        ).astype(np.int64),
        _partners(payer[out], np.where(payee >= 0, payee, shop)[out], count),
        _partners(receiver[into], payer[into], count),
        *_span(sample.time, payer, payee, count), shops, is_purchase_log(columns, sample.amount),
        turned, external, has_names,
    )  # fmt: skip


def _plain(names: pa.ChunkedArray) -> Array:
    if pa.types.is_dictionary(names.type):
        names = names.cast(names.type.value_type)
    return np.asarray(names.to_pandas().to_numpy(dtype=object))


def _receipts(columns: LedgerColumns, outgoing: Bool1D, payee: Int1D) -> Bool1D:
    found: Bool1D = payee >= 0 if columns.layout == ACCOUNTS else ~outgoing
    return found if columns.layout in (ACCOUNTS, SINGLE) else np.zeros(len(outgoing), dtype=np.bool_)


def _directions(sample: LedgerSample, columns: LedgerColumns) -> tuple[Bool1D, int]:
    """Return which rows pay out, by the direction column, else by the sign of the amount, and its sign."""
    amount = sample.amount
    if columns.sides is not None:
        return amount < 0, -1
    if columns.layout == SINGLE and (out := told_out(sample.cells, columns)) is not None:
        return out, -1 if np.median(amount[out] if out.any() else [1]) < 0 else 1
    if columns.layout == SINGLE and (amount < 0).any():
        return amount < 0, -1
    if columns.layout == ACCOUNTS and told_out(sample.cells, columns) is None and is_signed(amount):
        return amount < 0, -1
    sign = -1 if (amount < 0).mean() > 0.5 else 1
    return amount * sign > 0, sign


def told_out(cells: pa.Table, columns: LedgerColumns) -> Bool1D | None:
    """Return which rows the direction column says pay out, None without one whose words are known."""
    if "direction" not in columns.parts:
        return None
    words = pd.Series(_plain(cells.column(columns.parts["direction"].at))).astype(str)
    folded = words.str.strip().str.casefold()
    if folded.isin(OUT_WORDS | IN_WORDS).mean() <= 0.5:
        return None
    out: Bool1D = folded.isin(OUT_WORDS).to_numpy()
    return out


def _pays_out(sample: LedgerSample, columns: LedgerColumns) -> tuple[Bool1D, bool]:
    """Return which rows between accounts are paid by their own account, and whether the ledger says it.

    A direction does, or amounts on both sides of 0; else all are.
    """
    out = told_out(sample.cells, columns)
    if out is not None and out.any():
        return out, True
    if out is None and is_signed(sample.amount):
        return sample.amount < 0, True
    return np.ones(len(sample.row), dtype=np.bool_), False


def is_signed(amount: Array) -> bool:
    """Whether amounts on each side of 0 are so many that their sign is a direction, and no correction."""
    below, above = int((amount < 0).sum()), int((amount > 0).sum())
    whole = max(below + above, 1)
    return below >= _LEAST_OUT * whole and above >= LEAST_SIDE * whole


def _is_named_alone(shop: Int1D, other: Int1D) -> bool:
    """Whether rows name a merchant and no account, so that a name beside an account is its holder's."""
    alone = (shop >= 0) & (other < 0)
    return bool(alone.any() and alone.sum() >= LEAST_ALONE * ((shop >= 0) | (other >= 0)).sum())


def _shops(column: pa.ChunkedArray) -> tuple[Int1D, int]:
    values = pd.Series(_plain(column))
    codes, words = pd.factorize(values, use_na_sentinel=True)
    absent = [place for place, word in enumerate(words) if str(word) in ("-1", "", "nan")]
    found = np.where(np.isin(codes, absent), NOBODY, codes).astype(np.int64)
    return found, len(words)


def _tills(payee: Int1D, shop: Int1D, shops: int) -> Int1D:
    """Return the account on which each merchant is paid most often, -1 where no row names one."""
    found = np.full(shops, NOBODY)
    known = (shop >= 0) & (payee >= 0)
    if known.any():
        pairs, count = np.unique(np.stack([shop[known], payee[known]]), axis=1, return_counts=True)
        order = np.argsort(count, kind="stable")
        found[pairs[0][order]] = pairs[1][order]
    return found


def _partners(entity: Int1D, partner: Int1D, count: int) -> Int1D:
    known = partner >= 0
    pairs = np.unique(np.stack([entity[known], partner[known]]), axis=1)
    return np.bincount(pairs[0], minlength=count)


def _span(time: Int1D, payer: Int1D, payee: Int1D, count: int) -> tuple[Int1D, Int1D]:
    first, last = np.full(count, _EVER), np.full(count, -_EVER)
    for side in (payer, payee):
        known = side >= 0
        np.minimum.at(first, side[known], time[known])
        np.maximum.at(last, side[known], time[known])
    return first, last


def cash_rows(column: pa.ChunkedArray) -> Bool1D:
    """Return in which rows of a column of words the word is cash: bool[n]."""
    codes, words = pd.factorize(pd.Series(_plain(column)), use_na_sentinel=True)
    return np.asarray(np.append(cash_words(words), False)[codes])


def cash_words(words: Iterable[object]) -> Bool1D:
    """Return which words are cash: bool[K]."""
    return np.array([str(word).strip().casefold() in _CASH for word in words], dtype=np.bool_)
