"""Arrow tables -> the sides of an event case: sequences, amounts, counterparties on one scale."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.evaluation.events.event_case import (
    EventCase,
    EventColumns,
    EventSide,
    Sequences,
    sequences,
    some_entities,
)
from finsim.evaluation.events.event_columns import event_columns, time_column
from finsim.evaluation.settings import Settings
from finsim.evaluation.tables.column_pairs import CATEGORY, DATE, Roles, kind_of, numbers
from finsim.evaluation.tables.table_case import TableCase, table_case
from finsim.notation import Float1D, Int1D
from finsim.randomness import Streams
from finsim.tables.proposing.roles import roles

MOST_ENTITIES = 20_000
LEAST_ENTITIES = 20
_NOTHING = Sequences(np.zeros(0, np.int64), np.zeros(1, np.int64), np.zeros(0))


def event_case(
    real: pa.Table,
    own: pa.Table,
    holdout: pa.Table | None,
    played: Roles,
    streams: Streams,
    settings: Settings,
    name: str = "events",
) -> EventCase:
    """Pair the columns, sort the rows of each entity by time, and say why where that cannot be.

    A hold-out without a column that events are told by is one of the rows only.
    """
    who = played.id
    if who is None or any(who not in side.column_names for side in (real, own)):
        rows = table_case(real, own, holdout, replace(played, id=None), streams, settings, name)
        why = f"there is no column {who} on both sides" if who else "no entity column is given"
        return EventCase(rows, _NOTHING, _NOTHING, None, why=f"{why} (--id)")
    played = replace(played, time=time_column(real, played))
    rows = table_case(real, own, holdout, played, streams, settings, name)
    columns = event_columns(real, own, played)
    tables = [real, own]
    if holdout is not None:
        into = columns.sides.into if columns.sides else None
        told_by = (who, played.time, columns.amount, into, columns.partner, columns.channel)
        lacks = [one for one in told_by if one is not None and one not in holdout.column_names]
        if lacks:
            said = f"{columns.told}; hold-out not used, it has no {', '.join(lacks)}"
            columns = replace(columns, told=said)
        else:
            tables.append(holdout)
    whole = _sequences(rows)[: len(tables)]
    sides = _sides(tables, whole, columns, played, streams)
    spare = whole[2] if len(whole) > 2 else None
    return EventCase(rows, whole[0], whole[1], spare, columns, sides, _why(sides))


def _why(sides: tuple[EventSide, ...]) -> str:
    """Return why nothing of the case can be computed, or nothing."""
    for name, side in zip(("real", "synthetic", "held-out"), sides, strict=False):
        if side.sequences.count < LEAST_ENTITIES:
            return f"{side.sequences.count} entities on the {name} side; needs {LEAST_ENTITIES}"
    return ""


def _sequences(rows: TableCase) -> list[Sequences]:
    """Return the sequences of each side; without a usable time the rows stay in the order of the table."""
    pair = rows.column(rows.roles.time)
    found = []
    for entity, role in ((rows.entity_real, "real"), (rows.entity_own, "own"), (rows.entity_spare, "spare")):
        if entity is not None:
            days = np.full(len(entity), np.nan)
            if pair is not None and pair.kind != CATEGORY:
                days = np.asarray(getattr(pair, role), dtype=np.float64)
            found.append(sequences(entity, days))
    return found


def _sides(
    tables: list[pa.Table], whole: list[Sequences], columns: EventColumns, told: Roles, streams: Streams
) -> tuple[EventSide, ...]:
    partners = _coded(tables, columns.partner)
    channels = _coded(tables, columns.channel)
    is_shop = roles([columns.partner or ""], "payments").get(columns.partner or "") == "merchant"
    is_shop = told.is_shop if told.counterparty is not None else is_shop
    owners = None
    if columns.partner is not None and told.id is not None and not is_shop:
        owners = _owners(tables, columns.partner, told.id)
    sides = []
    for k, (table, one) in enumerate(zip(tables, whole, strict=True)):
        chosen = np.arange(one.count)
        if one.count > MOST_ENTITIES:
            rng = streams.at("events", "entities", k)
            chosen = np.sort(rng.choice(one.count, MOST_ENTITIES, replace=False))
        kept = some_entities(one, chosen)[0]
        amount = None if columns.amount is None else _amounts(table, columns)[kept.order]
        owner = None
        if owners is not None and one.count:
            owner = owners[k][one.order[one.start[chosen]]]
        sides.append(
            EventSide(
                kept,
                amount,
                None if partners is None else partners[k][kept.order],
                owner,
                None if channels is None else channels[k][kept.order],
            )
        )
    return tuple(sides)


def _amounts(table: pa.Table, columns: EventColumns) -> Float1D:
    """Return the amounts of rows, NaN where missing; of two columns below 0 where money goes out."""
    sides = columns.sides
    found = [
        _numbers(table, name) for name in ([columns.amount] if sides is None else [sides.out, sides.into])
    ]
    return found[0] if sides is None else sides.together(*found)


def _numbers(table: pa.Table, name: str | None) -> Float1D:
    if name is None or kind_of(table[name].type) in (CATEGORY, DATE):
        return np.full(table.num_rows, np.nan)
    values = numbers(table[name])
    return np.where(np.isfinite(values), values, np.nan)


def _texts(values: pa.ChunkedArray) -> pa.Array:
    whole = values.combine_chunks()
    whole = whole.dictionary_decode() if pa.types.is_dictionary(whole.type) else whole
    if pa.types.is_floating(whole.type) or pa.types.is_duration(whole.type):
        whole = pc.cast(whole, pa.int64(), safe=False)
    return pc.cast(whole, pa.string())


def _coded(tables: list[pa.Table], name: str | None) -> list[Int1D] | None:
    """Return int64 codes of one column that all sides share, by decreasing frequency on the real side."""
    if name is None:
        return None
    texts = [_texts(table[name]) for table in tables]
    known = _levels(texts)
    return [np.asarray(pc.fill_null(pc.index_in(one, known), -1), dtype=np.int64) for one in texts]


def _levels(texts: list[pa.Array]) -> pa.Array:
    counts = pc.value_counts(texts[0].drop_null())
    values, sizes = counts.field("values"), np.asarray(counts.field("counts"))
    words = np.asarray(values.to_pylist(), dtype=object)
    first = [words[k] for k in np.lexsort((words.astype(str), -sizes))] if len(words) else []
    later = sorted({one for text in texts[1:] for one in pc.unique(text).drop_null().to_pylist()})
    seen = set(first)
    return pa.array([*first, *(one for one in later if one not in seen)], pa.string())


def _owners(tables: list[pa.Table], partner: str, who: str) -> list[Int1D]:
    """Return int64[n] the code of the entity of each row among the counterparties, -1 where it is none."""
    known = _levels([_texts(table[partner]) for table in tables])
    return [
        np.asarray(pc.fill_null(pc.index_in(_texts(table[who]), known), -1), dtype=np.int64)
        for table in tables
    ]
