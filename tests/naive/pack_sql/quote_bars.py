"""The pack ``quote-bars`` in SQL."""

from naive.pack_sql import ohlcv

PARAMS = ohlcv.PARAMS
VIEWS = ohlcv.VIEWS
RULES = {
    **ohlcv.RULES,
    "bars.complete": (
        "bars",
        None,
        f"{ohlcv.RULES['bars.complete'][2]} AND bid IS NOT NULL AND ask IS NOT NULL",
    ),
    "ask_above_bid": ("bars", None, "ask > bid"),
    "close_inside_the_quote": ("bars", None, "close >= bid - 1e-9 AND close <= ask + 1e-9"),
    "quoted_spread": ("bars", "bid > 0", "CASE WHEN bid <> 0 THEN (ask - bid) / bid <= 0.01 END"),
}
