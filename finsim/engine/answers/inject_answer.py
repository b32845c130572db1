"""What schemes put into a table answer on the screen."""

from __future__ import annotations

from typing import Any

from finsim.engine.answers.text_table import aligned


def inject_lines(facts: dict[str, Any]) -> list[str]:
    """Return totals, one line a narrative, what gives its rows away, and the remarks."""
    lines = [
        f"{facts['rows']:,} real rows of {facts['entities']:,} entities kept; {facts['added']:,} added "
        f"({facts['prevalence']:.4%} of all)"
    ]
    told = {one["narrative"]: one for one in facts["given_away_by"]}
    rows = [("narrative", "schemes", "rows", "best column", "AUC (chance)", "best pair", "AUC (chance)", "")]
    for one in facts["narratives"]:
        away = told.get(one["narrative"])
        rows.append((
            one["narrative"], f"{one['schemes']:,}", f"{one['rows']:,}",
            *(("", "", "", "", "") if away is None else (
                away["column"], f"{away['column_auc']:.3f} ({away['column_chance']:.3f})",
                away["pair"], f"{away['pair_auc']:.3f} ({away['pair_chance']:.3f})",
                away["told"],
            )),
        ))  # fmt: skip
    lines += aligned(rows)
    return [*lines, *facts["remarks"], f"data: {facts['output']}"]
