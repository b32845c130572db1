"""Sign a finished run: write its attestation, and note that in the log."""

from __future__ import annotations

from pathlib import Path

from finsim.errors import ProvenanceError
from finsim.provenance.audit_log import AuditLog, Entry, read_log
from finsim.provenance.manifest import NAME, read_manifest
from finsim.provenance.seal import ATTESTATION, LOG, SIGNED
from finsim.provenance.signing.envelope import enclose
from finsim.provenance.signing.keys import SigningKey
from finsim.provenance.signing.statement import statement_of
from finsim.records.storage import canonical_json, digest_file, write_json


def refuse_signed(run: Path) -> None:
    """Raise ProvenanceError when the run is signed and nothing was added to its log since."""
    last = read_log(run / LOG)[-1]
    if last.event == SIGNED:
        raise ProvenanceError(
            f"signed already by key {last.payload.get('keyid', '')[:16]}; nothing was added since",
            place=str(run / ATTESTATION),
            remedy=f"finsim verify {run} --key FILE",
        )


def sign_run(run: Path, key: SigningKey) -> Entry:
    """Write the signature of a run that verifies, and return the entry that notes it.

    What is signed is the statement on the manifest and the head of the log before that entry.
    """
    log = read_log(run / LOG)
    statement = statement_of(read_manifest(run).to_dict(), digest_file(run / NAME), log)
    envelope = enclose(canonical_json(statement).encode(), key.public.keyid, key.sign)
    write_json(run / ATTESTATION, envelope.to_dict())
    noted = {"sha256": digest_file(run / ATTESTATION), "keyid": key.public.keyid}
    return AuditLog(run / LOG).append(SIGNED, ATTESTATION, noted)
