"""Records of finished tasks: one small file each, written after the outputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from finsim.engine.run_folder.own_records import DamagedRecordError, read_own, write_own
from finsim.errors import ResumeError
from finsim.provenance.environment import numeric_versions
from finsim.provenance.verifying.manifest_shape import misfits
from finsim.records.storage import digest_file

WORK = ".finsim"
PIECES = ("courses", "features", "life", "orders", "twin")
"""Folders of the checkpoints that only unfinished tasks read; a finished run holds none of them."""
LOST, DAMAGED = "lost", "damaged"
PLAN, DONE = "plan/1", "task/1"
_PLAN_SHAPE = {
    "study": {}, "study_sha256": str, "inputs": {}, "scenarios": {}, "rules": {}, "files": {}, "versions": {},
}  # fmt: skip
_DONE_SHAPE = {"key": str, "outputs": {}, "facts": {}}
_OUTPUT_SHAPE = {"rows": int, "bytes": int, "sha256": str}
_hashed: dict[tuple[str, int, int, int], str] = {}
"""Files that this process has hashed: (path, inode, bytes, time of change) -> sha256."""


@dataclass(frozen=True)
class Done:
    """A finished task: its output files (relative path -> rows, bytes, sha256), facts and CPU seconds."""

    key: str
    outputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    cpu_seconds: float = 0.0


def record_name(key: str) -> str:
    """Return where the record of a finished task lies, relative to its run."""
    return f"{WORK}/done/{key.replace('/', '--')}.json"


def _record(run: Path, key: str) -> Path:
    return run / record_name(key)


def _read(path: Path) -> Done:
    """Return the record in a file; raises DamagedRecordError."""
    data = read_own(path, DONE, _DONE_SHAPE)
    seconds = data.get("cpu_seconds")
    if set(data) != {*_DONE_SHAPE, "cpu_seconds"} or not isinstance(seconds, int | float):
        raise DamagedRecordError("it has other keys than a finished task")
    for name, facts in data["outputs"].items():
        place = PurePosixPath(name)
        if (
            next(misfits(facts, _OUTPUT_SHAPE), None) is not None
            or place.is_absolute()
            or ".." in place.parts
        ):
            raise DamagedRecordError(f"output {name!r} is not described")
    return Done(**data)


def load_done(run: Path, key: str) -> Done | None:
    """Return the record of a finished task whose outputs are all in place and unchanged, else None.

    An output counts when it has the sha256 of the record; a file is hashed once in a process.
    """
    path = _record(run, key)
    if not path.is_file():
        return None
    try:
        done = _read(path)
    except DamagedRecordError:
        return None
    return None if done.key != key or any(_losses(run, done)) else done


def _losses(run: Path, done: Done) -> Iterator[tuple[str, str]]:
    """Yield the outputs of a task that are not as its record says, and how."""
    for name, facts in done.outputs.items():
        file = run / name
        if file.is_symlink() or not file.is_file():
            yield name, LOST
        elif file.stat().st_size != facts["bytes"] or _digest(file) != facts["sha256"]:
            yield name, DAMAGED


def _digest(file: Path) -> str:
    facts = file.stat()
    known = (str(file.absolute()), facts.st_ino, facts.st_size, facts.st_mtime_ns)
    if known not in _hashed:
        _hashed[known] = digest_file(file)
    return _hashed[known]


def state_of(run: Path, key: str, *, losses: bool = True) -> tuple[Done | None, list[tuple[str, str]]]:
    """Return the record of a task and the outputs that are not as it says, each with how.

    Outputs are looked at unless ``losses`` is False. None without a record,
    or with a damaged one, which is then the file at fault.
    """
    path = _record(run, key)
    if not path.is_file():
        return None, []
    try:
        done = _read(path)
        if done.key != key:
            raise DamagedRecordError("it is that of another task")
    except DamagedRecordError as bad:
        return None, [(path.relative_to(run).as_posix(), f"damaged: {bad}")]
    return done, list(_losses(run, done)) if losses else []


def forget(run: Path, key: str) -> None:
    """Remove the record of a task that must be done again."""
    _record(run, key).unlink(missing_ok=True)


def save_done(run: Path, done: Done) -> None:
    """Write the record of a finished task, atomically."""
    write_own(_record(run, done.key), DONE, asdict(done))


def output(run: Path, file: Path, rows: int) -> tuple[str, dict[str, Any]]:
    """Describe one output file: its path inside the run, and rows, bytes and sha256."""
    facts = {"rows": rows, "bytes": file.stat().st_size, "sha256": _digest(file)}
    return file.relative_to(run).as_posix(), facts


def is_started(run: Path) -> bool:
    """Tell whether a folder holds the plan of a run."""
    return (run / WORK / "plan.json").is_file()


def read_plan(run: Path) -> dict[str, Any]:
    """Return the plan record of a started run; raises ResumeError when there is none, or it was damaged."""
    path = run / WORK / "plan.json"
    if not path.is_file():
        raise ResumeError(
            "no started run here",
            place=str(run),
            expected=f"{WORK}/plan.json",
            remedy="start one with `finsim run STUDY -o DIR`",
        )
    try:
        return read_own(path, PLAN, _PLAN_SHAPE)
    except DamagedRecordError as bad:
        raise ResumeError(
            f"the plan of this run is damaged: {bad}",
            place=str(path),
            expected="the file as finsim wrote it",
            remedy="restore it from a copy, or start a new run in another folder",
        ) from None


def write_plan(run: Path, plan: Mapping[str, Any]) -> None:
    """Write the plan record of a run, with the versions of the software that made it."""
    write_own(run / WORK / "plan.json", PLAN, {**plan, "versions": numeric_versions()})


def refuse_other_versions(run: Path, plan: Mapping[str, Any]) -> None:
    """Raise ResumeError when a run was started under other versions of Python, finsim or its libraries."""
    before, now = plan["versions"], numeric_versions()
    changed = [
        f"{name} {before.get(name, 'none')} (now {now.get(name, 'none')})"
        for name in sorted({*before, *now})
        if before.get(name) != now.get(name)
    ]
    if changed:
        raise ResumeError(
            f"the run was started with {', '.join(changed)}",
            place=str(run / WORK / "plan.json"),
            expected="the same versions, so that the tables of one run are of one kind",
            remedy="install those versions, or go on with --accept-versions: the log then says so",
        )
