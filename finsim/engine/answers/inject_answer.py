"""What schemes put into a table answer on the screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from finsim.engine.answers.text_table import aligned


def inject_lines(facts: dict[str, Any]) -> list[str]:
    """Return totals, one line a narrative, what gives its rows away, and the remarks."""
    lines = [
        f"{facts['rows']:,} real rows of {facts['entities']:,} entities kept; {facts['added']:,} added "
        f"({facts['prevalence']:.4%} of all)"
    ]
    told = {one["narrative"]: one for one in facts["given_away_by"]}
    has_kinds = any(one.get("alike_column") for one in told.values())
    heads = ("narrative", "schemes", "rows", "best column", "AUC (chance)", "best pair", "AUC (chance)", "")
    more = ("column among its kind", "AUC", "pair among its kind", "AUC") if has_kinds else ()
    rows = [(*heads, *more)]
    for one in facts["narratives"]:
        away = told.get(one["narrative"])
        rows.append((
            one["narrative"], f"{one['schemes']:,}", f"{one['rows']:,}",
            *(("", "", "", "", "") if away is None else (
                away["column"], f"{away['column_auc']:.3f} ({away['column_chance']:.3f})",
                away["pair"], f"{away['pair_auc']:.3f} ({away['pair_chance']:.3f})",
                away["told"],
            )),
            *(_among_its_kind(away) if has_kinds else ()),
        ))  # fmt: skip
    lines += aligned(rows)
    return [*lines, *facts["remarks"], f"data: {facts['output']}"]


def _among_its_kind(away: Mapping[str, Any] | None) -> tuple[str, str, str, str]:
    """Return what tells rows from real ones of the same relation between accounts, where that was asked."""
    if away is None or not away["alike_column"]:
        return "", "", "", ""
    areas = f"{away['alike_column_auc']:.3f}", f"{away['alike_pair_auc']:.3f}"
    return away["alike_column"], areas[0], away["alike_pair"], areas[1]
