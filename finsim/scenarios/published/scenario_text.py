"""A published table as the text of a scenario file: every number as printed, jump-off and claims."""

from __future__ import annotations

import json

from finsim.scenarios.published.published_table import Published, homes
from finsim.scenarios.variables import EQUITY, RATE, VARIABLES, VOL


def scenario_text(
    table: Published, name: str, kind: str = "supervisory", said: str = "", source: str = ""
) -> str:
    """Return the YAML text of a scenario file called ``name``; ``said`` and ``source`` tell what made it.

    Every variable is a level as published, with its level before as jump-off; a spread is the difference
    of its two columns. Columns that no world reads are kept under ``other``.
    """
    places = homes(list(table.paths))
    levels = {home: _levels(table, columns) for home, columns in places.items()}
    used = {column for columns in places.values() for column in columns}
    length = len(next(iter(table.paths.values()), ()))
    jump_off = ", ".join(f"{home}: {_number(values[0])}" for home, values in levels.items())
    lines = [
        "finsim: scenario/1",
        f"id: {name}",
        f"title: {json.dumps(table.scenario)}",
        f"kind: {kind}",
        "extends: base",
        f"narrative: {json.dumps(said or f'{table.scenario}, as published in {table.file}.')}",
        f"horizon: {{length: {length}, step: {table.step}}}",
        f"calibration: {{as_of: {table.as_of}, jump_off: {{{jump_off}}}}}",
        f"source: [{{what: all, ref: {json.dumps(source or f'{table.file}: {table.scenario}')}}}]",
        *_macro(levels),
        *_market(levels),
    ]
    rest = [column for column in table.paths if column not in used]
    if rest:
        lines += ["other:    # as published; no world of finsim reads these"]
        lines += [f"  {json.dumps(column)}: {_path(table.paths[column])}" for column in rest]
    claims = _claims(levels)
    return "\n".join([*lines, *(["expect:", *claims] if claims else [])]) + "\n"


def _levels(table: Published, columns: tuple[str, ...]) -> list[float]:
    """Return the level before and the path: the first column, less the others."""
    found = [table.before[columns[0]], *table.paths[columns[0]]]
    for column in columns[1:]:
        others = (table.before[column], *table.paths[column])
        found = [round(one - two, 9) for one, two in zip(found, others, strict=True)]
    return found


def _macro(levels: dict[str, list[float]]) -> list[str]:
    lines = []
    for name, values in levels.items():
        if name in VARIABLES:
            unit = VARIABLES[name].units["level"]
            lines.append(f"  {name}: {{unit: {unit}, as: level, path: {_path(values[1:])}}}")
    return ["macro:", *lines] if lines else []


def _market(levels: dict[str, list[float]]) -> list[str]:
    lines = []
    for key, home, unit in (("equity", "equity", EQUITY["level"]), ("vol", "vix", VOL["level"])):
        if home in levels:
            lines.append(f"  {key}: {{unit: {unit}, as: level, path: {_path(levels[home][1:])}}}")
    return ["market:", *lines] if lines else []


def _claims(levels: dict[str, list[float]]) -> list[str]:
    lines = []
    if "unemployment" in levels and VARIABLES["unemployment"].units is RATE:
        peak = max(levels["unemployment"])
        lines.append(f"  - {{metric: macro.unemployment.peak, equals: {_number(peak)}, tol: 0.000001}}")
    trough = min(levels["equity"][1:]) / levels["equity"][0] - 1.0 if "equity" in levels else 0.0
    if trough < 0.0:  # an index that stays above its start has no trough
        lines.append(f"  - {{metric: driver.equity.trough, equals: {round(trough, 9)!r}, tol: 0.000001}}")
    return lines


def _path(values: tuple[float, ...] | list[float]) -> str:
    return "[" + ", ".join(_number(value) for value in values) + "]"


def _number(value: float) -> str:
    return repr(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
