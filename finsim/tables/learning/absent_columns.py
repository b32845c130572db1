"""Declared columns that a table lacks and may lack: new rows have none of them, and that is said."""

from __future__ import annotations

from finsim.tables.sources.source import TableSource


def absent_words(source: TableSource) -> list[str]:
    """Return in one remark which declared columns the table lacks and has a default for; [] without one."""
    lacking = {
        name: spec.default for name, spec in source.fields.items()
        if spec.default is not None and name not in source.bound
    }  # fmt: skip
    if not lacking:
        return []
    told = ", ".join(f"{name} (default {value})" for name, value in lacking.items())
    return [f"declared and not in the data, so new rows have none: {told}"]
