"""What a classifier sees of each entity: its number of rows, its life, means and spreads of its rows."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.events.counterparties import main_share
from finsim.evaluation.events.event_case import EventCase, EventSide
from finsim.evaluation.events.event_features import Described, event_features
from finsim.evaluation.events.gaps import bursts, silences
from finsim.notation import Float1D, Float2D, Int1D


def entity_features(case: EventCase, side: EventSide, role: str) -> Described:
    """Describe every entity of a side: one row an entity."""
    rows = event_features(case, side, role)
    count = side.sequences.count
    size = side.sequences.lengths().astype(np.float64)
    own: dict[str, Float1D] = {"rows": np.log(np.maximum(size, 1.0))}
    for name, found in (("burstiness", bursts(side)), ("longest silence", silences(side))):
        own[name] = _placed(found, count)
    if side.partner is not None:
        own["share of the main counterparty"] = _placed(main_share(side), count)
    mean, deviation = _moments(rows, count)
    values = np.concatenate([np.stack(list(own.values()), axis=1), mean, deviation], axis=1)
    names = (*own, *(f"mean of {name}" for name in rows.names), *(f"s.d. of {name}" for name in rows.names))
    return Described(values, names, np.arange(count))


def _placed(found: tuple[Int1D, Float1D], count: int) -> Float1D:
    values = np.full(count, np.nan)
    values[found[0]] = found[1]
    return values


def _moments(rows: Described, count: int) -> tuple[Float2D, Float2D]:
    """Return mean and standard deviation of every feature over the rows of each entity, NaN without any.

    Nothing of the whole side enters: its last digits would give the side away.
    """
    known = np.isfinite(rows.values)
    filled = np.where(known, rows.values, 0.0)
    size, total, squares = (
        np.stack([np.bincount(rows.entity, column, count) for column in part.T.astype(np.float64)], axis=1)
        for part in (known, filled, filled**2)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = total / size
        deviation = np.sqrt(np.maximum(squares / size - mean**2, 0.0))
    return mean, np.where(size > 1, deviation, np.nan)
