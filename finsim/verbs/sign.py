"""``sign``: put an ed25519 signature on the manifest and the log head of a finished run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finsim.call_errors import public
from finsim.engine.finished_run import Run
from finsim.errors import ProvenanceError
from finsim.extras import needs
from finsim.provenance.signing.keys import new_key as make_key
from finsim.provenance.signing.keys import outside, read_signing_key
from finsim.provenance.signing.sign_run import refuse_signed, sign_run
from finsim.verbs.calling.argument_checks import Arguments
from finsim.verbs.verify import verify

__all__ = ["Signed", "sign"]


@dataclass(frozen=True, repr=False)
class Signed:
    """A signature: its file, the id of the key, and the head of the log that was signed."""

    path: Path
    keyid: str
    head: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {"signature": str(self.path), "keyid": self.keyid, "head": self.head}

    def __repr__(self) -> str:
        """Return what the command line prints."""
        return self.to_text()

    def to_text(self) -> str:
        """Return file, key and head, one line each."""
        return f"signature: {self.path}\nkey:       {self.keyid}\nhead:      {self.head}"


@public
def sign(run: str | Path | Run, *, key: str | Path, new_key: bool = False) -> Signed:
    """Sign a run that verifies: ``attestation.dsse.json`` in its folder, for ``verify(run, key=...)``.

    Args:
        run: a Run or its folder.
        key: file of an ed25519 private key in PEM (PKCS8, no password), outside the run.
        new_key: make that file first, and its public half beside it with ``.pub`` added.

    Returns:
        Signed: the file, the id of the key and the head that was signed.

    Raises:
        ProvenanceError: for a run that does not verify or is signed already, and for a key that cannot be
            used or lies inside the run. StudyError: when `cryptography` is not installed.

    Example:
        >>> import finsim
        >>> run = finsim.open_run("runs/mine")
        >>> finsim.sign(run, key="keys/mine.pem", new_key=True).path.name
        'attestation.dsse.json'

    """
    wrong = Arguments("sign").kinds("run", run, (str, Path, Run), "a Run or its folder", "write 'runs/mine'")
    wrong.changing("run", run)
    wrong.kinds("key", key, (str, Path), "the file of a private key", "write 'keys/mine.pem'")
    wrong.kinds("new_key", new_key, (bool,), "True or False", "write new_key=True").settle()
    needs(("sign",), "finsim sign")
    place = run.path if isinstance(run, Run) else Path(run)
    file = outside(place, Path(key))
    own = None if new_key else read_signing_key(file)
    checked = verify(place).run
    if not checked.ok:
        raise ProvenanceError(
            f"the run does not verify: {checked.first}", place=str(place), remedy=f"finsim verify {place}"
        )
    refuse_signed(place)
    written = sign_run(place, own if own is not None else make_key(file))
    return Signed(place / written.subject, written.payload["keyid"], written.prev)
