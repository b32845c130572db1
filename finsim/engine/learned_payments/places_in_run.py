"""Where a run keeps what belongs to learned payments, and the address of their random numbers."""

from __future__ import annotations

from pathlib import Path

from finsim.engine.finished_tasks import WORK
from finsim.records.run_layout import MODEL_FOLDERS

MODEL = MODEL_FOLDERS["transactions"]
"""Folder of the fitted model of payments inside a run."""
LEARN, LIFE = ("agents", "learn"), ("agents", "life", "learned")
"""Addresses of the streams of fit and sampling."""


def life_file(run: Path, shard: int) -> Path:
    """Return the file of a shard's ordinary payments, before any scenario."""
    return run / WORK / "life" / f"{shard:05d}.arrow"


def facts_file(run: Path, shard: int) -> Path:
    """Return the file of the facts of a shard's ordinary payments."""
    return run / WORK / "life" / f"{shard:05d}.npz"


def twin_file(run: Path) -> Path:
    """Return the file of the rows that a body made which was fitted again without some entities."""
    return run / WORK / "twin" / "own.arrow"
