"""What is a URL of a store, and what a file of this machine."""

from __future__ import annotations

import re
from pathlib import Path

URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_FOLDED = re.compile(
    r"(s3a?|s3n|gs|gcs|memory|abfss?|adl|az|hdfs|webhdfs|https?|ftps?|sftp|ssh|smb|r2):/", re.IGNORECASE
)
"""A URL as ``pathlib.Path`` leaves it: one slash only. Another word before a colon is a folder's name."""


def remote_url(place: str | Path | None) -> str:
    """Return the URL that a place is, "" for one of this machine; ``s3:/x`` is how pathlib leaves one."""
    text = "" if place is None else str(place)
    head = text.partition(":")[0]
    if isinstance(place, Path) and _FOLDED.match(text) and not Path(f"{head}:").exists():
        return text.replace(":/", "://", 1)
    return text if URL.match(text) and head.lower() != "file" else ""
