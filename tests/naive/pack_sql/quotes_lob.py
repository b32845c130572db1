"""The pack ``quotes-lob`` in SQL."""

PARAMS = {"may_be_negative": ["CL"]}
CRUDE = "(CASE WHEN symbol IS NOT NULL THEN symbol = 'CL' END)"
VIEWS = {
    "gridded": """
        SELECT q.*, coalesce((SELECT tick FROM ticks t WHERE t.symbol = q.symbol), 0.01) AS grid,
               coalesce((SELECT lot FROM ticks t WHERE t.symbol = q.symbol), 1.0) AS unit,
               (bid + ask) / 2 AS mid,
               (abs(bid_size - ask_size) > 0.95 * (bid_size + ask_size)) AS lopsided,
               coalesce(bid, lag(bid) OVER sorted) AS last_bid,
               coalesce(ask, lag(ask) OVER sorted) AS last_ask,
               row_number() OVER sorted AS place,
               lag(ts) OVER standing AS ts_above, lag(seq) OVER standing AS seq_above
        FROM quotes q
        WINDOW sorted AS (PARTITION BY symbol ORDER BY ts NULLS LAST, seq NULLS LAST, rn),
               standing AS (PARTITION BY symbol ORDER BY rn)
    """,
    "stream": """
        SELECT *, CASE WHEN ts IS NOT NULL THEN (
                 SELECT count(*) FILTER (WHERE p.lopsided) FROM gridded p
                 WHERE p.symbol IS NOT DISTINCT FROM t.symbol AND p.place <= t.place
                 AND p.ts > t.ts - INTERVAL 1 SECOND) END AS lopsided_1s
        FROM gridded t
    """,
}


def on_grid(x, step):
    return f"abs({x} - round_even({x} / {step}, 0) * {step}) <= 1e-9 * greatest(1.0, abs({x}))"


RULES = {
    "quotes.complete": (
        "quotes", None, "symbol IS NOT NULL AND ts IS NOT NULL AND seq IS NOT NULL AND event IS NOT NULL"
    ),
    "positive_quotes": ("stream", None, f"{CRUDE} OR (bid > 0 AND ask > 0)"),
    "bid_on_tick": ("stream", None, on_grid("bid", "grid")),
    "ask_on_tick": ("stream", None, on_grid("ask", "grid")),
    "uncrossed": ("stream", None, "bid + grid <= ask + 1e-9"),
    "second_bid_below_first": ("stream", None, "bid2 <= bid - grid + 1e-9"),
    "third_bid_below_second": ("stream", None, "bid3 <= bid2 - grid + 1e-9"),
    "second_ask_above_first": ("stream", None, "ask2 + 1e-9 >= ask + grid"),
    "third_ask_above_second": ("stream", None, "ask3 + 1e-9 >= ask2 + grid"),
    "sizes_positive": (
        "stream", None, "(bid IS NULL OR bid_size > 0) AND (ask IS NULL OR ask_size > 0)"
    ),
    "bid_size_in_lots": ("stream", None, on_grid("bid_size", "unit")),
    "ask_size_in_lots": ("stream", None, on_grid("ask_size", "unit")),
    "times_in_order": ("stream", None, "ts > ts_above OR (ts = ts_above AND seq >= seq_above)"),
    "spread_limit": ("stream", "mid > 0", "(ask - bid) / nullif(mid, 0) <= 0.005"),
    "order_imbalance": ("stream", None, "NOT lopsided OR lopsided_1s <= 20"),
    "trade_inside_the_quote": (
        "stream", "event = 'trade'", "price + 1e-9 >= last_bid AND price <= last_ask + 1e-9"
    ),
}  # fmt: skip
