"""Where a table of a run lies: ``<table>/scenario=<label>/<table>.parquet``, and how users name it.

One folder a table, so that DuckDB, polars, Spark, pandas and pyarrow read it over all scenarios, with a
column ``scenario`` that they take from the folder names.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, unquote

ROW_OF: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "bars": ("market", "one row per path, session and asset"),
        "transactions": ("transactions", "one row per payment order, in time order: what a bank knows of it"),
        "labels": (
            "transactions",
            "the answers to `transactions`: the same rows in the same order, by `tx_id`",
        ),
        "accounts": ("transactions", "one row per account"),
        "customers": ("transactions", "one row per person or firm with an account at the study's banks"),
        "addresses": ("transactions", "one row per customer and address, with its days"),
        "credit_lines": ("transactions", "one row per account that may go below 0: limit, drawn, rate"),
        "merchants": ("transactions", "one row per shop"),
        "cards": ("transactions", "one row per payment card of an account, in use or ended"),
        "devices": ("transactions", "one row per device that customers, or others in their name, use"),
        "logins": ("transactions", "one row per login, new device, changed password and added payee"),
        "fx_rates": ("transactions", "one row per day and foreign currency"),
        "alerts": ("transactions", "one row per alert of a bank: what it saw, when, and how it ended"),
        "reports": ("transactions", "one row per payment that a customer claims back"),
        "account_labels": ("transactions", "one row per account with a part in a scheme, or held for one"),
        "patterns": ("transactions", "one row per scheme, decoys included: answers too"),
        "loans": ("credit", "one row per loan"),
        "months": ("credit", "one row per loan and month at risk"),
        "provisions": ("credit", "one row per loan and reporting date: stage and expected credit loss"),
        "recoveries": ("credit", "one row per default and month in which money comes back"),
        "losses": ("credit", "one row per simulated year of the whole book"),
        "driver_sessions": ("drivers", "one row per session: what the scenario says to the markets"),
        "driver_days": ("drivers", "one row per day: what it says to customers and criminals"),
        "driver_months": ("drivers", "one row per month end: what it says to the economy"),
    }
)
"""Table of a run -> the world that it belongs to, and what a row of it is; in the order of the data card."""

WORLD_OF: Mapping[str, str] = MappingProxyType({name: world for name, (world, _) in ROW_OF.items()})
"""Table of a run -> the world that it belongs to."""

PAYMENT_TABLES = tuple(name for name, world in WORLD_OF.items() if world == "transactions")
"""Tables of a world of payments; a simulated one may lie in a folder of its own, without scenarios."""

MODEL_FOLDERS: Mapping[str, str] = MappingProxyType({"market": "model", "transactions": "payments_model"})
"""World -> the folder of its fitted model inside a run."""

DATA_CARD = "README.md"
_FOLDER = "scenario="
_PLAIN = "@ +,;()!'~"  # with letters, digits and -_. these stand in folder names as they are


def table_path(table: str, scenario: str) -> str:
    """Return the path of a table's file inside its run."""
    return f"{table}/{_FOLDER}{quote(scenario, safe=_PLAIN)}/{table}.parquet"


def table_file(run: Path, table: str, scenario: str) -> Path:
    """Return the file of a table of a run."""
    return run / table_path(table, scenario)


def place_of(path: str) -> tuple[str, str]:
    """Return table and scenario of a path inside a run, ("", "") when no table lies there."""
    table, _, rest = path.partition("/")
    folder, _, name = rest.partition("/")
    if table not in WORLD_OF or not folder.startswith(_FOLDER) or name != f"{table}.parquet":
        return "", ""
    return table, unquote(folder.removeprefix(_FOLDER))


def world_of(path: str) -> str:
    """Return the world of a path inside a run, "" when it is in no table's folder."""
    return WORLD_OF.get(path.partition("/")[0], "")


def named_table(text: str) -> tuple[str, str]:
    """Return table and scenario ("": not said) of what a user calls a table.

    ``bars``, ``bars/base``, the path of its file, and ``market/base/bars`` as runs had it before.
    """
    parts = [
        unquote(part.removeprefix(_FOLDER)) for part in text.removesuffix(".parquet").strip("/").split("/")
    ]
    if len(parts) == 3 and parts[0] == "drivers":
        parts[2] = f"driver_{parts[2]}"
    name = parts[2] if len(parts) == 3 else parts[0]
    return name, parts[1] if len(parts) in (2, 3) else ""


def run_and_scenario(path: Path) -> tuple[Path, str]:
    """Return run and scenario of a folder ``<run>/<table>/scenario=<label>``; other paths have none."""
    whole = Path(os.path.abspath(path))
    if whole.name.startswith(_FOLDER) and whole.parent.name in WORLD_OF:
        return whole.parent.parent, unquote(whole.name.removeprefix(_FOLDER))
    return path, ""


def run_above(url: str) -> tuple[str, str]:
    """Return the URL of the run above ``<run>/<table>/scenario=<label>``, and the rest; "" for none."""
    parts = url.rstrip("/").split("/")
    if len(parts) > 2 and parts[-1].startswith(_FOLDER) and parts[-2] in WORLD_OF:
        return "/".join(parts[:-2]), "/".join(parts[-2:])
    return "", ""


def scenario_label(name: str, severity: float = 1.0) -> str:
    """Return what a scenario is called in a run: its name, with ``@`` and its severity when that is not 1."""
    stem = Path(name).name.removesuffix(".yaml")
    return stem if severity == 1.0 else f"{stem}@{severity:g}"


def scenarios_of(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the scenarios of a run in the order of its study; the first is the default of every reader."""
    known = list(manifest.get("scenarios", {}))
    study = manifest.get("study", {}).get("resolved", {})
    listed = [
        scenario_label(item)
        if isinstance(item, str)
        else scenario_label(str(item.get("name", "")), float(item.get("severity", 1.0)))
        for item in study.get("scenarios", ())
    ]
    return tuple(dict.fromkeys([name for name in listed if name in known] + known))
