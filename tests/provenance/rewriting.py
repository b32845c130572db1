"""Rewrite the record of a run by hand: manifest, digests, lines of the log, the chain, the seal."""

import json
from pathlib import Path
from typing import Any

from finsim.provenance.outputs import dataset_digest, describe_file, describe_table
from finsim.records.storage import canonical_json, digest_file, digest_text

MANIFEST, LOG = "manifest.json", "audit.log"


def manifest_of(run: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((run / MANIFEST).read_text())
    return data


def put_manifest(run: Path, data: dict[str, Any]) -> None:
    """Write a manifest whose own digest is right."""
    data["sha256"] = digest_text(canonical_json({k: v for k, v in data.items() if k != "sha256"}))
    (run / MANIFEST).write_text(json.dumps(data, sort_keys=True, indent=1) + "\n")


def describe_anew(run: Path) -> None:
    """Let the manifest say of every file what it is now."""
    data = manifest_of(run)
    data["outputs"] = [describe_table(run, item["path"]) for item in data["outputs"]]
    data["files"] = [describe_file(run, item["path"]) for item in data["files"]]
    data["dataset_sha256"] = dataset_digest(data["outputs"])
    put_manifest(run, data)


def entries(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / LOG).read_text().splitlines()]


def put_lines(run: Path, lines: list[str]) -> None:
    (run / LOG).write_text("".join(f"{line}\n" for line in lines))


def hashed(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry whose own hash is right."""
    rest = {k: v for k, v in entry.items() if k != "hash"}
    return {**rest, "hash": digest_text(canonical_json(rest))}


def chain_from(run: Path, changed: list[dict[str, Any]], first: int) -> None:
    """Write a log whose entries from ``first`` on are hashed anew."""
    for number in range(first, len(changed)):
        changed[number]["seq"] = number
        changed[number]["prev"] = changed[number - 1]["hash"] if number else "0" * 64
        changed[number] = hashed(changed[number])
    put_lines(run, [canonical_json(entry) for entry in changed])


def seal_anew(run: Path) -> None:
    """Replace the last line by a seal of the manifest as it is now."""
    told = entries(run)
    told[-1]["payload"]["sha256"] = digest_file(run / MANIFEST)
    chain_from(run, told, len(told) - 1)


def forge(run: Path) -> None:
    """Make the whole record consistent again: manifest, every digest in the log, the chain, the seal."""
    describe_anew(run)
    told = entries(run)
    for entry in told:
        if entry["event"] in ("written", "judged") and (run / entry["subject"]).is_file():
            entry["payload"]["sha256"] = digest_file(run / entry["subject"])
    data = manifest_of(run)
    chain_from(run, told, 0)
    data["audit"]["head"] = told[data["audit"]["entries"] - 1]["hash"]
    put_manifest(run, data)
    seal_anew(run)
