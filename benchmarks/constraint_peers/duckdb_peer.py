"""The rules as one SQL statement: counts with filters, over one subquery with the windows.

``lag(ts, 5)`` says the same as a count in a RANGE of 24 hours and as fast, but a RANGE would also count later
rows of the same moment. Rows are ordered by ``seq``, which ``in_order`` judges.
"""

from __future__ import annotations

import duckdb
import pyarrow as pa
from constraint_peers.rules import LABELS

PACKAGES = ("duckdb",)
ROW_RULES = """
    amount_positive: NOT amount > 0
    fee_range: NOT fee BETWEEN 0 AND amount
    channel_known: channel NOT IN ('card', 'transfer', 'cash', 'direct')
    status_known: status NOT IN ('posted', 'declined')
    minor_loan: age < 18 AND loan > 200000
    ltv_cap: product = 'mortgage' AND ltv > 0.97::DOUBLE
    ltv_range: NOT ltv BETWEEN 0 AND 1.2::DOUBLE
    rate_range: NOT rate BETWEEN 0 AND 0.24::DOUBLE
    rate_cap: country = 'DE' AND rate > 0.18::DOUBLE
    term_range: NOT term BETWEEN 6 AND 84
    score_range: NOT score BETWEEN 300 AND 850
    income_positive: NOT income > 0
    cash_cap: channel = 'cash' AND amount > 1000000
    age_range: NOT age BETWEEN 16 AND 100
    annuity: abs(pmt - loan * (rate / 12) / (1 - pow(1 + rate / 12, -term))) > 1
    dti_identity: abs(dti - pmt / income) > 1e-9
"""
SEQUENCE_RULES = """
    ledger: balance <> coalesce(balance_before, opening) + if(dir = 'credit', amount, -amount)
    in_order: ts <= ts_before
    daily_debit: debit_today > 900000
    velocity: ts - fifth_before < INTERVAL 24 HOURS
"""
WINDOWS = """
(SELECT *, lag(balance) OVER w AS balance_before, lag(ts) OVER w AS ts_before,
        lag(ts, 5) OVER w AS fifth_before,
        sum(amount) FILTER (dir = 'debit')
            OVER (PARTITION BY account, ts::DATE ORDER BY seq ROWS UNBOUNDED PRECEDING) AS debit_today
 FROM payments WINDOW w AS (PARTITION BY account ORDER BY seq))
"""


def load(table: pa.Table) -> duckdb.DuckDBPyConnection:
    """Return a database in memory with the table: dictionaries as ENUM, TIMESTAMP in UTC, NaN as NULL."""
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    place = table.column_names.index("ts")
    utc = table["ts"].cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))
    connection.register("given", table.set_column(place, "ts", utc))
    changed = ["if(isnan(score), NULL, score) AS score"]
    for name in LABELS:
        if not pa.types.is_dictionary(table[name].type):
            continue
        texts = ", ".join(f"'{text}'" for text in table[name].chunk(0).dictionary.to_pylist())
        connection.execute(f"CREATE TYPE {name}_label AS ENUM ({texts})")
        changed.append(f"{name}::{name}_label AS {name}")
    connection.execute(f"CREATE TABLE payments AS SELECT * REPLACE ({', '.join(changed)}) FROM given")
    connection.unregister("given")
    return connection


def check(connection: duckdb.DuckDBPyConnection, sequences: bool) -> dict[str, int]:
    """Return breaches by rule; a filter passes over NULL."""
    rules = (ROW_RULES + (SEQUENCE_RULES if sequences else "")).strip().splitlines()
    parts = dict(rule.strip().split(": ", 1) for rule in rules if rule)
    counts = ", ".join(f"count(*) FILTER ({broken}) AS {name}" for name, broken in parts.items())
    found = connection.execute(f"SELECT {counts} FROM {WINDOWS if sequences else 'payments'}").fetchone()
    return dict(zip(parts, found, strict=True))


def written(sequences: bool) -> int:
    """Return the lines of rules a user writes."""
    texts = [ROW_RULES, SEQUENCE_RULES, WINDOWS] if sequences else [ROW_RULES]
    return sum(len(text.strip().splitlines()) for text in texts)
