"""Labels as a bank had them on a day: what a detector that is trained then can be given."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd

from finsim.call_errors import public
from finsim.errors import DataError, StudyError
from finsim.records.transactions import Transactions

_NEEDED = ("known_on", "known_by")
_BY_REPORT = "sar"


@public
def known_labels(labels: Any, day: date | datetime | str) -> pd.DataFrame:
    """Return which payments were held for fraud or laundering at the end of a day, rightly or not.

    A detector that is trained on that day learns from these and from no payment after it; what it is worth
    is judged by ``is_fraud`` and ``is_laundering`` of later payments, which are the truth.

    Args:
        labels: ``Transactions``, or the table ``labels`` as a frame with the columns known_on and known_by.
        day: the day.

    Returns:
        bool columns ``is_fraud`` (claims upheld, alerts confirmed), ``is_laundering`` (reports filed) and
        ``illicit`` (either), in the order of the rows, with the index of the frame.

    Raises:
        DataError: for a table without these columns. StudyError: for no day.

    Example:
        >>> import finsim
        >>> world = finsim.simulate(accounts=300, days=40, seed=1, progress=False)
        >>> known = finsim.known_labels(world, "2026-01-12")
        >>> bool(known["illicit"].sum() < finsim.known_labels(world, "2027-01-12")["illicit"].sum())
        True

    """
    frame = labels.rows.select(list(_NEEDED)).to_pandas() if isinstance(labels, Transactions) else labels
    lacking = [name for name in _NEEDED if not isinstance(frame, pd.DataFrame) or name not in frame]
    if lacking:
        raise DataError(
            f"no column {lacking[0]!r}", place="known_labels", expected="the columns known_on and known_by",
            remedy="give the table labels of a world, read by pd.read_parquet",
        )  # fmt: skip
    end = _day(day)
    known = np.asarray(frame["known_on"] <= end)
    by_report = np.asarray(frame["known_by"].astype(object) == _BY_REPORT)
    columns = {"is_fraud": known & ~by_report, "is_laundering": known & by_report, "illicit": known}
    return pd.DataFrame(columns, index=frame.index)


def _day(day: date | datetime | str) -> pd.Timestamp:
    try:
        found = pd.Timestamp(day)
    except (TypeError, ValueError):
        found = None
    if not isinstance(found, pd.Timestamp):
        raise StudyError(
            f"{day!r} is no day", place="known_labels", expected="year-month-day",
            remedy="write '2026-02-28'",
        )  # fmt: skip
    return found.tz_localize(None).normalize()
