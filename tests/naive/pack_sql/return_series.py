"""The pack ``return-series`` in SQL."""

from naive.pack_sql import ohlcv

PARAMS: dict = {}
VIEWS = ohlcv.VIEWS
RULES = {
    "bars.complete": ohlcv.RULES["bars.complete"],
    "no_more_than_all": ("bars", None, "close > -1"),
    "dates_in_order": ohlcv.RULES["dates_in_order"],
    "dates_distinct": ohlcv.RULES["dates_distinct"],
    "usual_return": ("bars", None, "abs(close) <= 0.25"),
}
