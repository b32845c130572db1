"""A file, or a folder of files, behind a URL, fetched once for each of its states."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from finsim.errors import told_as
from finsim.records.storage import replacing
from finsim.records.stores.private_copies import copies
from finsim.records.stores.remote_folder import open_folder, shown


@cache
def fetched_file(url: str, place: str) -> Path:
    """Return the copy on this machine of the file behind a URL, as it is now; asked once in a process.

    A copy is kept for each state that the store tells of (its entity tag, size and time), so an unchanged
    file is fetched once. Raises StudyError, at ``place``, for what cannot be read.
    """
    above, _, name = url.rstrip("/").rpartition("/")
    folder = open_folder(above, place)
    state = hashlib.sha256(f"{url} {folder.state(name)}".encode()).hexdigest()[:16]
    file = copies() / "inputs" / state / name
    told_as(file, shown(url))
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        with replacing(file) as temporary:
            folder.fetch(name, temporary)
    return file


def fetched_folder(url: str, place: str) -> Path:
    """Return the copy on this machine of the files below a URL, as they are now.

    Kept by their states as a file is. Raises StudyError, at ``place``, for what cannot be read, and for a
    name that leads out of the folder.
    """
    remote = open_folder(url, place)
    names = remote.names()
    for name in names:
        remote.refuse_outside(name)  # before anything is made of it here
    told = "".join(f"{name} {state}\n" for name, state in sorted(names.items()))
    state = hashlib.sha256(f"{url} {told}".encode()).hexdigest()[:16]
    folder = copies() / "inputs" / state / (url.rstrip("/").rpartition("/")[2] or "data")
    told_as(folder, shown(url))
    for name in names:
        if not (folder / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            with replacing(folder / name) as temporary:
                remote.fetch(name, temporary)
    return folder
