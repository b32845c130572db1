"""Words of payments to merchants that belong together: of the merchant, of one another, of the account (own).

A type that a merchant is never paid by, a town where it has no shop or the number of another customer's card
gives an added row away, though each word for itself is a usual one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
import pyarrow as pa

from finsim.engine.injection.accounts.agreement import agreement
from finsim.engine.injection.accounts.row_groups import Group
from finsim.engine.injection.accounts.transfer_words import word_columns
from finsim.engine.injection.entity_histories import Histories
from finsim.engine.injection.ledger_columns import LedgerColumns
from finsim.engine.injection.ledger_sample import LedgerSample, never_twice
from finsim.notation import Array, Bool1D, Int1D
from finsim.tables.cells.stored import is_text

_NEW, _NEVER = 0.02, 0.02  # share of rows alone with their pair at most, of pairs that never are at least
_LEAST, _PAYERS = 30, 5  # rows and accounts that tell a word of the account's own
_EXCLUSIVE, _AGREES = 0.9, 0.7  # assumption: of the rows of a kind, so that some cards are replaced
_CONSTANT = 0.99  # agreement within an account from which on a word says who it is
_MORE = 0.05  # agreement by merchant and payer above that by merchant: the payer has a say
_NEAREST, _TRIES = 3, 12
NONE = -1
Sources = list[tuple[int, int]]


@dataclass(frozen=True)
class MerchantWords:
    """Of n rows: ``words`` codes int64[n] of columns by place, that merchants or kinds of rows settle.

    ``of_payer`` those of them that rather follow the payer; ``shop`` int64[n]; ``kind`` int64[n] the word
    that tells purchases, debits and cash apart, twice, and one for refunds; ``seen`` pairs of columns, or of
    a column and -1 for the merchant, with a bool per pair of codes. ``own`` and ``of_pair``: by place, bool
    per kind, whose words are the account's own, or that of account and merchant. ``sold`` and ``refunded``
    rows by merchant, ``by_kind`` by payer and kind, ``by_pair`` by a number of payer and merchant.
    """

    words: Mapping[int, Int1D]
    of_payer: frozenset[int]
    shop: Int1D
    payer: Int1D
    kind: Int1D
    seen: Mapping[tuple[int, int], Bool1D]
    own: Mapping[int, Bool1D]
    of_pair: Mapping[int, Bool1D]
    sold: Group
    refunded: Group
    by_kind: Group
    by_pair: Group
    pairs: Int1D
    texts: Mapping[int, Array]

    def sources(
        self, rows: tuple[int, int], paid: tuple[int, int, int], rng: np.random.Generator, *,
        refund: bool = False,
    ) -> tuple[Sources, list[tuple[int, str]]]:  # fmt: skip
        """Return the rows that lend each column of words of a row, and references made anew, by place.

        ``rows``: the template and the row that the payee settles; ``paid``: payer, merchant, amount.
        """
        template, settled = rows
        payer, shop, amount = paid
        if refund:
            back = self.refunded.near(shop, amount, _NEAREST, rng)
            settled = back if back >= 0 else settled
        if settled < 0:
            settled = self.sold.near(shop, amount, _NEAREST, rng)
        if settled < 0 or self.shop[settled] != shop:
            return [], []
        mine = self._of_payer(template, settled, payer, amount, rng)
        found = self._together(mine, settled, (payer, shop, amount), rng)
        made: list[tuple[int, str]] = []
        kinds = len(self.by_kind.edges) - 1
        kind = int(self.kind[settled])
        for at, own in self.own.items():
            pair = self.of_pair[at]
            found[at] = settled
            if own[kind]:
                found[at] = mine if mine >= 0 else self._any_own(own, payer, kinds, rng)
            elif pair[kind]:
                found[at] = self._at_shop(payer, shop, amount, rng)
            if found[at] < 0:
                made.append((at, _anew(str(self.texts[at][settled]), rng)))
                del found[at]
        return list(found.items()), made

    def _together(
        self, mine: int, settled: int, paid: tuple[int, int, int], rng: np.random.Generator
    ) -> dict[int, int]:
        """Return rows that lend words that are met together: of the payer, else of the merchant."""
        payer, shop, amount = paid
        kind = int(self.kind[settled])
        for turn in range(_TRIES if self.of_payer and mine >= 0 else 0):
            row = mine
            if turn == 1:
                row = self._at_shop(payer, shop, amount, rng)
            elif turn > 1:
                row = self.by_kind.any(self._key(payer, kind), rng)
            if row < 0 or self.kind[row] != kind:
                continue
            found = {at: row if at in self.of_payer else settled for at in self.words}
            if self._is_seen(found, shop):
                return found
        return dict.fromkeys(self.words, settled)

    def _of_payer(
        self, template: int, settled: int, payer: int, amount: int, rng: np.random.Generator
    ) -> int:
        """Return a row of the payer of the kind of ``settled``: the template where it is one; -1 for none."""
        kind = int(self.kind[settled])
        if template >= 0 and self.payer[template] == payer and self.kind[template] == kind:
            return template
        return self.by_kind.near(self._key(payer, kind), amount, _NEAREST, rng) if payer >= 0 else NONE

    def _key(self, payer: int, kind: int) -> int:
        return payer * self._kinds + kind

    @property
    def _kinds(self) -> int:
        return int(self.kind.max()) + 1

    def _any_own(self, own: Bool1D, payer: int, kinds: int, rng: np.random.Generator) -> int:
        for kind in np.flatnonzero(own) if payer >= 0 else ():
            row = self.by_kind.any(self._key(payer, int(kind)), rng)
            if row >= 0:
                return row
        return NONE

    def _at_shop(self, payer: int, shop: int, amount: int, rng: np.random.Generator) -> int:
        number = payer * (int(self.shop.max()) + 1) + shop
        at = int(np.searchsorted(self.pairs, number))
        if payer < 0 or at == len(self.pairs) or self.pairs[at] != number:
            return NONE
        return self.by_pair.near(at, amount, _NEAREST, rng)

    def _is_seen(self, found: Mapping[int, int], shop: int) -> bool:
        """Whether real rows have each pair of the words, and each word with the merchant."""
        for (a, b), known in self.seen.items():
            right = shop if b < 0 else self.words[b][found[b]]
            if not known[self.words[a][found[a]], right]:
                return False
        return True


def merchant_words(
    sample: LedgerSample, past: Histories, columns: LedgerColumns, lends: Bool1D | None = None
) -> MerchantWords | None:
    """Return the words of payments to merchants; None where nothing but a category belongs to them.

    ``lends`` bool[n]: rows that lend words, all where it lacks.
    """
    sold = past.outgoing & (past.shop >= 0)
    if past.is_log or not sold.any():
        return None
    category = columns.parts["category"].at if "category" in columns.parts else NONE
    shop, payer = past.shop, past.payer
    words, of_payer = {}, set()
    for at, codes in word_columns(sample, columns):
        if agreement(payer[sold], codes[sold]) >= _CONSTANT:
            continue
        if at == category or is_tied(codes[sold], shop[sold]):
            words[at] = codes
    kind = np.zeros(len(shop), dtype=np.int64)
    told = [at for at in words if at != category]
    if told:
        clear = {at: (round(agreement(shop[sold], words[at][sold]), 2), -int(words[at].max())) for at in told}
        kind = words[max(told, key=lambda at: clear[at])]
    for at, codes in words.items():
        both = agreement(payer[sold] * past.shops + shop[sold], codes[sold])
        if at != category and both > agreement(shop[sold], codes[sold]) + _MORE:
            of_payer.add(at)
    kind = 2 * kind + past.refund
    moves = sold | (past.refund & np.isin(shop, np.unique(shop[sold])))
    own, of_pair, texts = _own_words(sample, past, columns, (kind, moves))
    if not told and not own:
        return None
    seen = {(at, NONE): _pairs(codes, shop, moves) for at, codes in words.items()}
    seen |= {
        (a, b): _pairs(words[a], words[b], moves)
        for a, b in combinations(words, 2) if is_tied(words[a][sold], words[b][sold])
    }  # fmt: skip
    sold = sold if lends is None else sold & lends
    rows, back = (
        np.flatnonzero(moves if lends is None else moves & lends),
        np.flatnonzero(moves & past.refund),
    )
    number = np.where(moves & (payer >= 0), payer * past.shops + shop, NONE)
    pairs = np.unique(number[sold])
    place = np.searchsorted(pairs, number)
    many = int(kind.max()) + 1
    taker = _takers(past)
    sales = np.flatnonzero(sold)
    return MerchantWords(
        words, frozenset(of_payer), shop, taker, kind, seen, own, of_pair,
        Group.of(sales, shop, past.size, past.shops), Group.of(back, shop, past.size, past.shops),
        Group.of(rows[taker[rows] >= 0], taker * many + kind, past.size, past.count * many),
        Group.of(sales, place, past.size, len(pairs)), pairs, texts,
    )  # fmt: skip


def _takers(past: Histories) -> Int1D:
    """Return the account whose words a row of a merchant has: the buyer's, in a refund who gets it."""
    found: Int1D = np.where(past.refund & (past.payee >= 0), past.payee, past.payer)
    return found


