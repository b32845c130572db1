"""``evaluate_table``: every metric of the case ``table`` on any real and synthetic table."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from finsim.errors import DataError
from finsim.evaluation import METRICS
from finsim.evaluation.learner import one_thread
from finsim.evaluation.metric import Score, on_table
from finsim.evaluation.metric_loop import Report, computed, silent
from finsim.evaluation.settings import Settings
from finsim.evaluation.tables.column_pairs import Roles
from finsim.evaluation.tables.table_case import TableCase, table_case
from finsim.randomness import Streams


def evaluate_table(
    real: pa.Table,
    own: pa.Table,
    holdout: pa.Table | None,
    roles: Roles,
    streams: Streams,
    settings: Settings,
    name: str = "table",
    progress: Report = silent,
) -> list[Score]:
    """Return the scores of a synthetic table against a real one, columns matched by name.

    ``holdout`` are real rows that the generator never saw. What cannot be compared is a score that says so.
    Raises DataError for a side without rows.
    """
    refuse_empty(real, own, holdout)
    return on_table(scored(table_case(real, own, holdout, roles, streams, settings, name), progress), name)


def scored(case: TableCase, progress: Report = silent, metrics: Iterable[str] | None = None) -> list[Score]:
    """Return the scores of every metric of the case ``table``, or of some of them."""
    scores: list[Score] = []
    # A statistic without a value is NaN, and its score says so.
    with one_thread(), np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for _, _, found in computed(
            METRICS.of_case("table") if metrics is None else metrics, case, case.name, progress
        ):
            scores.extend(found)
    return scores


def refuse_empty(real: pa.Table, own: pa.Table, holdout: pa.Table | None) -> None:
    """Raise DataError for sides without rows, all at once."""
    sides = {"the real side": real, "the synthetic side": own, "the hold-out": holdout}
    empty = [side for side, table in sides.items() if table is not None and table.num_rows == 0]
    if empty:
        raise DataError(
            f"{' and '.join(empty)} {'has' if len(empty) == 1 else 'have'} no rows",
            place="evaluate",
            expected="at least one row",
            remedy="give a table with a header and rows",
        )
