"""Texts of a ledger as templates before it is learned, and filled from the cells of sampled rows.

A statement says ``TESCO STORES 14DEC``: the counterparty and the day of its row. Learned as it is, every text
is a word that one row has alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from finsim.engine.learned.event_parts import event_roles, two_of
from finsim.engine.learned.reading import LearnedInput
from finsim.randomness import Streams
from finsim.records.event_log import EventLog
from finsim.records.mixed_table import TIME
from finsim.tables.cells.stored import is_text
from finsim.tables.learning.mixed_columns import arrow_column
from finsim.tables.texts.filling import filled
from finsim.tables.texts.learned_texts import found_texts
from finsim.tables.texts.row_cells import RowCells, coded
from finsim.tables.texts.text_law import TextLaw


@dataclass(frozen=True)
class TextColumns:
    """What texts are made of, and the columns of the entity and the counterparty, by which digits go."""

    laws: tuple[TextLaw, ...]
    entity: str
    partner: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {"laws": [one.to_dict() for one in self.laws], "entity": self.entity,
                "partner": list(self.partner)}  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> TextColumns:
        """Return what ``to_dict`` wrote."""
        return cls(tuple(map(TextLaw.from_dict, data["laws"])), data["entity"], tuple(data["partner"]))

    def told(self) -> tuple[str, ...]:
        """Return in words what texts are made of."""
        return tuple(law.told() for law in self.laws)

    def filled(
        self,
        cells: Sequence[pa.Array],
        target: pa.Schema,
        order: Sequence[str],
        log: EventLog,
        streams: Streams,
    ) -> list[pa.Array]:
        """Return the cells of rows with templates filled; times are those of the log, on its clock."""
        found = list(cells)
        own = [
            arrow_column(log.events[name], pa.timestamp("ns"))
            if name in log.events and log.events[name].kind == TIME else cell
            for name, cell in zip(order, cells, strict=True)
        ]  # fmt: skip
        whole = RowCells.of(pa.table(dict(zip(order, own, strict=True))), self.entity, self.partner)
        whole = whole.without([law.column for law in self.laws if law.column not in self.partner])
        for law in self.laws:
            at = order.index(law.column)
            codes, words = coded(cells[at])
            known = [*words, None]
            texts = filled(law, [known[code] for code in codes.tolist()], whole, streams.word(law.column))
            found[at] = _stored(texts, target.field(at).type)
        return found


def without_texts(
    data: LearnedInput, streams: Streams, of_purpose: bool = True
) -> tuple[LearnedInput, TextColumns | None]:
    """Return a ledger with templates in place of texts that are made of other cells, and what these are.

    None where no column has such texts. Parts of events are no texts, nor are identifiers; what is taken for
    the category or purpose may be one, with ``of_purpose``.
    """
    kept = data.table.drop_columns(list(data.keys)) if data.keys else data.table
    parts = event_roles(kept, data)
    two = two_of(kept, parts, data)
    partner = tuple(dict.fromkeys(name for name in (parts.partner, *two) if name))
    fixed = {name for part, name in parts.named().items() if part != "category" or not of_purpose}
    taken = {data.roles.id, data.roles.label, *data.keys, *fixed, *partner}
    names = [one.name for one in data.table.schema if is_text(one.type) and one.name not in taken]
    if not names:
        return data, None
    entity = str(data.roles.id)
    found = found_texts(RowCells.of(data.table, entity, partner), names, streams)
    if not found:
        return data, None
    table = data.table
    for one in found:
        at = table.schema.get_field_index(one.law.column)
        kind = table.schema.field(at).type
        table = table.set_column(at, table.schema.field(at), pa.chunked_array([_stored(one.templates, kind)]))
    return replace(data, table=table), TextColumns(tuple(one.law for one in found), entity, partner)


def _stored(texts: Sequence[str | None], kind: pa.DataType) -> pa.Array:
    """Return texts in the type of a column."""
    plain = pa.array(texts, pa.string())
    if not pa.types.is_dictionary(kind):
        return plain.cast(kind)
    return plain.cast(kind.value_type).dictionary_encode().cast(kind)
