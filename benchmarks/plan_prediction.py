"""What `finsim plan` predicts beside what `finsim run` spends: CPU seconds, memory, rows, illicit rows.

Run: ``python benchmarks/plan_prediction.py [--studies tested|fitted|NAME ...] [--json FILE]``.

Each study runs in a process of its own; CPU seconds and peak memory are those of the whole tree of processes.
The constants of the prediction were fitted on the studies ``fitted`` alone. Run one study first where the
cache of compiled code is empty: compiling is not predicted. Takes about three minutes on two cores.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
LIMIT = 0.30
FRAUD = ["card_testing_escalation", "account_takeover", "app_scam_mule_chain", "scatter_gather_structuring"]
DECOYS = ["payroll_fan_out", "marketplace_gather_scatter"]
PRICES = "wiki_aapl_ibm_2000_2013"
OFF: dict[str, Any] = {"enabled": False}


def market(paths: int, sessions: int, generator: Any = "bootstrap", **keys: Any) -> dict[str, Any]:
    """Return a market part; ``generator`` is a name, or steps of the flow."""
    named = {"name": "flow", "steps": generator} if isinstance(generator, int) else {"name": generator}
    return {"data": PRICES, "generator": named, "paths": paths, "sessions": sessions, **keys}


def people(accounts: int, days: int, narratives: Iterable[Any] = (*FRAUD, *DECOYS), **keys: Any) -> Any:
    """Return a transactions part."""
    return {"accounts": accounts, "days": days, "narratives": list(narratives), **keys}


def loans(count: int, months: int, draws: int, **keys: Any) -> dict[str, Any]:
    """Return a credit part."""
    return {"data": "german_credit", "loans": count, "months": months, "draws": draws, **keys}


def counts(**schemes: int) -> list[dict[str, Any]]:
    """Return narratives with an exact number of schemes."""
    return [{"name": name, "count": count} for name, count in schemes.items()]


WAVE, CRASH, ADVERSE = "fraud-wave-mule-surge", "gfc-2008", "dfast-severely-adverse-2026"
TESTED: dict[str, dict[str, Any]] = {
    "people-half-year": {
        "transactions": people(2_500, 180, [*FRAUD, *DECOYS]),
        "scenarios": ["base", "covid-2020"],
        "evaluation": OFF,
    },
    "people-judged": {
        "transactions": people(12_000, 45, shard_accounts=4_000),
        "scenarios": ["base"],
        "evaluation": {"bootstrap": 250, "judge_refits": 0},
    },
    "people-own-rates": {
        "transactions": people(6_000, 60, [{"name": "account_takeover", "rate": 0.4}, FRAUD[3]]),
        "scenarios": ["base", WAVE, "compound-downturn-fraud"],
        "evaluation": {"bootstrap": 60, "judge_refits": 0},
    },
    "paths-judged": {
        "market": market(90, 1_800),
        "scenarios": ["base", "black-monday-1987"],
        "evaluation": {"bootstrap": 300, "judge_refits": 0},
    },
    "paths-flow": {
        "market": market(45, 1_500, 250),
        "scenarios": ["base", CRASH, "covid-2020"],
        "evaluation": OFF,
    },
    "paths-flow-judges": {
        "market": market(40, 600, 350),
        "scenarios": ["base"],
        "evaluation": {"bootstrap": 100, "judge_refits": 1, "judge_iterations": 500},
    },
    "book": {
        "credit": loans(9_000, 60, 90_000),
        "scenarios": ["base", CRASH, ADVERSE, "covid-2020"],
        "evaluation": {"bootstrap": 200},
    },
    "book-kept": {
        "credit": {"data": "tape.csv", "keep": True, "months": 24, "draws": 300_000, "columns": "OWN"},
        "scenarios": ["base", CRASH],
        "evaluation": OFF,
    },
    "three-small": {
        "market": market(30, 750),
        "transactions": people(2_000, 45),
        "credit": loans(2_500, 36, 30_000),
        "scenarios": ["base", CRASH, WAVE],
        "evaluation": {"bootstrap": 100, "judge_refits": 1, "judge_iterations": 100},
    },
    "three-unjudged": {
        "market": market(100, 1_500),
        "transactions": people(9_000, 30),
        "credit": loans(8_000, 24, 80_000),
        "scenarios": ["base", ADVERSE, WAVE],
        "evaluation": OFF,
    },
}
FITTED: dict[str, dict[str, Any]] = {
    "f-people": {"transactions": people(2_000, 30), "scenarios": ["base"], "evaluation": OFF},
    "f-people-more": {"transactions": people(10_000, 45), "scenarios": ["base", WAVE], "evaluation": OFF},
    "f-people-judged": {
        "transactions": people(2_500, 30),
        "scenarios": ["base"],
        "evaluation": {"bootstrap": 200, "judge_refits": 0},
    },
    "f-people-judged-more": {
        "transactions": people(8_000, 60),
        "scenarios": ["base"],
        "evaluation": {"bootstrap": 50, "judge_refits": 0},
    },
    "f-market": {"market": market(60, 500), "scenarios": ["base"], "evaluation": OFF},
    "f-market-more": {"market": market(100, 2_000), "scenarios": ["base", CRASH], "evaluation": OFF},
    "f-market-judged": {
        "market": market(30, 1_000),
        "scenarios": ["base"],
        "evaluation": {"bootstrap": 200, "judge_refits": 0},
    },
    "f-market-judged-more": {
        "market": market(100, 2_520),
        "scenarios": ["base"],
        "evaluation": {"bootstrap": 50, "judge_refits": 0},
    },
    "f-market-judges": {
        "market": market(30, 1_000),
        "scenarios": ["base"],
        "evaluation": {"bootstrap": 50, "judge_refits": 1, "judge_iterations": 200},
    },
    "f-flow": {"market": market(10, 400, 100), "scenarios": ["base"], "evaluation": OFF},
    "f-flow-more": {"market": market(60, 1_000, 300), "scenarios": ["base"], "evaluation": OFF},
    "f-timegan": {
        "market": {**market(10, 400), "generator": {"name": "timegan", "steps": 60}},
        "scenarios": ["base"],
        "evaluation": OFF,
    },
    "f-credit": {"credit": loans(2_000, 12, 10_000), "scenarios": ["base"], "evaluation": OFF},
    "f-credit-more": {"credit": loans(10_000, 48, 100_000), "scenarios": ["base", CRASH], "evaluation": OFF},
    "f-credit-judged": {
        "credit": loans(2_000, 12, 10_000),
        "scenarios": ["base"],
        "evaluation": {"bootstrap": 200},
    },
    "f-credit-judged-more": {
        "credit": loans(10_000, 36, 20_000),
        "scenarios": ["base"],
        "evaluation": {"bootstrap": 50},
    },
    "fraud-month": {"transactions": people(6_000, 30), "scenarios": ["base"], "evaluation": OFF},
    "fraud-judged": {
        "transactions": people(4_000, 60, shard_accounts=2_000),
        "scenarios": ["base", WAVE],
        "evaluation": {"bootstrap": 100, "judge_refits": 0},
    },
    "fraud-counted": {
        "transactions": people(3_000, 45, counts(account_takeover=60, app_scam_mule_chain=40)),
        "scenarios": ["base", "covid-2020"],
        "evaluation": OFF,
    },
    "market-bootstrap": {
        "market": market(40, 1_500),
        "scenarios": ["base", CRASH],
        "evaluation": {"bootstrap": 100, "judge_refits": 0},
    },
    "market-flow": {"market": market(30, 600, 150), "scenarios": ["base", CRASH], "evaluation": OFF},
    "market-judged": {
        "market": market(24, 800, 100),
        "scenarios": ["base"],
        "evaluation": {"bootstrap": 60, "judge_refits": 1, "judge_iterations": 100},
    },
    "credit": {
        "credit": loans(6_000, 36, 60_000),
        "scenarios": ["base", ADVERSE, "covid-2020"],
        "evaluation": {"bootstrap": 100},
    },
    "credit-kept": {
        "credit": {"data": "tape.csv", "keep": True, "months": 48, "draws": 40_000, "columns": "OWN"},
        "scenarios": ["base", CRASH],
        "evaluation": {"bootstrap": 50},
    },
    "three-worlds": {
        "market": market(20, 504),
        "transactions": people(1_500, 40),
        "credit": loans(1_500, 24, 20_000),
        "scenarios": ["base", ADVERSE, WAVE],
        "evaluation": {"bootstrap": 60, "judge_refits": 0},
    },
    "wide-week": {"transactions": people(40_000, 7), "scenarios": ["base"], "evaluation": OFF},
    "fraud-quarter": {"transactions": people(5_000, 90), "scenarios": ["base"], "evaluation": OFF},
    "fraud-two-judged": {
        "transactions": people(7_000, 40, shard_accounts=3_000),
        "scenarios": ["base", WAVE],
        "evaluation": {"bootstrap": 150, "judge_refits": 0},
    },
    "fraud-many-schemes": {
        "transactions": people(4_000, 30, counts(card_testing_escalation=700, account_takeover=300)),
        "scenarios": ["base"],
        "evaluation": OFF,
    },
    "market-wide": {
        "market": market(150, 1_200),
        "scenarios": ["base", CRASH, "covid-2020"],
        "evaluation": {"bootstrap": 120, "judge_refits": 0},
    },
    "market-flow-long": {
        "market": market(80, 900, 500),
        "scenarios": ["base"],
        "evaluation": {"bootstrap": 60, "judge_refits": 0},
    },
    "market-two-judges": {
        "market": market(50, 700),
        "scenarios": ["base"],
        "evaluation": {"bootstrap": 80, "judge_refits": 2, "judge_iterations": 300},
    },
    "credit-large": {
        "credit": loans(15_000, 24, 120_000),
        "scenarios": ["base", "rates-shock-2022"],
        "evaluation": {"bootstrap": 100},
    },
    "credit-kept-long": {
        "credit": {"data": "tape.csv", "keep": True, "months": 60, "draws": 150_000, "columns": "OWN"},
        "scenarios": ["base", ADVERSE, CRASH],
        "evaluation": OFF,
    },
    "all-four": {
        "market": market(60, 1_000, 120),
        "transactions": people(3_000, 60),
        "credit": loans(4_000, 36, 50_000),
        "scenarios": ["base", CRASH, ADVERSE, WAVE],
        "evaluation": {"bootstrap": 100, "judge_refits": 0},
    },
    "wide-month": {
        "transactions": people(25_000, 30, FRAUD),
        "scenarios": ["base", "compound-downturn-fraud"],
        "evaluation": OFF,
    },
}
STUDIES = {**TESTED, **FITTED}
COLUMNS = {"id": "loan", "amount": "amount", "term": "term", "pd": "pd", "lgd": "lgd", "rate": "rate"}


def written(name: str, folder: Path) -> Path:
    """Write a study (and the tape that it keeps) and return its file."""
    study = json.loads(json.dumps(STUDIES[name]))
    if study.get("credit", {}).get("columns") == "OWN":
        study["credit"]["columns"] = COLUMNS
        rows = [
            f"L{k},{1_000 + 37 * (k % 800)},{(24, 36, 60)[k % 3]},{0.004 + 0.0003 * (k % 200):.4f},"
            f"{0.2 + 0.002 * (k % 250):.3f},{0.05 + 0.0004 * (k % 300):.4f}"
            for k in range(4_000)
        ]
        (folder / "tape.csv").write_text("\n".join([",".join(COLUMNS.values()), *rows]) + "\n")
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump({"finsim": "study/1", "id": name, **study}))
    return path


def measured(study: Path, output: Path) -> dict[str, Any]:
    """Run a study in a process of its own; return CPU seconds, peak bytes, and what the run counted."""
    before = _spent()
    process = subprocess.Popen(
        [sys.executable, "-m", "finsim", "run", str(study), "-o", str(output)],
        cwd=study.parent,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=_environment(),
    )
    peak = [0]
    watcher = threading.Thread(target=_watch, args=(process, peak), daemon=True)
    watcher.start()
    process.wait()
    watcher.join()
    if not (output / "manifest.json").is_file():
        raise SystemExit(f"{study.name} was not finished: rc {process.returncode}")
    manifest = json.loads((output / "manifest.json").read_text())
    facts = manifest["scores"]["facts"].items()
    found = {key.partition("/")[2]: one["counts"] for key, one in facts if key.startswith("transactions/")}
    return {
        "cpu_seconds": _spent() - before,
        "memory": peak[0],
        "disk": sum(file.stat().st_size for file in output.rglob("*") if file.is_file()),
        "rows": sum(one["rows"] for one in manifest["outputs"]),
        "counts": found,
        "tasks": _tasks(output),
    }


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def _spent() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _watch(process: subprocess.Popen[bytes], peak: list[int]) -> None:
    """Keep the largest sum of resident bytes over the tree of a process."""
    while process.poll() is None:
        peak[0] = max(peak[0], _resident(process.pid))
        time.sleep(0.05)


def _resident(pid: int) -> int:
    """Return the bytes of a tree of processes; pages that several of them share are counted once."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0
    own = sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return own + sum(_resident(int(child)) for child in children)


