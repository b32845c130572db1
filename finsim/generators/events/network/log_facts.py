"""What a model keeps of its training log: roles, columns and words, the period, attributes; no event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from finsim.notation import Array
from finsim.records.event_log import EventLog, EventRoles
from finsim.records.mixed_table import MixedColumn, MixedTable


def log_like(log: EventLog) -> EventLog:
    """Return a log without events: the entities' attributes, the columns and the period stay."""
    none = log.events.take(np.zeros(0, dtype=np.int64))
    return EventLog(
        none, np.zeros(log.count + 1, dtype=np.int64), log.entities, log.roles, log.begin, log.end
    )


def log_facts(like: EventLog) -> tuple[dict[str, Array], dict[str, Any]]:
    """Return the arrays and JSON-able facts of a log without events."""
    arrays = {f"attribute.{k}": one.values for k, one in enumerate(like.entities.columns.values())}
    facts = {
        "roles": asdict(like.roles), "begin": like.begin, "end": like.end, "entities": like.count,
        "events": [_column(name, one) for name, one in like.events.columns.items()],
        "attributes": [_column(name, one) for name, one in like.entities.columns.items()],
    }  # fmt: skip
    return arrays, facts


def log_from_facts(arrays: Mapping[str, Array], facts: Mapping[str, Any]) -> EventLog:
    """Return the log without events that ``log_facts`` wrote."""
    kinds = {"number": np.float64, "word": np.int32, "time": np.int64}
    events = {
        name: MixedColumn(kind, np.zeros(0, dtype=kinds[kind]), tuple(words), step)
        for name, kind, words, step in facts["events"]
    }
    attributes = {
        name: MixedColumn(kind, arrays[f"attribute.{k}"], tuple(words), step)
        for k, (name, kind, words, step) in enumerate(facts["attributes"])
    }
    count = int(facts["entities"])
    return EventLog(
        MixedTable(events, 0), np.zeros(count + 1, dtype=np.int64), MixedTable(attributes, count),
        EventRoles(**facts["roles"]), int(facts["begin"]), int(facts["end"]),
    )  # fmt: skip


def _column(name: str, column: MixedColumn) -> list[Any]:
    return [name, column.kind, list(column.words), column.step]
