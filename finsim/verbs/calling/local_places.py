"""Files and folders are on this machine: URLs of another one are refused, ``file:`` URLs are paths."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from finsim.errors import StudyError
from finsim.records.stores.urls import URL, remote_url

__all__ = ["URL", "local_path", "refuse_remote", "remote_url"]


def refuse_remote(place: str | Path, where: str) -> None:
    """Raise StudyError for a URL of another machine or of memory; a colon in a local name stays a name."""
    text = str(place)
    scheme = text.partition(":")[0].lower()
    if remote_url(place):
        raise StudyError(
            f"{text!r} is not on this machine",
            place=where,
            expected="a file or folder of this machine; data and runs may be read from a URL, and runs alone "
            "be written to one (run -o, run --resume, stress -o)",
            remedy="copy what is read to this machine first, and what is written from it afterwards",
        )
    if scheme == "file" and URL.match(text) and urlsplit(text).netloc not in ("", "localhost"):
        raise StudyError(
            f"{text!r} names a host", place=where, expected="file:///PATH", remedy="write the path alone"
        )


def local_path(text: str) -> str:
    """Return the path behind a ``file:`` URL, other text as it is."""
    return unquote(urlsplit(text).path) if URL.match(text) and text.lower().startswith("file:") else text
