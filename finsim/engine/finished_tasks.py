"""Records of finished tasks: one small file each, written after the outputs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from finsim.errors import ResumeError
from finsim.records.storage import digest_file, write_json

WORK = ".finsim"


@dataclass(frozen=True)
class Done:
    """A finished task: its output files (relative path -> rows, bytes, sha256), facts and CPU seconds."""

    key: str
    outputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    cpu_seconds: float = 0.0


def _record(run: Path, key: str) -> Path:
    return run / WORK / "done" / f"{key.replace('/', '--')}.json"


def load_done(run: Path, key: str) -> Done | None:
    """Return the record of a finished task whose outputs are all still in place, else None."""
    path = _record(run, key)
    if not path.is_file():
        return None
    try:
        done = Done(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError):
        return None
    for name, facts in done.outputs.items():
        file = run / name
        if not file.is_file() or file.stat().st_size != facts["bytes"]:
            return None
    return done


def save_done(run: Path, done: Done) -> None:
    """Write the record of a finished task, atomically."""
    path = _record(run, done.key)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, asdict(done))


def output(run: Path, file: Path, rows: int) -> tuple[str, dict[str, Any]]:
    """Describe one output file: its path inside the run, and rows, bytes and sha256."""
    facts = {"rows": rows, "bytes": file.stat().st_size, "sha256": digest_file(file)}
    return file.relative_to(run).as_posix(), facts


def read_plan(run: Path) -> dict[str, Any]:
    """Return the plan record of a started run; raises ResumeError when the folder holds none."""
    path = run / WORK / "plan.json"
    if not path.is_file():
        raise ResumeError(
            "no started run here",
            place=str(run),
            expected=f"{WORK}/plan.json",
            remedy="start one with `finsim run STUDY -o DIR`",
        )
    plan: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return plan


def write_plan(run: Path, plan: Mapping[str, Any]) -> None:
    """Write the plan record of a run."""
    path = run / WORK / "plan.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, dict(plan))