def _tasks(run: Path) -> dict[str, float]:
    """Return CPU seconds per stage of a finished run."""
    found: dict[str, float] = {}
    for file in (run / ".finsim" / "done").glob("*.json"):
        done = json.loads(file.read_text())
        stage = done["key"] if done["key"].startswith("evidence") else done["key"].split("/")[0]
        found[stage] = found.get(stage, 0.0) + done["cpu_seconds"]
    return found


def predicted(study: Path) -> dict[str, Any]:
    """Return what the plan of a study says of CPU seconds, memory, disk, rows and illicit rows."""
    from finsim.engine.planning.plan_summary import describe
    from finsim.engine.study.study_file import load_study
    from finsim.engine.study.study_resolution import resolve

    summary = describe(resolve(load_study(str(study))))
    return {
        "cpu_seconds": summary.cost.cpu_seconds,
        "memory": summary.cost.memory,
        "disk": summary.cost.disk,
        "rows": summary.sizes.total(),
        "illicit": sum(summary.illicit_rows.values()),
        "parts": dict(summary.cost.parts),
    }


def compared(name: str) -> dict[str, Any]:
    """Return the prediction and the measurement of one study."""
    with tempfile.TemporaryDirectory() as folder:
        study = written(name, Path(folder))
        said = predicted(study)
        found = measured(study, Path(folder) / "run")
    found["illicit"] = sum(one["illicit"] for one in found["counts"].values())
    return {"name": name, "predicted": said, "measured": found}


