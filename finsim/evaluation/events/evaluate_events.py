"""``evaluate_events``: are synthetic rows of entities, in time, like the real ones."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa

from finsim.evaluation import METRICS
from finsim.evaluation.events.event_sides import event_case
from finsim.evaluation.learner import one_thread
from finsim.evaluation.metric import Score, on_table
from finsim.evaluation.metric_loop import Report, computed, silent
from finsim.evaluation.settings import Settings
from finsim.evaluation.tables.column_pairs import Roles
from finsim.randomness import Streams

ROWS = "rows: "


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
    """Return the scores of rows of entities in time: every metric of the rows as a table, then of events.

    ``roles.id`` is the entity (an account, a card); whole entities are resampled everywhere. Subjects of
    the rows begin with ``rows:``. What cannot be computed says why.
    """
    scores: list[Score] = []
    with one_thread():
        case = event_case(real, own, holdout, roles, streams, settings, name)
        for _, _, found in computed(METRICS.of_case("table"), case.rows, f"rows of {name}", progress):
            scores.extend(replace(score, subject=ROWS + score.subject) for score in found)
        for _, _, found in computed(METRICS.of_case("events"), case, name, progress):
            scores.extend(found)
    return on_table(scores, name)
