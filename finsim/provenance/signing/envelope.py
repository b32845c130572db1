"""DSSE envelopes: what is signed is the type and the payload, each with its length.

Source: Dead Simple Signing Envelope 1.0.2, https://github.com/secure-systems-lab/dsse/blob/master/protocol.md.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

PAYLOAD_TYPE = "application/vnd.in-toto+json"


@dataclass(frozen=True)
class Envelope:
    """A payload, its type, and the signatures on both by key id."""

    payload: bytes
    kind: str
    signatures: tuple[tuple[str, bytes], ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the envelope as the JSON of the specification."""
        return {
            "payload": base64.b64encode(self.payload).decode(),
            "payloadType": self.kind,
            "signatures": [
                {"keyid": keyid, "sig": base64.b64encode(sig).decode()} for keyid, sig in self.signatures
            ],
        }

    @classmethod
    def of(cls, text: bytes) -> Envelope:
        """Parse an envelope; raises ValueError for what is none."""
        try:
            data = json.loads(text)
            signatures = tuple(
                (str(item.get("keyid", "")), _decoded(item["sig"])) for item in data["signatures"]
            )
            kind = data["payloadType"]
            if not isinstance(kind, str):
                raise TypeError
            return cls(_decoded(data["payload"]), kind, signatures)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise ValueError("not a DSSE envelope") from None


def pae(kind: str, payload: bytes) -> bytes:
    """Return the pre-authentication encoding: the bytes that are signed."""
    name = kind.encode()
    return b"DSSEv1 %d %b %d %b" % (len(name), name, len(payload), payload)


def enclose(payload: bytes, keyid: str, sign: Callable[[bytes], bytes]) -> Envelope:
    """Return an envelope around a payload, signed once."""
    return Envelope(payload, PAYLOAD_TYPE, ((keyid, sign(pae(PAYLOAD_TYPE, payload))),))


def _decoded(text: str) -> bytes:
    """Decode standard or URL-safe base64, as the specification asks of readers; nothing else is skipped."""
    try:
        return base64.b64decode(text.translate(str.maketrans("-_", "+/")), validate=True)
    except (binascii.Error, AttributeError):
        raise ValueError("not base64") from None


def payload_of(envelope: Envelope) -> Mapping[str, Any]:
    """Return the payload as a JSON object; raises ValueError for anything else."""
    try:
        data = json.loads(envelope.payload)
    except (ValueError, RecursionError):
        data = None
    if envelope.kind != PAYLOAD_TYPE or not isinstance(data, dict):
        raise ValueError("not an in-toto statement")
    return data