def table(rows: Iterable[dict[str, Any]]) -> str:
    """Return predicted / measured and their ratio for every study."""
    lines = [
        f"{'study':<24}{'CPU s':>18}{'ratio':>7}{'memory MB':>16}{'ratio':>7}{'illicit':>14}{'ratio':>7}"
        f"{'disk MB':>16}{'ratio':>7}"
    ]
    for row in rows:
        line = f"{row['name']:<24}"
        for key, unit, width in (
            ("cpu_seconds", 1.0, 18),
            ("memory", 1e6, 16),
            ("illicit", 1.0, 14),
            ("disk", 1e6, 16),
        ):
            said, found = row["predicted"][key] / unit, row["measured"][key] / unit
            numbers = f"{said:,.1f} / {found:,.1f}" if key != "illicit" else f"{said:,} / {found:,}"
            line += f"{numbers if found else '-':>{width}}{f'{said / found:.2f}' if found else '':>7}"
        lines.append(line)
    return "\n".join(lines)


def main() -> None:
    """Compare prediction and measurement of the chosen studies and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", nargs="+", default=["tested"], help="tested, fitted, or names")
    parser.add_argument("--json", type=Path, help="also write everything measured to this file")
    chosen = parser.parse_args()
    groups = {"tested": list(TESTED), "fitted": list(FITTED)}
    names = [name for word in chosen.studies for name in groups.get(word, [word])]
    rows = [compared(name) for name in names]
    print(table(rows))
    off = [
        row["name"]
        for row in rows
        for key in ("cpu_seconds", "memory", "illicit")
        if abs(row["predicted"][key] - row["measured"][key]) > LIMIT * row["measured"][key]
    ]
    print(f"beyond {LIMIT:.0%}: {', '.join(dict.fromkeys(off)) or 'none'}")
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
