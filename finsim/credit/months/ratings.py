"""The rating of each loan, month by month: the grade of the PD that its bank knows of."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from finsim.credit.months.monthly_risk import MonthlyRisk
from finsim.credit.months.outlook import known_point
from finsim.credit.reference_parameters import GRADE_BOUNDS
from finsim.credit.settings import Settings
from finsim.extras import Later
from finsim.notation import Array, Int2D
from finsim.records.columns import LABEL, TEXT, column
from finsim.records.fixed_words import GRADES, RATINGS

special = Later("scipy.special", "credit")

RATING = column(
    "rating",
    TEXT,
    "with `ratings` in the study: the grade of the 12-month PD that the bank knows of, or default",
    role=LABEL,
    words=RATINGS,
)
IN_DEFAULT = len(GRADES)


def ratings(risk: MonthlyRisk, defaulted: Array, settings: Settings) -> Int2D:
    """Return the rating of each loan and month: int64 [T, n], 0 (A) to 6 (G), 7 in default.

    The grade (``reference_parameters.GRADE_BOUNDS``, as ``grade`` of the book) of the PD of the next twelve
    months, ``outlook.known_point``: ``point_in_time`` with what is known of the cycle and of the borrower,
    ``through_the_cycle`` of the borrower alone. So a rating says how likely default is, and migrates with the
    factor: given eta, loans of one PD have ``expected.migration.conditional_matrix`` of correlation
    rho b^2 / (rho b^2 + w (1 - rho) q v), v the variance of y. Source: own.
    """
    point = known_point(risk, 0, settings, cycle=settings.ratings == "point_in_time")
    found = np.searchsorted(special.ndtri(GRADE_BOUNDS), point, side="right")
    return np.where(defaulted, IN_DEFAULT, found)


def rating_words(codes: Array) -> pa.DictionaryArray:
    """Return the words of ratings, as a dictionary column."""
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(RATINGS, pa.string()))
