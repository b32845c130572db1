"""How high a story's sums stand: as among the payments of the narratives' own world (own).

A launderer's money is large there and a stolen card is tried with next to nothing, so in a ledger the one
stands among its larger sums and the other below a fifth of its purchases. The level only leans: half of a
story's rows at one end would be told by their amount alone.
"""

from __future__ import annotations

import numpy as np

from finsim.notation import Array, Bool1D, Cents1D, Int1D

# assumption: middle and spread (of logs) of everyday payments where narratives are written, in cents.
_MIDDLE, _SPREAD = 4_000.0, 1.3
_LEAN = 0.5
_MOST = (
    0.3  # assumption: part of the ledger's ranks that a story may leave empty; told by it with an AUC of .65
)
_TRIAL = 500  # assumption: up to 5 units a purchase is a trial
_SMALL = 0.2  # of the ledger's purchases, below which trials lie


def lean(amounts: Cents1D) -> float:
    """Return which part of the ranks a story leaves empty: below its sums where above 0, above them else.

    ``amounts`` are those of a scheme in its own world, m of them.
    """
    if not len(amounts):
        return 0.0
    z = np.log(np.maximum(amounts, 1) / _MIDDLE) / _SPREAD
    rank = float((1.0 / (1.0 + np.exp(-1.702 * z))).mean())  # the logistic law beside the normal one
    return float(np.clip(_LEAN * (2.0 * rank - 1.0), -_MOST, _MOST))


def leaning(place: float, lean: float) -> float:
    """Return a rank, even over [0, 1], as one that is even over what a story does not leave empty."""
    return place * (1.0 - abs(lean)) + max(lean, 0.0)


def trials(amounts: Cents1D, to_shop: Array) -> Bool1D:
    """Return which payments of a scheme are trials of a card: bool[m]."""
    return np.asarray((amounts <= _TRIAL) & to_shop)


def trial_sums(law: Int1D, count: int, rng: np.random.Generator) -> Cents1D:
    """Return so many small sums of a ledger, from its purchases in order."""
    most = max(1, int(_SMALL * len(law)))
    return np.asarray(law[rng.integers(0, most, count)])
