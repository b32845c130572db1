"""What is printed: tables, the bound, and where verdicts differ."""

from __future__ import annotations

from typing import Any

from constraint_peers.engines import ENGINES
from constraint_peers.rules import ROW, SEQUENCE

HEADS = ("engine", "rules", "CPU s", "Mrow/s", "x finsim", "extra MB", "lines", "1,000 rows s")
NOTES = {engine.name: engine.note for engine in ENGINES}
EXCUSES = ("late", "failed", "missing")
Found = dict[str, dict[str, Any]]


def rule_count(sequences: bool) -> int:
    """Return how many rules a set has."""
    return len(ROW) + (len(SEQUENCE) if sequences else 0)


def text(one: dict[str, Any]) -> str:
    """Return the results of one table and one set of rules, with what the columns do not say."""
    head = f"{one['rows']:,} rows, {one['rules']} rules, which read {one['width']} bytes of a row"
    return "\n".join([head, *_table(one), *_remarks(one)])


def _table(one: dict[str, Any]) -> list[str]:
    found, rows, bound = one["found"], one["rows"], one["bound"]
    base = found.get("finsim", {}).get("cpu")
    seconds = rows / bound / 1e6
    lines = [
        HEADS,
        ("bound by reading", "-", f"{seconds:.4f}", f"{bound:.1f}", _ratio(seconds, base), "0", "-", "-"),
    ]
    lines += [(name, *_cells(got, rows, one["rules"], base)) for name, got in found.items()]
    widths = [max(len(line[place]) for line in lines) for place in range(len(HEADS))]
    shown = []
    for line in lines:
        cells = [line[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)]
        shown.append("  ".join([*cells, NOTES.get(line[0], "")]).rstrip())
    return shown


def _ratio(seconds: float, base: float | None) -> str:
    return f"{seconds / base:.2f}" if base else "-"


def _cells(got: dict[str, Any], rows: int, rules: int, base: float | None) -> tuple[str, ...]:
    if "cpu" not in got:
        why = "FAILED" if "failed" in got else "not installed"
        return ("-", f"more than {got['late']:.0f}" if "late" in got else why, *"-----")
    covered = len(got["counts"])
    return (
        str(rules) if covered == rules else f"{covered} of {rules}",
        f"{got['cpu']:.4f}",
        f"{rows / got['cpu'] / 1e6:.2f}",
        _ratio(got["cpu"], base),
        "n/a" if got["extra"] is None else f"{got['extra']:,.0f}",
        str(got["lines"]),
        f"{got['start']:.3f}",
    )


def _remarks(one: dict[str, Any]) -> list[str]:
    found, lines = one["found"], []
    first, second = (found.get(name, {}) for name in ("finsim", "finsim-2-threads"))
    if "cpu" in first:
        share = one["rows"] / first["cpu"] / 1e6 / one["bound"]
        lines.append(f"finsim goes at {share:.0%} of the bound by reading")
        peers = {name: got["cpu"] for name, got in found.items() if "cpu" in got and "finsim" not in name}
        best = min(peers, key=lambda name: peers[name], default="")
        if best:
            lines.append(
                f"quickest peer: {best}, {peers[best] / first['cpu']:.1f} times the CPU seconds of finsim"
            )
    if "cpu" in first and "cpu" in second:
        walls = f"{first['wall']:.4f} s, 2 threads {second['wall']:.4f} s"
        gain = first["wall"] / second["wall"]
        lines.append(f"wall clock {walls}: {gain:.2f} times as fast{one['load']}")
    if one["compiling"] is not None and "start" in first:
        later = f"{first['start']:.2f} s in a later process"
        lines.append(f"finsim's first 1,000 rows ever: {one['compiling']:.1f} CPU s (it compiles), {later}")
    return lines


def versions(results: list[dict[str, Any]]) -> str:
    """Return the versions of all packages."""
    known = {name: told for one in results for got in one["found"].values()
             for name, told in got.get("versions", {}).items()}  # fmt: skip
    return ", ".join(f"{name} {told}" for name, told in sorted(known.items()))


def differences(one: dict[str, Any]) -> list[str]:
    """Return a line for each rule on which engines do not count the same, and for each that failed."""
    place = f"{one['rows']:,} rows, {one['rules']} rules"
    lines = [f"{place}: {name}: {got['failed']}" for name, got in one["found"].items() if "failed" in got]
    by_rule: dict[str, dict[int, list[str]]] = {}
    for name, got in one["found"].items():
        for rule, count in got.get("counts", {}).items():
            by_rule.setdefault(rule, {}).setdefault(count, []).append(name)
    for rule, counts in by_rule.items():
        if len(counts) > 1:
            told = "; ".join(f"{count:,} by {', '.join(names)}" for count, names in counts.items())
            lines.append(f"{place}: {rule}: {told}")
    return lines
