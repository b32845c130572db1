"""A run folder in miniature: every table, file and log entry of a real one, in a few rows."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from finsim.provenance import origin_tags as tags
from finsim.provenance.audit_log import AuditLog
from finsim.provenance.inputs import Input, Model
from finsim.provenance.lineage import Repair, Unit, address, write_lineage
from finsim.provenance.manifest import Findings, Manifest, Sources, build_manifest, write_manifest
from finsim.provenance.seal import seal_run
from finsim.records.paths import FIELDS, Paths
from finsim.records.portfolio import LOSS_SCHEMA, MONTH_SCHEMA
from finsim.records.run_layout import table_file, table_path
from finsim.records.storage import digest_file, write_json, write_table, write_text
from finsim.records.transaction_files import row_files, write_rows
from finsim.records.transactions import ACCOUNT_SCHEMA, NO_MERCHANT, PATTERN_SCHEMA, TRANSACTION_SCHEMA

SCENARIOS = {"base": "b" * 64, "gfc-2008": "9" * 64}
PRICES = "1" * 64
INSTANCE, DECOY = 3, 4
GROUP = 16
_DATES = np.array(["2026-01-02", "2026-01-05", "2026-01-06", "2026-01-07"], dtype="datetime64[D]")


def build(run: Path, seed: int = 7) -> Path:
    """Write a finished run and return its folder."""
    write_json(run / ".finsim" / "plan.json", {"seed": seed})
    write_text(run / "model" / "weights.safetensors", f"weights of {seed}")
    log = AuditLog(run / "audit.log")
    log.append("run_started", "mini", {"seed": seed})
    for label in SCENARIOS:
        for name in write_tables(run, label, seed):
            log.append("written", name, {"sha256": digest_file(run / name)})
    write_lineage(run, units(run), [Repair("bars/base", 5, "high-low", "high", "1.0", "2.0")])
    write_json(run / "scorecard.json", {"scores": []})
    write_text(run / "report.html", "<html></html>")
    log.append("run_finished", "mini", {})
    write_manifest(run, describe(run, seed))
    seal_run(run, log)
    return run


def describe(run: Path, seed: int = 7) -> Manifest:
    """Return the manifest of a miniature run as it stands."""
    model = Model(
        "market",
        "flow",
        digest_file(run / "model" / "weights.safetensors"),
        {"width": 64},
        {"steps": 10},
        (PRICES,),
    )
    rule = {"level": "invariant", "violations": 2, "after": 0, "repaired": 2}
    rules = {"high-low": rule, "positive": {"level": "invariant", "violations": 0, "after": 0, "repaired": 0}}
    return build_manifest(
        run,
        Sources(
            study={"id": "mini", "seed": seed},
            seed=seed,
            scenarios={
                name: {"title": f"title of {name}", "sha256": digest} for name, digest in SCENARIOS.items()
            },
            inputs=[Input("prices", "shipped:prices.csv", PRICES, 100, "public domain")],
            models=[model],
            packages=("torch",),
        ),
        Findings(
            rules={
                f"market/{name}": {"pack": "ohlcv", "sha256": "c" * 64, "rules": rules} for name in SCENARIOS
            },
            scores={"auc": float("nan"), "ks": np.float64(0.25)},
            cpu_seconds={"market": 3.0, "transactions": 1.5},
        ),
    )


def write_tables(run: Path, label: str, seed: int) -> Iterator[str]:
    """Write all tables of one scenario and yield their paths."""
    shift = 0 if label == "base" else 1
    tables = {
        "bars": bars(seed, shift).to_table(),
        "accounts": accounts(),
        "patterns": patterns(),
        "loans": loans(seed),
        "months": months(seed, shift),
        "losses": losses(seed, shift),
        "driver_months": pa.table({"unemployment": [float(seed), shift + 0.5]}),
    }
    write_rows(row_files(run, label), [payments(seed)], GROUP)
    yield from (table_path(name, label) for name in ("transactions", "labels"))
    for name, table in tables.items():
        write_table(table_file(run, name, label), table.schema, [table], GROUP)
        yield table_path(name, label)


def bars(seed: int, shift: int) -> Paths:
    """Return 3 paths of 4 dates and 2 assets."""
    rng = np.random.default_rng(seed)
    columns: dict[str, Any] = {name: rng.uniform(10, 20, (3, 4, 2)) - shift for name in FIELDS[:4]}
    columns["volume"] = rng.integers(1, 1000, (3, 4, 2))
    return Paths(("AAPL", "IBM"), _DATES, columns, source=tags.OVERLAY if shift else tags.BODY)


def payments(seed: int) -> pa.Table:
    """Return 50 payments among accounts 1 to 6; rows 10, 20, 30 are a scheme, row 40 a decoy."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(50):
        told = {10: "smurf", 20: "gather", 30: "leave"}.get(number)
        row: dict[str, Any] = {
            "tx_id": number,
            "ts": number * 60 * 10**9,
            "from_account": int(rng.integers(1, 7)) if told is None else 2,
            "to_account": int(rng.integers(1, 7)) if told is None else 3,
            "from_bank": 0,
            "to_bank": 0,
            "amount": int(rng.integers(1, 10_000)),
            "currency": "USD",
            "channel": "transfer",
            "purpose": "gift",
            "device_id": -1,
            "card_id": -1,
            "original_id": -1,
            "merchant_id": NO_MERCHANT,
            "status": "posted" if number % 9 else "declined",
            "from_balance_after": 0,
            "to_balance_after": 0,
            "is_fraud": False,
            "is_laundering": told is not None,
            "taint": float(told is not None),
            "instance": INSTANCE if told else DECOY if number == 40 else -1,
            "narrative": "scatter_gather" if told else "payroll" if number == 40 else None,
            "phase": told or ("pay" if number == 40 else None),
            "role": "mule" if told else None,
            "order_id": number,
            "_fs_src": tags.NARRATIVE if told else tags.DECOY if number == 40 else tags.LIFE,
            "_fs_seq": INSTANCE if told else DECOY if number == 40 else 0,
        }
        rows.append(row)
    return pa.Table.from_pylist(rows, schema=TRANSACTION_SCHEMA)


