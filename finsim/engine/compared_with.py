"""What a stressed run is set against: the figures of one scenario of the run that was stressed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from finsim.engine.finished_run import Run
from finsim.engine.run_folder.own_records import DamagedRecordError, read_own, write_own
from finsim.errors import ResumeError

COMPARED_WITH = ".finsim/compared_with.json"
_KIND = "compared/1"
_SHAPE = {"run": str, "manifest_sha256": str, "label": str, "figures": {}}


def compared_with(run: Run) -> dict[str, Any]:
    """Return the run, its digest, and label and key figures of ``base``, or of its first scenario."""
    label = "base" if "base" in run.scenarios else run.scenarios[0]
    figures = run.manifest["scores"].get("figures", {}).get(label, {})
    return {"run": str(run.path), "manifest_sha256": run.digest, "label": label, "figures": figures}


def noted(folder: Path) -> dict[str, Any] | None:
    """Return what a run folder notes of the run that it is set against, None when there is none.

    Raises ResumeError when the note was damaged.
    """
    file = folder / COMPARED_WITH
    if not file.is_file():
        return None
    try:
        return read_own(file, _KIND, _SHAPE)
    except DamagedRecordError as bad:
        raise ResumeError(
            f"what this run is set against is damaged: {bad}",
            place=str(file),
            remedy="restore it, or stress the first run again into another folder",
        ) from None


def note(folder: Path, before: Mapping[str, Any]) -> None:
    """Note in a run folder what ``compared_with`` has returned."""
    write_own(folder / COMPARED_WITH, _KIND, before)
