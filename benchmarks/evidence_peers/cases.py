"""The cases of one table, one after the other in a tool's own process, and what they cost."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

Sides = dict[str, pd.DataFrame]


def each_case(judge: Callable[[Sides, str], dict[str, Any]], packages: tuple[str, ...]) -> None:
    """Judge each case of the job that is not in ``job["found"]``; results are written after each."""
    job = json.loads(Path(sys.argv[1]).read_text())
    found: dict[str, Any] = job["found"] or {"cases": {}, "cpu": 0.0, "megabytes": 0.0}
    found["versions"] = {name: version(name) for name in packages}
    begun = time.process_time() - found["cpu"]
    for name in [name for name in job["cases"] if name not in found["cases"]]:
        place = Path(job["folder"]) / name
        sides = {file.stem: pd.read_parquet(file) for file in sorted(place.glob("*.parquet"))}
        found["cases"][name] = judge(sides, job["label"])
        found["cpu"] = time.process_time() - begun
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        found["megabytes"] = max(found["megabytes"], peak)
        Path(sys.argv[2]).write_text(json.dumps(found))
        print(name, round(found["cpu"], 1), found["cases"][name], flush=True)
