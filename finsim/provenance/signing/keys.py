"""Ed25519 keys in PEM files: a private key signs, a public one (or a private one) verifies."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from finsim.errors import ProvenanceError
from finsim.extras import Later

serialization = Later("cryptography.hazmat.primitives.serialization", "sign")
ed25519 = Later("cryptography.hazmat.primitives.asymmetric.ed25519", "sign")
exceptions = Later("cryptography.exceptions", "sign")

MAKE = "`finsim sign RUN --key NEW_FILE --new-key` makes one, or openssl genpkey -algorithm ed25519 -out FILE"
FIND = "give the public key of whoever signed the run (FILE.pub): a new key can never verify its signature"
EXPECTED = "an ed25519 key in PEM"
_MOST_BYTES = 65_536  # a PEM file of one key has some hundred


@dataclass(frozen=True)
class VerifyKey:
    """A public key: its id (sha256 of its DER form) and whether it made a signature.

    ``remark`` says what is wrong with the file that it came from.
    """

    keyid: str
    _key: Any
    remark: str = ""

    def made(self, signature: bytes, message: bytes) -> bool:
        """Tell whether this key made a signature of a message."""
        try:
            self._key.verify(signature, message)
        except exceptions.InvalidSignature:
            return False
        return True


@dataclass(frozen=True)
class SigningKey:
    """A private key; ``public`` is its other half."""

    public: VerifyKey
    _key: Any

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message: 64 bytes, the same each time."""
        return bytes(self._key.sign(message))


def outside(run: Path, file: Path) -> Path:
    """Return a key file; raises ProvenanceError when it lies in the run, by its path or through a link."""
    here = Path(os.path.abspath(run))
    for inside in (here, here.resolve()):
        for path in (Path(os.path.abspath(file)), file.resolve()):
            if path.is_relative_to(inside):
                raise ProvenanceError(
                    "the key lies inside the run",
                    place=str(file),
                    expected="a file outside the run folder",
                    remedy="keep it elsewhere: a key that travels with a run proves nothing",
                )
    return file


def read_signing_key(file: Path, remedy: str = MAKE) -> SigningKey:
    """Read a private key (PKCS8 PEM, without a password). Raises ProvenanceError for anything else."""
    text = _text(file, remedy)
    if b"PRIVATE KEY" not in text:
        raise _no_key(file, "a public key" if b"PUBLIC KEY" in text else "no PEM private key", remedy)
    key = _loaded(file, text, remedy)
    return SigningKey(_public(key.public_key()), key)


def read_verify_key(file: Path) -> VerifyKey:
    """Read a public key in PEM, or derive it from a private one. Raises ProvenanceError for anything else."""
    text = _text(file, FIND)
    if b"PRIVATE KEY" in text:
        told = "holds a private key, with which anyone signs in its owner's name: verify with its public half"
        return replace(read_signing_key(file, FIND).public, remark=f"{file} {told}, {file.name}.pub")
    if b"PUBLIC KEY" not in text:
        raise _no_key(file, "no PEM key", FIND)
    try:
        key = serialization.load_pem_public_key(text)
    except (ValueError, exceptions.UnsupportedAlgorithm):
        raise _no_key(file, "a PEM file that cannot be read", FIND) from None
    if not isinstance(key, ed25519.Ed25519PublicKey):
        raise _no_key(file, "a key of another kind", FIND)
    return _public(key)


def new_key(file: Path) -> SigningKey:
    """Make a private key, and its public half in FILE.pub. Raises ProvenanceError when one is there."""
    public = file.with_name(f"{file.name}.pub")
    for path in (file, public):
        if path.exists() or path.is_symlink():
            raise ProvenanceError(
                "this file is there already",
                place=str(path),
                remedy="leave --new-key out, or name a new file",
            )
    key = ed25519.Ed25519PrivateKey.generate()
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    _write(file, key.private_bytes(pem, pkcs8, serialization.NoEncryption()), 0o600)
    half = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    _write(public, half, 0o644)
    return SigningKey(_public(key.public_key()), key)


def _write(file: Path, text: bytes, mode: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as out:
        out.write(text)


def _text(file: Path, remedy: str) -> bytes:
    if not file.is_file():
        raise _no_key(file, "no such key file", remedy)
    with file.open("rb") as opened:
        return opened.read(_MOST_BYTES)


def _loaded(file: Path, text: bytes, remedy: str) -> Any:
    try:
        key = serialization.load_pem_private_key(text, password=None)
    except TypeError:
        raise _no_key(file, "a key with a password", "openssl pkey -in FILE -out PLAIN_FILE") from None
    except ValueError:
        raise _no_key(file, "a PEM file that cannot be read", remedy) from None
    except exceptions.UnsupportedAlgorithm:
        raise _no_key(file, "a key of a kind that is not supported", remedy) from None
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise _no_key(file, "a key of another kind", remedy)
    return key


def _no_key(file: Path, found: str, remedy: str) -> ProvenanceError:
    return ProvenanceError(found, place=str(file), expected=EXPECTED, remedy=remedy)


def _public(key: Any) -> VerifyKey:
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return VerifyKey(hashlib.sha256(der).hexdigest(), key)
