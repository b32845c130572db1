"""``Payments``: the rows that a format is given, chosen by its options, a row group at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from finsim.errors import DataError, StudyError
from finsim.exports.payments.rows.account_lookup import AccountLookup, as_now, read_accounts
from finsim.exports.payments.rows.handed_originals import among_handed
from finsim.exports.payments.rows.known_rows import NEEDED, as_stood, hidden_from, known_labels, named_by
from finsim.exports.payments.rows.row_words import coded, whole
from finsim.exports.payments.rows.thinning import Counts, Thinning, counted
from finsim.notation import DAY, Bool1D
from finsim.records.parties.party_tables import PARTY_SCHEMAS
from finsim.records.storage import read_batches, read_table
from finsim.records.transaction_files import row_batches

NANOSECONDS_A_DAY = 86_400_000_000_000
CARDS = ("card_present", "card_not_present")
ILLICIT = "illicit"
"""Name of the label that says fraud or laundering."""
_CHOOSING = ("tx_id", "ts", "status", "from_bank", "to_bank", "is_fraud", "is_laundering", "instance")


@dataclass(frozen=True)
class Choice:
    """What the options of an export say of payments.

    * ``as_of``: only rows up to the end of this day (UTC), with the labels that were known by then.
    * ``bank``: only what this bank sees: rows of its accounts.
    * ``prevalence``: share of rows with the format's label.
    * ``instance``: only the rows of one scheme.
    * ``seed``: of the rows that are left out for the prevalence.
    """

    as_of: date | None = None
    bank: int | None = None
    prevalence: float | None = None
    instance: int | None = None
    seed: int = 0


@dataclass(frozen=True)
class Payments:
    """The tables of a world of payments, and which of its rows a format takes.

    ``parties`` are the files of ``PARTY_SCHEMAS`` that there are.

    ``label`` and ``rows`` are those of ``Export``. Raises StudyError for a bank or scheme that the world
    does not have, and for a prevalence that cannot be reached; DataError for rows that are not in the
    order of time.
    """

    transactions: Path
    labels: Path
    accounts_file: Path
    patterns_file: Path
    choice: Choice = Choice()
    label: str = ILLICIT
    rows: str = "posted"
    parties: Mapping[str, Path] = field(default_factory=dict)

    def batches(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        """Yield some columns of the chosen rows; ``illicit`` may be asked for as if it were a column.

        Types are those of TRANSACTION_SCHEMA, every column is one chunk.
        """
        kept = self._thinned(columns)
        if self.choice.prevalence is not None or self.choice.instance is not None or self.rows != "all":
            kept = among_handed(kept)
        for table in kept:
            if table.num_rows:
                yield table.select(list(columns)).combine_chunks()

    @cached_property
    def lookup(self) -> AccountLookup:
        """The accounts by id, for what rows do not say of the two sides."""
        return read_accounts(self.accounts_file)

    @cached_property
    def patterns(self) -> pa.Table:
        """The schemes of the world as stored."""
        return read_table(self.patterns_file)

    @cached_property
    def typologies(self) -> dict[int, str]:
        """Scheme -> its typology."""
        told = self.patterns.select(["instance", "typology"]).to_pylist()
        return {int(row["instance"]): str(row["typology"]) for row in told}

    def accounts(self) -> pa.Table:
        """Return the accounts that the chosen rows may name: those opened by then, and what a bank knows.

        Of accounts at other banks a bank knows the number and the bank alone: the rest is empty.
        """
        table = self.lookup.table
        if self.choice.as_of is not None:
            table = as_stood(table, self.choice.as_of)
        if self.choice.bank is None and self.choice.instance is None:
            return table
        named = self._named_accounts()
        own = np.asarray(table["bank_id"]) == (-1 if self.choice.bank is None else self.choice.bank)
        table = table.filter(pa.array(np.isin(np.asarray(table["account_id"]), named) | own))
        if self.choice.bank is None:
            return table
        seen = pa.array(np.asarray(table["bank_id"]) == self.choice.bank)
        for number, one in enumerate(table.schema):
            if one.name not in ("account_id", "bank_id"):
                hidden = pc.if_else(seen, table[one.name], pa.scalar(None, one.type))
                table = table.set_column(number, pa.field(one.name, one.type), hidden)
        return table

    @cached_property
    def customers(self) -> pa.Table:
        """The customers that the chosen rows may name, by ``customer_id``: those of one bank for its view.

        No row where the world has no such table.
        """
        table = self._party("customers", PARTY_SCHEMAS["customers"])
        if self.choice.as_of is not None:
            table = table.filter(pc.less(table["since"].cast(pa.int64()), self._end() // 1_000))
        if self.choice.bank is not None:
            held = self.lookup.table.filter(pc.equal(self.lookup.table["bank_id"], self.choice.bank))
            holders = [held[name].combine_chunks() for name in ("customer_id", "joint_customer_id")]
            table = table.filter(pc.is_in(table["customer_id"], pa.concat_arrays(holders)))
        return table.sort_by("customer_id").combine_chunks()

    @cached_property
    def addresses(self) -> pa.Table:
        """The addresses that were known by the day; for one bank's view those of its customers."""
        table = self._party("addresses", PARTY_SCHEMAS["addresses"])
        if self.choice.bank is not None:
            known = self.customers["customer_id"].combine_chunks()
            table = table.filter(pc.is_in(table["customer_id"], known))
        return table if self.choice.as_of is None else as_stood(table, self.choice.as_of)

    @cached_property
    def credit_lines(self) -> pa.Table:
        """The lines that were granted by the day; one bank's own for its view."""
        return self._own_things("credit_lines")

    @cached_property
    def fx_rates(self) -> pa.Table:
        """The exchange rates up to the day."""
        table = self._party("fx_rates", PARTY_SCHEMAS["fx_rates"])
        return table if self.choice.as_of is None else as_stood(table, self.choice.as_of)

    @cached_property
    def merchants(self) -> pa.Table:
        """The shops by ``merchant_id``; no row where the world has no such table."""
        return self._party("merchants", PARTY_SCHEMAS["merchants"]).sort_by("merchant_id").combine_chunks()

    @cached_property
    def cards(self) -> pa.Table:
        """The cards that were issued by the day, ended ones as known then; one bank's own for its view."""
        return self._own_things("cards")

    def _own_things(self, name: str) -> pa.Table:
        table = self._party(name, PARTY_SCHEMAS[name])
        if self.choice.bank is not None:
            banks = np.asarray(self.lookup.table["bank_id"])[self.lookup.places(table["account_id"])]
            table = table.filter(pa.array(banks == self.choice.bank))
        return table if self.choice.as_of is None else as_stood(table, self.choice.as_of)

    def devices(self) -> Iterator[pa.Table]:
        """Yield the devices that were seen by the day; for one bank's view those that it saw."""
        table = self._party("devices", PARTY_SCHEMAS["devices"])
        if self.choice.as_of is not None:
            table = table.filter(pc.less(table["first_seen"].cast(pa.int64()), self._end() // 1_000))
        if self.choice.bank is not None:
            paid = [self._seen_devices(rows) for rows in self.batches(("from_bank", "device_id"))]
            used = [np.asarray(rows["device_id"]) for rows in self.logins()]
            seen = np.unique(np.concatenate([np.empty(0, np.int32), *paid, *used]))
            table = table.filter(pa.array(np.isin(np.asarray(table["device_id"]), seen)))
        yield table

    def logins(self) -> Iterator[pa.Table]:
        """Yield logins and changes up to the day, for one bank's view those of its customers; in batches."""
        file = self.parties.get("logins")
        for batch in () if file is None else read_batches(file):
            table = pa.Table.from_batches([batch])
            if self.choice.as_of is not None:
                table = table.filter(pc.less(table["ts"].cast(pa.int64()), self._end() // 1_000))
            if self.choice.bank is not None:
                known = self.customers["customer_id"].combine_chunks()
                table = table.filter(pc.is_in(table["customer_id"], known))
            yield table

    def observed(self, name: str) -> pa.Table:
        """Return a table of OBSERVED: as it stood on the day, for one bank's view what is its own."""
        table = self._party(name, PARTY_SCHEMAS[name])
        if self.choice.bank is not None:
            places = self.lookup.places(table["account_id"])
            banks = np.asarray(self.lookup.table["bank_id"])[places]
            table = table.filter(pa.array(banks == self.choice.bank))
        if self.choice.as_of is None:
            return table
        return (named_by if name == "account_labels" else as_stood)(table, self.choice.as_of)

    def _seen_devices(self, rows: pa.Table) -> np.ndarray:
        own = np.asarray(rows["from_bank"]) == self.choice.bank
        found: np.ndarray = np.asarray(rows["device_id"])[own]
        return found

    def _party(self, name: str, schema: pa.Schema) -> pa.Table:
        file = self.parties.get(name)
        if file is None:
            return schema.empty_table()
        return as_now(read_table(file), schema)

    def sees(self, banks: pa.ChunkedArray) -> pa.Array:
        """Return whether the side at each of some banks is known: all of them but for one bank's view."""
        known = np.asarray(banks) == self.choice.bank if self.choice.bank is not None else None
        return pa.array(np.ones(len(banks), bool) if known is None else known)

    def refuse(self) -> None:
        """Raise StudyError for options that this world cannot follow, before anything is written."""
        if self.choice.as_of is not None and "known_on" not in pq.read_schema(self.labels).names:
            raise StudyError(
                "the labels do not say when they were known", place="export: as_of",
                expected="a world of this finsim", remedy="make the world again, or leave as_of out",
            )  # fmt: skip
        if self.choice.bank is not None:
            known = sorted({int(one) for one in self.lookup.table["bank_id"].unique().to_pylist() if one})
            if self.choice.bank not in known:
                raise _refused("bank", f"no bank {self.choice.bank}", f"{known[0]} to {known[-1]}", known[0])
        if self.choice.instance is not None and self.choice.instance not in self.typologies:
            found = sorted(self.typologies)
            words = f"one of {len(found):,} schemes, {found[0]} to {found[-1]}" if found else "a scheme"
            remedy = found[0] if found else 0
            raise _refused("instance", f"no scheme {self.choice.instance}", words, remedy)
        if self._thinning is None and next(iter(self.batches(("tx_id",))), None) is None:
            raise StudyError(
                "no row is left to write", place="export: format", expected="at least one payment",
                remedy="leave out options that choose rows, or take a later day",
            )  # fmt: skip

    def _thinned(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        thinning = self._thinning
        thinner = thinning.start() if thinning else None
        for table in self._chosen(columns):
            yield table.filter(pa.array(thinner.keep(*_labelled(table, self.label)))) if thinner else table

    def _chosen(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        wanted = [name for name in dict.fromkeys((*columns, *_CHOOSING)) if name != ILLICIT]
        more = () if self.rows != "cards" else ("channel", "merchant_id")
        more = more if self.choice.as_of is None else (*more, *NEEDED)
        last = -1
        for batch in row_batches((self.transactions, self.labels), list(dict.fromkeys((*wanted, *more)))):
            times = np.asarray(batch["ts"].cast(pa.int64()))
            if times.size and (times[0] < last or np.any(np.diff(times) < 0)):
                raise DataError(
                    "rows are not in the order of time", place=str(self.transactions),
                    expected="ts never falls",
                    remedy="sort transactions and labels by ts and tx_id",
                )  # fmt: skip
            last = int(times[-1]) if times.size else last
            table = pa.Table.from_batches([batch])
            table = table.filter(pa.array(self._mask(table, times)))
            table = table if self.choice.as_of is None else self._as_known(table, self.choice.as_of)
            yield table.append_column(ILLICIT, pc.or_(table["is_fraud"], table["is_laundering"]))
            if self.choice.as_of is not None and last >= self._end():
                return

    def _mask(self, table: pa.Table, times: np.ndarray) -> Bool1D:
        mask = np.ones(table.num_rows, dtype=bool)
        if self.rows != "all":
            mask &= np.asarray(pc.equal(table["status"], "posted"))
        if self.rows == "cards":
            mask &= coded(table["channel"], dict.fromkeys(CARDS, 1)) == 1
            mask &= np.asarray(table["merchant_id"]) >= 0
        if self.choice.as_of is not None:
            mask &= times < self._end()
        if self.choice.bank is not None:
            mask &= (np.asarray(table["from_bank"]) == self.choice.bank) | (
                np.asarray(table["to_bank"]) == self.choice.bank
            )
        if self.choice.instance is not None:
            mask &= np.asarray(table["instance"]) == self.choice.instance
        return mask

    def _as_known(self, table: pa.Table, day: date) -> pa.Table:
        if self.choice.bank is not None:
            table = hidden_from(table, self.choice.bank, self._reported)
        return known_labels(table, day)

    @cached_property
    def _reported(self) -> pa.Array:
        """The accounts that the one bank has named in a report by the day."""
        alerts = self.observed("alerts")
        return whole(alerts.filter(pc.fill_null(pc.equal(alerts["outcome"], "sar"), False))["account_id"])

    def _end(self) -> int:
        assert self.choice.as_of is not None
        return int((np.datetime64(self.choice.as_of, "D") + DAY).astype("datetime64[ns]").astype(np.int64))

    def _named_accounts(self) -> np.ndarray:
        ends = ("from_account", "to_account")
        named = [np.unique([np.asarray(table[name]) for name in ends]) for table in self.batches(ends)]
        return np.unique(np.concatenate([np.empty(0, np.int64), *named]))

    @cached_property
    def _thinning(self) -> Thinning | None:
        if self.choice.prevalence is None:
            return None
        whole = replace(self, choice=replace(self.choice, prevalence=None))
        counts: Counts = counted(_labelled(table, self.label) for table in whole._chosen(()))
        return Thinning.towards(self.choice.prevalence, counts, self.choice.seed, self.label)


def _labelled(table: pa.Table, label: str) -> tuple[Bool1D, np.ndarray]:
    return np.asarray(table[label]), np.asarray(table["instance"])


def _refused(option: str, found: str, expected: str, example: object) -> StudyError:
    return StudyError(found, place=f"export: {option}", expected=expected, remedy=f"write {option}={example}")
