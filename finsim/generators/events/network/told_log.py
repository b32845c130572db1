"""A log in the words of a private model: what it has no name for is the rest, or one of a class."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.generators.events.network.event_fields import EventFields, with_identity
from finsim.generators.events.network.private_counterparties import as_pairs, pairs_of
from finsim.generators.privacy.private_words import REST
from finsim.notation import Int1D
from finsim.records.event_log import EventLog
from finsim.records.mixed_table import WORD, MixedColumn


def read_as_told(log: EventLog, fields: EventFields, like: EventLog) -> tuple[EventLog, EventFields]:
    """Return any log of the columns of ``like`` in its words, and the fields that read it."""
    columns = dict(log.events.columns)
    for name, column in columns.items():
        if column.kind == WORD and name != log.roles.partner:
            told = like.events[name].words
            rest = len(told) - 1 if told and told[-1].startswith(REST) else -1
            values = _places(column, told, rest)[column.values].astype(np.int32)
            columns[name] = MixedColumn(WORD, values, told, column.step)
    partner, identity = log.roles.partner, None
    if partner is not None and fields.partner is not None:
        column, names = columns[partner], len(fields.partner.popular)
        cells = (
            columns[fields.bound[0]].values.astype(np.int64) if fields.bound else np.zeros(len(column), int)
        )
        size = (names, len(fields.partner.decks) - 1)
        place = _places(column, like.events[partner].words[:names], -1)
        pairs, _, identity = pairs_of(column.values.astype(np.int64), place, cells, log.entity(), size)
        columns[partner] = as_pairs(column, pairs)
    told_log = replace(log, events=log.events.with_columns(columns))
    return told_log, with_identity(fields, identity)


def _places(column: MixedColumn, told: tuple[str, ...], rest: int) -> Int1D:
    """Return the place of each word of a column among those told, ``rest`` for others; last: missing."""
    place = {word: k for k, word in enumerate(told)}
    return np.array([*(place.get(word, rest) for word in column.words), -1], dtype=np.int64)
