"""Narratives of a study of which a run has no scheme, so that nothing of them can be learned or tested."""

from __future__ import annotations

from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from finsim.engine.answers.text_table import cut
from finsim.engine.finished_run import Run
from finsim.errors import StudyError

_MOST = 3  # names on the screen


def untold_narratives(run: Run) -> list[str]:
    """Return the shipped narratives of the study without a scheme in the first scenario, in their order.

    None is returned of a run without payments, or whose table of schemes is gone. Narratives that are files
    have ids of their own and are left out.
    """
    payments = run.manifest["study"]["resolved"].get("transactions") or {}
    named = [str(one["name"]) for one in payments.get("narratives") or []]
    if not named:
        return []
    try:
        place = run.file("patterns", run.scenarios[0])
    except StudyError:
        return []
    told = pc.unique(pq.read_table(place, columns=["narrative"])["narrative"].cast("string")).to_pylist()
    return [one for one in named if one not in told and not Path(one).suffix]


def untold_lines(run: Run) -> list[str]:
    """Return the line that names them, with why and what helps; none where every narrative is told."""
    found = untold_narratives(run)
    if not found:
        return []
    more = f" and {len(found) - _MOST} more" if len(found) > _MOST else ""
    payments = run.manifest["study"]["resolved"]["transactions"]
    size = payments.get("accounts") or payments.get("entities")
    where = f"{size:,} accounts, {payments['days']:,} days; " if size and payments.get("days") else ""
    return [cut(f"no scheme by their rates ({where}give each a `count:`): {', '.join(found[:_MOST])}{more}")]
