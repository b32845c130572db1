"""``evaluate_credit``: a synthetic loan book against the applications it was learnt from, and its losses."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from finsim.evaluation import METRICS
from finsim.evaluation.learner import one_thread
from finsim.evaluation.loans import OUTCOME, CreditCase, loan_sides
from finsim.evaluation.metric import DETECTOR, Score, on_table
from finsim.evaluation.metric_loop import Report, computed, silent
from finsim.evaluation.settings import Settings
from finsim.evaluation.tables.column_pairs import Roles
from finsim.evaluation.tables.evaluate_table import evaluate_table
from finsim.notation import Float1D
from finsim.randomness import Streams


def evaluate_credit(
    applications: pd.DataFrame,
    holdout: pd.DataFrame | None,
    loans: pa.Table,
    months: pa.Table | None,
    losses: Float1D | None,
    streams: Streams,
    settings: Settings,
    progress: Report = silent,
) -> list[Score]:
    """Return the scores of a synthetic loan book against real applications.

    The columns of the applications are judged as those of any table (``evaluate_table``), amounts in one
    currency and unit on both sides; then what a book alone has. ``months`` (columns of MONTH_SCHEMA) and
    ``losses`` float64[M] in minor units may be None; their metrics are then not computed. Raises DataError
    for a side without rows.
    """
    real, own, held = loan_sides(applications, loans, holdout)
    label = OUTCOME if OUTCOME in real.column_names else None
    scores = evaluate_table(real, own, held, Roles(label=label), streams, settings, "loans", progress)
    if label is None:  # without an outcome on both sides nobody trains a model on these loans
        scores = [score for score in scores if score.use != DETECTOR]
    # A statistic without a value (a month without defaults) is NaN, and its score says so.
    with one_thread(), np.errstate(divide="ignore", invalid="ignore"):
        case = CreditCase(loans, months, losses, streams, settings)
        for _, _, found in computed(METRICS.of_case("credit"), case, "loans", progress):
            scores.extend(found)
    return on_table(scores, "loans")
