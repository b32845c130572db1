"""``Transactions``: payment rows with ground truth, the accounts behind them and the injected schemes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.notation import Dates1D
from finsim.records.columns import CENTS, DAY, DECIMAL, INSTANT, KEY, LABEL, TEXT, column, stored, with_roles
from finsim.records.display.card import Card, Value
from finsim.records.display.fact_words import counted, money, percent, span
from finsim.records.fixed_words import (
    CATEGORIES,
    CHANNELS,
    DECLINE_REASONS,
    KINDS,
    KNOWN_BY,
    PAYMENT_STATUSES,
    PURPOSES,
    STOPS,
)
from finsim.records.frames.money_units import Money, minor_columns, money_fact
from finsim.records.phase_counts import PhaseCount
from finsim.records.shown_rows import RowRecord

NO_MERCHANT = -1
_LIFE = "ordinary life"

TRANSACTION_SCHEMA = pa.schema(
    [
        column("tx_id", pa.int64(), "row number in time order, from 0; differs between scenarios", role=KEY),
        column("ts", INSTANT, "when the order was made"),
        column("from_account", pa.int64(), "payer", role=KEY),
        column("to_account", pa.int64(), "payee, never the payer", role=KEY),
        column("from_bank", pa.int32(), "bank of the payer; 0 is outside the study's banks"),
        column("to_bank", pa.int32(), "bank of the payee"),
        column("amount", pa.int64(), "above 0; what was asked for, also when declined", CENTS),
        column("currency", TEXT, "ISO 4217; one per world"),
        column("channel", TEXT, "how it was paid", words=CHANNELS),
        column("device_id", pa.int32(), "the device it was ordered from; -1 without", role=KEY),
        column(
            "card_id",
            pa.int32(),
            "the card that paid, drew cash, or got a refund; -1 without",
            role=KEY,
        ),
        column(
            "purpose",
            TEXT,
            "what it was for, which a bank knows only in part; a merchant's category for purchases",
            role=LABEL,
            words=PURPOSES,
        ),
        column("merchant_id", pa.int64(), "the shop, not its account; -1 without a shop", role=KEY),
        column("category", TEXT, "category of the shop", null="no shop", words=CATEGORIES),
        column("status", TEXT, "posted or declined", words=PAYMENT_STATUSES),
        column("decline_reason", TEXT, "why the ledger declined it", null="posted", words=DECLINE_REASONS),
        column(
            "original_id",
            pa.int64(),
            "the earlier payment that it answers: the sale of a refund, or the decline that is tried again; "
            "-1 without",
            role=KEY,
        ),
        column(
            "from_balance_after", pa.int64(), "payer's balance after the row; unchanged when declined", CENTS
        ),
        column("to_balance_after", pa.int64(), "payee's balance after the row", CENTS),
        column("is_fraud", pa.bool_(), "part of a fraud, by the narrative's labels", role=LABEL),
        column("is_laundering", pa.bool_(), "part of laundering, by the narrative's labels", role=LABEL),
        column(
            "taint",
            pa.float32(),
            "illicit share of the row's money, in thousandths; 0 for a declined row",
            DECIMAL,
            role=LABEL,
        ),
        column(
            "known_on",
            DAY,
            "when a bank held it for illicit, rightly or not; goes on beyond the period",
            role=LABEL,
            null="never",
        ),
        column("known_by", TEXT, "by what it was known", role=LABEL, null="never", words=KNOWN_BY),
        column("narrative", TEXT, "the story or decoy that made the row", role=LABEL, null=_LIFE),
        column("instance", pa.int64(), "the scheme, key of `patterns`; -1 in ordinary life", role=LABEL),
        column("phase", TEXT, "phase of the story", role=LABEL, null=_LIFE),
        column("role", TEXT, "role of the paying side in the story", role=LABEL, null=_LIFE),
        column(
            "order_id",
            pa.int64(),
            "the payment order: the same in every scenario in which it is made",
            role=LABEL,
        ),
        column("_fs_src", pa.uint8(), "1 ordinary life, 2 narrative, 6 benign decoy", role=LABEL),
        column("_fs_seq", pa.uint32(), "the shard of accounts in ordinary life, else `instance`", role=LABEL),
    ]
)
"""The rows in memory. Files hold them in two tables of one order: FEATURE_SCHEMA and LABEL_SCHEMA."""

FEATURE_SCHEMA = stored(f for f in TRANSACTION_SCHEMA if f.name not in with_roles(TRANSACTION_SCHEMA, LABEL))
LABEL_SCHEMA = stored(
    TRANSACTION_SCHEMA.field(name) for name in ("tx_id", *with_roles(TRANSACTION_SCHEMA, LABEL))
)

ACCOUNT_SCHEMA = pa.schema(
    [
        column("account_id", pa.int64(), "the account", role=KEY),
        column(
            "customer_id",
            pa.int64(),
            "the owner; a person may have a current, a savings and a card account",
            role=KEY,
        ),
        column(
            "bank_id",
            pa.int32(),
            "1 to the number of banks; 0 outside. Cash and fee accounts are external but carry their bank",
        ),
        column("kind", TEXT, "what kind of account", words=KINDS),
        column(
            "opening_balance",
            pa.int64(),
            "before the first row; cards owe (below 0), accounts opened in the period and external ones "
            "have 0",
            CENTS,
        ),
        column(
            "overdraft_limit",
            pa.int64(),
            "how far below 0 the balance may fall: overdraft, or credit limit of a card; "
            "external accounts have 0 and no limit",
            CENTS,
        ),
        column("opened", DAY, "no row before this day"),
        column(
            "joint_customer_id",
            pa.int64(),
            "the second holder, of the owner's household; -1 without",
            role=KEY,
        ),
        column(
            "dormant",
            DAY,
            "since when the account has lain still for 90 days, at the end of the period",
            role=LABEL,
            null="not dormant",
        ),
    ]
)

PATTERN_SCHEMA = pa.schema(
    [
        column("instance", pa.int64(), "key of the scheme; the same scheme in every scenario", role=LABEL),
        column("narrative", TEXT, "id of the narrative file", role=LABEL),
        column("typology", TEXT, "typology of its variant", role=LABEL),
        column("decoy", pa.bool_(), "benign look-alike", role=LABEL),
        column("is_fraud", pa.bool_(), "at least one row is fraud", role=LABEL),
        column("is_laundering", pa.bool_(), "at least one row is laundering", role=LABEL),
        column("start", INSTANT, "first row", role=LABEL),
        column("end", INSTANT, "last row", role=LABEL),
        column("rows", pa.int64(), "rows in `transactions`", "rows", role=LABEL),
        column("posted_rows", pa.int64(), "of these, posted", "rows", role=LABEL),
        column("declined_rows", pa.int64(), "of these, declined", "rows", role=LABEL),
        column(
            "amount",
            pa.int64(),
            "sum of the posted rows, all phases: money that is passed on counts at every hop",
            CENTS,
            role=LABEL,
        ),
        column("accounts", pa.list_(pa.int64()), "all accounts that paid or were paid", role=LABEL),
        column("stopped_by", TEXT, "why it ended", role=LABEL, words=STOPS),
    ]
)


ROW_MONEY = Money(minor_columns(TRANSACTION_SCHEMA), column="currency")
ACCOUNT_MONEY = minor_columns(ACCOUNT_SCHEMA)
PATTERN_MONEY = minor_columns(PATTERN_SCHEMA)


@dataclass(frozen=True, repr=False)
class Transactions(RowRecord):
    """A transaction world: rows in time order (ties by ``tx_id``), accounts and scheme instances.

    Amounts and balances are int64 minor units. A declined row moves no money. Benign rows have null
    ``narrative``, ``phase`` and ``role`` and instance -1; rows without a shop have merchant_id -1. Accounts
    of kind ``external`` (employers, cash, fees, the outside world) may have negative balances; the sum over
    all accounts is constant. ``phases`` counts planned, posted, declined and dropped payments of each phase
    of each narrative; ``remarks`` tell what could not be made as asked. Tables read from files have neither.
    ``customers``, ``addresses``, ``credit_lines``, ``merchants``, ``cards``, ``devices`` and ``logins`` tell
    who they are, with what and from where they pay, ``fx_rates`` what foreign money costs; None where
    ordinary life is learned from a ledger. ``alerts``, ``reports`` and
    ``account_labels`` tell what banks saw and when.
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
    phases: tuple[PhaseCount, ...] = ()
    remarks: tuple[str, ...] = ()
    customers: pa.Table | None = None
    addresses: pa.Table | None = None
    credit_lines: pa.Table | None = None
    merchants: pa.Table | None = None
    cards: pa.Table | None = None
    devices: pa.Table | None = None
    logins: pa.Table | None = None
    fx_rates: pa.Table | None = None
    alerts: pa.Table | None = None
    reports: pa.Table | None = None
    account_labels: pa.Table | None = None

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
