"""``write_overview``: one page over the runs of a folder: fidelity, utility and attack bound side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from finsim.errors import ProvenanceError
from finsim.evaluation.scorecard import Scorecard
from finsim.evaluation.trade_off import TradeOff, trade_off
from finsim.evaluation.uses import USES
from finsim.provenance.manifest import NAME, is_own_digest, parse_manifest, plain
from finsim.records.storage import canonical_json, digest_file, write_text
from finsim.report.figures.trade_off_figure import trade_off_figure
from finsim.report.number_text import DASH, number
from finsim.report.page import rendered
from finsim.report.page_elements import Cell, Section, Table
from finsim.report.run_folder import PAGE

OVERVIEW, CARD = "overview.html", "scorecard.json"


@dataclass(frozen=True)
class Judged:
    """One run of the folder: its name, study, verdicts by use, and its three figures.

    ``changed`` says what of scorecard or manifest is not what the record says: nothing of it is shown then.
    """

    name: str
    study: str
    verdicts: dict[str, str]
    figures: TradeOff
    changed: str = ""


def write_overview(folder: str | Path) -> Path:
    """Write FOLDER/overview.html over every run in it; return its path.

    Raises ProvenanceError when no sub-folder is a finished run.
    """
    home = Path(folder)
    runs = judged_runs(home)
    if not runs:
        raise ProvenanceError(
            "no finished run here",
            place=str(home),
            expected="a run, or a folder of runs",
            remedy="give the folder of `finsim run`, or the one above several",
        )
    page = home / OVERVIEW
    sections = [_figure_section(runs), _table_section(runs)]
    data = {"schema": "finsim.overview/1", "runs": [asdict(run) for run in runs]}
    text = canonical_json(plain(data)).replace("<", "\\u003c")
    title = f"{len(runs)} runs" if len(runs) > 1 else "One run"
    write_text(page, rendered("overview.html.j2", {"title": title, "sections": sections}, text))
    return page


def is_folder_of_runs(folder: Path) -> bool:
    """Tell whether a folder is no run itself but holds at least one."""
    if not folder.is_dir() or (folder / NAME).exists():
        return False
    return any((path / NAME).is_file() for path in folder.iterdir() if path.is_dir())


def judged_runs(home: Path) -> list[Judged]:
    """Return the finished runs directly under a folder, by name."""
    folders = (path for path in sorted(home.iterdir()) if path.is_dir() and not path.is_symlink())
    return [_read(path) for path in folders if (path / NAME).is_file()]


def _read(path: Path) -> Judged:
    manifest = parse_manifest(path)
    changed = _changed(path, manifest)
    if changed:
        return Judged(path.name, "", {}, trade_off(()), changed)
    study = str(manifest["study"].get("resolved", {}).get("id", ""))
    file = path / CARD
    card = Scorecard.read(file) if file.is_file() else Scorecard(())
    verdicts = {use: one.verdict for use, one in card.verdicts().items()}
    return Judged(path.name, study, verdicts, trade_off(card.scores))


def _changed(path: Path, manifest: Mapping[str, Any]) -> str:
    """Say whether manifest and scorecard are not what their digests say; ``finsim verify`` looks at all."""
    try:
        if not is_own_digest(manifest):
            return "the manifest was changed"
        known = {item["path"]: item["sha256"] for item in manifest["files"]}
    except (KeyError, TypeError):
        return "the manifest was changed"
    found = digest_file(path / CARD) if (path / CARD).is_file() else None
    return "" if known.get(CARD) == found else "the scorecard was changed"


def _figure_section(runs: Sequence[Judged]) -> Section:
    lead = (
        "Each run is a point with its 95 % intervals. Right and low is better: near real data, and little "
        "that an attack gets. A filled point is on the front: no other run is better on both axes."
    )
    return Section("trade-off", "What is paid for what", lead, [trade_off_figure(runs)])


def _table_section(runs: Sequence[Judged]) -> Section:
    head = ["run", "study", "fidelity", "utility", "attack bound", *USES]
    rows = [_row(run) for run in runs]
    table = Table("runs", "Runs of this folder", head, rows, "llrrr" + "l" * len(USES))
    return Section("runs", "Runs", blocks=[table])


def _row(run: Judged) -> list[Cell | str]:
    figures = []
    for one in (run.figures.fidelity, run.figures.utility):
        span = "" if one is None else f" [{number(one.low, 2)}, {number(one.high, 2)}]"
        figures.append(DASH if one is None else f"{number(one.value, 2)}{span}")
    attack = run.figures.attack
    figures.append(DASH if attack is None else number(attack.high, 2))
    marks: list[Cell | str] = [_mark(run.verdicts.get(use)) for use in USES]
    link = f"{quote(run.name)}/{PAGE}"
    told = f"{run.changed}: see finsim verify" if run.changed else run.study
    return [Cell(run.name, link=link), told, *figures, *marks]


def _mark(verdict: str | None) -> Cell:
    return Cell(DASH) if verdict is None else Cell(verdict, mark=verdict)
