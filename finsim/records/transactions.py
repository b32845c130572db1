"""``Transactions``: payment rows with ground truth, the accounts behind them and the injected schemes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.notation import Dates1D
from finsim.records.display.card import Card, Value
from finsim.records.display.fact_words import counted, money, percent, span
from finsim.records.frames.money_units import Money, money_fact
from finsim.records.shown_rows import RowRecord

_TEXT = pa.dictionary(pa.int32(), pa.string())

TRANSACTION_SCHEMA = pa.schema(
    [
        ("tx_id", pa.int64()),
        ("ts", pa.timestamp("ns", tz="UTC")),
        ("from_account", pa.int64()),
        ("to_account", pa.int64()),
        ("from_bank", pa.int32()),
        ("to_bank", pa.int32()),
        ("amount", pa.int64()),
        ("currency", _TEXT),
        ("channel", _TEXT),
        ("purpose", _TEXT),
        ("merchant_id", pa.int64()),
        ("status", _TEXT),
        ("from_balance_after", pa.int64()),
        ("to_balance_after", pa.int64()),
        ("is_fraud", pa.bool_()),
        ("is_laundering", pa.bool_()),
        ("narrative", _TEXT),
        ("instance", pa.int64()),
        ("phase", _TEXT),
        ("role", _TEXT),
        ("order_id", pa.int64()),
        ("_fs_src", pa.uint8()),
        ("_fs_seq", pa.uint32()),
    ]
)

ACCOUNT_SCHEMA = pa.schema(
    [
        ("account_id", pa.int64()),
        ("customer_id", pa.int64()),
        ("bank_id", pa.int32()),
        ("kind", _TEXT),
        ("opening_balance", pa.int64()),
        ("overdraft_limit", pa.int64()),
        ("opened", pa.date32()),
    ]
)

PATTERN_SCHEMA = pa.schema(
    [
        ("instance", pa.int64()),
        ("narrative", _TEXT),
        ("typology", _TEXT),
        ("decoy", pa.bool_()),
        ("is_fraud", pa.bool_()),
        ("is_laundering", pa.bool_()),
        ("start", pa.timestamp("ns", tz="UTC")),
        ("end", pa.timestamp("ns", tz="UTC")),
        ("rows", pa.int64()),
        ("posted_rows", pa.int64()),
        ("declined_rows", pa.int64()),
        ("amount", pa.int64()),
        ("accounts", pa.list_(pa.int64())),
        ("stopped_by", _TEXT),
    ]
)


ROW_MONEY = Money(("amount", "from_balance_after", "to_balance_after"), column="currency")
ACCOUNT_MONEY = ("opening_balance", "overdraft_limit")
PATTERN_MONEY = ("amount",)


@dataclass(frozen=True, repr=False)
class Transactions(RowRecord):
    """A transaction world: rows in time order (ties by ``tx_id``), accounts and scheme instances.

    Amounts and balances are int64 minor units. A declined row moves no money. Benign rows have null
    ``narrative``, ``phase`` and ``role`` and instance -1. Accounts of kind ``external`` (employers,
    cash, fees, the outside world) may have negative balances; the sum over all accounts is constant.
    ``len``, ``head``, ``columns``, ``to_pandas``, ``to_polars`` and the Arrow stream are of ``rows``.

    Example:
        >>> import finsim
        >>> world = finsim.simulate(accounts=300, days=5, seed=1)
        >>> world.to_pandas(money="units").attrs
        {'money': 'units', 'currency': 'USD'}

    """

    rows: pa.Table
    accounts: pa.Table
    patterns: pa.Table

    def _table(self) -> pa.Table:
        return self.rows

    def _money(self) -> Money:
        return ROW_MONEY

    def card(self) -> Card:
        """Return rows, period, accounts, money, illicit and declined shares, and schemes by narrative."""
        title = f"Transactions: {counted(self.rows.num_rows, 'row')}"
        facts: list[tuple[str, Value]] = [("period", self._period()), ("accounts", self._account_words())]
        facts += [("posted", self._posted()), ("money", money_fact(ROW_MONEY, self.rows))]
        facts += [("illicit", self._illicit()), ("declined", self._share(self._is_status("declined")))]
        schemes = _counts(self.patterns, "narrative")
        words = tuple(f"{name} {count:,}" for name, count in schemes)
        total = f"{self.patterns.num_rows:,} from {counted(len(schemes), 'narrative')}"
        facts += [("schemes", total), ("narratives", words)]
        return Card(title, tuple(facts), money_fact(ROW_MONEY, self.rows), "rows a day")

    def _period(self) -> str:
        days = self._days()
        return span(days.min(), days.max()) if days.size else ""

    def _days(self) -> Dates1D:
        found: Dates1D = self.rows["ts"].drop_null().to_numpy().astype("datetime64[D]")
        return found

    def _account_words(self) -> str:
        kinds = dict(_counts(self.accounts, "kind"))
        outside = f", {kinds['external']:,} of them external" if kinds.get("external") else ""
        return f"{self.accounts.num_rows:,}{outside}"

    def _is_status(self, status: str) -> pa.ChunkedArray:
        return pc.equal(self.rows["status"], status)

    def _posted(self) -> tuple[str, ...]:
        posted = self.rows.select(["currency", "amount"]).filter(self._is_status("posted"))
        sums = posted.group_by("currency").aggregate([("amount", "sum")]).to_pylist()
        listed = sorted((str(row["currency"] or ""), row["amount_sum"] or 0) for row in sums)
        return tuple(money(amount, currency) for currency, amount in listed)

    def _share(self, marked: pa.ChunkedArray) -> str:
        hits, size = int(pc.sum(marked).as_py() or 0), self.rows.num_rows
        return f"{percent(hits / size)} of rows ({hits:,})" if size else ""

    def _illicit(self) -> str:
        if not {"is_fraud", "is_laundering"} <= set(self.rows.column_names):
            return ""
        return self._share(pc.or_(self.rows["is_fraud"], self.rows["is_laundering"]))

    def _curve(self) -> Sequence[float]:
        days = self._days().astype(np.int64)
        return [float(count) for count in np.bincount(days - days.min())] if days.size else ()


def _counts(table: pa.Table, column: str) -> list[tuple[str, int]]:
    """Return (word, rows) of a text column, the most frequent first, ties by name."""
    found = [(str(item["values"]), item["counts"]) for item in pc.value_counts(table[column]).to_pylist()]
    return sorted(found, key=lambda item: (-item[1], item[0]))
