"""The answer: the key figures of every scenario side by side, a stressed run beside what it came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from finsim.records.figures.figure_text import NONE, difference_text, value_text
from finsim.records.figures.key_figures import DATE, KEY_FIGURES, Figure, KeyFigure
from finsim.report.number_text import MINUS
from finsim.report.page_elements import Cell, Section, Table
from finsim.report.run_folder import RunFolder

BASE = "base"
BALANCE = "credit.balance"

Figures = Mapping[str, Figure]


def answer_section(run: RunFolder) -> Section:
    """Return the key figures of the run's scenarios, and what the run was stressed from before them."""
    title = "What it costs"
    columns = _columns(run)
    rows = [_row(line, columns) for line in KEY_FIGURES if _is_known(line, columns)]
    if not rows:
        return Section("answer", title, absent=["This run noted no key figures."])
    head = ["figure", *columns] + (["difference"] if len(columns) == 2 else [])
    table = Table(
        "key-figures",
        "Key figures by scenario",
        head,
        rows,
        "l" + "r" * (len(head) - 1),
        data={
            label: {key: figure.to_dict() for key, figure in figures.items()}
            for label, figures in columns.items()
        },
        note=_note(run),
    )
    missing = _missing(run, columns)
    blocks: list[object] = [table, *([f"Not computed: {missing}."] if missing else [])]
    return Section("answer", title, _lead(run, columns), blocks)


def _columns(run: RunFolder) -> dict[str, Figures]:
    """Return scenario -> key figures: what the run was stressed from, ``base``, then the others."""
    noted = run.scores("figures")
    found: dict[str, Figures] = {}
    before = run.scores("compared_with")
    if before:
        found[str(before["label"])] = _read(before["figures"])
    for label in sorted(run.labels, key=lambda label: label != BASE):
        name = f"{label} (this run)" if label in found else label
        found[name] = _read(noted.get(label, {}))
    return found


def _read(figures: Mapping[str, Any]) -> Figures:
    return {key: Figure.from_dict(item) for key, item in figures.items()}


def _figure(line: KeyFigure, figures: Figures) -> Figure:
    return figures.get(line.key, Figure(None, why="not noted by the run"))


def _is_known(line: KeyFigure, columns: Mapping[str, Figures]) -> bool:
    return any(_figure(line, figures).value is not None for figures in columns.values())


def _row(line: KeyFigure, columns: Mapping[str, Figures]) -> list[Cell | str]:
    shown = [_figure(line, figures) for figures in columns.values()]
    balances = [figures.get(BALANCE) for figures in columns.values()]
    cells: list[Cell | str] = [Cell(line.label, detail=line.meaning)]
    texts = [value_text(line, figure, balance) for figure, balance in zip(shown, balances, strict=True)]
    cells += [text.replace("-", MINUS) if line.unit != DATE else text for text in texts]
    if len(shown) == 2:
        moved = difference_text(line, shown[0], shown[1], (balances[0], balances[1]))
        cells.append("" if moved == NONE else moved.replace("-", MINUS))
    return cells


def _lead(run: RunFolder, columns: Mapping[str, Figures]) -> str:
    before = run.scores("compared_with")
    if before:
        return (
            f"Scenario {run.base} beside {before['label']} of the run that it was stressed from "
            f"(manifest {str(before['manifest_sha256'])[:12]}): same study, seed and fitted model where the "
            "seed was kept, so that the difference is the scenario's."
        )
    if len(columns) > 1:
        return "The same people, prices and loans under every scenario: what differs is the scenario's."
    return "One scenario was run; stress this run to see what another one costs."


def _note(run: RunFolder) -> str:
    return "Losses are those of one year over all loss draws; money is followed by its share of the balance."


def _missing(run: RunFolder, columns: Mapping[str, Figures]) -> str:
    found = dict.fromkeys(
        f"{line.label} ({figure.why})"
        for figures in columns.values()
        for line in KEY_FIGURES
        for figure in [_figure(line, figures)]
        if run.study.get(line.world) and figure.value is None
    )
    return "; ".join(found)
