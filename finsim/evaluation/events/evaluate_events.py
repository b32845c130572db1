"""``evaluate_events``: are synthetic rows of entities, in time, like the real ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from finsim.evaluation import METRICS
from finsim.evaluation.events.event_sides import event_case
from finsim.evaluation.learner import one_thread
from finsim.evaluation.metric import Score, on_table
from finsim.evaluation.metric_loop import Report, computed, silent
from finsim.evaluation.settings import Settings
from finsim.evaluation.tables.column_pairs import Roles
from finsim.evaluation.tables.evaluate_table import refuse_empty, scored
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
    the rows begin with ``rows:``. What cannot be computed is a score that says so. Raises DataError for a
    side without rows.
    """
    refuse_empty(real, own, holdout)
    case = event_case(real, own, holdout, roles, streams, settings, name)
    scores = [replace(score, subject=ROWS + score.subject) for score in scored(case.rows, progress)]
    # A statistic without a value is NaN, and its score says so.
    with one_thread(), np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for _, _, found in computed(METRICS.of_case("events"), case, name, progress):
            scores.extend(found)
    return on_table(scores, name)
