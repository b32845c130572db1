"""Which place of its law a score has: learned from lives that are sampled as they will be.

Scores of new entities lie elsewhere than those of the learned ones: a law in which one entity has most rows
would be stretched around that entity, and all others would pay its extremes.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.generators.events.habits.amounts import knots
from finsim.generators.events.habits.learned import Learned
from finsim.generators.events.habits.living import Wanted, laws_and_scores, lived
from finsim.randomness import Streams
from finsim.records.event_log import EventLog

ROWS, MOST_GENERATIONS = 200_000, 4
"""Rows that are sampled about, in at most so many generations (assumption)."""
LEAST = 150
"""Scores of a law that tell its own map; below it has that of all (assumption)."""


def with_score_maps(known: Learned, log: EventLog, streams: Streams) -> Learned:
    """Return what was learned with the maps of scores, so that each law of amounts comes out whole."""
    count = len(known.parts.links.order)
    if log.roles.amount is None or not count:
        return known
    per_entity = max(log.events.rows / count, 1e-9)
    entities = int(np.clip(ROWS / per_entity, 1, MOST_GENERATIONS * count))
    days = int(known.ledger_facts["days"])
    law, score = [], []
    for first in range(0, entities, count):
        number = np.arange(first, min(first + count, entities))
        wanted = Wanted(number, days, MOST_GENERATIONS * count)
        found = laws_and_scores(known, log, lived(known, log, wanted, streams, {}))
        law.append(found[0])
        score.append(found[1])
    laws, scores = np.concatenate(law), np.concatenate(score)
    amounts = known.parts.amounts
    maps = np.tile(knots(scores), (len(amounts.laws), 1)) if len(scores) else amounts.maps
    order = np.argsort(laws, kind="stable")
    starts = np.searchsorted(laws[order], np.arange(len(amounts.laws) + 1))
    for k in np.flatnonzero(np.diff(starts) >= LEAST):
        maps[k] = knots(scores[order[starts[k] : starts[k + 1]]])
    return replace(known, parts=replace(known.parts, amounts=replace(amounts, maps=maps)))
