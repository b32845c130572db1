"""A miniature run folder written by hand from the record schemas, without running any world."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from report_manifest import SHAPE, manifest, scores

from finsim.evaluation.metric import Score
from finsim.evaluation.scorecard import Scorecard
from finsim.records.calendar import month_ends, sessions
from finsim.records.columns import stored
from finsim.records.paths import Paths
from finsim.records.portfolio import LOSS_SCHEMA, MONTH_SCHEMA
from finsim.records.run_layout import table_file
from finsim.records.storage import write_json, write_table
from finsim.records.transaction_files import row_files, write_rows
from finsim.records.transactions import ACCOUNT_SCHEMA, PATTERN_SCHEMA, TRANSACTION_SCHEMA

START = date(2025, 12, 31)
PATHS, SESSIONS, DAYS, MONTHS, LOANS = SHAPE.values()
SECTORS = ("agriculture", "households", "services")
ASSETS, HOUR = ("AAPL", "IBM"), 3_600_000_000_000
SCHEME_PHASES = ("collect", "layer", "cash_out")


@dataclass(frozen=True)
class Wanted:
    """What the miniature run holds."""

    worlds: tuple[str, ...] = ("market", "transactions", "credit")
    labels: tuple[str, ...] = ("base", "crash")
    scored: bool = True
    data: str = "shipped:wiki_aapl_ibm_2000_2013.csv.gz"
    extra_scores: tuple[Score, ...] = field(default_factory=tuple)


def build(folder: Path, wanted: Wanted = Wanted()) -> Path:
    """Write a run folder with manifest.json and scorecard.json; return it."""
    folder.mkdir(parents=True)
    rows = dict.fromkeys(("market", "transactions", "credit"), 0)
    facts: dict[str, Any] = {}
    for label in wanted.labels:
        _drivers(folder, label)
        if "market" in wanted.worlds:
            rows["market"] += _market(folder, label)
        if "transactions" in wanted.worlds:
            rows["transactions"] += _transactions(folder, label)
        if "credit" in wanted.worlds:
            count, risk = _credit(folder, label)
            rows["credit"] += count
            facts[f"credit/{label}"] = {"risk": risk}
    card = Scorecard((*scores(), *wanted.extra_scores) if wanted.scored else ())
    card.write(folder / "scorecard.json")
    write_json(folder / "manifest.json", manifest(wanted, rows, facts, card))
    return folder


def manifest_of(folder: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return data


def _drivers(folder: Path, label: str) -> None:
    dates = sessions(START, SESSIONS)
    stress = label != "base"
    move = np.full(SESSIONS, np.nan)
    vol = np.ones(SESSIONS)
    if stress:
        move[[60, 120, 240]] = (-0.2, -0.5, -0.3)
        vol[:120] = 2.5
    market = {
        "equity_move": move,
        "vol_mult": vol,
        "corr_blend": np.where(vol > 1, 0.4, 0.0),
        "spread_mult": vol,
    }
    day = np.datetime64(START) + np.arange(1, DAYS + 1)
    wave = np.where(np.arange(DAYS) > 9, 4.0, 1.0) if stress else np.ones(DAYS)
    path = np.linspace(0, 5.0, MONTHS) if stress else np.zeros(MONTHS)
    tables: dict[str, dict[str, Any]] = {
        "sessions": {"date": dates, **market},
        "days": {"date": day, "fraud:card_testing": wave},
        "months": {"date": month_ends(START, MONTHS), "unemployment": path},
    }
    for name, columns in tables.items():
        arrays = {
            k: pa.array(v.astype("datetime64[us]"))
            if v.dtype.kind == "M"
            else pa.array(v, pa.float64(), from_pandas=True)
            for k, v in columns.items()
        }
        table = pa.table(arrays)
        write_table(table_file(folder, f"driver_{name}", label), table.schema, [table])


def _market(folder: Path, label: str) -> int:
    rng = np.random.Generator(np.random.Philox(11))
    shared = rng.standard_t(4, (PATHS, SESSIONS, 1))
    moves = 0.01 * (0.6 * shared + 0.8 * rng.standard_t(4, (PATHS, SESSIONS, 2)))
    if label != "base":
        moves[:, :120] = 2.0 * moves[:, :120] - 0.005
    moves[:, 0] = 0.0
    close = 100 * np.exp(np.cumsum(moves, axis=1))
    spread = np.exp(np.abs(rng.normal(0, 0.005, close.shape)))
    columns = {
        "open": close,
        "high": close * spread,
        "low": close / spread,
        "close": close,
        "volume": rng.integers(1_000, 9_000, close.shape),
    }
    paths = Paths(ASSETS, sessions(START, SESSIONS), columns)
    return write_table(table_file(folder, "bars", label), paths.to_table().schema, [paths.to_table()])


def _transactions(folder: Path, label: str) -> int:
    rng = np.random.Generator(np.random.Philox(12))
    ordinary = 3000
    begin = (int(np.datetime64(START, "D").astype(np.int64)) + 1) * 24 * HOUR
    ts = begin + rng.integers(0, DAYS * 24, ordinary) * HOUR
    rows: list[dict[str, Any]] = [
        {
            "ts": int(when), "from_account": int(a), "to_account": int(100 + b), "amount": int(m),
            "status": "posted", "channel": "card_present", "purpose": "groceries", "instance": -1,
            "is_fraud": False, "is_laundering": False,
        }
        for when, a, b, m in zip(ts, rng.integers(0, 50, ordinary), rng.integers(0, 50, ordinary),
                                 rng.lognormal(8, 1, ordinary), strict=True)
    ]  # fmt: skip
    patterns = []
    for instance in range(3 if label == "base" else 6):
        scheme = _scheme(instance, begin + (2 + 3 * instance) * 24 * HOUR, decoy=instance == 2)
        rows += scheme
        patterns.append(_pattern(instance, scheme, instance == 2))
    rows.sort(key=lambda row: (row["ts"], row["from_account"], row["amount"]))
    for number, row in enumerate(rows):
        row |= {
            "tx_id": number,
            "from_bank": 0,
            "to_bank": 1,
            "currency": "USD",
            "order_id": number,
            "_fs_src": 1,
            "_fs_seq": 0,
            "merchant_id": -1,
            "device_id": -1,
            "card_id": -1,
            "original_id": -1,
            "taint": 0.0,
            "from_balance_after": 0,
            "to_balance_after": 0,
        }
    table = _typed(rows, TRANSACTION_SCHEMA)
    write_table(
        table_file(folder, "patterns", label),
        stored(PATTERN_SCHEMA),
        [_typed(patterns, PATTERN_SCHEMA).cast(PATTERN_SCHEMA)],
    )
    accounts = [
        {"account_id": a, "customer_id": a, "bank_id": 0, "kind": "external" if a >= 100 else "current",
         "opening_balance": 100_000, "overdraft_limit": 0, "opened": datetime(2020, 1, 1),
         "joint_customer_id": -1} for a in range(220)
    ]  # fmt: skip
    write_table(table_file(folder, "accounts", label), ACCOUNT_SCHEMA, [_typed(accounts, ACCOUNT_SCHEMA)])
    return write_rows(row_files(folder, label), [table.cast(TRANSACTION_SCHEMA)])


def _scheme(instance: int, begin: int, decoy: bool) -> list[dict[str, Any]]:
    """A scatter-gather: one source, three mules, one collector, two ways out; one declined attempt."""
    steps = [(60, 61 + k, 90_000 + k, 0, "source") for k in range(3)]
    steps += [(61 + k, 65, 85_000 + k, 1, "mule") for k in range(3)]
    steps += [(65, 150 + k, 120_000 + k, 2, "collector") for k in range(2)]
    found = []
    for order, (payer, payee, amount, phase, role) in enumerate(steps):
        found.append({
            "ts": begin + 3 * order * HOUR, "from_account": payer, "to_account": payee, "amount": amount,
            "status": "declined" if order == 7 else "posted", "channel": "instant", "purpose": "transfer",
            "instance": instance, "is_fraud": False, "is_laundering": not decoy,
            "narrative": "payroll_fan_out" if decoy else "scatter_gather_structuring",
            "phase": SCHEME_PHASES[phase], "role": role,
        })  # fmt: skip
    return found


def _pattern(instance: int, rows: list[dict[str, Any]], decoy: bool) -> dict[str, Any]:
    posted = [row for row in rows if row["status"] == "posted"]
    accounts = sorted({row["from_account"] for row in rows} | {row["to_account"] for row in rows})
    return {
        "instance": instance, "narrative": rows[0]["narrative"], "typology": "layering", "decoy": decoy,
        "is_fraud": False, "is_laundering": not decoy, "start": rows[0]["ts"], "end": rows[-1]["ts"],
        "rows": len(rows), "posted_rows": len(posted), "declined_rows": len(rows) - len(posted),
        "amount": sum(row["amount"] for row in posted), "accounts": accounts, "stopped_by": "completed",
    }  # fmt: skip


def _loose(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_timestamp(kind) and kind.tz:
        return pa.int64()
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _typed(rows: list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    return pa.Table.from_pylist(rows, pa.schema([(f.name, _loose(f.type)) for f in schema])).cast(schema)


def _credit(folder: Path, label: str) -> tuple[int, dict[str, Any]]:
    rng = np.random.Generator(np.random.Philox(13))
    rate = 0.004 if label == "base" else 0.015
    dates = month_ends(START, MONTHS)
    code = np.arange(LOANS) % len(SECTORS)
    loans = pa.table(
        {
            "loan_id": np.arange(LOANS), "sector": np.array(SECTORS)[code],
            "balance": np.full(LOANS, 100_000, dtype=np.int64), "currency": np.full(LOANS, "USD"),
        }
    )  # fmt: skip
    rows = []
    for loan in range(LOANS):
        for month in dates:
            hit = rng.random() < rate
            rows.append({
                "loan_id": loan, "month": month.astype("datetime64[us]").astype(object),
                "status": "default" if hit else "current",
                "balance": 90_000, "pd": 0.02, "lgd": 0.45, "loss": 40_000 if hit else 0,
            })  # fmt: skip
            if hit:
                break
    drawn = rng.gamma(2.0, 250_000 if label == "base" else 900_000, 4000)
    count = write_table(table_file(folder, "loans", label), loans.schema, [loans])
    count += write_table(table_file(folder, "months", label), MONTH_SCHEMA, [_typed(rows, MONTH_SCHEMA)])
    losses = pa.table({"scenario_draw": np.arange(len(drawn)), "loss": drawn}, schema=LOSS_SCHEMA)
    count += write_table(table_file(folder, "losses", label), LOSS_SCHEMA, [losses])
    risk: dict[str, Any] = {"expected_loss": float(drawn.mean())}
    for level in (0.95, 0.99):
        var = float(np.quantile(drawn, level))
        es = float(drawn[drawn >= var].mean())
        risk |= {f"var_{level:g}": [var, var * 0.97, var * 1.03], f"es_{level:g}": [es, es * 0.96, es * 1.05]}
    return count, risk
