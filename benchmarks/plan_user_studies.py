"""Studies as users write them, with files of their own; called by ``plan_prediction.py``.

``TUNED``: constants of the prediction were mended on these; ``UNSEEN``: only looked at afterwards.
``LEDGERS``: the cost of learning was counted anew on fits of such ledgers.
``{"own": "prices", ...}`` in place of a file asks for one that is cut from published data, or made.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
PANEL = "us_equity12_adjclose_1990_2020.csv.gz"
INDEX = "sp500_ohlcv_1950_2018.csv.gz"
CRASH, COVID, ADVERSE = "gfc-2008", "covid-2020@0.5", "dfast-severely-adverse-2026"
WAVE, DOWNTURN = "fraud-wave-mule-surge", "compound-downturn-fraud"
OFF: dict[str, Any] = {"enabled": False}
LIGHT: dict[str, Any] = {"bootstrap": 60, "judge_refits": 0}
FRAUD = ["card_testing_escalation", "account_takeover", "app_scam_mule_chain"]
LAUNDERING = ["scatter_gather_structuring", "layering_cycle", "mule_network"]
DECOYS = ["payroll_fan_out", "marketplace_gather_scatter"]
STOLEN = {"name": "card_testing_escalation", "rate": 0.13}  # schemes a card and year


def prices(assets: int, rows: int, paths: int, sessions: int, generator: Any = "bootstrap") -> Any:
    """Return a market part on an own file of prices; ``generator`` is a name, or steps of daily_flow."""
    named = {"name": "daily_flow", "steps": generator} if isinstance(generator, int) else {"name": generator}
    file = {"own": "prices", "assets": assets, "rows": rows}
    return {"data": file, "generator": named, "paths": paths, "sessions": sessions}


def people(accounts: int, days: int, narratives: list[Any], **keys: Any) -> dict[str, Any]:
    """Return a transactions part."""
    return {"accounts": accounts, "days": days, "narratives": narratives, **keys}


def ledger(customers: int, rows: int, entities: int, days: int, **keys: Any) -> dict[str, Any]:
    """Return a part with payments that are learned from a file of as many customers and rows.

    ``long`` and ``loyal`` as in ``own_ledger``.
    """
    form = {key: keys.pop(key) for key in ("long", "loyal") if key in keys}
    file = {"own": "ledger", "customers": customers, "rows": rows, **form}
    return {"data": file, "schema": "ledger.schema.yaml", "entities": entities, "days": days, **keys}


def loans(rows: int, months: int, draws: int, **keys: Any) -> dict[str, Any]:
    """Return a credit part on an own tape with an identifier, a PD and an LGD."""
    return {"data": {"own": "tape", "rows": rows}, "columns": COLUMNS, "months": months, "draws": draws,
            **keys}  # fmt: skip


COLUMNS = {"id": "loan", "amount": "amount", "term": "term", "pd": "pd", "lgd": "lgd", "rate": "rate"}
TUNED: dict[str, dict[str, Any]] = {
    "one-asset": {"market": prices(1, 2_500, 100, 252), "scenarios": ["base", COVID]},
    "fraud-team": {
        "transactions": people(2_000, 90, [{"name": one, "count": 50} for one in FRAUD] + DECOYS),
        "scenarios": ["base", WAVE],
        "evaluation": LIGHT,
    },
    "own-thousand-loans": {
        "credit": loans(1_000, 36, 20_000, loans=1_000),
        "scenarios": ["base", COVID, ADVERSE, CRASH],
    },
    "ledger-small": {
        "transactions": ledger(800, 20_000, 1_500, 30, body="habits", narratives=[STOLEN]),
        "scenarios": ["base"],
    },
    "twelve-assets-trained": {
        "market": prices(12, 2_500, 50, 252, 200),
        "scenarios": ["base", CRASH],
        "evaluation": OFF,
    },
    "hundred-thousand-loans": {
        "credit": loans(20_000, 24, 50_000, loans=100_000),
        "scenarios": ["base"],
        "evaluation": OFF,
    },
    "three-worlds-small": {
        "market": prices(3, 2_000, 20, 252),
        "transactions": people(5_000, 30, FRAUD + DECOYS),
        "credit": loans(3_000, 24, 20_000, loans=5_000),
        "scenarios": ["base", ADVERSE],
        "evaluation": LIGHT,
    },
}
UNSEEN: dict[str, dict[str, Any]] = {
    "six-assets-judged": {
        "market": prices(6, 3_000, 40, 504),
        "scenarios": ["base", CRASH, COVID],
        "evaluation": {"bootstrap": 100, "judge_refits": 1, "judge_iterations": 200},
    },
    "laundering-team": {
        "transactions": people(20_000, 14, LAUNDERING + DECOYS),
        "scenarios": ["base"],
        "evaluation": LIGHT,
    },
    "many-scenarios": {
        "transactions": people(4_000, 120, [{"name": one, "count": 30} for one in FRAUD + LAUNDERING]),
        "scenarios": ["base", WAVE, DOWNTURN, COVID],
        "evaluation": OFF,
    },
    "own-book-kept": {
        "credit": loans(60_000, 36, 20_000, keep=True),
        "scenarios": ["base", ADVERSE],
    },
    "loans-judged": {
        "credit": loans(8_000, 48, 30_000, loans=30_000),
        "scenarios": ["base", CRASH],
    },
    "ledger-longer": {
        "transactions": ledger(
            3_000, 90_000, 5_000, 90, body="habits", narratives=[STOLEN]
        ),
        "scenarios": ["base", WAVE],
        "evaluation": OFF,
    },
    "three-assets-trained": {"market": prices(3, 1_500, 30, 504, 300), "scenarios": ["base"],
                             "evaluation": LIGHT},
    "three-worlds": {
        "market": prices(2, 3_000, 60, 504, 100),
        "transactions": people(8_000, 60, FRAUD + DECOYS),
        "credit": loans(5_000, 36, 50_000, loans=10_000),
        "scenarios": ["base", CRASH, ADVERSE, WAVE],
        "evaluation": LIGHT,
    },
}  # fmt: skip


LEDGERS: dict[str, dict[str, Any]] = {
    f"ledger-{customers}-{long}{'-loyal' * loyal}": {
        "transactions": ledger(
            customers, customers * long // 6, 2 * customers, long // 2, long=long, loyal=loyal,
            body="habits", narratives=[STOLEN],
        ),
        "scenarios": ["base"],
        "evaluation": OFF,
    }
    for customers in (500, 1_500, 3_000, 6_000)
    for long, loyal in ((60, True), (180, False))
}  # fmt: skip
"""Ledgers that differ in length and in how many shops a customer knows."""


def own_prices(folder: Path, assets: int, rows: int) -> str:
    """Write the last rows of an index with volume (one asset) or of some stocks' closes; return the file."""
    found = pd.read_csv(SHARED / "market_daily" / (INDEX if assets == 1 else PANEL)).tail(rows)
    if assets > 1:
        found = found.iloc[:, : assets + 1]
    found.to_csv(folder / "prices.csv", index=False)
    return "prices.csv"


