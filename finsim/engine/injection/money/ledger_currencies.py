"""Currencies of a ledger: that of each entity, and schemes among entities of one of them (own)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from finsim.agents.schemes.role_casting import Candidates
from finsim.engine.injection.entity_histories import NOBODY, Histories
from finsim.engine.injection.ledger_columns import LedgerColumns
from finsim.engine.injection.ledger_population import LedgerPopulation
from finsim.engine.injection.ledger_sample import LedgerSample
from finsim.notation import Float1D, Int1D
from finsim.tables.cells.stored import is_text

ENOUGH = 30
"""Payments out that make a law of a currency's own (assumption)."""
SURE = 0.95
"""Share of the rows of who is paid alone in one currency, from which on it is its own (assumption)."""


@dataclass(frozen=True)
class Currencies:
    """The usual currency of each account position, int64[A], -1 where it has none, or is paid in several.

    ``rows`` float64[K] is the share of rows in each, 0 where few are paid out; ``mixed`` that of rows between
    two that pay in different ones, over that of two ends drawn at random. Who is paid alone has no currency
    of its own to cross. ``codes`` int64[n] is the currency of each sampled row.
    """

    usual: Int1D
    rows: Float1D
    mixed: float
    codes: Int1D

    def of_scheme(
        self, who: Mapping[str, Candidates], rng: np.random.Generator
    ) -> tuple[Mapping[str, Candidates], int]:
        """Return who may play the roles of one scheme: all, as often as rows of the ledger join currencies.

        Else those of one currency, drawn by its rows among the ones in which somebody can play each role.
        With them comes the currency, -1 for any.
        """
        if rng.random() < self.mixed:
            return who, NOBODY
        fits = [
            code for code in range(len(self.rows))
            if all(self._is_in(one.account, code).any() for one in who.values())
        ]  # fmt: skip
        share = self.rows[fits]
        if not len(fits) or not share.sum() > 0:
            return who, NOBODY
        code = fits[int(rng.choice(len(fits), p=share / share.sum()))]
        return {name: self._only(one, code) for name, one in who.items()}, code

    def _is_in(self, account: Int1D, code: int) -> Int1D:
        usual = self.usual[account]
        return np.asarray((usual == code) | (usual == NOBODY))

    def _only(self, one: Candidates, code: int) -> Candidates:
        keep = np.asarray(self._is_in(one.account, code), dtype=np.bool_)
        if keep.all():
            return one
        place = np.cumsum(keep) - 1
        pool = place[one.pool[keep[one.pool]]]
        if len(one.pool) and not len(pool):
            pool = np.arange(int(keep.sum()))
        weight = np.diff(one.running, prepend=0.0)[keep]
        return replace(
            one, account=one.account[keep], shop=one.shop[keep], running=np.cumsum(weight), pool=pool
        )


def ledger_currencies(
    sample: LedgerSample, past: Histories, columns: LedgerColumns, people: LedgerPopulation
) -> Currencies | None:
    """Return the currencies of a ledger, None where it has one."""
    part = columns.parts.get("currency")
    if part is None or not is_text(sample.cells.schema.field(part.at).type):
        return None
    code, words = pd.factorize(sample.cells.column(part.at).to_pandas().astype(object))
    if len(words) < 2:
        return None
    payer = _usual(past.payer, code, past.count)
    entity = np.where(payer >= 0, payer, _usual(past.payee, code, past.count, SURE))
    shop = _usual(past.shop, code, past.shops, SURE)
    ends = [np.append(payer, NOBODY)[one] for one in (past.payer, past.payee)]
    both = (ends[0] >= 0) & (ends[1] >= 0)
    usual = np.where(
        people.entity >= 0, np.append(entity, NOBODY)[people.entity], np.append(shop, NOBODY)[people.shop]
    )
    share = np.bincount(code[code >= 0], minlength=len(words)) / max(int((code >= 0).sum()), 1)
    crossed = float((ends[0] != ends[1])[both].mean()) if both.any() else 0.0
    mixed = min(1.0, crossed / (1.0 - float((share**2).sum())))
    paid = np.bincount(code[(code >= 0) & past.outgoing], minlength=len(words))
    return Currencies(usual, np.where(paid >= ENOUGH, share, 0.0), mixed, code)


def _usual(key: Int1D, code: Int1D, count: int, least: float = 0.0) -> Int1D:
    """Return the most frequent code of each key, in ``least`` of its rows: int64[count], -1 for none."""
    known = (key >= 0) & (code >= 0)
    found = np.full(count, NOBODY)
    if known.any():
        pairs, rows = np.unique(np.stack([key[known], code[known]]), axis=1, return_counts=True)
        order = np.argsort(rows, kind="stable")
        order = order[rows[order] >= least * np.bincount(key[known], minlength=count)[pairs[0][order]]]
        found[pairs[0][order]] = pairs[1][order]
    return found
