"""``evaluate`` and ``judged``: any two price sets, tables or sets of events -> scores."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from finsim.errors import DataError
from finsim.evaluation import METRICS
from finsim.evaluation.attacks.unseen_rows import refuse_seen_bars, refuse_seen_rows
from finsim.evaluation.events.evaluate_events import evaluate_events
from finsim.evaluation.metric import Score, on_table
from finsim.evaluation.metric_loop import Report, silent
from finsim.evaluation.paths import evaluate_paths
from finsim.evaluation.reading.kinds import EVENTS
from finsim.evaluation.reading.read_as import Reading
from finsim.evaluation.scorecard import Scorecard
from finsim.evaluation.settings import Settings
from finsim.evaluation.tables.evaluate_table import evaluate_table
from finsim.evaluation.tables.table_case import table_case
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
    if holdout is not None:
        refuse_seen_bars(real, holdout)
    return Scorecard(tuple(evaluate_paths(real, holdout, synthetic, streams, settings, progress=progress)))


def staleness(
    reading: Reading, since: date, streams: Streams, settings: Settings
) -> tuple[Reading, list[Score]]:
    """Return the reading with the real rows before a day alone, and the scores of the real rows since then.

    Raises DataError where there is no time, or no real row on one side of the day.
    """
    sides, time = reading.sides, reading.roles.time
    if sides is None or time is None:
        raise DataError(
            "no column of time", place="evaluate: since", expected="a table or events with a time",
            remedy="name it: --time COLUMN",
        )  # fmt: skip
    days = pc.cast(sides.real[time], pa.date32(), safe=False)
    parts = [sides.real.filter(test(days, pa.scalar(since))) for test in (pc.less, pc.greater_equal)]
    before, after = (part.num_rows for part in parts)
    if not before or not after:
        raise DataError(
            f"{before} real rows before {since}, {after} since", place="evaluate: since",
            expected="real rows on both sides of the day",
            remedy="choose a day between the first and the last",
        )  # fmt: skip
    case = table_case(parts[0], parts[1], None, reading.roles, streams, settings, "newer real rows")
    found = [score for name in METRICS.of_case("staleness") for score in METRICS.load(name).compute(case)]
    return replace(reading, sides=replace(sides, real=parts[0])), on_table(found, case.name)


def judged(reading: Reading, streams: Streams, settings: Settings, progress: Report = silent) -> list[Score]:
    """Return the scores of two sides that were read as a table or as events.

    Raises DataError for a side without rows, and for a hold-out whose rows are those of the real side.
    """
    if reading.sides is None:
        raise DataError("bars are read as prices", place="evaluate", expected="a table or events")
    sides = reading.sides
    if sides.spare is not None:
        refuse_seen_rows(
            table_case(sides.real, sides.own, sides.spare, reading.roles, streams, settings, reading.kind)
        )
    judge = evaluate_events if reading.kind == EVENTS else evaluate_table
    return judge(sides.real, sides.own, sides.spare, reading.roles, streams, settings, reading.kind, progress)
