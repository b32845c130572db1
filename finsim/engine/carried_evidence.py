"""Evidence that a scenario does not change: a stressed run takes it over from the run that was stressed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from finsim.engine.finished_run import Run
from finsim.engine.run_folder.own_records import DamagedRecordError, read_own, write_own
from finsim.errors import ProvenanceError, ResumeError
from finsim.evaluation.metric import Score
from finsim.evaluation.scorecard import Scorecard
from finsim.records.run_layout import place_of
from finsim.records.storage import digest_file

CARRIED = ".finsim/carried_evidence.json"
_KIND = "evidence/1"
_SHAPE = {"run": str, "manifest_sha256": str, "label": str, "tables": {}, "scores": [{}]}
_CARD = "scorecard.json"
_OWN_TABLES = ("bars", "loans")
"""Tables of which a run has a line of evidence for every scenario."""


@dataclass(frozen=True)
class Carried:
    """The scores of another run that hold here too: its folder, the scenario judged, its tables' sha256."""

    run: str
    manifest_sha256: str
    label: str
    tables: Mapping[str, str]
    scores: tuple[Score, ...]

    def to_dict(self) -> dict[str, str]:
        """Return what a manifest says of it."""
        return {"run": self.run, "manifest_sha256": self.manifest_sha256, "label": self.label}

    def has_same(self, file: Path, table: str) -> bool:
        """Tell whether a file has the bytes of that table in the scenario which the scores judge."""
        return digest_file(file) == self.tables.get(table)

    def of_table(self, table: str) -> list[Score]:
        """Return the scores of one table."""
        return [score for score in self.scores if score.table == table]


def carry(run: Run, folder: Path) -> None:
    """Note in a new run what another one's evidence says of model, tables and real data.

    Nothing is noted where that run was not judged. Raises ProvenanceError when its scorecard is not the one
    that its manifest names.
    """
    if not run.manifest["study"]["resolved"]["evaluation"]["enabled"]:
        return
    if "evidence_of" in run.manifest["scores"]:  # taken over itself: what it took holds here as well
        if (before := carried(run.path)) is not None:
            _note(folder, before)
        return
    named = {item["path"]: item["sha256"] for item in run.manifest["files"]}
    if digest_file(run.path / _CARD) != named.get(_CARD):
        raise ProvenanceError(
            "the scorecard is not the one that the manifest names",
            place=str(run.path / _CARD),
            remedy=f"restore it; `finsim verify {run.path}` says which files changed",
        )
    label = str(run.manifest["scores"].get("judged_scenario") or run.scenarios[0])
    other = {f"{table}, {one}" for table in _OWN_TABLES for one in run.scenarios}
    kept = [score for score in Scorecard.read(run.path / _CARD).scores if score.table not in other]
    said = f"judged on {label} of {run.path.name}"
    told = [score if said in score.note else replace(score, note=_noted(score, said)) for score in kept]
    placed = {place_of(item["path"]): str(item["sha256"]) for item in run.manifest["outputs"]}
    tables = {table: sha256 for (table, scenario), sha256 in placed.items() if scenario == label}
    _note(folder, Carried(str(run.path), run.digest, label, tables, tuple(told)))


def _note(folder: Path, one: Carried) -> None:
    scores = [score.to_dict() for score in one.scores]
    write_own(folder / CARRIED, _KIND, {**one.to_dict(), "tables": dict(one.tables), "scores": scores})


def _noted(score: Score, said: str) -> str:
    return f"{score.note}; {said}".lstrip("; ")


def carried(folder: Path) -> Carried | None:
    """Return what a run folder took over, None when nothing; raises ResumeError when it is damaged."""
    file = folder / CARRIED
    if not file.is_file():
        return None
    try:
        data: Mapping[str, Any] = read_own(file, _KIND, _SHAPE)
    except DamagedRecordError as bad:
        raise ResumeError(
            f"the evidence taken over from another run is damaged: {bad}",
            place=str(file),
            remedy="restore it, or stress the first run again into another folder",
        ) from None
    scores: Sequence[Mapping[str, Any]] = data["scores"]
    found = tuple(Score.from_dict(one) for one in scores)
    return Carried(data["run"], data["manifest_sha256"], data["label"], data["tables"], found)
