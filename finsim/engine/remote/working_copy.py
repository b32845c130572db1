"""The folder of this machine in which a remote run is worked on, and its copy in the store, kept in step."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from finsim.engine.finished_tasks import WORK, Done, record_name
from finsim.engine.remote.remote_owner import OWNER
from finsim.errors import told_as
from finsim.provenance.outputs import LOCK, is_leftover
from finsim.provenance.seal import ATTESTATION
from finsim.records.storage import replacing
from finsim.records.stores.private_copies import copies
from finsim.records.stores.remote_folder import RemoteFolder, shown

_LOG, _MANIFEST = "audit.log", "manifest.json"
_LAST = (_LOG, _MANIFEST, ATTESTATION)
"""Objects that say what the others are, in the order in which they are written: after all others."""


def copy_of(url: str) -> Path:
    """Return the folder of this machine in which the run behind a URL is worked on or read."""
    name = url.rstrip("/").rpartition("/")[2] or "run"
    folder = copies() / "runs" / hashlib.sha256(url.rstrip("/").encode()).hexdigest()[:16] / name
    told_as(folder, shown(url))
    return folder


def own_objects(names: Iterable[str]) -> list[str]:
    """Return the objects that are part of a run: all but the mark of its owner."""
    return sorted(name for name in names if name != OWNER)


def _states(folder: Path) -> Path:
    """Return the file beside a copy that says in which state each object was brought."""
    return folder.parent / "states.json"


def _kept(folder: Path) -> dict[str, list[object]]:
    try:
        found = json.loads(_states(folder).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


@dataclass
class WorkingCopy:
    """A run folder of this machine and its copy behind a URL.

    Every file is an object that is written whole, the record that names it after it, the manifest and
    its seal last of all: whoever reads the store at any moment finds a run that can be resumed, or a
    finished one.
    """

    remote: RemoteFolder
    folder: Path
    _sent: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """The URL, without what may be a secret in it."""
        return shown(self.remote.url)

    def fetch(self) -> None:
        """Bring the run to this machine, instead of what lies there."""
        shutil.rmtree(self.folder, ignore_errors=True)
        for name in own_objects(self.remote.names()):
            self.remote.fetch(name, self.folder / name)
            self._sent[name] = self._state(name)

    def refresh(self) -> None:
        """Bring to this machine what has changed in the store, or here, since it was last brought.

        The states that the store told of are kept beside the copy.
        """
        kept = _kept(self.folder)
        told = {name: state for name, state in self.remote.names().items() if name != OWNER}
        for name in [name for name in self._files() if name not in told]:
            (self.folder / name).unlink()
        for name, state in sorted(told.items()):
            file = self.folder / name
            if not (file.is_file() and kept.get(name) == [state, *self._state(name)]):
                self.remote.fetch(name, file)
        known = {name: [state, *self._state(name)] for name, state in told.items()}
        with replacing(_states(self.folder)) as temporary:
            temporary.write_text(json.dumps(known), encoding="utf-8")

    def begun(self) -> None:
        """Copy what a run prepares before its first task: the plan is the last of it."""
        plan = f"{WORK}/plan.json"
        self._send([*(name for name in self._files() if name != plan), plan])

    def finished(self, done: Done) -> None:
        """Copy the outputs of a task, then its record, then the log."""
        self._send([*done.outputs, record_name(done.key), _LOG])

    def closed(self) -> None:
        """Copy what is left, manifest and seal last, and remove what the finished run no longer has."""
        files = self._files()
        self._send([*(name for name in files if name not in _LAST), *(n for n in _LAST if n in files)])
        for name in own_objects(self.remote.names()):
            if name not in files:
                self.remote.remove(name)

    def _files(self) -> list[str]:
        found = (path for path in sorted(self.folder.rglob("*")) if path.is_file() and not is_leftover(path))
        names = [path.relative_to(self.folder).as_posix() for path in found]
        return [name for name in names if name != f"{WORK}/{LOCK}"]

    def _send(self, names: Iterable[str]) -> None:
        for name in names:
            state = self._state(name)
            if self._sent.get(name) != state:
                self.remote.put(self.folder / name, name)
                self._sent[name] = state

    def _state(self, name: str) -> tuple[int, int]:
        facts = (self.folder / name).stat()
        return facts.st_size, facts.st_mtime_ns
