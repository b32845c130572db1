"""``read_as``: two tables, and what of them is known -> typed sides, kind and roles, said in one line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from finsim.errors import DataError, Problem, StudyError, did_you_mean
from finsim.evaluation.reading.declared import Declared, declared_of
from finsim.evaluation.reading.guessed_roles import (
    Named,
    checked,
    doubted_entities,
    guessed,
    with_keys,
)
from finsim.evaluation.reading.kinds import (
    BARS,
    EVENTS,
    KINDS,
    TABLE,
    is_bars,
    is_events,
    is_series,
    says_bars,
)
from finsim.evaluation.reading.odd_cells import odd_cells
from finsim.evaluation.reading.sides import Sides, sides_of
from finsim.evaluation.tables.column_pairs import Roles
from finsim.tables import Dialect, Schema, open_table


@dataclass(frozen=True)
class Reading:
    """Two sides as they will be judged; ``sides`` is None for bars, which are read as prices."""

    kind: str
    roles: Roles
    sides: Sides | None
    remarks: tuple[str, ...]


def read_as(
    real: Any,
    own: Any,
    spare: Any,
    kind: str | None,
    named: Named,
    schema: Schema | None,
    dialect: Dialect | None,
) -> Reading:
    """Read two tables; kind and roles that are not given are guessed, and said.

    Raises StudyError for a kind or column that is not known, DataError for what cannot be read.
    """
    if kind is not None and kind not in KINDS:
        raise StudyError(
            f"no kind is called {kind!r}", place="evaluate: kind", expected=", ".join(KINDS),
            remedy=did_you_mean(kind, list(KINDS)),
        )  # fmt: skip
    if kind == BARS:
        return bars(named)
    declared = declared_of(real, schema, dialect, "the real side")
    headers = list(open_table(real, {}, declared.dialect).headers)
    is_open = kind is None and named == Named()
    if is_open and says_bars(declared.fields, declared.kind, headers):
        return bars(named)
    spoken = checked(named, declared, headers)
    sides = sides_of(real, own, spare, declared)
    if not sides.real.column_names:
        raise DataError(
            "no column can be read", place="the real side", expected="columns of numbers, text or dates",
            remedy="give each column a header of its own",
        )  # fmt: skip
    odd = odd_cells(real, sides.real, declared)
    texts = {one.column: replace(declared.fields[one.column], type="cat") for one in odd if one.else_type}
    meant = {
        one.column: replace(declared.fields[one.column], type=one.else_type) for one in odd if one.else_type
    }
    declared = replace(declared, fields={**declared.fields, **texts})
    roles = guessed(sides.real, declared, spoken)
    if is_open and is_bars({**declared.fields, **meant}, headers) and is_series(sides.real, roles.time):
        return bars(named)
    found = kind or _guessed_kind(declared, sides, roles)
    _refuse_without_order(found, roles)
    marked = replace(sides, real=with_keys(sides.real, declared, roles))
    asked = doubted_entities(sides.real, declared, named, roles, kind is None and found == TABLE)
    return Reading(
        found,
        roles,
        marked,
        (said_as(found, roles), *asked, *(one.said for one in odd), *_unread(declared, headers)),
    )


def _refuse_without_order(kind: str, roles: Roles) -> None:
    lacking = [name for name in ("id", "time") if getattr(roles, name) is None]
    if kind == EVENTS and lacking:
        found = "events need it, and none was found"
        raise StudyError.of(
            Problem(f"evaluate: {name}", found, "a column of the data", f"write --{name} COLUMN")
            for name in lacking
        )


def _unread(declared: Declared, headers: list[str]) -> list[str]:
    """Return a sentence on the columns of the real side that no declared column reads."""
    known = {name for key, each in declared.fields.items() for name in (key, each.source, *each.alias)}
    left = [one for one in headers if one not in known]
    return [f"not declared, so not read: {', '.join(left)}"] if left and declared.is_schema else []


def bars(named: Named) -> Reading:
    """Return the reading of prices. Raises StudyError where columns are named that prices have not."""
    given = [name for name in ("id", "time", "label", "secret", "group") if getattr(named, name)]
    if given:
        remedy = "write --kind table, or leave it out"
        raise StudyError.of(
            Problem(f"evaluate: {name}", "bars have no such column", "", remedy) for name in given
        )
    return Reading(BARS, Roles(), None, ("read as: bars",))


def _guessed_kind(declared: Declared, sides: Sides, roles: Roles) -> str:
    if declared.is_schema and declared.kind == "loans":
        return TABLE
    return EVENTS if is_events(sides.real, roles) else TABLE


def _label_said(roles: Roles) -> str | None:
    if not roles.label or not (roles.bad or roles.unsaid):
        return roles.label
    said = f"default: {' or '.join(roles.bad)}" if roles.bad else "which word means a default is not known"
    return f"{roles.label} ({said})"


def said_as(kind: str, roles: Roles) -> str:
    """Return the reading in one line."""
    parts = {
        "label": _label_said(roles), "id": roles.id, "time": roles.time,
        "secret": ", ".join(roles.secrets), "group": ", ".join(roles.groups),
    }  # fmt: skip
    told = ", ".join(f"{name} {value or 'none'}" for name, value in parts.items())
    return f"read as: {kind}; {told}"
