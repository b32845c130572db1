"""One engine, one table, in a process of its own: ``python -m constraint_peers.measure JOB.json``.

The job is ``{"module", "options", "table", "sequences", "only_start", "result"}``; what was measured is
written to the file ``result``.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa
from constraint_peers.bandwidth import gigabytes_per_second, two_threads_gain

FIRST = 1_000
SLOW, QUICK = 20.0, 1.0


def read(path: str) -> pa.Table:
    """Return the table, in memory of its own (not mapped from the file)."""
    with pa.OSFile(path) as file:
        return pa.ipc.open_file(file).read_all().combine_chunks()


def memory(name: str) -> float | None:
    """Return a figure of this process in MB as the kernel knows it: VmRSS or VmHWM; None elsewhere."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))


def fresh_mark() -> float | None:
    """Give free memory back, set the mark of highest memory to what is in use, and return that."""
    gc.collect()
    pa.default_memory_pool().release_unused()
    try:
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")
    except (AttributeError, OSError):
        return None
    return memory("VmRSS")


def timed(check: Callable[..., dict[str, int]], *given: Any, **options: Any) -> tuple[float, float, Any]:
    """Return CPU seconds, wall seconds and what came out of a check."""
    cpu, wall = time.process_time(), time.perf_counter()
    found = check(*given, **options)
    return time.process_time() - cpu, time.perf_counter() - wall, found


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Measure: the first rows, then the memory of the first check, then the best of some."""
    try:
        engine = importlib.import_module(f"constraint_peers.{job['module']}")
    except ModuleNotFoundError as absent:
        if str(absent.name).startswith(("finsim", "constraint_peers")):
            raise
        return {"missing": absent.name}
    sequences, options = job["sequences"], job["options"]
    table = read(job["table"])
    few = engine.load(table.slice(0, FIRST))
    result: dict[str, Any] = {"start": timed(engine.check, few, sequences, **options)[0]}
    if job["only_start"]:
        return result
    data = engine.load(table)
    del table, few
    before = fresh_mark()
    cpu, wall, counts = timed(engine.check, data, sequences, **options)
    peak = memory("VmHWM")
    repeats = 1 if cpu > SLOW else 3 if cpu > QUICK else 9
    runs = [(cpu, wall)]
    runs += [timed(engine.check, data, sequences, **options)[:2] for _ in range(repeats - 1)]
    return result | {
        "cpu": min(run[0] for run in runs),
        "wall": min(run[1] for run in runs),
        "first": cpu,
        "repeats": repeats,
        "extra": None if before is None or peak is None else peak - before,
        "counts": {name: int(count) for name, count in counts.items()},
        "lines": engine.written(sequences, **options),
        "versions": {name: version(name) for name in engine.PACKAGES},
    }


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text())
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    reading = job["module"] == "bandwidth"
    if reading:
        gain, reckoning = two_threads_gain()
        found = {"speed": gigabytes_per_second(), "gain": gain, "reckoning": reckoning}
    else:
        found = run(job)
    Path(job["result"]).write_text(json.dumps(found))


if __name__ == "__main__":
    main()
