"""Files and folders are on this machine: URLs of another one are refused, ``file:`` URLs are paths."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from finsim.errors import StudyError

URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_FOLDED = re.compile(
    r"(s3a?|s3n|gs|gcs|memory|abfss?|adl|az|hdfs|webhdfs|https?|ftps?|sftp|ssh|smb|r2):/", re.IGNORECASE
)
"""A URL as ``pathlib.Path`` leaves it: one slash only. Another word before a colon is a folder's name."""


def refuse_remote(place: str | Path, where: str) -> None:
    """Raise StudyError for a URL of another machine or of memory; a colon in a local name stays a name."""
    text = str(place)
    head = text.partition(":")[0]
    scheme = head.lower()
    is_folded = isinstance(place, Path) and _FOLDED.match(text) and not Path(f"{head}:").exists()
    if (URL.match(text) and scheme != "file") or is_folded:
        raise StudyError(
            f"{text!r} is not on this machine",
            place=where,
            expected="a file or folder of this machine: remote folders are not supported",
            remedy="copy what is read to this machine first, and what is written from it afterwards",
        )
    if scheme == "file" and URL.match(text) and urlsplit(text).netloc not in ("", "localhost"):
        raise StudyError(
            f"{text!r} names a host", place=where, expected="file:///PATH", remedy="write the path alone"
        )


def local_path(text: str) -> str:
    """Return the path behind a ``file:`` URL, other text as it is."""
    return unquote(urlsplit(text).path) if URL.match(text) and text.lower().startswith("file:") else text
