"""Which payees are met without a link, and how much more those of one trade are liked than others."""

from __future__ import annotations

import numpy as np

from finsim.generators.events.habits.generations import Links
from finsim.notation import Float1D, Float2D

FIRST_RUN = 0.95
"""The first run of a payee is no return to it; a little is left, so that any may come again (assumption)."""


def popular_payees(links: Links, payees: int) -> Float2D:
    """Return cumulative shares float64[S, P] of payees by how many entities of a sort have them."""
    owner, count = links.sort[links.entity], int(links.sort.max(initial=0)) + 1
    met = np.bincount(owner * payees + links.payee, minlength=count * payees).reshape(count, payees)
    met = np.where(met.sum(axis=1, keepdims=True) > 0, met, met.sum(axis=0))
    return np.asarray(np.cumsum(met, axis=1) / np.maximum(met.sum(axis=1, keepdims=True), 1))


def worth_of_kinds(links: Links, discount: Float1D) -> Float1D:
    """Return how much more links of each trade are liked than those of others where payees are alike.

    There liking is drawn towards that of all, as of alike payees chance makes some more paid: but of payees
    that are paid once each as a rule it must not make favourites. discount float64[E].
    """
    own, trade = np.minimum(discount, 0.0)[links.entity], links.kind // 2
    found, drawn = np.bincount(trade, links.runs - FIRST_RUN), np.bincount(trade, links.runs - own)
    usual = found.sum() / max(float(drawn.sum()), 1e-9)
    return np.asarray((found / np.maximum(drawn, 1e-9) / max(usual, 1e-9))[trade])
