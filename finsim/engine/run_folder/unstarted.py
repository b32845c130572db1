"""Folders that a run may take: new, empty, or with nothing but what a killed run left before its plan."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from finsim.errors import ResumeError
from finsim.provenance.outputs import WORK, is_leftover
from finsim.provenance.verifying.run_listing import list_run
from finsim.records.run_layout import MODEL_FOLDERS


def is_free(folder: Path) -> bool:
    """Tell whether a run may take a folder; a run writes its plan last of all that it prepares."""
    if not os.path.lexists(folder):
        return True
    if not folder.is_dir() or (folder / WORK / "plan.json").exists():
        return False
    names = set(os.listdir(folder))
    prepared = {WORK, *MODEL_FOLDERS.values()} if WORK in names else set()
    return all(_is_own(folder / name, prepared) for name in names)


def _is_own(path: Path, prepared: set[str]) -> bool:
    return is_leftover(path) or (path.name in prepared and path.is_dir() and not path.is_symlink())


def clear(folder: Path, keep: str) -> None:
    """Remove what a killed run left in a free folder, but for the file ``keep`` of its checkpoints.

    Only the owner of the folder may call it.
    """
    for path in sorted(folder.iterdir()):
        if path.name != WORK:
            _remove(path)
    for path in sorted((folder / WORK).iterdir()):
        if path.name != keep:
            _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def refuse_links(run: Path) -> None:
    """Raise ResumeError when a run holds links, devices or unreadable folders."""
    strange = list_run(run).strange
    if strange:
        raise ResumeError(
            f"{strange[0].found} ({len(strange)} in all)",
            place=str(run / strange[0].path),
            expected="regular files and folders alone",
            remedy="put the files themselves there, or start a new run",
        )
