"""Is this run what its manifest says? Recomputes every hash and the audit chain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from finsim.errors import ProvenanceError
from finsim.provenance.audit_log import Entry, read_log
from finsim.provenance.compare_tables import Comparison, compare_runs
from finsim.provenance.manifest import NAME, Manifest, read_manifest
from finsim.provenance.outputs import change_in, other_files, table_files
from finsim.records.storage import digest_file

__all__ = ["Comparison", "Finding", "Verification", "compare_runs", "verify_run"]

SEALED = "manifest_written"
REWRITTEN = "rewritten"
DERIVED = frozenset({"report.html"})


@dataclass(frozen=True)
class Finding:
    """One thing that does not agree: the file, and what is wrong with it."""

    path: str
    found: str

    def __str__(self) -> str:
        """Return the finding as one line."""
        return f"{self.path}: {self.found}"


@dataclass(frozen=True)
class Verification:
    """What was checked in a run, and everything that does not agree (the first one first)."""

    run: str
    tables: int
    files: int
    audit_entries: int
    findings: tuple[Finding, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether everything agrees."""
        return not self.findings

    @property
    def first(self) -> Finding | None:
        """The first thing that does not agree."""
        return self.findings[0] if self.findings else None

    def to_dict(self) -> dict[str, Any]:
        """Return the verification as plain data."""
        return {**asdict(self), "ok": self.ok}

    def to_text(self) -> str:
        """Return the verification as a few lines."""
        counted = f"{self.tables} tables, {self.files} other files, {self.audit_entries} audit entries"
        if self.ok:
            return f"{self.run}: every hash agrees ({counted})"
        return "\n".join([f"{self.run}: does not agree ({counted} checked)", *map(str, self.findings)])


def verify_run(run: str | Path) -> Verification:
    """Recompute every hash of a run folder and compare it with the manifest.

    Names changed, missing and extra tables, other changed or missing files, and a broken audit chain.
    A derived file (the report) may be written anew when the log says so. Raises ProvenanceError when
    there is no readable manifest.
    """
    folder = Path(run)
    manifest = read_manifest(folder)
    log, broken = _log(folder)
    findings = [
        *_tables(folder, manifest.outputs),
        *_files(folder, manifest.files, log),
        *broken,
        *([] if broken else _audit(folder, manifest, log)),
    ]
    return Verification(str(run), len(manifest.outputs), len(manifest.files), len(log), tuple(findings))


def _log(folder: Path) -> tuple[list[Entry], list[Finding]]:
    try:
        return read_log(folder / "audit.log"), []
    except ProvenanceError as error:
        problem = error.problems[0]
        line = problem.place.rpartition(":")[2]
        where = f"line {line}: " if line.isdigit() else ""
        return [], [Finding("audit.log", where + problem.found)]


def _tables(folder: Path, outputs: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    for item in outputs:
        change = change_in(folder / item["path"], item)
        if change:
            yield Finding(item["path"], change)
    known = {item["path"] for item in outputs}
    for name in table_files(folder):
        if name not in known:
            yield Finding(name, "the table is not in the manifest")


def _files(folder: Path, files: Sequence[Mapping[str, Any]], log: Sequence[Entry]) -> Iterator[Finding]:
    anew = {
        entry.subject: entry.payload.get("sha256")
        for entry in log
        if entry.event == REWRITTEN and entry.subject in DERIVED
    }
    for item in files:
        path = folder / item["path"]
        if not path.is_file():
            yield Finding(item["path"], "the file is missing")
        elif digest_file(path) != anew.get(item["path"], item["sha256"]):
            yield Finding(item["path"], "the file was changed")
    known = {item["path"] for item in files}
    for name in other_files(folder):
        if name not in known and name.endswith(".parquet"):
            yield Finding(name, "the file is not in the manifest")


def _audit(folder: Path, manifest: Manifest, log: Sequence[Entry]) -> Iterator[Finding]:
    """Check that the log still begins with the entries that the manifest saw, and still knows it."""
    entries, head = manifest.audit["entries"], manifest.audit["head"]
    if len(log) < entries:
        yield Finding("audit.log", f"{len(log)} entries; the manifest was written after {entries}")
    elif entries and log[entries - 1].hash != head:
        yield Finding("audit.log", f"line {entries}: not the entry that the manifest names as head")
    sealed = [entry for entry in log if entry.event == SEALED]
    if sealed and sealed[-1].payload.get("sha256") != digest_file(folder / NAME):
        yield Finding(NAME, "not the manifest that the audit log names")
