"""Why two sides are too little to compare: no shared column before too few rows."""

from __future__ import annotations

from collections.abc import Mapping


def too_little(columns: int, rows: Mapping[str, int], least: int, needed: int = 1, unit: str = "rows") -> str:
    """Return what lacks of shared columns, else of the rows (or another ``unit``) of a side; "" for enough.

    ``rows`` by the name of the side (real, synthetic, held-out); the one with the fewest is named.
    """
    if columns < needed:
        shared = "no shared column" if not columns else f"{columns} shared column{'s' if columns > 1 else ''}"
        return shared if needed == 1 else f"{shared}; needs {needed}"
    side = min(rows, key=lambda name: rows[name])
    if rows[side] < least:
        one = {"rows": "row", "entities": "entity"}[unit] if rows[side] == 1 else unit
        return f"{rows[side]:,} {one} on the {side} side; needs {least}"
    return ""
