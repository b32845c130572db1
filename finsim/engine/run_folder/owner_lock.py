"""One writer a run folder: a lock file that names its owner and is held for as long as the owner lives."""

from __future__ import annotations

import errno
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from finsim.errors import StudyError
from finsim.provenance.outputs import LOCK, WORK

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_TRIES, _PATIENCE = 20, 0.005
_HELD = {errno.EAGAIN, errno.EACCES, errno.EWOULDBLOCK}


@dataclass(frozen=True)
class Owner:
    """Who works in a run folder: host, its boot, process id, when that began, and since when (UTC)."""

    host: str = ""
    boot: str = ""
    process: int = 0
    began: str = ""
    since: str = ""

    @classmethod
    def this_process(cls) -> Owner:
        """Return this process as an owner."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return cls(socket.gethostname(), _boot(), os.getpid(), _began(os.getpid()), now)

    @classmethod
    def of(cls, text: str) -> Owner:
        """Return the owner that a lock file names; an owner without a name for another text."""
        try:
            data = json.loads(text)
            known = {name: kind(data[name]) for name, kind in _TYPES.items()}
        except (ValueError, TypeError, KeyError, RecursionError):
            return cls()
        return cls(**known)

    def lives(self) -> bool:
        """Tell whether the owner may still be at work; one on another host is taken to be."""
        if not self.process:
            return False
        if self.host != socket.gethostname():
            return True
        return self.boot == _boot() and bool(self.began) and self.began == _began(self.process)

    def words(self) -> str:
        """Return how messages name the owner."""
        if not self.process:
            return "another process"
        return f"process {self.process} on host {self.host} since {self.since}"


_TYPES: dict[str, Any] = {"host": str, "boot": str, "process": int, "began": str, "since": str}


def _boot() -> str:
    try:
        return _BOOT.read_text("ascii").strip()
    except OSError:
        return ""


def _began(process: int) -> str:
    """Return when a process of this host began (in ticks since boot), "" when there is none."""
    try:
        text = Path(f"/proc/{process}/stat").read_text("utf-8", "replace")
    except OSError:
        return ""
    return text.rpartition(")")[2].split()[19]  # the name before it may hold spaces and brackets


@contextmanager
def owning(folder: Path) -> Iterator[None]:
    """Own a run folder while the context is open; the folder and ``.finsim`` in it are made if need be.

    Raises StudyError, which names the owner, when another process works in it. A lock whose owner died is
    taken over: the system lets go of it with the process.
    """
    with _holding(folder / WORK / LOCK, folder):
        yield


@contextmanager
def _holding(path: Path, place: Path) -> Iterator[None]:
    """Hold the lock file of a place while the context is open; the file is removed at the end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = _locked(path, place)
    try:
        os.ftruncate(handle, 0)
        os.write(handle, json.dumps(asdict(Owner.this_process())).encode())
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)


@contextmanager
def owning_output(output: Path | None) -> Iterator[None]:
    """Own a new file or folder that a verb writes (None: it writes nothing) while the context is open.

    The lock lies beside it and is removed at the end. Raises StudyError, which names the owner, when another
    process writes there; who waits for its turn finds the output there and is refused by that.
    """
    if output is None:
        yield
        return
    place = Path(output).absolute()
    made = [folder for folder in place.parents if not folder.exists()]
    try:
        with _holding(place.with_name(f".{place.name}.{LOCK}"), place):
            yield
    finally:
        with suppress(OSError):  # they hold what was written
            for folder in made:
                folder.rmdir()


def refuse_owned(folder: Path) -> None:
    """Raise StudyError when another process works in a folder; nothing is made or changed."""
    path = folder / WORK / LOCK
    try:
        handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    except OSError:
        return
    try:
        _lock(handle, folder)
    finally:
        os.close(handle)


def _locked(path: Path, folder: Path) -> int:
    """Return the open lock file of a folder, locked: the one that stands there, not one that was removed."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        is_ours = False
        try:
            _lock(handle, folder)
            is_ours = path.exists() and os.path.samestat(os.fstat(handle), path.stat())
        finally:
            if not is_ours:
                os.close(handle)
        if is_ours:
            return handle


def _lock(handle: int, folder: Path) -> None:
    """Take the advisory lock; where the disk has none, the owner that the file names is asked for."""
    try:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (OSError, ImportError) as refused:
        owner = _owner_in(handle)
        is_held = isinstance(refused, OSError) and refused.errno in _HELD
        if is_held or owner.lives():
            raise _in_use(folder, owner) from None


def _owner_in(handle: int) -> Owner:
    """Return the owner that a lock file names; one that was taken this moment is waited for."""
    for _ in range(_TRIES):
        owner = Owner.of(os.pread(handle, 4096, 0).decode("utf-8", "replace"))
        if owner.process:
            break
        time.sleep(_PATIENCE)
    return owner


def _in_use(folder: Path, owner: Owner) -> StudyError:
    return StudyError(
        f"the folder is in use by {owner.words()}",
        place=str(folder),
        expected="a folder or file that no other process writes to",
        remedy="wait until it has finished, or choose another with -o",
    )
