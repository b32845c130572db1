"""Words that an entity has of its own, as the contexts of a row have them. Twins: ``tests/naive/habits.py``.

The chance of a word is as the count that the entity has of it, times how much more often the word comes in
the contexts of the row than in all rows: a product of experts (Hinton 2002).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from finsim.kernels.kernel import bare_kernel, kernel
from finsim.notation import Float1D, Float2D, Int1D


@bare_kernel
def lift(table: Float2D, alone: Float1D, place: Any, word: Any) -> Any:
    """Return the share of a word in a row of a cumulative table over that in all rows."""
    inside, usual = table[place, word], alone[word]
    if word > 0:
        inside -= table[place, word - 1]
        usual -= alone[word - 1]
    return max(inside, 0.0) / usual if usual > 0.0 else 0.0


@kernel
def draw_own_words(
    entity: Int1D, place: Int1D, draws: Float1D, ends: Int1D, own: Int1D, counts: Float1D, table: Float2D,
    alone: Float1D, out: Int1D,
) -> None:  # fmt: skip
    """Write a word of its entity for each row int64[n]; entities must have one.

    own[ends[e - 1]:ends[e]] are the words of entity e, ``counts`` how often it has each; place int64[n], the
    row of the cumulative ``table`` [contexts, W]; alone float64[W], cumulative.
    """
    for i in range(len(entity)):
        e = entity[i]
        begin = ends[e - 1] if e > 0 else 0
        total = 0.0
        for j in range(begin, ends[e]):
            total += counts[j] * lift(table, alone, place[i], own[j])
        left, out[i] = draws[i] * total, own[begin]
        for j in range(begin, ends[e]):
            part = counts[j] * lift(table, alone, place[i], own[j])
            if part > 0.0:
                out[i] = own[j]
                if left < part:
                    break
            left -= part


@kernel
def own_chances(
    entity: Int1D, word: Int1D, place: Int1D, table: Float2D, alone: Float1D, is_before: Any, plain: Float1D,
    lifted: Float1D, others: Int1D,
) -> None:  # fmt: skip
    """Write the chance of the word of each row by the other rows of its entity, or by those before it.

    plain, lifted float64[n] : by counts alone, and by the contexts too; others int64[n], how many such rows
    there are. entity int64[n] in order; ``is_before`` 1 for earlier rows alone.
    """
    counts = np.zeros(table.shape[1], np.int64)
    met = np.empty(table.shape[1], np.int64)
    begin = 0
    while begin < len(entity):
        end = begin
        while end < len(entity) and entity[end] == entity[begin]:
            end += 1
        kinds, rows = 0, 0
        for i in range(begin, end):
            if counts[word[i]] == 0:
                met[kinds], kinds = word[i], kinds + 1
            counts[word[i]] += 1
        if is_before:
            for k in range(kinds):
                counts[met[k]] = 0
        else:
            rows = end - begin - 1
        for i in range(begin, end):
            if not is_before:
                counts[word[i]] -= 1
            total = 0.0
            for k in range(kinds):
                if counts[met[k]] > 0:
                    total += counts[met[k]] * lift(table, alone, place[i], met[k])
            own = counts[word[i]]
            plain[i], others[i] = own / max(rows, 1), rows
            lifted[i] = own * lift(table, alone, place[i], word[i]) / total if total > 0.0 else 0.0
            counts[word[i]] += 1
            if is_before:
                rows += 1
        for k in range(kinds):
            counts[met[k]] = 0
        begin = end
