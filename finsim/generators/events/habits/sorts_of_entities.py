"""Sorts of entities: firms and people, told by ways of paying that hardly any entity has both of.

Who pays wages never has a salary, who has a card never pays a value added tax: of such a pair of ways so few
entities have both that chance cannot be the reason. New entities mix the habits of learned ones of one sort.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

from finsim.generators.events.habits.cells.contexts import levels
from finsim.notation import Array, Float1D, Int1D
from finsim.records.event_log import EventLog
from finsim.records.mixed_table import WORD

MOST_WORDS, MOST_WAYS = 64, 128
"""Words of a column whose words are ways of paying, and such ways, at most."""
LEAST, EXPECTED, TOGETHER = 20, 14.0, 0.05
"""Entities of a sort; entities that would have both ways by chance, and the share of these that do, at most
(assumptions: none of 14 expected is seen once in a million pairs)."""
DEEPEST = 2
"""How often a sort is parted again (assumption: four sorts at most)."""


def sorts_of(log: EventLog) -> Int1D:
    """Return int64[E], the sort of each entity, 0 for all where no two ways of paying tell them apart."""
    found = np.zeros(log.count, np.int64)
    has = ways_of(log)
    if has.shape[1] < 2:
        return found
    waiting = [(np.arange(log.count), 0)]
    while waiting:
        rows, depth = waiting.pop()
        other = parted(has[rows]) if depth < DEEPEST else None
        if other is None:
            continue
        found[rows[other]] = int(found.max()) + 1
        waiting += [(rows[~other], depth + 1), (rows[other], depth + 1)]
    return found


def ways_of(log: EventLog) -> Array:
    """Return bool[E, W]: which entities have rows of a word with a sign of the amount, those not too rare."""
    amount, entity = log.part("amount"), log.entity()
    sign = np.zeros(len(entity), np.int64) if amount is None else (amount < 0).astype(np.int64)
    taken = {log.roles.partner, log.roles.currency}
    found = []
    for name, column in log.events.columns.items():
        if column.kind != WORD or name in taken or not 1 < len(column.words) <= MOST_WORDS:
            continue
        way = 2 * levels(column) + sign
        has = np.zeros((log.count, 2 * len(column.words) + 2), np.bool_)
        has[entity, way] = True
        found.append(has[:, has.sum(axis=0) >= LEAST])
    whole = np.concatenate(found, axis=1) if found else np.zeros((log.count, 0), np.bool_)
    return whole[:, np.argsort(-whole.sum(axis=0), kind="stable")[:MOST_WAYS]]


def parted(has: Array) -> Array | None:
    """Return bool[E], the entities of the other sort by ways bool[E, W]; None where all are of one."""
    count, often = len(has), has.sum(axis=0)
    both = has.T.astype(np.float64) @ has.astype(np.float64)
    best, pair = 0.0, None
    for one, two in combinations(range(has.shape[1]), 2):
        expected = often[one] * often[two] / max(count, 1)
        surplus = expected if both[one, two] <= TOGETHER * expected else 0.0
        if surplus >= EXPECTED and surplus > best:
            best, pair = surplus, (one, two)
    if pair is None:
        return None
    # Who has one of the two is of its sort; of the others (both or none) all ways together say which.
    told = has[:, pair[0]] ^ has[:, pair[1]]
    other = told & has[:, pair[1]]
    other = np.where(told, other, _odds(has, told & ~other, other) > 0.0)
    return other if min(int(other.sum()), int((~other).sum())) >= LEAST else None


def _odds(has: Array, one: Array, two: Array) -> Float1D:
    """Return the log odds float64[E] of the second sort over the first, ways taken one by one."""
    chance = [(has[rows].sum(axis=0) + 0.5) / (rows.sum() + 1.0) for rows in (one, two)]
    there, gone = (np.log(chance[1] / chance[0]), np.log((1.0 - chance[1]) / (1.0 - chance[0])))
    return np.asarray(has @ there + ~has @ gone)
