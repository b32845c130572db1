"""``evaluate_events``: rows of entities over time, judged as a table and as sequences."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from finsim.evaluation import METRICS
from finsim.evaluation.events.event_case import EventCase, Sequences, sequences
from finsim.evaluation.learner import one_thread
from finsim.evaluation.metric import Score, on_table
from finsim.evaluation.metric_loop import Report, computed, silent
from finsim.evaluation.settings import Settings
from finsim.evaluation.tables.column_pairs import Roles
from finsim.evaluation.tables.evaluate_table import refuse_empty, scored
from finsim.evaluation.tables.table_case import TableCase, table_case
from finsim.notation import Array, Int1D
from finsim.randomness import Streams


def evaluate_events(
    real: pa.Table,
    own: pa.Table,
    holdout: pa.Table | None,
    roles: Roles,
    streams: Streams,
    settings: Settings,
    name: str = "events",
    progress: Report = silent,
) -> list[Score]:
    """Return the scores of synthetic events against real ones: of their rows, and of their sequences.

    ``roles`` name the entity and the time. Where a side lacks one of them, the metrics of sequences are not
    computed and say so. Raises DataError for a side without rows.
    """
    refuse_empty(real, own, holdout)
    rows = table_case(real, own, holdout, roles, streams, settings, name)
    scores = scored(rows, progress)
    case = event_case(rows)
    if isinstance(case, str):
        scores += [METRICS.load(metric).missing("sequences", case) for metric in METRICS.of_case("events")]
        return on_table(scores, name)
    with one_thread(), np.errstate(divide="ignore", invalid="ignore"):
        for _, _, found in computed(METRICS.of_case("events"), case, name, progress):
            scores.extend(found)
    return on_table(scores, name)


def event_case(rows: TableCase) -> EventCase | str:
    """Return the sequences of a table's rows, or why there are none."""
    time = rows.column(rows.roles.time)
    if time is None:
        return f"no time to order by: {rows.why_not(rows.roles.time or 'time')}"
    if rows.entity_real is None or rows.entity_own is None:
        return f"no entities: a side has no column {rows.roles.id or 'id'!r}"
    spare = None
    if rows.entity_spare is not None and time.spare is not None:
        spare = _sequences(rows.entity_spare, time.spare)
    return EventCase(
        rows, _sequences(rows.entity_real, time.real), _sequences(rows.entity_own, time.own), spare
    )


def _sequences(entity: Int1D, days: Array) -> Sequences:
    return sequences(entity, np.asarray(days, dtype=np.float64))
