"""The seal of a run: the log's entry that names the finished manifest, and what may be added after it."""

from __future__ import annotations

from pathlib import Path

from finsim.provenance.audit_log import REPAIRED, AuditLog, Entry, read_intact, read_log
from finsim.provenance.environment import PAGE_PACKAGES, environment
from finsim.provenance.manifest import NAME, read_manifest
from finsim.provenance.outputs import LOCK, WORK, other_files, table_files
from finsim.records.storage import digest_file

LOG = "audit.log"
SEALED = "manifest_written"
REWRITTEN = "rewritten"
SIGNED = "signed"
WRITTEN = frozenset({"written", "judged"})
"""Events that name a file of the run and its sha256."""
RESUMED = "run_resumed"
DERIVED = frozenset({"report.html"})
"""Files that may be written again after the seal: they hold nothing that the others do not say."""
ATTESTATION = "attestation.dsse.json"
AFTER_SEAL = {REWRITTEN: DERIVED, SIGNED: frozenset({ATTESTATION}), REPAIRED: frozenset({LOG})}
"""Event that may follow the seal -> the files that it may name."""


def note_files(run: Path, log: AuditLog) -> None:
    """Note in the log every finished file that no entry names yet, but for those that are derived.

    Files that closing a run writes (not its tables) are noted anew where a run that is closed again wrote
    other bytes.
    """
    named = stated(read_log(run / LOG))
    for name in table_files(run):
        if name not in named:
            log.append("written", name, {"sha256": digest_file(run / name)})
    for name in sorted({*other_files(run)} - DERIVED):
        sha256 = digest_file(run / name)
        if name not in named or named[name].payload["sha256"] != sha256:
            log.append("written", name, {"sha256": sha256})


def seal_run(run: Path, log: AuditLog) -> Entry:
    """Append the seal: the digest of manifest.json, and of every checkpoint that no entry names yet."""
    named = set(stated(read_log(run / LOG)))
    work = sorted(path for path in (run / WORK).rglob("*") if path.is_file() and path.name != LOCK)
    names = [path.relative_to(run).as_posix() for path in work]
    checkpoints = {name: digest_file(run / name) for name in names if name not in named}
    return log.append(SEALED, NAME, {"sha256": digest_file(run / NAME), "checkpoints": checkpoints})


def is_sealed(run: Path) -> bool:
    """Tell whether the log of a run holds a seal; one that is broken further on is not judged here."""
    entries, _ = read_intact(run / LOG)
    return seal_of(entries) is not None


def stated(log: list[Entry]) -> dict[str, Entry]:
    """Return for each file that an entry before the seal names the last such entry."""
    found: dict[str, Entry] = {}
    seal = seal_of(log)
    for entry in log[: None if seal is None else seal.seq]:
        if entry.event in WRITTEN and isinstance(entry.payload.get("sha256"), str):
            found[entry.subject] = entry
    return found


def seals(log: list[Entry]) -> list[Entry]:
    """Return the seals of a log; one before a resume is void: its manifest was lost, and written again."""
    resumed = max((entry.seq for entry in log if entry.event == RESUMED), default=-1)
    return [entry for entry in log if entry.event == SEALED and entry.seq > resumed]


def seal_of(log: list[Entry]) -> Entry | None:
    """Return the first seal of a log that is not void, None when it has none."""
    return next(iter(seals(log)), None)


def rewritten(log: list[Entry]) -> dict[str, Entry]:
    """Return for each derived file the last entry after the seal that says it was written again."""
    seal = seal_of(log)
    later = log[seal.seq + 1 :] if seal is not None else []
    return {
        entry.subject: entry
        for entry in later
        if entry.event == REWRITTEN
        and entry.subject in DERIVED
        and isinstance(entry.payload.get("sha256"), str)
    }


def signed(log: list[Entry]) -> Entry | None:
    """Return the last entry that says the run was signed, None when it was not."""
    seal = seal_of(log)
    later = log[seal.seq + 1 :] if seal is not None else []
    found = [entry for entry in later if entry.event == SIGNED]
    return found[-1] if found else None


def note_page(run: Path, page: Path) -> None:
    """Note in the log that a derived file was written again, and by which software.

    Nothing is noted where its bytes are those that the record names already.
    """
    entries = read_log(run / LOG)
    last = rewritten(entries).get(page.name)
    listed = {item["path"]: item["sha256"] for item in read_manifest(run).files}
    sha256 = digest_file(page)
    if sha256 == (last.payload["sha256"] if last is not None else listed.get(page.name)):
        return
    here = environment(PAGE_PACKAGES)
    drawn_by = {name: here[name] for name in ("versions", "platform", "source")}
    AuditLog(run / LOG).append(REWRITTEN, page.name, {"sha256": sha256, **drawn_by})
