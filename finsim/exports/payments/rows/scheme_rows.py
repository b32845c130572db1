"""The rows of schemes: a side file with finsim's own names, and the schemes as the rows show them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.exports.payments.rows.csv_rows import CsvRows
from finsim.exports.payments.rows.payment_rows import Payments
from finsim.exports.payments.rows.row_words import renamed, whole

SIDE = ("tx_id", "is_fraud", "is_laundering", "narrative", "instance", "phase", "role")
"""Columns of the stream that the side file is made of."""
_HEADER = "row,tx_id,is_fraud,is_laundering,narrative,typology,instance,phase,role"


class SideFile:
    """``<format>_labels.csv``: each row of a scheme by its place in the main file, with finsim's own names.

    Rows that are not there belong to no scheme. Decoys are there, with both labels false.
    """

    def __init__(self, file: Path, payments: Payments) -> None:
        self._rows = CsvRows(file, _HEADER, quoted=True)
        self._typologies = payments.typologies
        self._count = 0

    def __enter__(self) -> SideFile:
        self._rows.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._rows.__exit__(None, None, None)

    def write(self, table: pa.Table) -> None:
        """Write the scheme rows of a batch of the main file, which holds every column of ``SIDE``."""
        found = np.flatnonzero(np.asarray(table["instance"]) >= 0)
        rows = table.select(list(SIDE)).take(found)
        place = pa.array(found + self._count)
        self._count += table.num_rows
        if not len(found):
            return
        told = [self._typologies.get(one, "") for one in rows["instance"].to_pylist()]
        texts = {name: renamed(rows[name], {}) for name in ("narrative", "phase", "role")}
        self._rows.write(
            place, whole(rows["tx_id"]), whole(rows["is_fraud"]), whole(rows["is_laundering"]),
            texts["narrative"], pa.array(told, pa.string()), whole(rows["instance"]), texts["phase"],
            texts["role"],
        )  # fmt: skip


def scheme_rows(payments: Payments, columns: Iterable[str]) -> pa.Table:
    """Return some columns of the chosen rows that belong to a scheme, decoys included."""
    names = list(dict.fromkeys((*columns, "instance")))
    found = [table.filter(pc.greater_equal(table["instance"], 0)) for table in payments.batches(names)]
    return pa.concat_tables(found).unify_dictionaries().combine_chunks()


def scheme_table(payments: Payments) -> pa.Table:
    """Return one row per scheme of the chosen rows: what it is, and first, last, number and sum of its rows.

    ``amount`` is that of the posted rows, in minor units. Counted from the rows that are handed over, so
    that no later row, of another bank or left out, shows through.
    """
    rows = scheme_rows(payments, ("ts", "amount", "status", "is_fraud", "is_laundering"))
    moved = pc.if_else(pc.equal(rows["status"], "posted"), rows["amount"], 0)
    rows = rows.append_column("moved", moved)
    wanted = [
        ("is_fraud", "any"), ("is_laundering", "any"), ("ts", "min"), ("ts", "max"), ("ts", "count"),
        ("moved", "sum"),
    ]  # fmt: skip
    sums = rows.group_by("instance", use_threads=False).aggregate(wanted).sort_by("instance")
    told = payments.patterns.select(["instance", "narrative", "typology", "decoy"])
    known = np.asarray(told["instance"])
    order = np.argsort(known)
    place = order[np.searchsorted(known[order], np.asarray(sums["instance"]))]
    facts = told.take(place)
    names = ["instance", "narrative", "typology", "decoy", "is_fraud", "is_laundering", "start", "end"]
    columns = [facts[name] for name in names[:4]] + [
        sums[name]
        for name in ("is_fraud_any", "is_laundering_any", "ts_min", "ts_max", "ts_count", "moved_sum")
    ]
    return pa.table(dict(zip([*names, "rows", "amount"], columns, strict=True)))
