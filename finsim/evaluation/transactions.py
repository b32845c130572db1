"""``evaluate_transactions``: is a labelled transaction world fit to train a detector on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import pandas as pd
import pyarrow as pa

from finsim.evaluation import METRICS
from finsim.evaluation.learner import one_thread
from finsim.evaluation.metric import Score, on_table
from finsim.evaluation.metric_loop import Report, computed, silent
from finsim.evaluation.settings import Settings
from finsim.evaluation.utility.detection import transaction_case
from finsim.randomness import Streams

Table: TypeAlias = "pa.Table | pd.DataFrame"


def evaluate_transactions(
    rows: Table,
    accounts: Table,
    patterns: Table,
    streams: Streams,
    settings: Settings,
    test: tuple[Table | None, Table | None] = (None, None),
    expected: Mapping[str, float] | None = None,
    progress: Report = silent,
) -> list[Score]:
    """Return the scores of a transaction world.

    ``test`` are rows and patterns of another labelled world or a real labelled set; without them the last
    30 % of rows are the test part. ``expected`` gives the planned number of schemes by narrative.
    Raises DataError for missing columns.
    """
    scores: list[Score] = []
    with one_thread():
        case = transaction_case(rows, accounts, patterns, streams, settings, test, expected)
        for _, _, found in computed(METRICS.of_case("transactions"), case, "payments", progress):
            scores.extend(found)
    return on_table(scores, "transactions")
