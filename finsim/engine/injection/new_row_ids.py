"""Ids and references of added rows: as those of the table lie in time, none of them twice."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.notation import Bool1D, Int1D
from finsim.randomness import Streams
from finsim.tables.new_ids.ids_in_time import IdsInTime
from finsim.tables.new_ids.known_ids import KnownIds

_COUNTED = "the ids are counted, so those of added rows follow the last; do not train on it"
_APART = "the numbers lie {apart} apart, and those of added rows between them do not; do not train on it"


def new_row_ids(
    known: KnownIds, real: pa.ChunkedArray, when: tuple[Int1D, Int1D], kind: pa.DataType, streams: Streams
) -> tuple[pa.Array, str]:
    """Return an id for each added row, and what of it gives the row away, in words.

    They are in ``kind`` without its dictionary or in a wider type. ``known`` are the ids of the whole table,
    ``real`` those of its sampled rows; ``when``: times of these and of the added rows (ns). Counted ids go on
    behind the last. Raises OverflowError where none has room.
    """
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    if known.counted:
        return known.fresh(len(when[1]), kind, streams), _COUNTED
    text = real.cast(plain).cast(pa.string())
    is_there = np.asarray(text.is_valid().to_numpy(), dtype=np.bool_)
    ids = IdsInTime.of(text.drop_null().to_pylist(), when[0][is_there])

    def free(words: list[str]) -> Bool1D:
        return np.asarray(~known.taken(pa.array(map(int, words) if known.is_whole else words, plain)))

    try:
        made = ids.new(when[1], free, streams.at("ids", "in time")) if ids else None
    except (OverflowError, pa.ArrowInvalid):  # a number beside the last has no room in the type
        made = None
    if ids is None or made is None:
        return known.fresh(len(when[1]), kind, streams), ""
    told = _APART.format(apart=ids.apart) if ids.apart > 1 else ""
    return pa.array(map(int, made) if known.is_whole else made, plain), told


def new_references(
    kept: pa.ChunkedArray | pa.Array, real: pa.ChunkedArray, when: tuple[Int1D, Int1D], streams: Streams
) -> tuple[pa.Array, str]:
    """Return references in the form of the real ones in place of lent ones, as ``new_row_ids``; gaps stay."""
    plain = real.type.value_type if pa.types.is_dictionary(real.type) else real.type
    flat = real.combine_chunks().cast(plain)
    known = KnownIds.of(plain)
    known.note(flat)
    lent = (kept.combine_chunks() if isinstance(kept, pa.ChunkedArray) else kept).cast(plain)
    fresh, told = new_row_ids(known, pa.chunked_array([flat]), when, plain, streams)
    return pc.if_else(lent.is_valid(), fresh, lent), told
