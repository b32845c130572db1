"""Real rows of the relations of added rows, as often: what an added row is to be taken for."""

from __future__ import annotations

import numpy as np

from finsim.notation import Bool1D, Int1D


def rows_alike(relation: Int1D, among: Bool1D, added: Int1D) -> Bool1D:
    """Return bool[n], the rows ``among`` bool[n] that stand beside added ones: the same shares of relations.

    relation int64[n], added int64[m] those of the added rows. As many as the scarcest relation leaves, evenly
    spread; a relation that no real row has is left out of the shares.
    """
    size = int(max(relation.max(initial=0), added.max(initial=0))) + 1
    have = np.bincount(relation[among & (relation >= 0)], minlength=size)
    want = np.bincount(added[added >= 0], minlength=size) * (have > 0)
    found = np.zeros(len(relation), dtype=np.bool_)
    if not want.any():
        return found
    most = float((have[want > 0] / want[want > 0]).min())
    for one in np.flatnonzero(want):
        rows = np.flatnonzero(among & (relation == one))
        count = max(int(most * want[one]), 1)
        found[rows[(np.arange(count) * (len(rows) / count)).astype(np.int64)]] = True
    return found
