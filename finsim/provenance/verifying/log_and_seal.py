"""The audit log against itself and its seal: a finished run has one, right after what the manifest saw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from finsim.provenance.audit_log import Entry
from finsim.provenance.manifest import NAME
from finsim.provenance.seal import AFTER_SEAL, LOG, RESUMED, SEALED, WRITTEN, seal_of, seals
from finsim.provenance.verifying.finding import Finding


def check_log(log: list[Entry], manifest: Mapping[str, Any] | None, sha256: str) -> Iterator[Finding]:
    """Yield what is wrong with a log whose chain is whole.

    ``manifest`` holds the sections of the manifest (None: not readable), ``sha256`` is that of its file
    ("": there is none).
    """
    yield from _seal(log, manifest, sha256)
    if not log or log[0].event != "run_started":
        yield Finding(LOG, "line 1: not the start of a run")
    seal = seal_of(log)
    if seal is None:
        return
    if not seal.seq or log[seal.seq - 1].event != "run_finished":
        yield Finding(LOG, f"line {seal.seq}: the run was sealed before it was finished")
    for entry in log[seal.seq + 1 :]:
        if entry.event != SEALED and entry.subject not in AFTER_SEAL.get(entry.event, ()):
            yield Finding(
                LOG, f"line {entry.seq + 1}: {entry.event!r} of {entry.subject!r} may not follow the seal"
            )


def _seal(log: list[Entry], manifest: Mapping[str, Any] | None, sha256: str) -> Iterator[Finding]:
    found = seals(log)
    entries, head = (manifest["audit"]["entries"], manifest["audit"]["head"]) if manifest else (None, None)
    if entries is not None and len(log) < entries:
        yield Finding(
            LOG, f"{len(log)} entries; the manifest was written after {entries}, and its seal is gone"
        )
    elif not found:
        yield Finding(
            LOG,
            f"no seal: the log ends at line {len(log)} and never names the finished manifest; its end was "
            "cut off, or the run was stopped while it was closing (finsim run --resume closes it)",
        )
    elif len(found) > 1:
        lines = ", ".join(str(entry.seq + 1) for entry in found)
        yield Finding(LOG, f"{len(found)} seals (lines {lines}); a finished run has one")
    elif entries is not None and found[0].seq != entries:
        yield Finding(
            LOG, f"line {found[0].seq + 1}: the seal; the manifest was written after {entries} entries"
        )
    if entries and len(log) >= entries and log[entries - 1].hash != head:
        yield Finding(LOG, f"line {entries}: not the entry that the manifest names as head")
    if found and sha256 and found[0].payload.get("sha256") != sha256:
        yield Finding(NAME, f"not the manifest that the audit log names (line {found[0].seq + 1})")


def contradictions(log: list[Entry]) -> Iterator[Finding]:
    """Yield the files that the log names with two digests, where no resume stands between."""
    last: dict[str, Entry] = {}
    resumed = -1
    for entry in log:
        if entry.event == RESUMED:
            resumed = entry.seq
        if entry.event in WRITTEN:
            before = last.get(entry.subject)
            if before is not None and before.seq > resumed and _sha256(before) != _sha256(entry):
                yield Finding(
                    entry.subject,
                    f"lines {before.seq + 1} and {entry.seq + 1} of {LOG} name it with different digests",
                )
            last[entry.subject] = entry


def _sha256(entry: Entry) -> object:
    return entry.payload.get("sha256")


def check_head(log: list[Entry], head: str) -> Iterator[Finding]:
    """Yield a finding unless a head that was kept elsewhere is an entry of the log from the seal on."""
    found = next((entry for entry in log if entry.hash == head), None)
    seal = seal_of(log)
    if found is None:
        yield Finding(
            LOG, f"the head {head} that was kept is no entry of this log: it was written anew or cut off"
        )
    elif seal is not None and found.seq < seal.seq:
        yield Finding(
            LOG,
            f"the head {head} that was kept is line {found.seq + 1}, before the seal: it binds no manifest",
        )
