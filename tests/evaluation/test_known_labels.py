"""Labels as a bank had them on a day, for training."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

import finsim
from finsim.errors import DataError, StudyError

ROWS = pd.DataFrame(
    {
        "known_on": pd.to_datetime(["2026-01-03", "2026-01-04", "2026-01-05", None]),
        "known_by": ["recall", "sar", "alert", None],
    },
    index=[7, 8, 9, 10],
)


@pytest.mark.parametrize("day", ["2026-01-04", date(2026, 1, 4), pd.Timestamp("2026-01-04 18:00", tz="UTC")])
def test_what_was_decided_by_the_end_of_a_day_is_known(day: object) -> None:
    found = finsim.known_labels(ROWS, day)
    assert found.index.tolist() == [7, 8, 9, 10]
    assert found["is_fraud"].tolist() == [True, False, False, False]
    assert found["is_laundering"].tolist() == [False, True, False, False]
    assert found["illicit"].tolist() == [True, True, False, False]


def test_other_tables_and_days_are_refused() -> None:
    with pytest.raises(DataError, match="known_on"):
        finsim.known_labels(ROWS.drop(columns="known_on"), "2026-01-04")
    with pytest.raises(DataError, match="known_on"):
        finsim.known_labels([1, 2], "2026-01-04")
    with pytest.raises(StudyError, match="no day"):
        finsim.known_labels(ROWS, "soon")
