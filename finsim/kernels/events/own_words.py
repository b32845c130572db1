"""Words that an entity has of its own, as the contexts of a row have them. Twins: ``tests/naive/habits.py``.

The chance of a word is as the count that the entity has of it, times how much more often the word comes in
the contexts of the row than in all rows: a product of experts (Hinton 2002).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from finsim.kernels.kernel import bare_kernel, kernel
from finsim.notation import Float1D, Float2D, Int1D


class Own(NamedTuple):
    """Words of entity e: word[ends[e - 1]:ends[e]] int64, ``counts`` float64 times each; ends int64[E]."""

    ends: Int1D
    word: Int1D
    counts: Float1D


class Context(NamedTuple):
    """Cumulative shares of words: ``table`` float64[contexts, W], alone float64[W].

    place int64[n] : the context of each row.
    """

    table: Float2D
    alone: Float1D
    place: Int1D


class OwnChances(NamedTuple):
    """What is written, [n] each: chances float64 by counts alone and by the context too.

    others int64, how many rows they rest on.
    """

    plain: Float1D
    lifted: Float1D
    others: Int1D


@bare_kernel
def lift(context: Context, i: Any, word: Any) -> Any:
    """Return the share of a word in the context of row i over that in all rows."""
    inside, usual = context.table[context.place[i], word], context.alone[word]
    if word > 0:
        inside -= context.table[context.place[i], word - 1]
        usual -= context.alone[word - 1]
    return max(inside, 0.0) / usual if usual > 0.0 else 0.0


@kernel
def draw_own_words(entity: Int1D, context: Context, draws: Float1D, own: Own, out: Int1D) -> None:
    """Write a word of its entity for each row int64[n]; entities must have one."""
    for i in range(len(entity)):
        e = entity[i]
        begin = own.ends[e - 1] if e > 0 else 0
        total = 0.0
        for j in range(begin, own.ends[e]):
            total += own.counts[j] * lift(context, i, own.word[j])
        left, out[i] = draws[i] * total, own.word[begin]
        for j in range(begin, own.ends[e]):
            part = own.counts[j] * lift(context, i, own.word[j])
            if part > 0.0:
                out[i] = own.word[j]
                if left < part:
                    break
            left -= part


@kernel
def own_chances(entity: Int1D, word: Int1D, context: Context, is_before: Any, out: OwnChances) -> None:
    """Write the chance of the word of each row by the other rows of its entity, or by those before it.

    entity int64[n] in order; ``is_before`` 1 for earlier rows alone.
    """
    size = context.table.shape[1]
    counts, met = np.zeros(size, np.int64), np.empty(size, np.int64)
    begin = 0
    while begin < len(entity):
        end, kinds = begin, 0
        while end < len(entity) and entity[end] == entity[begin]:
            if counts[word[end]] == 0:
                met[kinds], kinds = word[end], kinds + 1
            counts[word[end]] += 1
            end += 1
        rows = end - begin - 1
        if is_before:
            rows = 0
            for k in range(kinds):
                counts[met[k]] = 0
        for i in range(begin, end):
            if not is_before:
                counts[word[i]] -= 1
            total = 0.0
            for k in range(kinds):
                if counts[met[k]] > 0:
                    total += counts[met[k]] * lift(context, i, met[k])
            own = counts[word[i]]
            out.plain[i], out.others[i] = own / max(rows, 1), rows
            out.lifted[i] = own * lift(context, i, word[i]) / total if total > 0.0 else 0.0
            counts[word[i]] += 1
            if is_before:
                rows += 1
        for k in range(kinds):
            counts[met[k]] = 0
        begin = end