def is_tied(one: Int1D, other: Int1D) -> bool:
    """Whether codes int64[n] each go together: hardly a row is alone with its pair, and many pairs never are.

    Rows whose either code occurs once are not asked.
    """
    size = int(other.max(initial=0)) + 1
    pair, place, count = np.unique(one * size + other, return_inverse=True, return_counts=True)
    left, right = np.bincount(one), np.bincount(other)
    asked = (left[one] > 1) & (right[other] > 1)
    if not asked.any():
        return False
    alone = float((count[place] == 1)[asked].mean())
    together = float((left[pair // size] / len(one) * (right[pair % size] / len(one))).sum())
    return alone <= _NEW and 1.0 - together >= max(_NEVER, 5 * alone)


def _pairs(one: Int1D, other: Int1D, rows: Bool1D) -> Bool1D:
    found = np.zeros((int(one.max()) + 1, int(other.max()) + 1), dtype=np.bool_)
    found[one[rows], other[rows]] = True
    return found


def _own_words(
    sample: LedgerSample, past: Histories, columns: LedgerColumns, known: tuple[Int1D, Bool1D]
) -> tuple[dict[int, Bool1D], dict[int, Bool1D], dict[int, Array]]:
    """Return, by column, whose kinds of rows have words of the account's own, of a pair's, and its cells."""
    kind, moves = known
    taken = {part.at for part in columns.parts.values()} | set(never_twice(sample.cells, columns))
    own, of_pair, texts = {}, {}, {}
    payer = _takers(past)
    for at, column in enumerate(sample.cells.columns):
        plain = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        if at in taken or not (is_text(plain) or pa.types.is_integer(plain)):
            continue
        text = column.cast(pa.string()) if pa.types.is_integer(plain) else column
        cells = text.to_pandas().to_numpy(dtype=object)
        codes = pd.factorize(cells)[0]
        there = moves & (codes >= 0) & (payer >= 0)
        if not there.any():
            continue
        pairs = np.unique(np.stack([codes[there], payer[there]]), axis=1)
        alone = np.bincount(pairs[0], minlength=int(codes.max()) + 1) == 1
        size = int(kind.max()) + 1
        mine, both = np.zeros(size, dtype=np.bool_), np.zeros(size, dtype=np.bool_)
        for one in np.unique(kind[there]):
            rows = np.flatnonzero(there & (kind == one))
            if len(rows) < _LEAST or len(np.unique(payer[rows])) < _PAYERS:
                continue
            if alone[codes[rows]].mean() < _EXCLUSIVE:
                continue
            mine[one] = agreement(payer[rows], codes[rows]) >= _AGREES
            both[one] = agreement(payer[rows] * past.shops + past.shop[rows], codes[rows]) >= _AGREES
        if mine.any() or both.any():
            own[at], of_pair[at], texts[at] = mine, both & ~mine, cells
    return own, of_pair, texts


def _anew(text: str, rng: np.random.Generator) -> str:
    """Return a reference of the form of another: its digits drawn anew."""
    digits = iter(rng.integers(0, 10, len(text)).tolist())
    return "".join(str(next(digits)) if one.isdigit() else one for one in text)
