"""Added rows: payments of schemes as rows of the table, with labels, and the table of schemes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as member

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.engine.injection.accounts.account_sorts import RECEIPTS
from finsim.engine.injection.accounts.transfer_words import TransferWords
from finsim.engine.injection.entity_histories import NOBODY, Histories
from finsim.engine.injection.ids_in_order import IdsInOrder, ids_in_order
from finsim.engine.injection.ledger_columns import ACCOUNTS, LABELS, label_names
from finsim.engine.injection.ledger_population import LedgerPopulation
from finsim.engine.injection.ledger_rows import Ledger
from finsim.engine.injection.ledger_sample import LedgerSample
from finsim.engine.injection.local_clock import from_wall
from finsim.engine.injection.money.amount_steps import at_steps
from finsim.engine.injection.money.sided_sums import sided_sums
from finsim.engine.injection.new_row_ids import new_references, new_row_ids
from finsim.engine.injection.own_flag import OwnFlag
from finsim.engine.injection.payment_rows import Row, rows_of
from finsim.engine.injection.row_templates import Templates
from finsim.engine.injection.scheme_planning import PlannedScheme
from finsim.engine.injection.written_cells import amount_cells, held, time_cells
from finsim.notation import Array, Cents1D, Int1D
from finsim.randomness import Streams
from finsim.records.columns import INSTANT, LABEL, TEXT, column
from finsim.records.transactions import TRANSACTION_SCHEMA

LABEL_FIELDS = tuple(TRANSACTION_SCHEMA.field(name) for name in LABELS)
PATTERNS = pa.schema(
    [
        column("instance", pa.int64(), "key of the scheme", role=LABEL),
        column("narrative", TEXT, "id of the narrative file", role=LABEL),
        column("typology", TEXT, "typology of its variant", role=LABEL),
        column("decoy", pa.bool_(), "benign look-alike", role=LABEL),
        column("is_fraud", pa.bool_(), "at least one row is fraud", role=LABEL),
        column("is_laundering", pa.bool_(), "at least one row is laundering", role=LABEL),
        column("start", INSTANT, "first row", role=LABEL),
        column("end", INSTANT, "last row", role=LABEL),
        column("rows", pa.int64(), "rows added to the table", "rows", role=LABEL),
        column(
            "amount", pa.float64(), "sum of what its rows move, in units of the amount column", role=LABEL
        ),
        column("entities", pa.list_(pa.string()), "who pays and is paid, merchants included", role=LABEL),
    ]
)


@dataclass(frozen=True)
class Added:
    """Added rows in time order: ``cells`` as the table writes them and the labels; arrays of shape [m].

    ``time`` ns UTC; ``entity`` whose row it is; ``instance`` its scheme; ``moved`` what is paid, 0 in the
    second of two rows of a payment; ``told`` says of columns of ids, by header, how they give rows away;
    ``before``: the number of the real row before which each stands, where its id says so; ``relation`` as in
    ``AccountSorts``; ``other`` who is on the other side, -1 for none.
    """

    cells: pa.Table
    time: Int1D
    entity: Int1D
    instance: Int1D
    narrative: Array
    moved: Cents1D
    told: dict[str, str]
    before: Int1D | None = None
    relation: Int1D = member(default_factory=lambda: np.zeros(0, np.int64))
    other: Int1D = member(default_factory=lambda: np.zeros(0, np.int64))


def added_rows(
    schemes: Sequence[PlannedScheme], world: LedgerPopulation, sample: LedgerSample, past: Histories,
    ledger: Ledger, lent: Templates, streams: Streams, flag: OwnFlag | None = None,
) -> Added:  # fmt: skip
    """Return the rows of all schemes, with cells lent by real rows; times on the table's own grain.

    Schemes are timed by the clock of the table's zone.
    ``flag`` is the table's own of fraud, which says what the label says.
    """
    found: list[Row] = []
    words = lent.words
    for number, scheme in enumerate(schemes):
        rng = streams.at("rows", scheme.instance)
        for row in range(len(scheme)):
            found += rows_of(scheme, row, number, world, (past, ledger, lent), rng)
    wall = np.array([one.time for one in found], dtype=np.int64)
    for one, time in zip(found, from_wall(wall - wall % sample.grain, sample.zone).tolist(), strict=True):
        one.time = time
    found.sort(key=lambda one: (one.time, one.scheme))  # stable: payments of one scheme stay in order
    found, ordered = _ordered(found, sample, ledger, lent, streams)
    cells, told = _cells(found, sample, past, ledger, lent, streams, ordered)
    for at in words.columns if words else ():
        worded = np.array([one.worded for one in found], dtype=np.int64)
        kind = sample.cells.schema.field(at).type
        cells[at] = stored_cells(_over(cells[at], sample.cells.column(at), worded), kind)
    _lend_words(cells, found, sample)
    if flag is not None:
        kind = sample.cells.schema.field(flag.part.at).type
        cells[flag.part.at] = stored_cells(flag.cells([one.labels[0] for one in found], kind), kind)
    fields = [field.with_type(one.type) for field, one in zip(sample.cells.schema, cells, strict=True)]
    labels, named = _labels(found, schemes), label_names(sample.cells.schema.names)
    fields += [field.with_name(named[field.name]) for field in LABEL_FIELDS]
    names = np.array([schemes[one.scheme].story.id for one in found], dtype=object)
    return Added(
        pa.Table.from_arrays([*cells, *labels], schema=pa.schema(fields)),
        np.array([one.time for one in found], dtype=np.int64),
        np.array([one.entity for one in found], dtype=np.int64),
        np.array([schemes[one.scheme].instance for one in found], dtype=np.int64),
        names, np.where([one.is_second for one in found], 0, np.abs(_sums(found, lent))), told,
        ordered.before if ordered else None,
        _relations(found, world, past, words),
        np.array([one.payee for one in found], dtype=np.int64),
    )  # fmt: skip


def _lend_words(cells: list[pa.ChunkedArray | pa.Array], found: Sequence[Row], sample: LedgerSample) -> None:
    """Put single cells of rows in their place: those of real rows, and those made anew."""
    for at in sorted({at for one in found for at, _ in (*one.lent, *one.made)}):
        kind = sample.cells.schema.field(at).type
        rows = np.array([dict(one.lent).get(at, NOBODY) for one in found], dtype=np.int64)
        cells[at] = stored_cells(_over(cells[at], sample.cells.column(at), rows), kind)
        texts = [dict(one.made).get(at) for one in found]
        if any(text is not None for text in texts):
            plain = kind.value_type if pa.types.is_dictionary(kind) else kind
            cells[at] = stored_cells(
                pc.coalesce(pa.array(texts, pa.string()).cast(plain), cells[at].cast(plain)), kind
            )


def _relations(
    found: Sequence[Row], world: LedgerPopulation, past: Histories, words: TransferWords | None
) -> Int1D:
    """Return the relation of each row; of statements, as ``TransferWords.relation`` has it."""
    if words is not None and not world.sorts.is_mixed and not past.turned.any():
        return (~past.outgoing[[one.template for one in found]]).astype(np.int64)
    entity, payee, shop = (
        np.array([getattr(one, side) for one in found], dtype=np.int64)
        for side in ("entity", "payee", "shop")
    )
    came = np.array([one.is_receipt for one in found], dtype=np.bool_)
    into = RECEIPTS + world.sorts.of_payments(payee, entity, shop)
    return np.where(came, into, world.sorts.of_payments(entity, payee, shop))


def _ordered(
    found: list[Row], sample: LedgerSample, ledger: Ledger, lent: Templates, streams: Streams
) -> tuple[list[Row], IdsInOrder | None]:
    """Return the rows in the order of ids that never fall, and these; as they are where none does."""
    parts = ledger.columns.parts
    counted = {at: known for at, known in sample.references.items() if at in lent.never_twice}
    if "id" in parts and sample.ids is not None:
        counted = {parts["id"].at: sample.ids, **counted}
    columns = tuple(at for at, known in counted.items() if not known.counted)
    ordered = ids_in_order(sample, columns, np.array([one.time for one in found], dtype=np.int64), streams)
    if ordered is None:
        return found, None
    found = [found[at] for at in ordered.order.tolist()]
    for one, time in zip(found, ordered.time.tolist(), strict=True):
        one.time = time
    return found, ordered


def _cells(
    found: Sequence[Row], sample: LedgerSample, past: Histories, ledger: Ledger, lent: Templates,
    streams: Streams, ordered: IdsInOrder | None,
) -> tuple[list[pa.ChunkedArray | pa.Array], dict[str, str]]:  # fmt: skip
    """Return the cells by column, and what a column tells of added rows whatever is done, by header."""
    told: dict[str, str] = {}
    parts, cells, dialect = ledger.columns.parts, sample.cells, ledger.source.dialect
    columns = list(cells.take(pa.array([one.template for one in found], pa.int64())).columns)
    settled = np.array([one.settled for one in found], dtype=np.int64)
    for at in lent.follows_payee:
        columns[at] = _over(columns[at], cells.column(at), settled)
    columns[parts["from_account"].at] = _names(
        found, "entity", columns[parts["from_account"].at], cells, ledger, past
    )
    if ledger.columns.layout == ACCOUNTS:
        columns[parts["to_account"].at] = _names(
            found, "payee", columns[parts["to_account"].at], cells, ledger, past
        )
    if "merchant" in parts:
        shops = np.array([one.shop for one in found], dtype=np.int64)
        first = _sales(past)
        rows = np.where(shops >= 0, first[shops], NOBODY)
        is_sale = ~np.array([one.is_refund for one in found], dtype=np.bool_)
        for role in ("merchant", *(["to_account"] if "to_account" in parts else [])):
            at = parts[role].at
            here = rows if role == "merchant" else np.where(is_sale, rows, NOBODY)
            columns[at] = _over(columns[at], cells.column(at), here)
        if past.has_names:
            at = parts["merchant"].at
            other = np.array([one.payee for one in found], dtype=np.int64)
            columns[at] = holders_named(columns[at], cells.column(at), past, other)
    time = parts["date"]
    example = str(cells.column(time.at)[0])
    when = sample.time, np.array([one.time for one in found], dtype=np.int64)
    columns[time.at] = time_cells(when[1], cells.schema.field(time.at).type, time.field, dialect, example)
    place = ledger.source.place
    for part, sums, there in sided_sums(_sums(found, lent), ledger.columns):
        kind = cells.schema.field(part.at).type
        with held(place, part.header, kind, "amounts"):
            column = amount_cells(sums, ledger.scale, kind, part.field, dialect)
        columns[part.at] = pc.if_else(pa.array(there), column, pa.scalar(None, column.type))
    for one in lent.fee_columns:
        columns[one.part.at] = one.over(columns[one.part.at], [row.fee for row in found], ledger)
    taken = -1
    if ordered is not None:
        taken, name = ordered.at, cells.schema.field(ordered.at).name
        columns[taken], told[name] = ordered.cells, ordered.told
    if "id" in parts and sample.ids is not None and parts["id"].at != taken:
        kind = cells.schema.field(parts["id"].at).type
        with held(place, parts["id"].header, kind, "ids"):
            columns[parts["id"].at], told[parts["id"].header] = new_row_ids(
                sample.ids, cells.column(parts["id"].at), columns[parts["id"].at], when, kind, streams
            )
    for at in lent.never_twice:
        if at == taken:
            continue
        field = cells.schema.field(at)
        with held(place, field.name, field.type, "references"):
            columns[at], told[field.name] = new_references(
                columns[at], cells.column(at), when, streams.under("reference", at), sample.references.get(at)
            )
    return [
        one if one.type == field.type or _is_wider(one.type, field.type) else stored_cells(one, field.type)
        for one, field in zip(columns, cells.schema, strict=True)
    ], {header: text for header, text in told.items() if text}


def _sums(found: Sequence[Row], lent: Templates) -> Cents1D:
    """Return the amounts at the steps of the currencies in which the rows are."""
    rows = np.array([one.template for one in found], dtype=np.int64)
    return at_steps(np.array([one.amount for one in found], dtype=np.int64), lent.steps[rows])


def _is_wider(made: pa.DataType, stored: pa.DataType) -> bool:
    """Tell whether new whole numbers have no room in the type of a column, which is widened for them."""
    return bool(pa.types.is_integer(made) and pa.types.is_integer(stored))


def _first_rows(key: Int1D, count: int) -> Int1D:
    """Return the first row of each key, -1 where it has none."""
    found = np.full(count, NOBODY)
    rows = np.flatnonzero(key >= 0)[::-1]
    found[key[rows]] = rows
    return found


def _sales(past: Histories) -> Int1D:
    """Return a row of each merchant in which its usual account is paid, and no refund; -1 for none."""
    pair = past.shop * (past.count + 1) + past.payee + 1
    _, place, count = np.unique(pair, return_inverse=True, return_counts=True)
    often = np.where(past.outgoing & (past.shop >= 0), count[place], 0)
    order = np.lexsort((np.arange(len(often)), -often, past.shop))
    found = np.full(past.shops, NOBODY)
    kept = order[past.shop[order] >= 0]
    shops, first = np.unique(past.shop[kept], return_index=True)
    found[shops] = kept[first]
    return found


def _names(
    found: Sequence[Row], side: str, kept: pa.ChunkedArray, cells: pa.Table, ledger: Ledger, past: Histories
) -> pa.ChunkedArray:
    """Return the names of the entities of a side, from a row where each stands; ``kept`` for nobody."""
    parts = ledger.columns.parts
    entity = np.array([getattr(one, side) for one in found], dtype=np.int64)
    homes = [("from_account", _first_rows(past.own, past.count))]
    if ledger.columns.layout == ACCOUNTS:
        homes.append(("to_account", _first_rows(past.other, past.count)))
    result = kept
    for role, first in homes:
        rows = np.where(entity >= 0, first[entity], NOBODY)
        result = _over(result, cells.column(parts[role].at), rows)
    return result


def _over(column: pa.ChunkedArray | pa.Array, source: pa.ChunkedArray, rows: Int1D) -> pa.Array:
    """Return a column with the cells of ``source`` at ``rows`` where these are not -1."""
    here = pa.array(rows >= 0)
    plain = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    lent = source.take(pa.array(np.maximum(rows, 0)))
    return pc.if_else(here, _flat(lent, plain), _flat(column, plain))


def stored_cells(column: pa.ChunkedArray | pa.Array, kind: pa.DataType) -> pa.Array:
    """Return cells in the type of the table's column, coded where that is."""
    if not pa.types.is_dictionary(kind):
        return column.cast(kind)
    return _flat(column, kind.value_type).dictionary_encode().cast(kind)


