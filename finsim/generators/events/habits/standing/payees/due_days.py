"""The due day that a payee has for all of its series."""

from __future__ import annotations

import numpy as np

from finsim.generators.events.habits.standing.periods import MOST_PHASES
from finsim.generators.events.habits.standing.series_table import Series
from finsim.notation import Int1D, Int2D

LEAST_OWNERS = 3
"""Entities that must have a day of a payee before new ones get it (assumption)."""


def days_of(found: Series, payee: Int1D, groups: tuple[Int1D, Int2D]) -> Int1D:
    """Return the phase int64[G] that most series of each group of a kind and a payee have.

    Where too few entities of the group tell it, that of all series of the payee of the same period: wages of
    changing sums come with those of one sum. -1 where they are too few too. payee int64[T] of targets;
    groups : that of each series, and kind and payee of each.
    """
    of, table = groups
    own = usual_phase(of, found.phase, found.entity, len(table))
    period = found.kinds()[0][:, 0][table[:, 0]]
    wide = len(payee) + 1
    code, place = np.unique(period * wide + table[:, 1], return_inverse=True)
    all_of = usual_phase(place.reshape(-1)[of], found.phase, found.entity, len(code))
    return np.asarray(np.where(own >= 0, own, all_of[place.reshape(-1)]))


def usual_phase(group: Int1D, phase: Int1D, entity: Int1D, count: int) -> Int1D:
    """Return the phase int64[count] that most entities of each group have, -1 where too few have it."""
    found = np.full(count, -1)
    days = np.unique(np.column_stack([group, phase, entity]), axis=0)
    key, many = np.unique(days[:, 0] * MOST_PHASES + days[:, 1], return_counts=True)
    order = np.argsort(many, kind="stable")
    order = order[many[order] >= LEAST_OWNERS]
    found[key[order] // MOST_PHASES] = key[order] % MOST_PHASES
    return found


def first_of(code: Int1D) -> Int1D:
    """Return the place int64[n] of the first item with the same code."""
    _, first, place = np.unique(code, return_index=True, return_inverse=True)
    return np.asarray(first[place.reshape(-1)])
