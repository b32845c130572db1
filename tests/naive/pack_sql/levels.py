"""The pack ``levels`` in SQL."""

from naive.pack_sql import ohlcv

PARAMS: dict = {}
VIEWS = ohlcv.VIEWS
_SAME = ("high_is_highest", "low_is_lowest", "volume_not_negative", "dates_in_order", "dates_distinct")
RULES = {
    "bars.complete": (
        "bars",
        None,
        "path IS NOT NULL AND date IS NOT NULL AND open IS NOT NULL AND high IS NOT NULL AND low IS NOT NULL"
        " AND close IS NOT NULL",
    ),
    **{name: ohlcv.RULES[name] for name in _SAME},
}
