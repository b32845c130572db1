"""A miniature run folder written by hand from the record schemas, without running any world."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from finsim.evaluation.metric import Score
from finsim.evaluation.scorecard import Scorecard
from finsim.records.calendar import month_ends, sessions
from finsim.records.paths import Paths
from finsim.records.portfolio import LOSS_SCHEMA, MONTH_SCHEMA
from finsim.records.storage import write_json, write_table
from finsim.records.transactions import ACCOUNT_SCHEMA, PATTERN_SCHEMA, TRANSACTION_SCHEMA

START, PATHS, SESSIONS, DAYS, MONTHS, LOANS = date(2025, 12, 31), 12, 400, 21, 12, 400
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
    write_json(folder / "manifest.json", _manifest(wanted, rows, facts, card))
    return folder


def manifest_of(folder: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return data


def scores() -> tuple[Score, ...]:
    """Scores of three uses with every verdict, odd signs and missing figures."""
    return (
        Score("kolmogorov", "AAPL return", 0.021, 0.015, 0.03, 4788, 0.02, 0.3, 0.05, "pass", "backtest", "probability"),
        Score(
            "hill", "IBM losses", 0.31, 0.12, 0.5, 4788, 0.1, 0.9, 0.2, "warn", "stress a portfolio", "log ratio",
            "0.31 is above the goal 0.2 <b>&", "tail index 2.9 & 3.1",
        ),
        Score("kurtosis", "AAPL", 0.9, 0.6, 1.1, 4788, 0.1, 0.9, 0.2, "fail", "stress a portfolio", "log ratio", "too thin"),
        Score("detector_recall", "schemes", 0.7, 0.6, 0.8, 50, 0.9, 0.01, 0.5, "pass", "train a detector", "share"),
        Score("bar_copies", "bars", 0.0, 0.0, None, 9600, 0.0, None, 0.0, "pass", "share", "bars"),
        Score("leverage", "IBM", None, None, None, 0, None, None, None, "not computed", "backtest", "x", "too few rows"),
    )  # fmt: skip


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
            k: pa.array(v, pa.date32())
            if v.dtype.kind == "M"
            else pa.array(v, pa.float64(), from_pandas=True)
            for k, v in columns.items()
        }
        table = pa.table(arrays)
        write_table(folder / "drivers" / label / f"{name}.parquet", table.schema, [table])


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
    return write_table(
        folder / "market" / label / "bars.parquet", paths.to_table().schema, [paths.to_table()]
    )


def _transactions(folder: Path, label: str) -> int:
    rng = np.random.Generator(np.random.Philox(12))
    ordinary = 3000
    begin = (int(np.datetime64(START, "D").astype(np.int64)) + 1) * 24 * HOUR
    ts = begin + rng.integers(0, DAYS * 24, ordinary) * HOUR
    rows: list[dict[str, Any]] = [
        {
            "ts": int(when), "from_account": int(a), "to_account": int(100 + b), "amount": int(m), "status": "posted",
            "channel": "card_present", "purpose": "groceries", "instance": -1, "is_fraud": False, "is_laundering": False,
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
        }
    table = pa.Table.from_pylist(rows, pa.schema([(f.name, _loose(f.type)) for f in TRANSACTION_SCHEMA]))
    base = folder / "transactions" / label
    write_table(base / "patterns.parquet", PATTERN_SCHEMA, [_typed(patterns, PATTERN_SCHEMA)])
    accounts = [
        {"account_id": a, "customer_id": a, "bank_id": 0, "kind": "external" if a >= 100 else "current",
         "opening_balance": 100_000, "overdraft_limit": 0, "opened": date(2020, 1, 1)} for a in range(220)
    ]  # fmt: skip
    write_table(base / "accounts.parquet", ACCOUNT_SCHEMA, [_typed(accounts, ACCOUNT_SCHEMA)])
    return write_table(base / "transactions.parquet", TRANSACTION_SCHEMA, [table])


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
            "narrative": "payroll_fan_out" if decoy else "scatter_gather_structuring", "phase": SCHEME_PHASES[phase],
            "role": role,
        })  # fmt: skip
    return found


def _pattern(instance: int, rows: list[dict[str, Any]], decoy: bool) -> dict[str, Any]:
    posted = [row for row in rows if row["status"] == "posted"]
    accounts = sorted({row["from_account"] for row in rows} | {row["to_account"] for row in rows})
    return {
        "instance": instance, "narrative": rows[0]["narrative"], "typology": "layering", "decoy": decoy,
        "is_fraud": False, "is_laundering": not decoy, "start": rows[0]["ts"], "end": rows[-1]["ts"], "rows": len(rows),
        "posted_rows": len(posted), "declined_rows": len(rows) - len(posted),
        "amount": sum(row["amount"] for row in posted), "accounts": accounts, "stopped_by": "completed",
    }  # fmt: skip


def _loose(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_timestamp(kind):
        return pa.int64()
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _typed(rows: list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    return pa.Table.from_pylist(rows, pa.schema([(f.name, _loose(f.type)) for f in schema]))


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
                "loan_id": loan, "month": month.astype(object), "status": "default" if hit else "current",
                "balance": 90_000, "pd": 0.02, "lgd": 0.45, "loss": 40_000 if hit else 0,
            })  # fmt: skip
            if hit:
                break
    drawn = rng.gamma(2.0, 250_000 if label == "base" else 900_000, 4000)
    base = folder / "credit" / label
    count = write_table(base / "loans.parquet", loans.schema, [loans])
    count += write_table(base / "months.parquet", MONTH_SCHEMA, [_typed(rows, MONTH_SCHEMA)])
    losses = pa.table({"scenario_draw": np.arange(len(drawn)), "loss": drawn}, schema=LOSS_SCHEMA)
    count += write_table(base / "losses.parquet", LOSS_SCHEMA, [losses])
    risk: dict[str, Any] = {"expected_loss": float(drawn.mean())}
    for level in (0.95, 0.99):
        var = float(np.quantile(drawn, level))
        es = float(drawn[drawn >= var].mean())
        risk |= {f"var_{level:g}": [var, var * 0.97, var * 1.03], f"es_{level:g}": [es, es * 0.96, es * 1.05]}
    return count, risk


def _manifest(wanted: Wanted, rows: dict[str, int], facts: dict[str, Any], card: Scorecard) -> dict[str, Any]:
    parts: dict[str, Any] = {
        "market": {
            "data": wanted.data,
            "paths": PATHS,
            "sessions": SESSIONS,
            "betas": {"AAPL": 1.0},
            "rules": "ohlcv",
        },
        "transactions": {"currency": "USD", "days": DAYS, "accounts": 60},
        "credit": {"loans": LOANS, "months": MONTHS},
    }
    rule = {
        "level": "invariant",
        "rows": 9600,
        "fired": 9600,
        "violations": 3,
        "excused": 1,
        "after": 0,
        "repaired": 3,
    }
    rules = {
        f"market/{label}": {
            "pack": "ohlcv",
            "sha256": "ab" * 32,
            "rules": {"high-is-highest": rule, "positive": {**rule, "violations": 0}},
        }
        for label in wanted.labels
        if "market" in wanted.worlds
    }
    expectations = {
        "base": [],
        "crash": [
            {
                "metric": "driver.equity.trough",
                "found": -0.5,
                "expected": "-0.5 +- 0.001",
                "met": True,
                "reason": "",
            },
            {
                "metric": "credit.default_rate",
                "found": 0.1,
                "expected": "between 0.2 and 0.4",
                "met": False,
                "reason": "",
            },
            {
                "metric": "equity.vol21_peak",
                "found": None,
                "expected": "at least 0.3",
                "met": None,
                "reason": "not measured",
            },
        ],
    }
    model = {
        "world": "market", "generator": "flow", "sha256": "cd" * 32, "settings": {"width": 32}, "inputs": ["ef" * 32],
        "training": {"steps": 40, "stopped_by": "steps", "training_rows": 2600, "cpu_seconds": 12.5,
                     "losses": {"train": [1.0, 0.6, 0.5], "held_out": [1.1, None, 0.6]}},
    }  # fmt: skip
    has_market = "market" in wanted.worlds
    inputs = [
        {"role": "prices", "path": wanted.data, "sha256": "ef" * 32, "rows": 3270, "licence": "public domain"}
    ]
    return {
        "schema": "finsim.manifest/1",
        "created": "2026-11-22T10:00:00+00:00",
        "study": {
            "resolved": {
                "finsim": "study/1", "id": "miniature", "title": "A miniature world, written by hand", "seed": 7,
                **{world: parts[world] if world in wanted.worlds else None for world in parts},
                "scenarios": [{"name": label, "severity": 1.0} for label in wanted.labels],
                "evaluation": {"enabled": wanted.scored},
            },
            "sha256": "12" * 32,
        },
        "seeds": {"root": 7, "streams": "Philox"},
        "scenarios": {
            label: {"title": f"The story {label}", "kind": "baseline" if label == "base" else "hypothetical",
                    "severity": 1.0, "sha256": "34" * 32, "probability": {"weight": 0.01, "basis": "judgement"},
                    "macro": {"unemployment": {"kind": "delta"}}}
            for label in wanted.labels
        },
        "inputs": inputs if has_market else [],
        "models": [model] if has_market else [],
        "environment": {"versions": {"python": "3.11", "finsim": "0.1.0"}, "platform": {"system": "Linux", "cores": 2},
                        "source": None, "determinism": "bitwise"},
        "rules": rules,
        "scores": {
            "verdicts": {use: verdict.to_dict() for use, verdict in card.verdicts().items()},
            "judged_scenario": wanted.labels[0], "measures": {}, "facts": facts,
            "expectations": {label: expectations.get(label, []) for label in wanted.labels},
        },
        "cost": {"cpu_seconds": {"market": 12.5, "evidence": 3.0}, "cpu_seconds_total": 15.5, "wall_seconds": None,
                 "rows": {**rows, "total": sum(rows.values())}, "cpu_seconds_per_million": 310.0,
                 "cpu_seconds_per_million_by_world": {"market": 650.0}},
        "outputs": [{"path": "market/base/bars.parquet", "sha256": "56" * 32, "rows": 9600, "bytes": 1000, "row_groups": []}],
        "files": [],
        "dataset_sha256": "78" * 32,
        "audit": {"entries": 3, "head": "9a" * 32},
        "statement": {"intended_use": ["test detectors"], "prohibited_use": ["decisions about real persons"],
                      "known_limits": ["base rates are those of the study"]},
        "sha256": "bc" * 32,
    }  # fmt: skip
