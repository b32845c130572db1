"""Ids and references of added rows: as those of the table lie in time, none of them twice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.notation import Array, Bool1D, Int1D
from finsim.randomness import Streams
from finsim.tables.new_ids.id_series import IdSeries, codes_in
from finsim.tables.new_ids.ids_in_time import IdsInTime
from finsim.tables.new_ids.known_ids import KnownIds

_COUNTED = "the ids are counted, so those of added rows follow the last; do not train on it"
APART = "the numbers lie {apart} apart, and those of added rows between them do not; do not train on it"


def new_row_ids(
    known: KnownIds, real: pa.ChunkedArray, lent: pa.ChunkedArray | pa.Array, when: tuple[Int1D, Int1D],
    kind: pa.DataType, streams: Streams,
) -> tuple[pa.Array, str]:  # fmt: skip
    """Return an id for each added row, and what of it gives the row away, in words.

    They are in ``kind`` without its dictionary or in a wider type. ``known`` are the ids of the whole table,
    ``real`` those of its sampled rows, ``lent`` those of the rows that added ones are like: of several series
    an id is of the same; ``when``: times of the real and of the added rows (ns). Counted ids go on behind
    the last of their series. Raises OverflowError where none has room.
    """
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    if known.is_number and known.counted:
        return known.fresh(len(when[1]), kind, streams), _COUNTED
    text = real.cast(plain).cast(pa.string())
    is_there = np.asarray(text.is_valid().to_numpy(), dtype=np.bool_)
    ids = IdsInTime.of(text.drop_null().to_pylist(), when[0][is_there])
    like = lent.cast(plain).cast(pa.string()).to_pylist()
    counted = known.texts.dense if not known.is_number and known.texts.counted else []
    if ids is not None and ids.is_in_turn:
        counted = []
    made, code = _behind_their_last(known, counted, like)
    left = np.flatnonzero(code < 0)
    told = [_COUNTED] if len(left) < len(made) else []
    if len(left):
        rest, why = _among_others(
            known, ids, ([like[at] for at in left], when[1][left], made), plain, streams
        )
        if len(left) == len(made):
            return (known.fresh(len(made), kind, streams), "") if rest is None else (rest, why)
        if rest is None:  # what is in no series has no numbers either: behind the last of the longest
            made, _ = _behind_their_last(known, counted, [None if one < 0 else word for word, one in
                                                          zip(like, code.tolist(), strict=True)])  # fmt: skip
        else:
            made[left] = rest.to_pylist()
            told += [why] if why else []
    return pa.array(made.tolist(), plain), "; ".join(told)


def _behind_their_last(
    known: KnownIds, counted: Sequence[IdSeries], like: Sequence[str | None]
) -> tuple[Array, Int1D]:
    """Return texts behind the last of the counted series of each row, and which one that is: -1 for none."""
    code = codes_in(counted, like, 0 if counted else -1)
    made = np.full(len(like), None, dtype=object)
    for at, one in enumerate(counted):
        mine = np.flatnonzero(code == at)
        made[mine] = known.following(one, len(mine))
    return made, code


def _among_others(
    known: KnownIds, ids: IdsInTime | None, asked: tuple[list[str | None], Int1D, Array], plain: pa.DataType,
    streams: Streams,
) -> tuple[pa.Array | None, str]:  # fmt: skip
    """Return ids between real ones, and what gives them away; None without numbers and without room.

    ``asked``: whom they are like, when, and ids made already.
    """
    like, time, made = asked
    given = {one for one in made.tolist() if one is not None}

    def free(words: list[str]) -> Bool1D:
        taken = known.taken(pa.array(map(int, words) if known.is_whole else words, plain))
        return np.asarray(~taken & ~np.array([word in given for word in words], dtype=np.bool_))

    try:
        found = ids.new(time, free, streams.at("ids", "in time"), like) if ids else None
    except (OverflowError, pa.ArrowInvalid):  # a number beside the last has no room in the type
        found = None
    if ids is None or found is None:
        return None, ""
    told = APART.format(apart=ids.apart) if ids.apart > 1 else ""
    return pa.array(map(int, found) if known.is_whole else found, plain), told


def new_references(
    kept: pa.ChunkedArray | pa.Array, real: pa.ChunkedArray, when: tuple[Int1D, Int1D], streams: Streams,
    known: KnownIds | None = None,
) -> tuple[pa.Array, str]:  # fmt: skip
    """Return references in the form of the real ones in place of lent ones, as ``new_row_ids``; gaps stay.

    ``known`` are those of the whole table, where it has more rows than ``real``.
    """
    plain = real.type.value_type if pa.types.is_dictionary(real.type) else real.type
    flat = real.combine_chunks().cast(plain)
    if known is None:
        known = KnownIds.of(plain)
        known.note(flat)
    lent = (kept.combine_chunks() if isinstance(kept, pa.ChunkedArray) else kept).cast(plain)
    fresh, told = new_row_ids(known, pa.chunked_array([flat]), lent, when, plain, streams)
    return pc.if_else(lent.is_valid(), fresh, lent), told
