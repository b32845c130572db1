"""What a simulated transaction world, a fitted model and sampled paths answer on the screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.engine.answers.text_table import aligned
from finsim.records.transactions import Transactions

_MOST_STORIES = 8


def world_dict(world: Transactions) -> dict[str, Any]:
    """Return counts of a transaction world: rows, accounts, shares, and schemes and rows by narrative."""
    rows = world.rows
    illicit = np.asarray(rows["is_fraud"]) | np.asarray(rows["is_laundering"])
    declined = np.asarray(rows["status"].cast(pa.string())) == "declined"
    return {
        "rows": rows.num_rows,
        "accounts": world.accounts.num_rows,
        "illicit_rows": int(illicit.sum()),
        "illicit_share": float(illicit.mean()) if rows.num_rows else 0.0,
        "declined_share": float(declined.mean()) if rows.num_rows else 0.0,
        "schemes": int(pc.sum(pc.invert(world.patterns["decoy"])).as_py() or 0),
        "narratives": stories(world.patterns),
        "phases": [one.to_dict() for one in world.phases],
        "remarks": list(world.remarks),
    }


def stories(patterns: pa.Table) -> dict[str, dict[str, int | bool]]:
    """Return schemes and rows of every narrative that occurs, by name; decoys are marked."""
    frame = patterns.select(["narrative", "decoy", "rows"]).to_pandas()
    frame["narrative"] = frame["narrative"].astype(str)
    found: dict[str, dict[str, int | bool]] = {}
    for name, part in frame.groupby("narrative", sort=True):
        found[str(name)] = {
            "schemes": len(part),
            "rows": int(part["rows"].sum()),
            "decoy": bool(part["decoy"].all()),
        }
    return found


def world_lines(facts: dict[str, Any]) -> list[str]:
    """Return the same as lines: each phase and what is remarked, then the totals and one line a narrative."""
    told = facts["narratives"]
    lines = [*phase_lines(facts["phases"]), *(f"remark     {text}" for text in facts["remarks"])]
    lines += [
        f"{facts['rows']:,} rows of {facts['accounts']:,} accounts; illicit {facts['illicit_rows']:,} "
        f"({facts['illicit_share']:.4%}) in {facts['schemes']} schemes; "
        f"declined {facts['declined_share']:.2%}"
    ]
    rows = [("narrative", "schemes", "rows", "")]
    rows += [
        (name, f"{item['schemes']:,}", f"{item['rows']:,}", "decoy" if item["decoy"] else "")
        for name, item in list(told.items())[:_MOST_STORIES]
    ]
    if told:
        lines += aligned(rows)
    if len(told) > _MOST_STORIES:
        lines.append(f"and {len(told) - _MOST_STORIES} more narratives")
    return lines


def phase_lines(phases: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the payments of each phase as aligned lines: planned, posted, declined, dropped."""
    numbers = ("planned", "posted", "declined", "dropped")
    rows = [(one["narrative"], one["phase"], *(f"{one[key]:,}" for key in numbers)) for one in phases]
    return aligned([("narrative", "phase", *numbers), *rows]) if rows else []
