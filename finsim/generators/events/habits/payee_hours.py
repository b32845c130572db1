"""At what hours payees are paid: laws of the words that payees and pairs tell, and of single payees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.generators.events.habits.cells.contexts import best_contexts
from finsim.notation import Float1D, Float2D, Int1D

LEAST, MOST, LINKS = 30, 1_000, 3
"""Rows of a law; laws of single payees at most; entities that such a payee has at least (assumptions)."""
SURE, UNSURE = 0.5, 2_000.0
"""Least and most rows that a law is drawn towards the one above it by (assumptions)."""


@dataclass(frozen=True)
class PayeeHours:
    """``laws`` float64[K, 24], shares of hours; of_link int64[L] and of_payee int64[P] say which.

    usual float64[24], the shares of all rows.
    """

    laws: Float2D
    of_link: Int1D
    of_payee: Int1D
    usual: Float1D


def learn_payee_hours(
    hour: Int1D, link: Int1D, link_payee: Int1D, payees: int, told: dict[str, Int1D]
) -> PayeeHours:
    """Learn laws from the hour and the pair of each row, int64[n] each; ``told`` : words of pairs int64[L].

    The words are those that tell most of the hour, at most two. Each law is drawn towards the one above it as
    far as such laws are alike.
    """
    runs = np.bincount(link, minlength=len(link_payee))
    usual = np.bincount(hour, minlength=24) / max(len(hour), 1)
    laws, of_link = usual[None], np.zeros(len(link_payee), np.int64)
    parents = best_contexts(hour, {name: codes[link] for name, codes in told.items()}, 2)
    steps = [told[name] for name in parents]
    some = (runs > 0) & (np.bincount(link_payee, minlength=payees) >= LINKS)[link_payee]
    rows = np.bincount(link_payee, runs, payees)
    own = np.argsort(-rows, kind="stable")[:MOST]
    single = np.zeros(payees, np.int64)
    single[own] = 1 + np.arange(len(own))
    for codes in [*steps, np.where(some, single[link_payee], 0)]:
        laws, of_link = _refined(hour, link, laws, of_link, codes)
    of_payee = np.zeros(payees, np.int64)
    order = np.argsort(runs, kind="stable")
    of_payee[link_payee[order]] = of_link[order]
    return PayeeHours(laws, of_link, of_payee, usual)


def _refined(hour: Int1D, link: Int1D, laws: Float2D, of_link: Int1D, codes: Int1D) -> tuple[Float2D, Int1D]:
    """Return laws of each law and code with rows enough, else the law itself, and the law of each link."""
    wide = int(codes.max(initial=0)) + 1
    known, group = np.unique(of_link * wide + codes, return_inverse=True)
    group = group.astype(np.int64)
    count = np.bincount(group[link] * 24 + hour, minlength=24 * len(known)).reshape(-1, 24).astype(np.float64)
    rows, above = count.sum(axis=1, keepdims=True), laws[known // wide]
    weight = _weight(count, rows, above)
    own = (count + weight * above) / (rows + weight)
    kept = (rows[:, 0] >= LEAST) & (weight < UNSURE)
    place = np.where(kept, len(laws) + np.cumsum(kept) - 1, known // wide)
    return np.concatenate([laws, own[kept]]), place[group]


def _weight(count: Float2D, rows: Float2D, above: Float2D) -> float:
    """Return the rows that laws differ as little as: the sum of a Dirichlet's parameters, by moments."""
    chance = above * (1.0 - above)
    beyond = float(((count - rows * above) ** 2 - rows * chance).sum())
    pairs = float((rows * (rows - 1.0) * chance).sum())
    alike = beyond / pairs if pairs > 0 else 0.0
    return float(np.clip(1.0 / max(alike, 1e-9) - 1.0, SURE, UNSURE))
