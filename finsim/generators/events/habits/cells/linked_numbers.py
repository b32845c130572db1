"""Numbers of a row that follow from another one within words: learned of a ledger, computed in new rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from finsim.generators.events.habits.ledger import DAY
from finsim.kernels.keys import keyed_uniforms
from finsim.notation import Float1D, Int1D
from finsim.randomness import Streams
from finsim.records.event_log import EventLog
from finsim.records.mixed_table import NUMBER, WORD
from finsim.tables.links.finder import links_of
from finsim.tables.links.ledger_cells import LedgerCells
from finsim.tables.links.link import Link

LEAST_ENTITIES = 2
"""Entities that have a word which is told apart: rarer ones are private."""


def learn_links(log: EventLog) -> dict[str, Any]:
    """Return the links of the numbers of a log under ``links``, nothing where there is none."""
    if log.roles.amount is None:
        return {}
    cells = _cells(log)
    if len(cells.numbers) < 2:
        return {}
    entity, words = log.entity(), {}
    for name, (codes, known) in cells.words.items():
        if name == log.roles.partner:
            continue
        pairs = np.unique(codes[codes >= 0] * log.count + entity[codes >= 0])
        owners = np.bincount(pairs // max(log.count, 1), minlength=len(known))
        shown = np.append(owners >= min(LEAST_ENTITIES, log.count), False)
        words[name] = np.where(shown[codes], codes, -1), known
    found = links_of(replace(cells, words=words), log.roles.amount)
    return {"links": [one.facts() for one in found]} if found else {}


def with_links(log: EventLog, links: Sequence[Mapping[str, Any]], first: int, streams: Streams) -> EventLog:
    """Return a log whose linked numbers are computed; ``first`` is the number of its first entity."""
    for facts in links:
        link, cells = Link.restored(facts), _cells(log)
        if link.name not in cells.numbers or link.source not in cells.numbers:
            continue
        draws = _draws(log, first, streams.word(link.name))
        column = log.events[link.name].with_values(link.computed(cells, draws))
        log = replace(log, events=log.events.with_columns({link.name: column}))
    return log


def _cells(log: EventLog) -> LedgerCells:
    events = log.events
    numbers = {name: one.values for name, one in events.columns.items() if one.kind == NUMBER}
    amount = log.roles.amount
    if amount in numbers:
        numbers = {amount: numbers[amount], **numbers}
    words = {
        name: (one.values.astype(np.int64), one.words)
        for name, one in events.columns.items()
        if one.kind == WORD
    }
    return LedgerCells(numbers, words, log.times // DAY)


def _draws(log: EventLog, first: int, seed: int) -> Float1D:
    """Return one draw float64[n] in [0, 1) a row, by the numbers of its entity and of the row within it.

    Any part of a sample has the draws of the whole.
    """
    owner = np.repeat(np.arange(log.count), log.lengths())
    within: Int1D = np.arange(log.events.rows) - log.starts[owner]
    return keyed_uniforms(np.stack([owner + first, within]).astype(np.uint64), seed)
