"""Roles of a loan tape that its headers do not tell: the loan's number and day; doubts about them."""

from __future__ import annotations

from dataclasses import replace

from finsim.tables.schema import Field

_FOUND = {
    "id": ("id", "`{name}`: taken for the number of the loan, as no other column is named so"),
    "opened": ("date", "`{name}`: taken for the day on which the loan began, as no other column is named so"),
}


def complete_loans(fields: dict[str, Field], said: dict[str, tuple[str, ...]]) -> None:
    """Give the first identifier and the first date without a role the roles that a tape needs; add doubts.

    ``fields`` and ``said`` (doubts by declared name) are changed.
    """
    for role, (kind, doubt) in _FOUND.items():
        if any(field.role == role for field in fields.values()):
            continue
        name = next((one for one, field in fields.items() if field.type == kind and not field.role), None)
        if name is not None:
            fields[name] = replace(fields[name], role=role)
            said[name] = (*said[name], doubt.format(name=name))
    for name, field in fields.items():
        if field.role == "income":
            note = f"`{name}`: read as income per month; a study declares `per: year` where it is yearly"
            said[name] = (*said[name], note)
