"""Is this run what its record says? Compares files, log, manifest, page, verdicts and inputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from finsim.errors import ProvenanceError
from finsim.provenance.audit_log import Entry, read_intact
from finsim.provenance.compare_tables import Comparison, compare_runs
from finsim.provenance.manifest import NAME, parse_manifest, strange_sections
from finsim.provenance.seal import LOG, REWRITTEN, SEALED, seal_of
from finsim.provenance.signing.keys import VerifyKey
from finsim.provenance.verifying.files_of_record import check_files
from finsim.provenance.verifying.finding import Finding, visible
from finsim.provenance.verifying.inputs_now import InputsNow, compare_inputs
from finsim.provenance.verifying.log_and_seal import check_head, check_log, contradictions
from finsim.provenance.verifying.made_again import PAGE, Again, draw_again, judge_again, software
from finsim.provenance.verifying.manifest_facts import check_facts
from finsim.provenance.verifying.manifest_shape import misfits
from finsim.provenance.verifying.run_listing import RunListing, list_run
from finsim.provenance.verifying.signature_check import check_signature, signer_of

__all__ = [
    "REWRITTEN",
    "SEALED",
    "Again",
    "Comparison",
    "Finding",
    "Verification",
    "compare_runs",
    "verify_run",
]


NOTHING = Again()


@dataclass(frozen=True)
class Verification:
    """What was checked in a run, and everything that does not agree (the first one first).

    ``head`` is the hash of the log's last entry, which can be kept elsewhere; ``signed_by`` the id of the key
    that the run's signature names, and ``is_key_checked`` whether a key was given and compared with it;
    ``inputs`` counts the input files that are present and unchanged, ``again`` names what was made again and
    is the same; ``remarks`` say what could not be compared.
    """

    run: str
    tables: int
    files: int
    audit_entries: int
    findings: tuple[Finding, ...] = ()
    head: str = ""
    signed_by: str = ""
    is_key_checked: bool = False
    inputs: int = 0
    again: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

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
        """Return a few lines: all findings, else what agrees and what was not compared."""
        counted = f"{self.tables} tables, {self.files} other files, {self.audit_entries} audit entries"
        if not self.ok:
            return "\n".join([f"{self.run}: does not agree ({counted} checked)", *map(str, self.findings)])
        lines = [f"{self.run}: every hash agrees ({counted})"]
        lines += [f"inputs: {self.inputs} present and unchanged"] if self.inputs else []
        lines += [f"made again, the same: {', '.join(self.again)}"] if self.again else []
        lines += [f"head of the log: {self.head}", f"signature: {self._signature()}"]
        return "\n".join([*lines, *(f"note: {visible(text)}" for text in self.remarks)])

    def _signature(self) -> str:
        if not self.signed_by:
            return "none; who can write the folder can rewrite the record, unless its head is kept elsewhere"
        return f"by key {self.signed_by[:16]}, " + (
            "checked" if self.is_key_checked else "not checked: give --key"
        )


def verify_run(
    run: str | Path, *, head: str = "", key: VerifyKey | None = None, again: Again = NOTHING
) -> Verification:
    """Compare every part of a run folder with the others, and with what was kept elsewhere.

    ``head`` is a hash of the log that was kept, ``key`` the public key of whoever signed the run, ``again``
    how to draw the page and derive the verdicts. Nothing behind a link is opened. Raises ProvenanceError
    when the folder holds no finished run, or one of a format that this version does not read.
    """
    folder = Path(run)
    listing = list_run(folder)
    log, broken = ([], None) if listing.is_strange(LOG) else read_intact(folder / LOG)
    manifest, findings = _manifest(folder, listing, log)
    findings += [*check_files(listing, manifest, log), *contradictions(log)]
    if manifest is not None:
        findings += check_facts(folder, manifest, log)
    if broken is not None:
        findings += [_broken(broken)]
    elif not listing.is_strange(LOG):
        findings += check_log(log, manifest, listing.digest(NAME))
    findings += check_head(log, head) if head else []
    findings += check_signature(listing, manifest, log, key)
    made: list[str] = []
    remarks = [key.remark] if key is not None and key.remark else []
    unchanged = 0
    if manifest is not None:
        other = software(manifest["environment"])
        inputs = compare_inputs(manifest, log, other)
        findings += inputs.changed
        remarks += inputs.remarks
        unchanged = inputs.compared
        for name, outcome in _again(folder, manifest, log, again, inputs, bool(findings)):
            findings += outcome.findings
            remarks += [outcome.remark] if outcome.remark else []
            made += [name] if outcome.compared else []
    return Verification(
        str(run),
        len(manifest["outputs"]) if manifest else 0,
        len(manifest["files"]) if manifest else 0,
        len(log),
        _one_a_file(findings),
        log[-1].hash if log else "",
        signer_of(listing),
        key is not None,
        unchanged,
        tuple(made),
        (*_added(log), *remarks, *_checkpoints(log)),
    )


def _manifest(
    folder: Path, listing: RunListing, log: list[Entry]
) -> tuple[dict[str, Any] | None, list[Finding]]:
    """Return the sections of the manifest, None where it is not one that can be compared."""
    if listing.is_strange(NAME):
        return None, []
    seal = seal_of(log)
    try:
        data = parse_manifest(folder)
    except ProvenanceError as error:
        is_there = listing.has(NAME)
        named = seal.payload.get("sha256") if seal is not None else ""
        if not log or named == listing.digest(NAME):  # no run, one not finished, or one of another format
            raise
        return None, [Finding(NAME, error.problems[0].found if is_there else "the file is missing")]
    wrong = [*misfits(data), *strange_sections(data)]
    if wrong:
        return None, [Finding(NAME, f"not as finsim writes it: {', '.join(dict.fromkeys(wrong[:5]))}")]
    return data, []


def _again(
    folder: Path,
    manifest: Mapping[str, Any],
    log: list[Entry],
    again: Again,
    inputs: InputsNow,
    is_wrong: bool,
) -> Iterable[tuple[str, Any]]:
    """Derive the verdicts and draw the page; from files that disagree nothing is drawn."""
    yield "verdicts", judge_again(folder, manifest, again)
    if not is_wrong:
        beside = f"inputs that are not here ({', '.join(inputs.absent)})" if inputs.absent else ""
        yield PAGE, draw_again(folder, manifest, log, again, beside)


def _broken(error: ProvenanceError) -> Finding:
    problem = error.problems[0]
    line = problem.place.rpartition(":")[2]
    return Finding(LOG, (f"line {line}: " if line.isdigit() else "") + problem.found)


def _added(log: list[Entry]) -> list[str]:
    """Return a remark on what was added to the log after the seal."""
    seal = seal_of(log)
    later = log[seal.seq + 1 :] if seal is not None else []
    return (
        [f"after the seal: {', '.join(f'{entry.event} {entry.subject}' for entry in later)}"] if later else []
    )


def _checkpoints(log: list[Entry]) -> list[str]:
    seal = seal_of(log)
    is_older = seal is not None and "checkpoints" not in seal.payload
    return ["this run does not note its checkpoints; they were not compared"] if is_older else []


def _one_a_file(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings without repeats, those of tables and files first in the order found."""
    return tuple(dict.fromkeys(findings))
