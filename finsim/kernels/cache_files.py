"""Compiled code on disk: files that only their owner can write, hashed before numba unpickles them."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
import tempfile
from functools import cache
from pathlib import Path

FOLDER = "__pycache__"  # where numba keeps the machine code of a file
_UNKEPT = "note: compiled code cannot be kept here; FINSIM_KERNELS=FOLDER names a private place for it\n"
_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def is_owned(path: Path) -> bool:
    """Whether a file or folder is the user's own and nobody else may write to it."""
    facts = path.lstat()
    is_mine = not hasattr(os, "getuid") or facts.st_uid == os.getuid()
    return is_mine and not stat.S_ISLNK(facts.st_mode) and not facts.st_mode & _OTHERS


def is_safe_place(folder: Path) -> bool:
    """Whether nobody else can put another folder in place of this one.

    Every folder above it must be root's or the user's, and not for others to write to unless it is sticky
    (as ``/tmp`` is, where only its owner may rename a folder).
    """
    if not hasattr(os, "getuid"):
        return True
    for parent in folder.resolve().parents:
        facts = parent.stat()
        if facts.st_uid not in (0, os.getuid()):
            return False
        if facts.st_mode & _OTHERS and not facts.st_mode & stat.S_ISVTX:
            return False
    return True


@cache
def fallback() -> Path | None:
    """Return the folder of machine code that has no other place; None where there is none to be had.

    It is ``FINSIM_KERNELS``, else one below the temporary folder for the user alone: numba reads what lies
    there with pickle, so a folder that somebody else owns or may write to is not taken.
    """
    mine = os.getuid() if hasattr(os, "getuid") else "user"
    stated = os.environ.get("FINSIM_KERNELS")
    try:
        above = Path(stated or tempfile.gettempdir())
        wanted = above / ("numba" if stated else f"finsim-numba-{mine}")
        wanted.mkdir(mode=0o700, parents=bool(stated), exist_ok=True)
        is_private = is_owned(wanted) and is_safe_place(wanted) and os.access(wanted, os.W_OK)
        if is_private:
            return wanted
    except OSError:
        pass
    sys.stderr.write(_UNKEPT)
    return None


class CompiledFiles:
    """The machine code of one generated source: numba's index and objects beside a list of their hashes."""

    def __init__(self, source: Path, function: str) -> None:
        self._folder = source.parent / FOLDER
        self._pattern = f"{source.stem}.{function}-*"
        self._list = self._folder / f"{source.stem}.sha256.json"

    def make_room(self) -> None:
        """Make the folder, for its owner alone."""
        self._folder.mkdir(mode=0o700, exist_ok=True)

    def found(self) -> list[Path]:
        """Return the index and object files that are there."""
        return sorted(self._folder.glob(self._pattern)) if self._folder.is_dir() else []

    def are_sound(self) -> bool:
        """Whether there is machine code, all of it the owner's, with the contents that were listed."""
        files = self.found()
        if not files or not self._list.is_file():
            return False
        if not all(is_owned(path) for path in (self._folder, self._list, *files)):
            return False
        try:
            listed = json.loads(self._list.read_text("ascii"))
            return bool(listed == {path.name: _digest(path) for path in files})
        except (OSError, ValueError):
            return False

    def remove(self) -> None:
        """Remove machine code that is not to be trusted, so that it is compiled anew."""
        for path in (*self.found(), self._list):
            path.unlink(missing_ok=True)

    def seal(self) -> None:
        """Take write permission from others and list the hashes of what numba has just written."""
        files = self.found()
        for path in files:
            path.chmod(0o600)
        part = self._list.with_suffix(f".{os.getpid()}.part")
        text = json.dumps({path.name: _digest(path) for path in files}, sort_keys=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
        part.replace(self._list)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
