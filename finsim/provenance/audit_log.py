"""``audit.log``: an append-only NDJSON hash chain; a changed, lost or added entry breaks it.

Entry: ``{seq, ts, event, subject, payload, prev, hash}``; ``hash`` is the sha256 of the canonical
JSON of the other fields, ``prev`` the hash of the entry before (64 zeros at first). A bare chain
cannot show that its end was cut off; the manifest therefore keeps the head of the log.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from finsim.errors import ProvenanceError
from finsim.records.storage import canonical_json, digest_text

GENESIS = "0" * 64
REPAIRED = "log_repaired"
_FIELDS = {"seq", "ts", "event", "subject", "payload", "prev", "hash"}


@dataclass(frozen=True)
class Entry:
    """One entry of the log; ``seq`` counts from 0, ``ts`` is UTC in ISO 8601."""

    seq: int
    ts: str
    event: str
    subject: str
    payload: Mapping[str, Any]
    prev: str
    hash: str

    @classmethod
    def of(cls, line: str) -> Entry:
        """Parse one line; raises ValueError when it is not an entry or its hash is not its own."""
        try:
            data = json.loads(line)
        except (ValueError, RecursionError):
            raise ValueError("not JSON") from None
        if not isinstance(data, dict) or set(data) != _FIELDS or canonical_json(data) != line:
            raise ValueError("not an audit entry in canonical form")
        texts = ("ts", "event", "subject", "prev", "hash")
        if not all(isinstance(data[name], str) for name in texts) or not isinstance(data["payload"], dict):
            raise ValueError("not an audit entry: a field has another type")
        if data["hash"] != _digest(data):
            raise ValueError("the entry was changed: its hash is not that of its content")
        return cls(**data)


def _digest(data: Mapping[str, Any]) -> str:
    return digest_text(canonical_json({name: value for name, value in data.items() if name != "hash"}))


class AuditLog:
    """The log of one run, opened for appending; every entry is on disk when ``append`` returns.

    Opening an existing log verifies it. A last line that a kill cut short never belonged to the
    chain: it is cut off, and an entry ``log_repaired`` says how many bytes went. Raises
    ProvenanceError when the chain is broken anywhere else. One process writes at a time: the file is
    locked for each entry.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._count, self._head, self._size = 0, GENESIS, 0
        if self.path.is_file():
            with self._open() as file:
                self._continue(file)

    def __len__(self) -> int:
        """Return the number of entries."""
        return self._count

    @property
    def head(self) -> str:
        """The hash of the last entry; 64 zeros for an empty log."""
        return self._head

    def append(self, event: str, subject: str, payload: Mapping[str, Any]) -> Entry:
        """Write one entry and fsync it; ``payload`` is JSON data without NaN.

        Raises ProvenanceError when the payload is no JSON or another process wrote a broken log.
        """
        with self._open() as file:
            if os.fstat(file.fileno()).st_size != self._size:
                self._continue(file)
            return self._write(file, event, subject, payload)

    @contextmanager
    def _open(self) -> Iterator[IO[bytes]]:
        """Open the file for appending; one process at a time has it, and a link is not followed."""
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o666)
        with os.fdopen(handle, "r+b") as file:
            with suppress(OSError, ImportError):  # a disk without locks
                import fcntl

                fcntl.flock(handle, fcntl.LOCK_EX)
            yield file

    def _write(self, file: IO[bytes], event: str, subject: str, payload: Mapping[str, Any]) -> Entry:
        data: dict[str, Any] = {
            "seq": self._count,
            "ts": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "event": event,
            "subject": subject,
            "payload": dict(payload),
            "prev": self._head,
        }
        try:
            data["hash"] = _digest(data)
            line = (canonical_json(data) + "\n").encode()
        except (TypeError, ValueError) as bad:
            raise ProvenanceError(
                f"the payload of {event!r} is not JSON: {bad}",
                place=str(self.path),
                remedy="hand over plain data",
            ) from None
        file.write(line)
        file.flush()
        os.fsync(file.fileno())
        self._count, self._head, self._size = self._count + 1, data["hash"], self._size + len(line)
        return Entry(**data)

    def _continue(self, file: IO[bytes]) -> None:
        """Take up the chain where the file ends; cut off a torn last line."""
        text = self.path.read_bytes()
        whole = text.rfind(b"\n") + 1
        self._count, self._head = _verify(self.path, text[:whole])
        self._size = whole
        if whole < len(text):
            file.truncate(whole)
            torn = text[whole:]
            self._write(
                file,
                REPAIRED,
                self.path.name,
                {"bytes_cut": len(torn), "cut": torn[:200].decode("utf-8", "replace")},
            )


def verify_log(path: str | Path) -> tuple[int, str]:
    """Return the number of entries and the head hash of a log.

    Raises ProvenanceError with the line of the first entry that was changed, lost, added or torn.
    """
    return _verify(Path(path), _bytes(Path(path)))


def read_log(path: str | Path) -> list[Entry]:
    """Return all entries of a log, verified; raises ProvenanceError as ``verify_log`` does."""
    return list(_chain(Path(path), _bytes(Path(path))))


def read_intact(path: str | Path) -> tuple[list[Entry], ProvenanceError | None]:
    """Return the entries before the first broken one, and the error that names it (None: all are whole)."""
    found: list[Entry] = []
    try:
        for entry in _chain(Path(path), _bytes(Path(path))):
            found.append(entry)  # noqa: PERF402 - those before an error are kept
    except ProvenanceError as error:
        return found, error
    return found, None


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise ProvenanceError(
            "the run has no audit log", place=str(path), remedy="give the folder of `finsim run`"
        ) from None


def _verify(path: Path, text: bytes) -> tuple[int, str]:
    count, head = 0, GENESIS
    for entry in _chain(path, text):
        count, head = count + 1, entry.hash
    return count, head


def _chain(path: Path, text: bytes) -> Iterator[Entry]:
    head = GENESIS
    *lines, rest = text.split(b"\n")
    for seq, line in enumerate(lines):
        try:
            entry = Entry.of(line.decode("utf-8", "replace"))
        except ValueError as bad:
            raise _broken(path, seq, str(bad)) from None
        if entry.seq != seq or entry.prev != head:
            raise _broken(path, seq, "the entry does not follow the one before it")
        yield entry
        head = entry.hash
    if rest:
        raise _broken(path, len(lines), "the last entry is torn")


def _broken(path: Path, seq: int, found: str) -> ProvenanceError:
    return ProvenanceError(
        found,
        place=f"{path}:{seq + 1}",
        remedy="compare the log with a copy; entries before this line are intact",
    )
