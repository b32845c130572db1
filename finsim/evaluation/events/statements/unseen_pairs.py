"""Words that no real row has together: a purchase of groceries at a cash machine, a fee that comes in."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from finsim.evaluation.events.entity_resamples import compared, entity_weights, hits, rates_gap
from finsim.evaluation.events.event_case import EventCase, EventSide
from finsim.evaluation.events.statements.running_balances import cells
from finsim.evaluation.metric import DETECTOR, Metric, Score
from finsim.notation import Bool1D, Float2D, Int1D

SUBJECT = "words"
MOST_WORDS, MOST_PAIRS = 4_096, 2_000_000
EXPECTED = 8.0
"""Entities that would have two words in one row by chance, from which on they never do: e**-8 at most."""
SIGN = "sign of the amount"


@dataclass(frozen=True)
class Never:
    """Two columns of codes and bool[A + 1, B + 1], pairs of their words that the real rows never have."""

    first: str
    second: str
    never: Bool1D


def measure(case: EventCase) -> list[Score]:
    """Return the share of synthetic rows with words that never stand together."""
    if case.why:
        return [METRIC.missing(SUBJECT, case.why)]
    sizes = _columns(case)
    if len(sizes) < 2:
        return [METRIC.missing(SUBJECT, "fewer than two columns of words, or of words and signs")]
    real = _codes(case, case.sides[0], sizes)
    known = never_together(real, sizes, case.sides[0].sequences.entity())
    if not known:
        return [METRIC.missing(SUBJECT, "the real rows have all words with all others, as far as they tell")]
    useless = replace(case.sides[0])
    rng = case.streams.at("events", "unseen pairs")
    mixed = {name: rng.permutation(one) for name, one in real.items()}

    def counts(side: EventSide) -> Float2D:
        codes = mixed if side is useless else _codes(case, side, sizes)
        odd = np.zeros(len(side.sequences.order), dtype=np.bool_)
        for one in known:
            odd |= one.never[codes[one.first], codes[one.second]]
        return hits(side, np.ones(len(odd), dtype=np.bool_), odd)

    weights = entity_weights(case)
    return [
        compared(METRIC, case, weights, SUBJECT, counts, rates_gap, [useless], _worst(case, known, sizes))
    ]


def _columns(case: EventCase) -> dict[str, int]:
    """Return the columns of words, and how many each has; the sign of the amount is one where it differs."""
    roles = case.rows.roles
    left = {roles.label, *roles.secrets}
    found = {
        one.name: len(one.levels) for one in case.rows.columns
        if one.is_category and 2 <= len(one.levels) <= MOST_WORDS and one.name not in left
    }  # fmt: skip
    amount = case.sides[0].amount
    if amount is not None and (amount < 0).any() and (amount > 0).any():
        found[SIGN] = 2
    return found


def _codes(case: EventCase, side: EventSide, sizes: dict[str, int]) -> dict[str, Int1D]:
    """Return the codes of each column in the order of a side's rows, a missing cell and one of 0 the last."""
    found = {}
    for one in case.rows.columns:
        if one.name in sizes:
            word = cells(case, one, side)[side.sequences.order].astype(np.int64)
            found[one.name] = np.where(word < 0, len(one.levels), word)
    if SIGN in sizes:
        amount = np.zeros(len(side.sequences.order)) if side.amount is None else np.nan_to_num(side.amount)
        found[SIGN] = np.where(amount == 0, 2, amount > 0).astype(np.int64)
    return found


def never_together(codes: dict[str, Int1D], sizes: dict[str, int], entity: Int1D) -> list[Never]:
    """Return pairs of columns with words that many entities have, and never in one row."""
    names, found = list(codes), []
    every = int(entity.max(initial=-1)) + 1
    owners = {
        name: np.bincount(np.unique(entity * (sizes[name] + 1) + one) % (sizes[name] + 1),
                          minlength=sizes[name] + 1) for name, one in codes.items()
    }  # fmt: skip
    for at, first in enumerate(names):
        for second in names[at + 1 :]:
            wide, high = sizes[second] + 1, sizes[first] + 1
            if wide * high > MOST_PAIRS:
                continue
            seen = np.bincount(codes[first] * wide + codes[second], minlength=high * wide) > 0
            chance = owners[first][:, None] * owners[second] / max(every, 1)
            never = ~seen.reshape(high, wide) & (chance >= EXPECTED)
            if never.any():
                found.append(Never(first, second, never))
    return found


def _worst(case: EventCase, known: list[Never], sizes: dict[str, int]) -> str:
    """Return the pair of words that most synthetic rows have and no real one."""
    codes = _codes(case, case.sides[1], sizes)
    levels = {one.name: (*one.levels, "(empty)") for one in case.rows.columns}
    levels[SIGN] = ("out", "in", "0")
    best, said = 0, ""
    for one in known:
        wide = one.never.shape[1]
        odd = one.never[codes[one.first], codes[one.second]]
        if int(odd.sum()) <= best:
            continue
        both = codes[one.first][odd] * wide + codes[one.second][odd]
        pair, many = np.unique(both, return_counts=True)
        top = int(np.argmax(many))
        left, right = divmod(int(pair[top]), wide)
        best = int(odd.sum())
        words = f"{one.first} {levels[one.first][left]} with {one.second} {levels[one.second][right]}"
        said = f"{words}: {int(many[top]):,} synthetic rows, no real one"
    return said


METRIC = Metric(
    name="unseen_pairs",
    case="events",
    use=DETECTOR,
    unit="share",
    lowest=0.0,
    highest=1.0,
    best=0.0,
    delta=0.01,
    origin="assumption: one row in a hundred beyond real ones",
    order_free=True,
    compute=measure,
    summary="Whether rows have words together that no real row has",
    order=68,
    how=(
        "Of each pair of columns of words, and of words and the sign of the amount: pairs that no real row "
        "has, though eight entities would by chance; the share of rows with such a pair."
    ),
    misses="Pairs of rare words, and three words of which each two are met.",
    estimator="rate over rows, whole entities resampled",
    references="resampled real entities, or the hold-out / words of each column dealt at random",
)
