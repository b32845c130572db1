"""``StoryPreview``: one scheme of a story as rows and as a time line, and what came of each phase."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from finsim.agents.narratives.narrative import Narrative
from finsim.engine.answers.text_table import aligned
from finsim.engine.answers.world_answer import phase_lines
from finsim.engine.narratives.story_world import early_scheme
from finsim.records.phase_counts import PhaseCount
from finsim.records.storage import write_text
from finsim.records.transactions import Transactions

ACCOUNTS, DAYS = 1_200, 180
ROWS = "rows.csv"
_WIDTH = 60
_MOST_LINES = 40
_COLUMNS = (
    "ts", "phase", "role", "from_account", "to_account", "amount", "channel", "purpose", "category", "status",
    "from_balance_after", "to_balance_after", "is_fraud", "is_laundering",
)  # fmt: skip


@dataclass(frozen=True)
class StoryPreview:
    """One scheme of a story in a small world: its rows in time order, counts by phase, remarks."""

    story: Narrative
    seed: int
    world: Transactions
    rows: pd.DataFrame
    phases: tuple[PhaseCount, ...]
    remarks: tuple[str, ...]
    stopped_by: str
    output: Path | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; amounts in minor units, times as text."""
        rows = self.rows.assign(ts=self.rows["ts"].astype(str)).astype(object)
        return {
            "narrative": self.story.id,
            "seed": self.seed,
            "stopped_by": self.stopped_by,
            "phases": [one.to_dict() for one in self.phases],
            "rows": rows.where(rows.notna(), None).to_dict("records"),
            "remarks": list(self.remarks),
            "output": None if self.output is None else str(self.output),
        }

    def to_text(self) -> str:
        """Return phases, time line and rows as the command line prints them."""
        lines = [
            f"{self.story.id}: {self.story.title}",
            f"one scheme of seed {self.seed}: {len(self.rows):,} rows, ended as {self.stopped_by}",
            *phase_lines([one.to_dict() for one in self.phases]),
            *(f"remark     {text}" for text in self.remarks),
        ]
        if len(self.rows):
            lines += ["", *timeline(self.rows), "", *self._row_lines()]
        return "\n".join(lines)

    def __repr__(self) -> str:
        """Return the lines."""
        return self.to_text()

    def _row_lines(self) -> list[str]:
        shown = self.rows.head(_MOST_LINES)
        told = [("time", "phase", "role", "payer", "payee", "amount", "channel", "purpose", "status")]
        whole = shown["amount"].to_numpy() / 100  # the small world pays in dollars
        moments = shown["ts"].dt.strftime("%m-%d %H:%M")
        words = [shown[name].astype(str) for name in ("phase", "role", "from_account", "to_account")]
        others = [shown[name].astype(str) for name in ("channel", "purpose", "status")]
        told += list(zip(moments, *words, [f"{one:,.2f}" for one in whole], *others, strict=True))
        more = len(self.rows) - len(shown)
        return [*aligned(told, numbers_from=99), *([f"and {more:,} more rows"] if more else [])]


def timeline(rows: pd.DataFrame) -> list[str]:
    """Return a line per phase over the length of the scheme: o posted, x declined, 2 to 9 several, + more."""
    nanos = rows["ts"].dt.as_unit("ns").astype("int64").to_numpy()
    span = max(1, int(nanos.max() - nanos.min()))
    place = (nanos - nanos.min()) * (_WIDTH - 1) // span
    phases = list(dict.fromkeys(rows["phase"].astype(str)))
    wide = max(len(name) for name in phases)
    lines = []
    for name in phases:
        mine = rows["phase"].astype(str).eq(name).to_numpy()
        cells = []
        for cell in range(_WIDTH):
            here = rows["status"].astype(str)[mine & (place == cell)]
            number = len(here)
            mark = " " if not number else "o" if here.eq("posted").any() else "x"
            cells.append(mark if number < 2 else str(number) if number < 10 else "+")
        lines.append(f"{name.ljust(wide)} |{''.join(cells)}|")
    start, hours = rows["ts"].min(), span / 3.6e12
    length = f"{hours:.1f} hours" if hours < 72 else f"{hours / 24:.1f} days"
    return [*lines, f"{' ' * wide}  from {start:%Y-%m-%d %H:%M} UTC, {length}"]


def preview(name: str, *, seed: int) -> StoryPreview:
    """Return one scheme of a story, by shipped name or file.

    Raises NarrativeError for a wrong file, StudyError where a role cannot be filled.
    """
    made = early_scheme(name, ACCOUNTS, DAYS, seed)
    world = made.world
    frame = world.to_pandas()
    rows = frame.loc[frame["instance"] >= 0, list(_COLUMNS)].reset_index(drop=True)
    stopped = [str(one) for one in world.patterns["stopped_by"].to_pylist()]
    return StoryPreview(
        made.story, seed, world, rows, world.phases, world.remarks, stopped[0] if stopped else "no row"
    )


def write_rows(shown: StoryPreview, folder: Path) -> StoryPreview:
    """Write the rows of a scheme as text into a folder; return the preview, which then names it."""
    write_text(folder / ROWS, shown.rows.to_csv(index=False))
    return replace(shown, output=folder)
