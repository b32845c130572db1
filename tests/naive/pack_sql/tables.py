"""A maker of random tables for every shipped pack."""

from naive.pack_sql.bank_tables import consumer_loans, retail_tx
from naive.pack_sql.card_tables import card_portfolio
from naive.pack_sql.market_tables import corporate_credit, ohlcv, quote_bars, quotes_lob, return_series

MAKERS = {
    "ohlcv": ohlcv, "retail-tx": retail_tx, "consumer-loans": consumer_loans, "quotes-lob": quotes_lob,
    "corporate-credit": corporate_credit, "card-portfolio": card_portfolio,
    "levels": ohlcv, "return-series": return_series, "quote-bars": quote_bars,
}  # fmt: skip
