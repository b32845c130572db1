"""``TableCase``: what every metric of the case ``table`` gets to see."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.evaluation.settings import Settings
from finsim.evaluation.tables.column_pairs import ColumnPair, LeftOut, Roles, paired_columns, with_default
from finsim.evaluation.tables.reused_keys import ReusedKeys, reused_keys
from finsim.notation import Int1D
from finsim.randomness import Streams


@dataclass(frozen=True)
class TableCase:
    """Paired columns of a real and a synthetic table, an optional hold-out, roles, streams and settings.

    ``columns`` are all that are compared, the entity ids left out; ``left_out`` says which are not, and why.
    ``entity_*`` int64 codes of the entity of each row (None without an id): resamples and splits keep an
    entity together. ``name`` is the table's name in scores, ``keys`` what is reused of the left out keys.
    """

    columns: tuple[ColumnPair, ...]
    left_out: tuple[LeftOut, ...]
    roles: Roles
    rows_real: int
    rows_own: int
    rows_spare: int
    entity_real: Int1D | None
    entity_own: Int1D | None
    entity_spare: Int1D | None
    streams: Streams
    settings: Settings
    name: str = "table"
    keys: tuple[ReusedKeys, ...] = ()

    def column(self, name: str | None) -> ColumnPair | None:
        """Return a column by its name, or None."""
        return next((one for one in self.columns if one.name == name), None)

    def why_not(self, name: str) -> str:
        """Return why a column is not compared."""
        return next((one.reason for one in self.left_out if one.name == name), "there is no such column")


def table_case(
    real: pa.Table,
    own: pa.Table,
    holdout: pa.Table | None,
    roles: Roles,
    streams: Streams,
    settings: Settings,
    name: str = "table",
) -> TableCase:
    """Pair the columns of two tables; the entity id is no feature."""
    skipped = [roles.id] if roles.id is not None else []
    columns, left = paired_columns(real, own, holdout, skipped)
    columns = tuple(with_default(one, roles.bad) if one.name == roles.label else one for one in columns)
    sides = (real, own, holdout)
    rows = [0 if side is None else side.num_rows for side in sides]
    who = [
        None if side is None or roles.id is None or roles.id not in side.column_names
        else entity_codes(side[roles.id])
        for side in sides
    ]  # fmt: skip
    keys = reused_keys(real, own, [one.name for one in left if one.meant])
    return TableCase(
        columns, left, roles, rows[0], rows[1], rows[2], who[0], who[1], who[2], streams, settings, name, keys
    )


def entity_codes(values: pa.ChunkedArray) -> Int1D:
    """Return int64[n] codes of the entities by first appearance; each missing id is its own entity."""
    plain = values.combine_chunks()
    plain = plain.dictionary_decode() if pa.types.is_dictionary(plain.type) else plain
    encoded = pc.dictionary_encode(plain)
    codes = np.asarray(pc.fill_null(encoded.indices, -1), dtype=np.int64)
    missing = codes < 0
    codes[missing] = len(encoded.dictionary) + np.arange(int(missing.sum()))
    return codes