def own_tape(folder: Path, rows: int) -> str:
    """Write loans of a bank: identifier, amount, term, PD, LGD, rate; return the file."""
    draw = np.random.default_rng(rows)
    pd.DataFrame(
        {
            "loan": [f"L{number}" for number in range(rows)],
            "amount": draw.lognormal(8.5, 0.8, rows).round(2),
            "term": draw.choice([24, 36, 48, 60], rows),
            "pd": draw.beta(1.2, 40.0, rows).clip(1e-4, 0.5).round(5),
            "lgd": draw.beta(4.0, 5.0, rows).clip(0.05, 0.95).round(3),
            "rate": (0.03 + 0.1 * draw.random(rows)).round(4),
        }
    ).to_csv(folder / "tape.csv", index=False)
    return "tape.csv"


def own_ledger(folder: Path, customers: int, rows: int, long: int = 180, loyal: bool = False) -> str:
    """Write card payments of so many days and the schema of their columns; return the file.

    Customers go to any of 400 shops; ``loyal`` ones each to six of their own.
    """
    draw = np.random.default_rng(rows)
    seconds = pd.to_timedelta(np.sort(draw.integers(0, long * 86_400, rows)), unit="s")
    who = draw.integers(0, customers, rows)
    shop = (400 * draw.random(rows) ** 2).astype(int)
    if loyal:
        own = draw.integers(0, max(customers // 3, 30), (customers, 6))
        shop = own[who, (6 * draw.random(rows) ** 1.5).astype(int)]
    pd.DataFrame(
        {
            "customer": [f"C{one}" for one in who],
            "at": (pd.Timestamp("2025-01-01") + pd.to_timedelta(seconds, unit="s")).strftime(
                "%Y-%m-%d %H:%M:%S"
            ),
            "shop": [f"S{one}" for one in shop],
            "paid": draw.lognormal(3.2, 0.9, rows).round(2),
        }
    ).to_csv(folder / "ledger.csv", index=False)
    (folder / "ledger.schema.yaml").write_text(SCHEMA)
    return "ledger.csv"


SCHEMA = """finsim: schema/1
kind: payments
columns:
  customer: {type: id, role: from_account}
  at: {type: ts, role: date}
  shop: {type: id, role: merchant}
  paid: {type: money, ccy: EUR, role: amount}
"""
OWN: dict[str, Callable[..., str]] = {"prices": own_prices, "tape": own_tape, "ledger": own_ledger}


def with_own_files(study: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Write the files that a study asks for and return the study with their names."""
    for part in study.values():
        if isinstance(part, dict) and isinstance(part.get("data"), dict):
            asked = dict(part["data"])
            part["data"] = OWN[asked.pop("own")](folder, **asked)
    return study
