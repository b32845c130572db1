"""What a stressed run is set against: the figures of one scenario of the run that was stressed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from finsim.engine.finished_run import Run

COMPARED_WITH = ".finsim/compared_with.json"


def compared_with(run: Run) -> dict[str, Any]:
    """Return the run, its digest, and label and key figures of ``base``, or of its first scenario."""
    label = "base" if "base" in run.scenarios else run.scenarios[0]
    figures = run.manifest["scores"].get("figures", {}).get(label, {})
    return {"run": str(run.path), "manifest_sha256": run.digest, "label": label, "figures": figures}


def noted(folder: Path) -> dict[str, Any] | None:
    """Return what a run folder notes of the run that it is set against, None when there is none."""
    file = folder / COMPARED_WITH
    if not file.is_file():
        return None
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found
