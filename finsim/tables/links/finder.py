"""Links between the numbers of rows, found: which follows from which, by which words."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np

from finsim.notation import Float1D, Int1D
from finsim.tables.links.factors import factors_of
from finsim.tables.links.ledger_cells import Context, LedgerCells, contexts_of, decimals_of
from finsim.tables.links.link import (
    ANY,
    FIRST_CONSTANT,
    FREE,
    LEAST_ROWS,
    Level,
    Link,
    joint,
)
from finsim.tables.links.rates import rates_of

MOST_ROWS, MOST_COLUMNS, MOST_CONTEXTS = 100_000, 12, 5
"""Rows and numbers that are looked at, and columns of words that tell of one."""
LEAST_LINKED, LEAST_SHARE = 50, 0.05
"""Rows, and share of them, that follow from another number, for a link (assumptions)."""
LEAST_DIFFERENT = 20
"""Different numbers among these rows: of few, any is a factor of another."""
BY_CHANCE = 0.5
"""Share of the rows that follow which may do so where rows are exchanged (assumption)."""
MOST_CONSTANTS, LEAST_CONSTANT = 3, 0.01


def links_of(cells: LedgerCells, first: str | None = None) -> tuple[Link, ...]:
    """Return the links of the numbers of rows, each after the one that it follows from (own).

    ``first`` is the number that follows from no other, such as the amount of a payment. What holds in at
    least 98 % of the rows of some words (``link.MOST_FREE``) is a link within these; there is none where no
    number is another one, or that times a factor or a rate, in ``LEAST_SHARE`` of the rows.
    """
    if cells.rows > MOST_ROWS:
        cells = cells.taken(np.arange(MOST_ROWS) * cells.rows // MOST_ROWS)
    names = [name for name, one in cells.numbers.items() if (~np.isnan(one)).sum() >= LEAST_LINKED]
    names = names[:MOST_COLUMNS]
    if len(names) < 2:
        return ()
    contexts = contexts_of(cells)
    root = first if first in names else names[0]
    settled, open_names = [root], [name for name in names if name != root]
    found: list[Link] = []
    tried: dict[tuple[str, str], tuple[float, int, Link] | None] = {}
    while open_names:
        best: tuple[float, int, Link] | None = None
        for name in open_names:
            for source in settled:
                if (name, source) not in tried:
                    tried[name, source] = _link(cells, name, source, contexts)
                one = tried[name, source]
                if one is not None and (best is None or one[:2] > best[:2]):
                    best = one
        if best is None:
            settled.append(open_names.pop(0))
            continue
        found.append(best[2])
        settled.append(best[2].name)
        open_names.remove(best[2].name)
    return tuple(found)


def _link(
    cells: LedgerCells, name: str, source: str, contexts: list[Context]
) -> tuple[float, int, Link] | None:
    """Return how one number follows from another; None where it does not.

    Before it the share of the rows in which it does, and less the numbers that are learned: of two links that
    tell as much the plainer one is better.
    """
    target, base = cells.numbers[name], cells.numbers[source]
    counts = np.sort(np.unique(target[~np.isnan(target) & (target != 0)], return_counts=True)[1])
    if counts[-MOST_COLUMNS:].sum() >= 0.9 * counts.sum():  # numbers of few values follow words alone
        return None
    digits = decimals_of(target)
    unsigned = bool(np.nanmin(target) >= 0 > np.nanmin(base))
    base = np.abs(base) if unsigned else base
    sided = LedgerCells({**cells.numbers, source: base}, cells.words, cells.day)
    rates = rates_of(sided, name, source, contexts, digits)
    left = np.ones(len(target), dtype=np.bool_)
    if rates is not None:
        left = np.isnan(rates.of(cells))
    factors = factors_of(target[left], base[left], digits)
    if rates is None and not factors:
        return None
    plain = Link(name, source, digits, (), factors, rates, (), unsigned=unsigned)
    linked = plain.fits(cells, target)[FIRST_CONSTANT:].any(axis=0) & (target != 0)
    if linked.sum() < max(LEAST_LINKED, LEAST_SHARE * len(target)):
        return None
    if len(np.unique(np.abs(base[linked]))) < LEAST_DIFFERENT or _by_chance(plain, cells) > BY_CHANCE:
        return None
    plain = replace(plain, constants=_constants(target[~linked & ~np.isnan(target)], len(target)))
    kind = kinds_of(plain, cells)
    chosen = _chosen(kind, cells, contexts, plain)
    link = replace(plain, contexts=chosen, levels=_levels(kind, cells, chosen, plain.kinds))
    place, shares = link.cell(cells)
    follows = shares.sum(axis=1)[place] > 0
    if (follows & linked).sum() < max(LEAST_LINKED, LEAST_SHARE * len(target)):
        return None
    learned = len(link.factors) + (0 if rates is None else sum(rates.is_rate) * len(rates.table[0]))
    return round(float((follows & (kind != FREE)).mean()), 2), -learned, link


def _by_chance(link: Link, cells: LedgerCells) -> float:
    """Return which part of the rows that follow would where the number is that of a row far away."""
    target = cells.numbers[link.name]
    real = link.fits(cells, target)[FIRST_CONSTANT:].any(axis=0) & (target != 0)
    moved = np.roll(target, len(target) // 3 + 1)
    chance = link.fits(cells, moved)[FIRST_CONSTANT:].any(axis=0) & (moved != 0)
    return float(chance.sum() / max(int(real.sum()), 1))


def _constants(rest: Float1D, rows: int) -> tuple[float, ...]:
    """Return the values that the rows which do not follow have often."""
    values, counts = np.unique(rest, return_counts=True)
    often = np.argsort(-counts, kind="stable")[:MOST_CONSTANTS]
    return tuple(float(values[k]) + 0.0 for k in often if counts[k] >= max(LEAST_ROWS, LEAST_CONSTANT * rows))


def kinds_of(link: Link, cells: LedgerCells) -> Int1D:
    """Return the kind int64[n] of each row, ``ANY`` where both numbers are 0 or the source lacks."""
    target, source = cells.numbers[link.name], cells.numbers[link.source]
    fits = link.fits(cells, target)
    # A factor says more than a constant, a rate more than a factor of its own words.
    order = [len(fits) - 1, *range(FIRST_CONSTANT + len(link.constants), len(fits) - 1), *range(1, len(fits))]
    kind = np.full(len(target), FREE)
    for k in reversed(list(dict.fromkeys(order))):
        kind = np.where(fits[k], k, kind)
    zero = (source == 0) & (target == 0)
    return np.where(zero | (np.isnan(source) & ~np.isnan(target)), ANY, kind).astype(np.int64)


def _chosen(kind: Int1D, cells: LedgerCells, contexts: list[Context], link: Link) -> tuple[Context, ...]:
    """Return the columns of words that tell the kinds of rows, best first; that of rates before all."""
    chosen = [] if link.rates is None else [link.rates.context]
    rows = np.flatnonzero(kind != ANY)
    codes = {one.name: one.codes(cells)[rows] for one in contexts}
    key = np.zeros(len(rows), np.int64)
    for one in chosen:
        key = codes[one.name]
    cost = _nats(key, kind[rows], link.kinds)
    while len(chosen) < MOST_CONTEXTS:
        best = None
        for one in contexts:
            if one in chosen:
                continue
            both = np.unique(key * one.size + codes[one.name], return_inverse=True)[1]
            nats = _nats(both, kind[rows], link.kinds)
            if best is None or nats < best[0]:
                best = nats, one, both
        if best is None or best[0] >= cost:
            break
        cost, key = best[0], best[2]
        chosen.append(best[1])
    return tuple(chosen)


def _nats(key: Int1D, kind: Int1D, kinds: int) -> float:
    """Return nats of the kinds given the words, and one for each share learned (Akaike 1974)."""
    both, count = np.unique(key * kinds + kind, return_counts=True)
    size = np.bincount(np.unique(both // kinds, return_inverse=True)[1], count)
    whole = size[np.unique(both // kinds, return_inverse=True)[1]]
    return float(-(count * np.log(count / whole)).sum() + len(both))


def _levels(kind: Int1D, cells: LedgerCells, contexts: tuple[Context, ...], kinds: int) -> tuple[Level, ...]:
    rows = np.flatnonzero(kind != ANY)
    codes = [one.codes(cells)[rows] for one in contexts]
    found = []
    every = tuple(range(len(contexts)))
    first = [every[:depth] for depth in range(len(every) + 1)]
    few = [one for size in (1, 2) for one in combinations(every, size)]
    for of in dict.fromkeys([(), *few, *first]):
        key = joint(codes, contexts, of, len(rows))
        known, place = np.unique(key, return_inverse=True)
        counts = np.bincount(place * kinds + kind[rows], minlength=len(known) * kinds).reshape(-1, kinds)
        kept = counts.sum(axis=1) >= LEAST_ROWS
        if kept.any():
            found.append(Level(
                of, tuple(int(one) for one in known[kept]),
                tuple(tuple(int(x) for x in row) for row in counts[kept]),
            ))  # fmt: skip
    return tuple(found)
