"""The signature of a run: whether it is of this record, and by the key that was given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from finsim.provenance.audit_log import Entry
from finsim.provenance.seal import ATTESTATION, LOG, SIGNED, signed
from finsim.provenance.signing.envelope import Envelope, pae, payload_of
from finsim.provenance.signing.keys import VerifyKey
from finsim.provenance.signing.statement import disagreements, signed_entries
from finsim.provenance.verifying.finding import Finding
from finsim.provenance.verifying.run_listing import RunListing


def check_signature(
    listing: RunListing, manifest: Mapping[str, Any] | None, log: list[Entry], key: VerifyKey | None
) -> Iterator[Finding]:
    """Yield what is wrong with the signature of a run; an unsigned run is wrong only where a key is given."""
    entry = signed(log)
    if not listing.has(ATTESTATION):
        if listing.is_strange(ATTESTATION):
            return
        if entry is not None:
            yield Finding(
                ATTESTATION,
                f"the file is missing; line {entry.seq + 1} of {LOG} says that the run was signed",
            )
        elif key is not None:
            yield Finding(ATTESTATION, "the run is not signed, and a key was given")
        return
    if entry is None or listing.digest(ATTESTATION) != entry.payload.get("sha256"):
        where = f"line {entry.seq + 1} of {LOG} names" if entry else f"{LOG} knows of no"
        yield Finding(ATTESTATION, f"not the signature that {where}" if entry else f"{where} signature")
    try:
        envelope = Envelope.of((listing.run / ATTESTATION).read_bytes())
        statement = payload_of(envelope)
    except (ValueError, OSError) as error:
        yield Finding(ATTESTATION, str(error))
        return
    if manifest is not None:
        for wrong in disagreements(statement, manifest, listing.digest("manifest.json"), log):
            yield Finding(ATTESTATION, wrong)
    if key is not None:
        wrong_key = list(_by(envelope, key))
        yield from wrong_key or _after(log, statement)


def _by(envelope: Envelope, key: VerifyKey) -> Iterator[Finding]:
    message = pae(envelope.kind, envelope.payload)
    if any(key.made(signature, message) for _, signature in envelope.signatures):
        return
    ids = ", ".join(keyid[:16] for keyid, _ in envelope.signatures) or "none"
    yield Finding(
        ATTESTATION, f"no valid signature by the key given ({key.keyid[:16]}); it names the keys: {ids}"
    )


def _after(log: list[Entry], statement: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield what stands in the log behind the head that was signed: the key does not vouch for it."""
    for later in log[signed_entries(statement, log) :]:
        if later.event != SIGNED:
            yield Finding(
                later.subject, f"line {later.seq + 1} of {LOG} ({later.event}) came after the signature"
            )


def signer_of(listing: RunListing) -> str:
    """Return the id of the key that an attestation names, "" when there is none."""
    if not listing.has(ATTESTATION):
        return ""
    try:
        envelope = Envelope.of((listing.run / ATTESTATION).read_bytes())
    except (ValueError, OSError):
        return ""
    return envelope.signatures[0][0] if envelope.signatures else ""