def accounts() -> pa.Table:
    """Return accounts 1 to 6; account 6 is external."""
    return pa.Table.from_pylist(
        [
            {
                "account_id": number,
                "customer_id": number,
                "bank_id": 0,
                "kind": "external" if number == 6 else "current",
                "opening_balance": 100,
                "overdraft_limit": 0,
                "opened": dt.datetime(2020, 1, 1),
                "joint_customer_id": -1,
            }
            for number in range(1, 7)
        ],
        schema=ACCOUNT_SCHEMA,
    )


def patterns() -> pa.Table:
    """Return the scheme and the decoy."""
    shared = {
        **{"start": 0, "end": 10**9, "rows": 3, "posted_rows": 3, "declined_rows": 0, "amount": 5},
        **{"typology": "layering", "is_fraud": False, "is_laundering": False, "stopped_by": "completed"},
    }
    return pa.Table.from_pylist(
        [
            {
                "instance": INSTANCE,
                "narrative": "scatter_gather",
                "decoy": False,
                "accounts": [2, 3],
                **shared,
            },
            {"instance": DECOY, "narrative": "payroll", "decoy": True, "accounts": [1], **shared},
        ],
        schema=PATTERN_SCHEMA,
    )


def loans(seed: int) -> pa.Table:
    """Return 4 loans of one shard."""
    return pa.table(
        {
            "loan_id": [0, 1, 2, 3],
            "pd": [0.01 * seed] * 4,
            "_fs_src": pa.array([0] * 4, pa.uint8()),
            "_fs_seq": pa.array([0] * 4, pa.uint32()),
        }
    )


def months(seed: int, shift: int) -> pa.Table:
    """Return 3 months of each loan."""
    return pa.Table.from_pylist(
        [
            {
                "loan_id": loan,
                "month": dt.datetime(2026, month, 28),
                "status": "current",
                "balance": 1000 * seed - month,
                "pd": 0.01 + shift,
                "lgd": 0.4,
                "loss": 0,
            }
            for loan in range(4)
            for month in (1, 2, 3)
        ],
        schema=MONTH_SCHEMA,
    )


def losses(seed: int, shift: int) -> pa.Table:
    """Return 5 loss draws."""
    drawn = np.random.default_rng(seed).random(5) + shift
    return pa.table({"scenario_draw": np.arange(5), "loss": drawn}, schema=LOSS_SCHEMA)


def units(run: Path) -> Iterator[Unit]:
    """Yield the generated units of both scenarios."""
    model = digest_file(run / "model" / "weights.safetensors")
    for label, digest in SCENARIOS.items():
        for path in range(3):
            stream = address("market", "sample", "path", path)
            yield Unit(label, "path", path, stream, tags.BODY, digest, model)
        shard = address("agents", "shard", 0)
        yield Unit(label, "account_shard", 0, shard, tags.LIFE, digest, first_id=1, last_id=6)
        for instance, source, name in (
            (INSTANCE, tags.NARRATIVE, "scatter_gather"),
            (DECOY, tags.DECOY, "payroll"),
        ):
            stream = address("agents", "scheme", instance)
            yield Unit(label, "scheme", instance, stream, source, digest, name=name)
        book = address("credit", "shard", 0)
        yield Unit(label, "loan_shard", 0, book, tags.BODY, digest, first_id=0, last_id=3)
