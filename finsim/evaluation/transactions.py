"""``evaluate_transactions``: is a labelled transaction world fit to train a detector on."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import pyarrow as pa

from finsim.evaluation import METRICS
from finsim.evaluation.learner import one_thread
from finsim.evaluation.metric import Score
from finsim.evaluation.settings import Settings
from finsim.evaluation.utility.detection import transaction_case
from finsim.randomness import Streams

ORDER = ("detector", "decoys", "shortcuts", "scheme_counts")


def evaluate_transactions(
    rows: pa.Table | pd.DataFrame,
    accounts: pa.Table | pd.DataFrame,
    patterns: pa.Table | pd.DataFrame,
    streams: Streams,
    settings: Settings,
    test_rows: pa.Table | pd.DataFrame | None = None,
    test_patterns: pa.Table | pd.DataFrame | None = None,
    expected: Mapping[str, float] | None = None,
) -> list[Score]:
    """Return the scores of a transaction world.

    ``test_rows`` is another labelled world or a real labelled set; without it the last 30 % of rows
    are the test part. ``expected`` gives the planned number of schemes by narrative. Raises DataError for
    missing columns.
    """
    test = (test_rows, test_patterns)
    scores: list[Score] = []
    with one_thread():
        case = transaction_case(rows, accounts, patterns, streams, settings, test, expected)
        for name in ORDER:
            scores.extend(METRICS.load(name).compute(case))
    return scores