def holders_named(
    column: pa.ChunkedArray | pa.Array, names: pa.ChunkedArray, past: Histories, other: Int1D
) -> pa.Array:
    """Return a column of names with those of the accounts ``other`` int64[m], empty where none is known."""
    known = np.where(names.is_valid().to_numpy(), past.other, NOBODY)
    row = _first_rows(known, past.count)[np.maximum(other, 0)]
    lent = _over(column, names, np.where(other >= 0, row, NOBODY))
    lacks = pa.array((other >= 0) & (row < 0))
    return pc.if_else(lacks, pa.scalar(None, lent.type), lent)


def _flat(column: pa.ChunkedArray | pa.Array, kind: pa.DataType) -> pa.Array:
    flat = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return flat.cast(kind)


def _labels(found: Sequence[Row], schemes: Sequence[PlannedScheme]) -> list[pa.Array]:
    values = {
        "is_fraud": [one.labels[0] for one in found],
        "is_laundering": [one.labels[1] for one in found],
        "narrative": [schemes[one.scheme].story.id for one in found],
        "instance": [schemes[one.scheme].instance for one in found],
        "phase": [one.labels[2] for one in found],
        "role": [one.labels[3] for one in found],
    }
    return [
        pa.array(values[field.name], pa.string()).dictionary_encode().cast(field.type)
        if pa.types.is_dictionary(field.type) else pa.array(values[field.name], field.type)
        for field in LABEL_FIELDS
    ]  # fmt: skip


