"""Which of AMLworld's eight shapes a laundering scheme has: by its typology, else by its own rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow.compute as pc

from finsim.exports.payments.rows.payment_rows import Payments
from finsim.exports.payments.rows.scheme_rows import scheme_rows

SHAPES = (
    "FAN-OUT", "FAN-IN", "GATHER-SCATTER", "SCATTER-GATHER", "CYCLE", "RANDOM", "BIPARTITE", "STACK",
)  # fmt: skip
NAMED = {
    "fan_out": "FAN-OUT", "fan_in": "FAN-IN", "gather_scatter": "GATHER-SCATTER",
    "scatter_gather": "SCATTER-GATHER", "cycle": "CYCLE", "round_trip": "CYCLE", "random": "RANDOM",
    "random_walk": "RANDOM", "bipartite": "BIPARTITE", "stack": "STACK", "layering": "STACK",
}  # fmt: skip
"""finsim's typology -> AMLworld's word, where the two mean one thing."""


def shapes_of(payments: Payments) -> dict[int, str]:
    """Return scheme -> shape of every scheme with a laundering row among the chosen rows."""
    rows = scheme_rows(payments, ("from_account", "to_account", "is_laundering"))
    rows = rows.filter(rows["is_laundering"])
    scheme = np.asarray(rows["instance"])
    ends = [np.asarray(rows[name]) for name in ("from_account", "to_account")]
    found = {}
    for one in pc.unique(rows["instance"]).to_pylist():
        mine = scheme == one
        pairs = list(zip(ends[0][mine].tolist(), ends[1][mine].tolist(), strict=True))
        found[int(one)] = NAMED.get(payments.typologies[int(one)]) or shape_of(pairs)
    return found


def shape_of(pairs: Sequence[tuple[int, int]]) -> str:
    """Return the nearest of the eight shapes of some payments (payer, payee)."""
    payers, payees = {pair[0] for pair in pairs}, {pair[1] for pair in pairs}
    between = payers & payees
    if not between:
        if len(payers) == 1:
            return "FAN-OUT"
        return "FAN-IN" if len(payees) == 1 else "BIPARTITE"
    if between == payers == payees:
        return "CYCLE"
    if len(between) == 1:
        return "GATHER-SCATTER"
    return "SCATTER-GATHER" if len(payers - payees) == 1 and len(payees - payers) == 1 else "STACK"
