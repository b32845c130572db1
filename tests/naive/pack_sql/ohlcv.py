"""The pack ``ohlcv`` in SQL."""

PARAMS = {"may_be_negative": ["WTI"]}
VIEWS = {
    "steps": """
        SELECT *, lag(close) OVER sorted AS last_close, lag(date) OVER sorted AS last_date,
               lag(date) OVER standing AS date_above
        FROM bars
        WINDOW sorted AS (PARTITION BY path, asset ORDER BY date NULLS LAST, rn),
               standing AS (PARTITION BY path, asset ORDER BY rn)
    """,
}
CRUDE = "(CASE WHEN asset IS NOT NULL THEN asset = 'WTI' END)"
RULES = {
    "bars.complete": (
        "bars",
        None,
        "path IS NOT NULL AND date IS NOT NULL AND open IS NOT NULL AND high IS NOT NULL AND low IS NOT NULL"
        " AND close IS NOT NULL",
    ),
    "positive_prices": ("bars", None, f"{CRUDE} OR (open > 0 AND high > 0 AND low > 0 AND close > 0)"),
    "positive_close": ("bars", None, f"{CRUDE} OR close > 0"),
    "high_is_highest": (
        "bars",
        None,
        "high >= CASE WHEN open IS NOT NULL AND close IS NOT NULL THEN greatest(open, close) END",
    ),
    "low_is_lowest": (
        "bars", None, "low <= CASE WHEN open IS NOT NULL AND close IS NOT NULL THEN least(open, close) END"
    ),
    "volume_not_negative": ("bars", None, "volume >= 0"),
    "dates_in_order": ("steps", None, "date >= date_above"),
    "dates_distinct": ("steps", None, "date > last_date"),
    "daily_move": (
        "steps",
        "close > 0 AND last_close > 0",
        "CASE WHEN close > 0 AND last_close > 0 THEN abs(ln(close / last_close)) <= 0.25 END",
    ),
    "opening_gap": (
        "steps",
        "open > 0 AND last_close > 0",
        "CASE WHEN open > 0 AND last_close > 0 THEN abs(ln(open / last_close)) <= 0.10 END",
    ),
}  # fmt: skip
