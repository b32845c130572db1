"""The files of a run against what manifest and log say of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from finsim.provenance.audit_log import Entry
from finsim.provenance.manifest import NAME
from finsim.provenance.outputs import LOCK, OWN_NAMES, WORK, change_in
from finsim.provenance.parquet_rows import count_rows
from finsim.provenance.seal import ATTESTATION, LOG, rewritten, seal_of, signed, stated
from finsim.provenance.verifying.finding import Finding
from finsim.provenance.verifying.run_listing import RunListing, in_work


def check_files(
    listing: RunListing, manifest: Mapping[str, Any] | None, log: list[Entry]
) -> Iterator[Finding]:
    """Yield every file that is not what the record says, tables first, then files that it does not name."""
    named = stated(log)
    tables = {item["path"]: item for item in manifest["outputs"]} if manifest else {}
    others = {item["path"]: item for item in manifest["files"]} if manifest else {}
    anew = rewritten(log)
    for name, item in tables.items():
        yield from _table(listing, name, item, named.get(name))
    for name, item in others.items():
        if name in anew:
            yield from _named_in_log(listing, name, anew[name])
        else:
            yield from _file(listing, name, item, named.get(name))
    for name, entry in anew.items():
        if name not in others:
            yield from _named_in_log(listing, name, entry)
    for name, entry in named.items():
        if name in tables or name in others:
            continue
        if in_work(name):
            if listing.has(name):
                yield from _named_in_log(listing, name, entry)
        elif manifest is None:
            yield from _named_in_log(listing, name, entry)
        else:
            yield Finding(name, f"line {entry.seq + 1} of {LOG} names it, the manifest does not")
    yield from listing.strange
    if manifest is not None:
        known = {*tables, *others, *anew, *named, *OWN_NAMES}
        yield from listing.unknown(known | ({ATTESTATION} if signed(log) else set()))
    yield from _checkpoints(listing, log)


def _table(listing: RunListing, name: str, item: Mapping[str, Any], entry: Entry | None) -> Iterator[Finding]:
    if not listing.has(name):
        yield from _absent(listing, name, "the table")
        return
    sha256 = listing.digest(name)
    if not sha256:
        yield Finding(name, "the table cannot be read")
        return
    in_log = None if entry is None else entry.payload["sha256"]
    if sha256 == in_log and sha256 != item["sha256"]:
        yield Finding(NAME, f"another sha256 for {name} than line {_line(entry)} of {LOG} and the file have")
    elif change := change_in(listing.run / name, item, sha256):
        yield Finding(name, change)
    elif in_log is not None and sha256 != in_log:
        yield Finding(name, f"not the table that line {_line(entry)} of {LOG} names")
    elif entry is not None and entry.payload.get("rows") not in (None, item["rows"]):
        yield Finding(
            NAME,
            f"{item['rows']:,} rows of {name}; line {_line(entry)} of {LOG} says {entry.payload['rows']}",
        )
    elif (rows := _rows(listing, name)) != item["rows"]:
        yield Finding(NAME, f"{item['rows']:,} rows of {name}; the table has {rows}")


def _rows(listing: RunListing, name: str) -> int | str:
    try:
        return count_rows(listing.run / name)
    except (OSError, ValueError):
        return "no readable footer"


def _file(listing: RunListing, name: str, item: Mapping[str, Any], entry: Entry | None) -> Iterator[Finding]:
    if not listing.has(name):
        yield from _absent(listing, name, "the file")
        return
    sha256 = listing.digest(name)
    in_log = None if entry is None else entry.payload["sha256"]
    if sha256 == in_log and sha256 != item["sha256"]:
        yield Finding(NAME, f"another sha256 for {name} than line {_line(entry)} of {LOG} and the file have")
    elif sha256 != item["sha256"]:
        yield Finding(name, "the file was changed" if sha256 else "the file cannot be read")
    elif in_log is not None and sha256 != in_log:
        yield Finding(name, f"not the file that line {_line(entry)} of {LOG} names")
    elif listing.files[name] != item["bytes"]:
        yield Finding(NAME, f"{item['bytes']:,} bytes of {name}; the file has another size")


def _named_in_log(listing: RunListing, name: str, entry: Entry) -> Iterator[Finding]:
    """Compare a file with the entry of the log that has the last word on it."""
    if not listing.has(name):
        yield from _absent(listing, name, "the file")
    elif listing.digest(name) != entry.payload["sha256"]:
        yield Finding(name, f"the file was changed: not the one that line {entry.seq + 1} of {LOG} names")


def _absent(listing: RunListing, name: str, what: str) -> Iterator[Finding]:
    if not listing.is_strange(name):  # a link in its place is a finding of its own
        yield Finding(name, f"{what} is missing")


def _line(entry: Entry | None) -> int:
    return 0 if entry is None else entry.seq + 1


def _checkpoints(listing: RunListing, log: list[Entry]) -> Iterator[Finding]:
    """Compare what lies in the checkpoint folder with the log; checkpoints may be deleted."""
    seal = seal_of(log)
    told = seal.payload.get("checkpoints") if seal is not None else None
    if not isinstance(told, Mapping):
        return
    named = stated(log)
    for name in filter(in_work, listing.files):
        if name == f"{WORK}/{LOCK}":  # whoever held it was killed after the seal
            continue
        if name in told:
            if listing.digest(name) != told[name]:
                yield Finding(name, "the checkpoint was changed: not the one that the seal names")
        elif name not in named:
            yield Finding(name, "a file among the checkpoints that the run did not leave")