def pattern_table(added: Added, schemes: Sequence[PlannedScheme], ledger: Ledger) -> pa.Table:
    """Return one row per scheme in ``PATTERNS``, sorted by instance."""
    parts = ledger.columns.parts
    names = [
        _flat(added.cells.column(parts[role].at), pa.string()).to_pylist()
        for role in ("from_account", "to_account", "merchant") if role in parts
    ]  # fmt: skip
    order = np.argsort(added.instance, kind="stable")
    records = []
    for scheme in sorted(schemes, key=lambda one: one.instance):
        low, high = np.searchsorted(added.instance[order], [scheme.instance, scheme.instance + 1])
        mine = order[low:high]
        if not len(mine):
            continue
        marks = scheme.labels
        records.append({
            "instance": scheme.instance, "narrative": scheme.story.id, "typology": scheme.typology,
            "decoy": scheme.story.decoy, "is_fraud": any(one[0] for one in marks),
            "is_laundering": any(one[1] for one in marks), "start": int(added.time[mine].min()),
            "end": int(added.time[mine].max()), "rows": len(mine),
            "amount": float(added.moved[mine].sum()) / ledger.scale,
            "entities": sorted({str(side[row]) for side in names for row in mine if side[row] is not None}),
        })  # fmt: skip
    columns = []
    for field in PATTERNS:
        values = [record[field.name] for record in records]
        if pa.types.is_dictionary(field.type):
            columns.append(pa.array(values, pa.string()).dictionary_encode().cast(field.type))
        else:
            columns.append(pa.array(values, field.type))
    return pa.Table.from_arrays(columns, schema=PATTERNS)
