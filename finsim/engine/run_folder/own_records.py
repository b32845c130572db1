"""Own JSON files of a run (plan, finished tasks, what it is compared with): each with a format and a digest.

What a disk, a copy or an editor has damaged is noticed when it is read, never while it is used.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from finsim.provenance.verifying.manifest_shape import misfits
from finsim.records.storage import canonical_json, digest_text, write_json

FORMAT, DIGEST = "finsim", "sha256"


class DamagedRecordError(ValueError):
    """An own file that is not as finsim wrote it; the text says how."""


def write_own(path: Path, kind: str, data: Mapping[str, Any]) -> None:
    """Write a record of a ``kind`` such as ``plan/1``, with the sha256 of its contents, atomically."""
    # Keys that are numbers become text before the digest is taken, as whoever reads the file sees them.
    plain: dict[str, Any] = json.loads(json.dumps({**data, FORMAT: kind}, allow_nan=False))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, {**plain, DIGEST: digest_text(canonical_json(plain))})


def read_own(path: Path, kind: str, shape: Mapping[str, Any]) -> dict[str, Any]:
    """Return the contents of a record without its format and digest.

    ``shape`` is key -> type, as in ``manifest_shape``. Raises DamagedRecordError for a file that cannot be
    read, is no JSON, of another kind or shape, or whose digest is not that of its contents.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as bad:
        said = bad.strerror if isinstance(bad, OSError) else "it is no JSON"
        raise DamagedRecordError(str(said)) from None
    if not isinstance(data, dict):
        raise DamagedRecordError("it is no JSON object")
    found, stated = data.get(FORMAT), data.pop(DIGEST, None)
    if found != kind:
        raise DamagedRecordError(f"its format is {str(found)[:40]!r}, not {kind!r}")
    if stated != _digest(data):
        raise DamagedRecordError("its contents do not match its own sha256")
    wrong = list(misfits(data, shape))
    if wrong:
        raise DamagedRecordError(f"{wrong[0] or 'it'} is missing or of another type")
    del data[FORMAT]
    return data


def _digest(data: Mapping[str, Any]) -> str:
    try:
        return digest_text(canonical_json(data))
    except (ValueError, RecursionError):  # NaN and infinity, which no record holds
        return ""
