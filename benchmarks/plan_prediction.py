"""What `finsim plan` predicts beside what `finsim run` spends: CPU seconds, memory, rows, illicit rows.

Run: ``python benchmarks/plan_prediction.py [--studies GROUP|NAME ...] [--json FILE]``.

Each study runs in a process of its own; CPU seconds are those of the whole tree of
processes, user and system; memory is the peak of the largest process, as the kernel notes it.
The constants of the prediction were fitted on the studies ``fitted``, for books and payments that are learned
on the tapes and ledgers of ``real``. Run one study first where the cache of compiled code is empty: compiling
is not predicted. ``tuned`` and ``unseen`` are studies as users write them. ``tested`` takes about three
minutes on two cores, ``real`` ten.
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

from plan_studies import FITTED, REAL, TESTED, is_here, written
from plan_user_studies import LEDGERS, TUNED, UNSEEN

ROOT = Path(__file__).resolve().parents[1]
LIMIT = 0.30


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
    """Keep the largest peak of resident bytes of any process of a tree, as the kernel notes it."""
    while process.poll() is None:
        peak[0] = max(peak[0], _highest(process.pid))
        time.sleep(0.05)


def _highest(pid: int) -> int:
    """Return the greatest peak of resident bytes in a tree: shared pages count, whoever else holds them."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0
    own = sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
    return max([own, *(_highest(int(child)) for child in children)])


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
    groups = {
        "tested": list(TESTED),
        "fitted": list(FITTED),
        "real": list(REAL),
        "tuned": list(TUNED),
        "unseen": list(UNSEEN),
        "ledgers": list(LEDGERS),
    }
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--studies",
        nargs="+",
        default=["tested"],
        help=f"{', '.join(groups)}, or names",
    )
    parser.add_argument("--json", type=Path, help="also write everything measured to this file")
    chosen = parser.parse_args()
    names = [name for word in chosen.studies for name in groups.get(word, [word]) if is_here(name)]
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
