"""Write the tables of columns of docs/reference/tables.md from the fields that runs store.

    python docs/make_tables.py

Only the tables below the headings ``## <table>`` change; the text around them is written by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa

from finsim.credit.panel import PANEL_SCHEMA
from finsim.engine.driver_tables import driver_schema
from finsim.provenance.lineage import REPAIR_SCHEMA, REPAIRS, SEQUENCE_SCHEMA, SEQUENCES
from finsim.records.columns import TEXT, facts_of, stored
from finsim.records.paths import bars_schema
from finsim.records.portfolio import LOAN_COLUMNS, LOSS_SCHEMA, loan_schema
from finsim.records.transactions import ACCOUNT_SCHEMA, FEATURE_SCHEMA, LABEL_SCHEMA, PATTERN_SCHEMA
from finsim.scenarios.variables import VARIABLES

PAGE = Path(__file__).resolve().parent / "reference" / "tables.md"
HEAD = "| column | type | unit | role | null | meaning |\n|---|---|---|---|---|---|\n"

MARKET = ("vol_mult", "corr_blend", "spread_mult", "depth_mult", "jump")
BEHAVIOUR = ("spend:<category>", "channel:<channel>", "late_payment", "cash_withdrawal")
INTENSITY = ("fraud:<typology>", "aml:<typology>")
SOME_TYPES = "text, int64, float64 or timestamp[us]"
"""Of a column of the tape, which has the type that the tape gives it."""


def fields() -> dict[str, list[pa.Field]]:
    """Return table -> the fields that it may have; ``<word>`` in a name stands for any word."""
    day = np.zeros(1, "datetime64[D]")
    loans = [*LOAN_COLUMNS.values()]
    loans.insert(-4, loan_schema(pa.schema([("<feature>", TEXT)])).field(0))

    def drivers(table: str, *names: str) -> list[pa.Field]:
        return list(driver_schema(table, {"date": day, **{name: np.zeros(1) for name in names}}))

    return {
        "bars": list(bars_schema(quotes=True)),
        "transactions": list(FEATURE_SCHEMA),
        "labels": list(LABEL_SCHEMA),
        "accounts": list(ACCOUNT_SCHEMA),
        "patterns": list(stored(PATTERN_SCHEMA)),
        "loans": loans,
        "months": list(PANEL_SCHEMA),
        "losses": list(LOSS_SCHEMA),
        "driver_sessions": drivers("driver_sessions", "equity_move", *MARKET),
        "driver_days": drivers("driver_days", *BEHAVIOUR, *INTENSITY),
        "driver_months": drivers("driver_months", *VARIABLES),
        SEQUENCES: list(SEQUENCE_SCHEMA),
        REPAIRS: list(REPAIR_SCHEMA),
    }


def type_word(kind: pa.DataType) -> str:
    """Return a stored type in the words of the page."""
    if pa.types.is_dictionary(kind):
        return "text"
    if pa.types.is_list(kind):
        return f"list<{type_word(kind.value_type)}>"
    plain = {"double": "float64", "timestamp[us, tz=UTC]": "timestamp[us, UTC]"}
    return plain.get(str(kind), str(kind))


def row(field: pa.Field) -> str:
    """Return the line of one column."""
    told = facts_of(field)
    kind = SOME_TYPES if field.name == "<feature>" else type_word(field.type)
    null = told["null"] or "no"
    return f"| `{field.name}` | {kind} | {told['unit']} | {told['role']} | {null} | {told['description']} |"


def block(columns: Iterable[pa.Field]) -> str:
    """Return the table of a table's columns."""
    return HEAD + "".join(f"{row(field)}\n" for field in columns)


def written(page: str) -> str:
    """Return the page with every table of columns made anew; raises KeyError for a heading of no table."""
    known = fields()
    pattern = r"(^## (\S+)\n(?:(?!^## |^\| column \|).*\n)*)\| column \|.*\n(?:\|.*\n)*"
    return re.sub(
        pattern, lambda found: found[1] + block(known[found[2].strip("`")]), page, flags=re.MULTILINE
    )


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
