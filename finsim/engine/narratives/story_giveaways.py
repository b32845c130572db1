"""What gives the rows of a story away beside ordinary life: the best column and the best pair of columns."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from finsim.evaluation.added_rows.column_codes import column_codes
from finsim.evaluation.added_rows.separation import Separation, separation
from finsim.notation import Array, Bool1D, Int1D
from finsim.randomness import Streams
from finsim.records.columns import KEY, with_roles
from finsim.records.transactions import FEATURE_SCHEMA, Transactions

ALL, ALIKE = "all payments", "the same mix of account kinds"
"""The ordinary rows that the rows of a story are told from."""
_MOST = 4_000


def giveaways(world: Transactions, illicit_only: bool, streams: Streams) -> tuple[Separation, ...]:
    """Return the separation of a story's rows from all ordinary rows, and from rows of the same mix of kinds.

    The mix is that of the kinds of payer and payee: what a transfer between people is told from is then a
    transfer between people, not a purchase.
    ``illicit_only`` leaves out rows without a label, such as warming up; a decoy has none with one. Columns
    are those that a bank sees (no label, no row number), and the kinds of both accounts. Empty without rows.
    """
    table, mine, kinds = _readable(world, illicit_only)
    if mine.sum() < 2:
        return ()
    life = np.asarray(world.rows["instance"]) < 0
    alike = _mixed_as(kinds, life, mine, streams.at("mix"))
    groups = ((ALL, np.flatnonzero(life)), (ALIKE, alike))
    return tuple(
        _told(name, table, group, mine, world, streams.under(name)) for name, group in groups if len(group)
    )


def _mixed_as(kinds: Array, life: Bool1D, mine: Bool1D, rng: np.random.Generator) -> Int1D:
    """Return ordinary rows with the shares of kinds that the story's rows have, as many as there are."""
    names, counts = np.unique(kinds[mine], return_counts=True)
    at = [np.flatnonzero(life & (kinds == name)) for name in names]
    known = [(rows, count) for rows, count in zip(at, counts.tolist(), strict=True) if len(rows)]
    if not known:
        return np.zeros(0, dtype=np.int64)
    times = min(min(len(rows) / count for rows, count in known), _MOST / sum(count for _, count in known))
    drawn = [rng.choice(rows, max(1, int(times * count)), replace=False) for rows, count in known]
    return np.sort(np.concatenate(drawn))


def _readable(world: Transactions, illicit_only: bool) -> tuple[pa.Table, Bool1D, Array]:
    """Return the columns that are judged, which rows are the story's, and the kinds of both accounts."""
    rows = world.rows
    kind = pd.Series(
        world.accounts["kind"].cast(pa.string()).to_pandas().to_numpy(),
        world.accounts["account_id"].to_pandas(),
    )
    table = rows.select([name for name in FEATURE_SCHEMA.names if name != "tx_id"])
    both = []
    for side in ("from", "to"):
        word = rows[f"{side}_account"].to_pandas().map(kind).to_numpy(dtype=str)
        table = table.append_column(f"{side}_kind", pa.array(word))
        both.append(word)
    mine = np.asarray(rows["instance"]) >= 0
    if illicit_only:
        mine &= np.asarray(rows["is_fraud"]) | np.asarray(rows["is_laundering"])
    return table, mine, np.char.add(both[0], both[1])


def _told(
    name: str, table: pa.Table, ordinary: Int1D, mine: Bool1D, world: Transactions, streams: Streams
) -> Separation:
    rng = streams.at("rows")
    if len(ordinary) > _MOST:
        ordinary = np.sort(rng.choice(ordinary, _MOST, replace=False))
    chosen = np.sort(np.concatenate([ordinary, np.flatnonzero(mine)]))
    part, added = table.take(chosen), mine[chosen]
    time = part["ts"].cast(pa.int64()).to_numpy()
    codes = column_codes(part, time, ~added, ("ts", with_roles(FEATURE_SCHEMA, KEY)))
    instance = np.asarray(world.rows["instance"])[chosen]
    entity = np.unique(np.asarray(world.rows["from_account"])[chosen], return_inverse=True)[1]
    return separation(name, codes, (~added, added), instance, entity, rng)
