"""Every name in a run folder, found without following a link."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from finsim.provenance.outputs import WORK
from finsim.provenance.verifying.finding import Finding
from finsim.records.storage import digest_file


@dataclass(frozen=True)
class RunListing:
    """The regular files of a run (path inside it -> bytes), its folders, and names that are neither.

    Files behind a link are not listed: nothing outside the run is ever opened.
    """

    run: Path
    files: Mapping[str, int]
    folders: tuple[str, ...]
    strange: tuple[Finding, ...]
    _digests: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

    def has(self, name: str) -> bool:
        """Tell whether a regular file of the run has this path."""
        return name in self.files

    def digest(self, name: str) -> str:
        """Return the sha256 of a file of the run, "" when there is none or it cannot be read."""
        if name in self.files and name not in self._digests:
            try:
                self._digests[name] = digest_file(self.run / name)
            except OSError:
                self._digests[name] = ""
        return self._digests.get(name, "")

    def is_strange(self, name: str) -> bool:
        """Tell whether a path, or a folder on its way, is a link or no regular file."""
        return any(name == one.path or name.startswith(f"{one.path}/") for one in self.strange)

    def unknown(self, known: set[str]) -> Iterator[Finding]:
        """Yield the files and empty folders that nothing in the record names; checkpoints are left out."""
        by_case = {name.casefold(): name for name in known}
        for name in self.files:
            if name not in known and not in_work(name):
                yield Finding(name, _unknown(name, by_case.get(name.casefold(), "")))
        for folder in self.folders:
            below = (*self.files, *self.folders, *known)
            is_empty = not any(name.startswith(f"{folder}/") for name in below)
            if (
                is_empty
                and not in_work(folder)
                and not any(one.path.startswith(f"{folder}/") for one in self.strange)
            ):
                yield Finding(folder, "an empty folder that the run did not make")


def in_work(name: str) -> bool:
    """Tell whether a path is that of a checkpoint, or of their folder."""
    return name == WORK or name.startswith(f"{WORK}/")


def _unknown(name: str, other: str) -> str:
    what = "the table" if name.endswith(".parquet") else "the file"
    hidden = " (a hidden name)" if any(part.startswith(".") for part in name.split("/")) else ""
    like = f"; its name differs from {other} only in case" if other else ""
    return f"{what} is not in the manifest{hidden}{like}"


def list_run(run: Path) -> RunListing:
    """Walk a run folder; links, devices and folders that cannot be read are findings."""
    files: dict[str, int] = {}
    folders: list[str] = []
    strange: list[Finding] = []
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(run / folder) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            strange.append(Finding(folder or ".", f"the folder cannot be read ({error.strerror})"))
            continue
        for entry in entries:
            name = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_symlink():
                strange.append(
                    Finding(name, f"a symbolic link (to {_target(Path(entry.path))}); it was not followed")
                )
            elif entry.is_dir(follow_symlinks=False):
                folders.append(name)
                waiting.append(name)
            elif entry.is_file(follow_symlinks=False):
                files[name] = entry.stat(follow_symlinks=False).st_size
            else:
                strange.append(Finding(name, "not a regular file; it was not opened"))
    return RunListing(run, dict(sorted(files.items())), tuple(sorted(folders)), tuple(strange))


def _target(path: Path) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return "nowhere"
