"""The in-toto statement that is signed: the files of a run, its manifest and the head of its log.

Source: in-toto Attestation Framework, Statement v1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from finsim.provenance.audit_log import Entry
from finsim.provenance.manifest import NAME
from finsim.provenance.seal import DERIVED, LOG, rewritten

TYPE = "https://in-toto.io/Statement/v1"
PREDICATE = "urn:finsim:sealed-run:1"


def statement_of(manifest: Mapping[str, Any], sha256: str, log: list[Entry]) -> dict[str, Any]:
    """Return the statement on a run whose log ends with the last entry of ``log``.

    ``sha256`` is the digest of manifest.json. Derived files have the digest of their last writing.
    """
    anew = {name: entry.payload["sha256"] for name, entry in rewritten(log).items()}
    files = {item["path"]: item["sha256"] for item in (*manifest["outputs"], *manifest["files"])}
    subjects = {NAME: sha256, **files, **{name: anew[name] for name in DERIVED if name in anew}}
    return {
        "_type": TYPE,
        "subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in subjects.items()],
        "predicateType": PREDICATE,
        "predicate": {
            "manifest": {"file_sha256": sha256, "sha256": manifest["sha256"]},
            "log": {"file": LOG, "entries": len(log), "head": log[-1].hash},
            "dataset_sha256": manifest["dataset_sha256"],
            "study": {"sha256": manifest["study"].get("sha256"), "seed": manifest["seeds"].get("root")},
        },
    }


def disagreements(
    statement: Mapping[str, Any], manifest: Mapping[str, Any], sha256: str, log: list[Entry]
) -> Iterator[str]:
    """Yield how a statement differs from the one on the run and the first entries of its log."""
    count = signed_entries(statement, log)
    if not count:
        yield "it does not say at which entry of the log the run was signed"
        return
    expected = statement_of(manifest, sha256, log[:count])
    told = statement["predicate"]
    if statement.get("_type") != TYPE or statement.get("predicateType") != PREDICATE:
        yield "not a statement on a run of finsim"
        return
    if told["log"] != expected["predicate"]["log"]:
        yield f"it names another head of the log than line {count} has"
    if told != {**expected["predicate"], "log": told["log"]}:
        yield "it names another manifest than this run has"
    if statement.get("subject") != expected["subject"]:
        yield "it names other files, or files with other digests, than this run has"


def signed_entries(statement: Mapping[str, Any], log: list[Entry]) -> int:
    """Return how many entries of a log a statement is on, 0 where it does not say or says too many."""
    predicate = statement.get("predicate")
    part = predicate.get("log") if isinstance(predicate, Mapping) else None
    count = part.get("entries") if isinstance(part, Mapping) else None
    return count if isinstance(count, int) and not isinstance(count, bool) and 0 < count <= len(log) else 0
