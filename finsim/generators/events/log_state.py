"""An event log as arrays and facts of a state, whole or without its rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from finsim.notation import Array
from finsim.records.event_log import EventLog, EventRoles
from finsim.records.mixed_table import MixedColumn, MixedTable

PARTS = ("events", "entities")


def log_facts(log: EventLog) -> dict[str, Any]:
    """Return roles, period and the heads of the columns; the words are here, the cells are not."""
    found: dict[str, Any] = {
        "roles": log.roles.named(), "begin": log.begin, "end": log.end,
        "partner_is_entity": log.partner_is_entity,
        "rows": log.events.rows, "count": log.count,
    }  # fmt: skip
    for part in PARTS:
        table: MixedTable = getattr(log, part)
        found[part] = [
            {"name": name, "kind": one.kind, "words": list(one.words), "step": one.step}
            for name, one in table.columns.items()
        ]
    return found


def log_arrays(log: EventLog) -> dict[str, Array]:
    """Return the cells of both tables and the starts."""
    found: dict[str, Array] = {"log.starts": log.starts}
    for part in PARTS:
        table: MixedTable = getattr(log, part)
        found.update({f"log.{part}.{k}": one.values for k, one in enumerate(table.columns.values())})
    return found


def restored_log(facts: Mapping[str, Any], arrays: Mapping[str, Array], with_events: bool = True) -> EventLog:
    """Return the log that ``log_facts`` and ``log_arrays`` wrote.

    Without events it has none of any entity.
    """
    count = int(facts["count"])
    tables = {}
    for part, rows in (("events", int(facts["rows"]) if with_events else 0), ("entities", count)):
        columns = {}
        for k, head in enumerate(facts[part]):
            dtype = {"number": np.float64, "word": np.int32, "time": np.int64}[head["kind"]]
            there = with_events or part == "entities"
            values = arrays[f"log.{part}.{k}"] if there else np.zeros(0, dtype)
            columns[head["name"]] = MixedColumn(
                head["kind"], values, tuple(head["words"]), float(head["step"])
            )
        tables[part] = MixedTable(columns, rows)
    starts = arrays["log.starts"] if with_events else np.zeros(count + 1, np.int64)
    return EventLog(
        tables["events"], starts, tables["entities"], EventRoles(**facts["roles"]), int(facts["begin"]),
        int(facts["end"]), bool(facts["partner_is_entity"]),
    )  # fmt: skip


def without_events(log: EventLog) -> EventLog:
    """Return the log with its columns, entities and period, and no events."""
    events = log.events.take(slice(0, 0))
    starts = np.zeros(log.count + 1, np.int64)
    return EventLog(events, starts, log.entities, log.roles, log.begin, log.end, log.partner_is_entity)
