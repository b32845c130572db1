"""What stands beside a private model of events or of a table: nothing that rows were read for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.engine.learned.reading import LearnedInput
from finsim.engine.learned.saved_forms import OutputForm
from finsim.notation import Int1D
from finsim.tables.new_ids.id_form import IdForm

REMARK = "private: the number of entities stands for that of rows, and the data have no sha256 here"


def private_facts(data: LearnedInput, entities: int, remark: str) -> dict[str, Any]:
    """Return the facts of a model's card without counts of rows and without a digest of the data.

    A digest tells whoever guesses the data whether he is right.
    """
    kept = {key: value for key, value in data.facts.items() if key not in ("rows", "sha256")}
    return {
        **kept, "rows": entities, "entities": entities, "read_as": "; ".join((*data.remarks, remark, REMARK)),
    }  # fmt: skip


def private_form(data: LearnedInput, keys: Sequence[str]) -> OutputForm:
    """Return how rows come out, with identifiers that say nothing of those of the data."""
    forms = {name: IdForm(prefix="" if _are_numbers(data.table[name]) else "new-") for name in keys}
    form = OutputForm.of(data, forms)
    # Whether times have fractions is told by cells: a private model has them all as if they did.
    plain = {name: (kind, unit, "double" if kind == "ts" else stored)
             for name, (kind, unit, stored) in form.numbered.items()}  # fmt: skip
    return replace(form, text=data.text.declared(), numbered=plain)


def _are_numbers(cells: pa.ChunkedArray) -> bool:
    """Tell whether identifiers are whole numbers, as the kind of a column is no secret."""
    kind = cells.type.value_type if pa.types.is_dictionary(cells.type) else cells.type
    if pa.types.is_integer(kind):
        return True
    return bool(pc.all(pc.match_substring_regex(pc.cast(cells, pa.string()), r"^\d+$")).as_py())


def repeated_owner(data: LearnedInput) -> Int1D | None:
    """Return int64[N] the entity of each row where the column of the id repeats; None where it does not.

    Rows without an id are entities of their own.
    """
    if data.roles.id is None:
        return None
    cells = data.table[data.roles.id].combine_chunks()
    cells = cells if isinstance(cells, pa.Array) else pa.concat_arrays(cells.chunks)
    plain = cells if pa.types.is_dictionary(cells.type) else pc.dictionary_encode(cells)
    codes = np.asarray(plain.indices.fill_null(-1).to_numpy(zero_copy_only=False), dtype=np.int64)
    lacks = codes < 0
    codes[lacks] = codes.max(initial=-1) + 1 + np.arange(int(lacks.sum()))
    _, owner = np.unique(codes, return_inverse=True)
    return None if int(owner.max(initial=-1)) + 1 == len(owner) else np.asarray(owner, dtype=np.int64)
