"""What a stored column of money says of itself: its currency and unit, as facts of the Arrow field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pyarrow as pa

from finsim.tables.schema import Field

_CCY, _UNIT = b"finsim.ccy", b"finsim.unit"


def telling(fields: Iterable[pa.Field], declared: Mapping[str, Field]) -> list[pa.Field]:
    """Return Arrow fields, those of declared money (by header) with its currency and unit."""
    found = []
    for one in fields:
        money = declared.get(one.name)
        if money is not None and money.type == "money" and money.ccy:
            facts = {**(one.metadata or {}), _CCY: money.ccy.encode(), _UNIT: money.unit.encode()}
            one = one.with_metadata(facts)
        found.append(one)
    return found


def told(field: pa.Field) -> tuple[str, str]:
    """Return the currency and unit that a stored column tells, empty where it tells none."""
    facts = field.metadata or {}
    return facts.get(_CCY, b"").decode("utf-8", "replace"), facts.get(_UNIT, b"").decode("utf-8", "replace")
