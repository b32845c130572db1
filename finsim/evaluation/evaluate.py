"""``evaluate`` and ``judged``: any two price sets, tables or sets of events -> scores."""

from __future__ import annotations

from finsim.errors import DataError
from finsim.evaluation.events.evaluate_events import evaluate_events
from finsim.evaluation.metric import Score
from finsim.evaluation.metric_loop import Report, silent
from finsim.evaluation.paths import evaluate_paths
from finsim.evaluation.reading.kinds import EVENTS
from finsim.evaluation.reading.read_as import Reading
from finsim.evaluation.scorecard import Scorecard
from finsim.evaluation.settings import Settings
from finsim.evaluation.tables.evaluate_table import evaluate_table
from finsim.randomness import Streams
from finsim.records.paths import Paths


def evaluate(
    real: Paths,
    synthetic: Paths,
    streams: Streams,
    settings: Settings,
    holdout: Paths | None = None,
    progress: Report = silent,
) -> Scorecard:
    """Return the scorecard of a synthetic price set against a real one.

    Lengths and numbers of paths may differ; assets are matched by name, else by position. With fewer
    than eight synthetic paths the goals allow for one path being one era (docs/adr/0009).
    Raises DataError when the two sets cannot be compared.
    """
    return Scorecard(tuple(evaluate_paths(real, holdout, synthetic, streams, settings, progress=progress)))


def judged(reading: Reading, streams: Streams, settings: Settings, progress: Report = silent) -> list[Score]:
    """Return the scores of two sides that were read as a table or as events.

    Raises DataError for a side without rows.
    """
    if reading.sides is None:
        raise DataError("bars are read as prices", place="evaluate", expected="a table or events")
    sides = reading.sides
    judge = evaluate_events if reading.kind == EVENTS else evaluate_table
    return judge(sides.real, sides.own, sides.spare, reading.roles, streams, settings, reading.kind, progress)
