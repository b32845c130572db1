"""``evaluate_credit``: a synthetic loan book against the applications it was learnt from, and its losses."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from finsim.evaluation import METRICS
from finsim.evaluation.learner import one_thread
from finsim.evaluation.loans import CreditCase, shared_columns
from finsim.evaluation.metric import Score
from finsim.evaluation.settings import Settings
from finsim.notation import Float1D
from finsim.randomness import Streams

ORDER = ("loan_margins", "loan_dependence", "loan_two_sample", "default_clusters", "loss_tail")


def evaluate_credit(
    applications: pd.DataFrame,
    holdout: pd.DataFrame | None,
    loans: pa.Table,
    months: pa.Table | None,
    losses: Float1D | None,
    streams: Streams,
    settings: Settings,
) -> list[Score]:
    """Return the scores of a synthetic loan book against real applications.

    Columns are matched by name. ``months`` (columns of MONTH_SCHEMA) and ``losses`` float64[M] in minor units
    may be None; their metrics are then not computed.
    """
    scores: list[Score] = []
    with one_thread():
        columns = shared_columns(applications, loans, holdout)
        case = CreditCase(columns, loans, months, losses, streams, settings)
        for name in ORDER:
            scores.extend(METRICS.load(name).compute(case))
    return scores
