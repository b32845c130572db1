"""Bars of an hour on a few days that lie months apart have a calendar: that of a short history."""

import numpy as np

from finsim.records.calendar_detection import calendar_of


def test_hours_of_days_that_lie_months_apart() -> None:
    days = np.array(["2017-09-03", "2017-09-04", "2018-04-04", "2018-04-05"], dtype="datetime64[h]")
    hours = (days[:, None] + np.arange(17)).ravel().astype("datetime64[ns]")
    found = calendar_of(hours, "UTC")
    assert found.is_intraday
    assert found.minutes == 60
    assert found.opening
