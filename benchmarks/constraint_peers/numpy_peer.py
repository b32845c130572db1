"""The rules as numpy expressions; the sequence rules take the order of the rows for granted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from constraint_peers.rules import DAILY_CAP, KNOWN, LABELS, POSTED, lines

PACKAGES = ("numpy",)
DAY = 86_400 * 10**9
bad = np.count_nonzero


def load(table: pa.Table) -> dict[str, Any]:
    """Return arrays: labels as codes (with their texts), times as int64 nanoseconds."""
    data: dict[str, Any] = {}
    for name in table.column_names:
        column = table[name].combine_chunks()
        if name in LABELS:
            column = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
            data[f"{name} texts"] = column.dictionary.to_pylist()
            column = column.indices
        data[name] = np.array(
            column.cast(pa.timestamp("ns", tz="UTC")).cast(pa.int64()) if name == "ts" else column
        )
    return data


def row_rules(t: dict[str, Any]) -> dict[str, int]:
    """Return breaches of the rules that see one row."""
    code = {(name, text): code for name in LABELS for code, text in enumerate(t[f"{name} texts"])}
    amount, fee, loan, pmt, age = t["amount"], t["fee"], t["loan"], t["pmt"], t["age"]
    rate, term, ltv, score, income = t["rate"], t["term"], t["ltv"], t["score"], t["income"]
    monthly = rate / 12
    level = loan * monthly / -np.expm1(-term * np.log1p(monthly))
    return {
        "amount_positive": bad(amount <= 0),
        "fee_range": bad((fee < 0) | (fee > amount)),
        "channel_known": bad(~np.isin(t["channel"], [code["channel", text] for text in KNOWN])),
        "status_known": bad(~np.isin(t["status"], [code["status", text] for text in POSTED])),
        "minor_loan": bad((age < 18) & (loan > 200_000)),
        "ltv_cap": bad((t["product"] == code["product", "mortgage"]) & (ltv > 0.97)),
        "ltv_range": bad((ltv < 0) | (ltv > 1.2)),
        "rate_range": bad((rate < 0) | (rate > 0.24)),
        "rate_cap": bad((t["country"] == code["country", "DE"]) & (rate > 0.18)),
        "term_range": bad((term < 6) | (term > 84)),
        "score_range": bad((score < 300) | (score > 850)),
        "income_positive": bad(income <= 0),
        "cash_cap": bad((t["channel"] == code["channel", "cash"]) & (amount > 1_000_000)),
        "age_range": bad((age < 16) | (age > 100)),
        "annuity": bad(np.abs(pmt - level) > 1),
        "dti_identity": bad(np.abs(t["dti"] - pmt / income) > 1e-9),
    }


def sequence_rules(t: dict[str, Any]) -> dict[str, int]:
    """Return breaches of the rules that see the rows before."""
    account, ts, amount, balance = t["account"], t["ts"], t["amount"], t["balance"]
    credit = t["dir"] == t["dir texts"].index("credit")
    same = account[1:] == account[:-1]
    before = t["opening"].copy()
    np.copyto(before[1:], balance[:-1], where=same)
    debit = np.where(credit, 0, amount)
    day = ts // DAY
    begins = np.flatnonzero(np.append(True, ~same | (day[1:] != day[:-1])))
    total = np.cumsum(debit)
    today = total - np.repeat((total - debit)[begins], np.diff(begins, append=len(ts)))
    return {
        "ledger": bad(balance != before + np.where(credit, amount, -amount)),
        "in_order": bad(same & (ts[1:] <= ts[:-1])),
        "daily_debit": bad(today > DAILY_CAP),
        "velocity": bad((account[5:] == account[:-5]) & (ts[5:] - ts[:-5] < DAY)),
    }


def check(data: dict[str, Any], sequences: bool) -> dict[str, int]:
    """Return breaches by rule."""
    return row_rules(data) | (sequence_rules(data) if sequences else {})


def written(sequences: bool) -> int:
    """Return the lines of rules a user writes."""
    return lines(row_rules, sequence_rules) if sequences else lines(row_rules)
