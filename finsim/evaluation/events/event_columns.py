"""Which columns of an event table are its amount, counterparty and channel: declared, or told by headers."""

from __future__ import annotations

import pyarrow as pa

from finsim.evaluation.events.event_case import EventColumns
from finsim.evaluation.tables.column_pairs import CATEGORY, DATE, NUMBER, Roles, distinct, kind_of, numbers
from finsim.tables.proposing.other_sides import other_sides
from finsim.tables.proposing.roles import is_id, is_time, roles
from finsim.tables.proposing.statements.side_headers import SIDE_ROLES, side_of
from finsim.tables.proposing.statements.statement_roles import statement_roles
from finsim.tables.proposing.stored_columns import texts_of
from finsim.tables.statements.two_sides import TwoSides, two_sides

LEAST_AMOUNTS = 10
LEAST_PARTNERS = 20
_LOOK = 5_000
"""First rows whose cells say who is paid, as many as a proposal looks at."""


def event_columns(real: pa.Table, own: pa.Table, played: Roles) -> EventColumns:
    """Return the columns that both sides have for each part, and a sentence that says how they are known."""
    shared = [name for name in real.column_names if name in own.column_names]
    taken = {played.id, played.time, played.label, *played.secrets, *played.groups}
    free = [name for name in shared if name not in taken]
    named = {role: header for header, role in _spoken(real, free).items()}
    said = []
    found: dict[str, str | None] = {}
    declared = {"amount": played.amount, "counterparty": played.counterparty, "channel": played.channel}
    guessed = {
        "amount": _number(real, named.get("amount")) or _amount(real, free),
        "counterparty": named.get("to_account") or named.get("merchant") or _partner(real, free),
        "channel": named.get("channel"),
    }
    if guessed["counterparty"] is None and played.id not in (None, named.get("from_account")):
        guessed["counterparty"] = named.get("from_account")
    sides = _two(real, free, played)
    if sides is not None and played.amount in (None, sides.out, sides.into):
        declared["amount"], guessed["amount"] = None, sides.out
    else:
        sides = None
    for part, name in declared.items():
        found[part] = name if name in shared else guessed[part]
        if found[part] is not None:
            shown = found[part] if part != "amount" or sides is None else f"{sides.into} less {sides.out}"
            said.append(f"{part} {shown} ({'declared' if name in shared else 'by its header'})")
    return EventColumns(
        found["amount"],
        found["counterparty"],
        found["channel"],
        ", ".join(said) or "no amount, counterparty",
        sides,
    )


def _two(real: pa.Table, free: list[str], played: Roles) -> TwoSides | None:
    """Return the two columns of the amount, as ``played`` or the headers say and the rows bear out."""
    words = {name: name for name in free}
    if played.sides is not None:
        words = dict(zip(played.sides, SIDE_ROLES, strict=True))
    able = [name for name, word in words.items()
            if name in free and side_of(word) and kind_of(real[name].type) == NUMBER]  # fmt: skip
    if {side_of(words[name]) for name in able} != {-1, 1}:
        return None
    return two_sides({name: (words[name], numbers(real[name])) for name in able})


def _spoken(real: pa.Table, free: list[str]) -> dict[str, str]:
    """Return header -> role, as a proposal of a schema reads them: who is paid by what its cells are."""
    types = {name: "date" if kind_of(real[name].type) == DATE else "" for name in free}
    named = roles(free, "payments", types)
    able = [name for name in free if kind_of(real[name].type) == CATEGORY or is_id(name)]

    def cells(name: str) -> list[str]:
        return texts_of(real[name].slice(0, _LOOK))

    if both := other_sides(named, able, cells):
        named = {name: role for name, role in named.items() if role != "to_account"}
        named |= {both[0]: "to_account", both[1]: "merchant"}
    return {**named, **statement_roles(named, able, cells)}


def time_column(real: pa.Table, played: Roles) -> str | None:
    """Return the declared time column, else the first date, by its header if it can be."""
    if played.time is not None:
        return played.time
    dates = [name for name in real.column_names if kind_of(real[name].type) == DATE]
    return next((name for name in dates if is_time(name)), dates[0] if dates else None)


def _number(real: pa.Table, name: str | None) -> str | None:
    return name if name is not None and kind_of(real[name].type) == NUMBER else None


def _amount(real: pa.Table, free: list[str]) -> str | None:
    """Return the column of numbers, no identifier, with the most distinct values."""
    numbers = [name for name in free if kind_of(real[name].type) == NUMBER and not is_id(name)]
    counts = {name: distinct(real[name]) for name in numbers}
    best = max(counts, key=lambda name: counts[name], default=None)
    return best if best is not None and counts[best] >= LEAST_AMOUNTS else None


def _partner(real: pa.Table, free: list[str]) -> str | None:
    """Return the identifier with the most distinct values that are met again, if any."""
    counts = {}
    for name in free:
        kind = kind_of(real[name].type)
        if kind == CATEGORY or (kind == NUMBER and is_id(name) and pa.types.is_integer(real[name].type)):
            found = distinct(real[name]) if is_id(name) else 0
            if LEAST_PARTNERS <= found <= real.num_rows / 2:
                counts[name] = found
    return max(counts, key=lambda name: counts[name], default=None)
