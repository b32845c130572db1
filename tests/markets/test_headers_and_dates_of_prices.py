"""Headers of quotes that look like a panel, and columns of dates in forms that are not read."""

import pandas as pd
import pytest
from test_price_kinds import bars, dates, quoted

from finsim.errors import DataError
from finsim.markets.prices import as_schema, read_prices
from finsim.tables import Dialect, Field, Schema


@pytest.mark.parametrize("form", ["EURUSD_{}", "{}.GBP", "px {} of EUR"])
def test_bid_and_ask_of_an_asset_are_no_two_assets(form):
    bid, ask = (one["Close"] for one in quoted())
    names = [form.format(side) for side in ("bid", "ask")]
    frame = pd.DataFrame({"date": dates(), names[0]: bid, names[1]: ask, "AAPL": bid})
    if form.startswith("px"):  # a word in the middle is a name like another
        assert read_prices(frame).assets == (*names, "AAPL")
        return
    with pytest.raises(DataError, match="are the bid and the ask of one asset") as caught:
        read_prices(frame)
    assert "role: close" in caught.value.problems[0].remedy
    schema = Schema({name: Field("float", role="close") for name in names}, Dialect(), "prices")
    assert read_prices(frame, schema=schema).assets == (*names, "AAPL")


@pytest.mark.parametrize(
    ("form", "remedy"),
    [("%Y.%m.%d", "dates=%Y.%m.%d"), ("%d.%m.%Y %H:%M:%S.%f", "dates=%d.%m.%Y %H:%M:%S.%f"),
     ("%m/%d/%Y %H:%M", "dates=%m/%d/%Y %H:%M"), ("%Y week %W", "write dates as 2020-12-31")],
)  # fmt: skip
def test_a_form_of_dates_that_is_not_read_is_refused_once_with_the_option(tmp_path, form, remedy):
    frame = bars().assign(Date=pd.to_datetime(dates()).strftime(form))
    frame.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(DataError) as caught:
        read_prices(tmp_path / "t.csv")
    (problem,) = caught.value.problems
    assert remedy in problem.remedy
    if remedy.startswith("dates"):
        found = read_prices(tmp_path / "t.csv", schema=as_schema(None, remedy))
        assert [str(day)[:10] for day in found.dates] == dates()
