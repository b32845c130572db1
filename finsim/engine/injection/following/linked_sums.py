"""Numbers of added rows that follow from another one of their row, as they do in the real rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.engine.injection.accounts.fee_columns import units
from finsim.engine.injection.added_rows import Added
from finsim.engine.injection.ledger_columns import Part
from finsim.engine.injection.ledger_rows import Ledger
from finsim.engine.injection.ledger_sample import LedgerSample
from finsim.engine.injection.written_cells import amount_cells, held
from finsim.notation import NANOS_PER_DAY, Int1D
from finsim.randomness import Streams
from finsim.tables.links.finder import links_of
from finsim.tables.links.ledger_cells import LedgerCells

_NUMBERS, _WORDS = ("money", "float", "int"), ("cat", "id", "bool")
_KEPT = ("balance", "debit", "credit", "amount", "fraud")


def with_linked_sums(added: Added, sample: LedgerSample, ledger: Ledger, streams: Streams) -> Added:
    """Return added rows whose further numbers follow from the amount as words of real rows say (own).

    An amount in the currency of the account, what is booked of it, a fee in percent: they came with a row
    of another amount. A number that follows in no word keeps the cells of that row, and so does every number
    of a table whose amounts have a column for each side.
    """
    numbers, words = _columns(ledger)
    if len(numbers) < 2 or ledger.columns.sides is not None or not added.cells.num_rows:
        return added
    amount = ledger.columns.parts["amount"].header
    known = _cells(sample.cells, sample.time, numbers, words, ledger)
    digits = len(str(ledger.scale)) - 1
    for link in links_of(known, amount):
        if link.decimals > digits or link.name == amount:
            continue
        cells = _cells(added.cells, added.time, numbers, words, ledger)
        draws = streams.at("linked sums", link.name).random(added.cells.num_rows)
        made, old = link.computed(cells, draws), cells.numbers[link.name]
        new = ~((np.abs(made - old) < 0.5 / ledger.scale) | (np.isnan(made) & np.isnan(old)))
        part = next(one for one in numbers if one.header == link.name)
        column = added.cells.column(part.at)
        with held(ledger.source.place, part.header, column.type, "amounts"):
            sums = np.round(np.nan_to_num(made) * ledger.scale).astype(np.int64)
            told = amount_cells(sums, ledger.scale, column.type, part.field, ledger.source.dialect)
        told = pc.if_else(pa.array(np.isnan(made)), pa.scalar(None, told.type), told)
        column = pc.if_else(pa.array(new), told.cast(column.type), column)
        added = replace(added, cells=added.cells.set_column(part.at, added.cells.field(part.at), column))
    return added


def _columns(ledger: Ledger) -> tuple[list[Part], list[str]]:
    """Return the columns of numbers, the amount first, and the headers of words."""
    source, parts = ledger.source, ledger.columns.parts
    kept = {parts[role].header for role in _KEPT if role in parts}
    numbers, words = [parts["amount"]], []
    for name, header in source.bound.items():
        field = source.fields[name]
        if field.type in _NUMBERS and header not in kept:
            numbers.append(Part(header, source.headers.index(header), replace(field, null=True)))
        elif field.type in _WORDS:
            words.append(header)
    return numbers, words


def _cells(
    cells: pa.Table, time: Int1D, numbers: list[Part], words: list[str], ledger: Ledger
) -> LedgerCells:
    """Return the numbers in major units, the words and the days of rows."""
    told = {}
    for header in words:
        column = cells.column(header)
        plain = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        coded = pc.dictionary_encode(column.cast(plain).cast(pa.string()).combine_chunks())
        codes = np.asarray(pc.fill_null(coded.indices, -1), dtype=np.int64)
        told[header] = codes, coded.dictionary.to_pylist()
    values = {part.header: units(cells, part, ledger) / ledger.scale for part in numbers}
    return LedgerCells(values, told, time // NANOS_PER_DAY)
