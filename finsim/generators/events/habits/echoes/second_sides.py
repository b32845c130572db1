"""Second sides of transfers: the partner's own row of a payment, at its time or booked later.

Its sum is the payment's, or differs from it as learned: by a fee, a share, or by rounding.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from dataclasses import field as member

import numpy as np

from finsim.generators.events.habits.echoes.answering_rows import NANOS_PER_DAY, Sides
from finsim.generators.events.habits.echoes.side_fees import (
    EQUAL,
    Difference,
    differences,
    nearest_opposite,
)
from finsim.notation import Bool1D, Int1D

LEAST = 20
"""Answers that tell a law (assumption)."""
MOST_CHANCE = 0.25
"""Chance matches per match above which nothing is learned (assumption)."""
BOTH_SIDES = 0.5
"""Share of the payments between entities that stand on both sides from which on all do (assumption)."""
HOUR = NANOS_PER_DAY // 24
REACHES = (0, HOUR // 6, HOUR, 6 * HOUR, NANOS_PER_DAY, 2 * NANOS_PER_DAY, 4 * NANOS_PER_DAY)
"""How much later the second side may be booked; four days reach over a long weekend (assumption)."""
FURTHER = 1.05
"""How many times more second sides a longer reach must find (assumption)."""
AS_OTHERS = 0.95
"""Share of the equal sums that another law leaves equal from which on it is theirs too (assumption)."""
ROUNDS = 64
"""Payments of one pair and sum at most that find no second side beside others, before the rest is left."""
NEAR, FAR = (-5, -4, 4, 5), (-6, -5, 8, 9)
"""Days by which times are moved to count what meets by chance: no week, and beyond any reach; those of
reaches of more than a day."""


@dataclass(frozen=True)
class Pairs:
    """Rows int64[m] each: a first side and its second; ``side`` of the first ones, ``reach`` of all waits.

    ``laws``: by what sums of the two sides differ, equal ones first; ``law`` int64[m] that of each pair.
    """

    one: Int1D
    two: Int1D
    side: int
    reach: int
    laws: tuple[Difference, ...] = (EQUAL,)
    law: Int1D = member(default_factory=lambda: np.zeros(0, np.int64))


def second_sides(sides: Sides, count: int, payer: int = -1) -> Pairs | None:
    """Return the pairs of a log with ``count`` sides; None where few payments have one, or by chance.

    The shortest wait that finds nearly all is taken, so sums that come again days later are not paired. Of
    two rows at one time that of the side ``payer`` is the first; where none is known, that of the side which
    more rows have that are no payments between entities.
    """
    inside = sides.between_entities()
    often = np.bincount(sides.side[inside], minlength=count)
    if count < 2 or np.count_nonzero(often) < 2:
        return None
    first, second = np.argsort(-often, kind="stable")[:2].tolist()
    alone = np.bincount(sides.side[~inside], minlength=count)
    is_first = first == payer if payer in (first, second) else alone[first] >= alone[second]
    first, second = (first, second) if is_first else (second, first)
    ways = ((first, second), (second, first))
    laws = [learned_laws(sides, way) for way in ways]
    most = [len(paired(sides, way, law, reach=REACHES[-1])[0]) for way, law in zip(ways, laws, strict=True)]
    if max(most) < max(LEAST, BOTH_SIDES * min(often[first], often[second])):
        return None
    best, found = 0.0, None
    for reach in REACHES:
        for way, law in zip(ways, laws, strict=True) if reach else ((ways[0], laws[0]),):
            one, two, of = paired(sides, way, law, reach=reach)
            moved = NEAR if reach <= NANOS_PER_DAY else FAR
            by_chance = float(np.mean([len(paired(sides, way, law, day, reach)[0]) for day in moved]))
            net = len(one) - by_chance
            enough = len(one) >= LEAST and net >= BOTH_SIDES * int(often[way[0]])
            if enough and by_chance <= MOST_CHANCE * len(one) and net > FURTHER * best:
                best, found = net, Pairs(one, two, way[0], reach, law, of)
        if best * FURTHER >= max(most):
            break
    return None if found is None else _as_others(found, sides)


def _as_others(pairs: Pairs, sides: Sides) -> Pairs:
    """Return the pairs, those of equal sums under the law of others where it leaves nearly all as they are.

    Whole sums stay as they are where the second side is rounded: any other sum of such a payment would not.
    """
    law = pairs.law.copy()
    equal = np.flatnonzero(law == 0)
    for number, one in enumerate(pairs.laws[1:], start=1):
        first, second = sides.size[pairs.one[equal]], sides.size[pairs.two[equal]]
        ones = np.ones(len(equal), dtype=np.bool_)
        same = np.abs(one.keys(first, ones) - one.keys(second, ~ones)) < one.grain / 2
        if len(equal) and same.mean() >= AS_OTHERS:
            law[equal[same]] = number
            break
    return replace(pairs, law=law)


def learned_laws(sides: Sides, way: tuple[int, int]) -> tuple[Difference, ...]:
    """Return by what the sums of first and second sides differ: equal ones, and what others are told by."""
    taken = np.zeros(len(sides.size), dtype=np.bool_)
    for rows in mirrored(sides, *way, reach=REACHES[-1]):
        taken[rows] = True
    left = sides.between_entities() & (sides.size > 0) & ~taken
    one, two = (np.flatnonzero(left & (sides.side == side)) for side in way)
    if min(len(one), len(two)) < LEAST:
        return (EQUAL,)
    is_first = sides.side == way[0]
    keys = (np.where(is_first, sides.entity, sides.partner), np.where(is_first, sides.partner, sides.entity),
            sides.time)  # fmt: skip
    met = [
        [np.concatenate(side) for side in zip(*(
            nearest_opposite(keys, (one, two), day * NANOS_PER_DAY, REACHES[-1]) for day in days
        ), strict=True)]
        for days in ((0,), FAR)
    ]  # fmt: skip
    (here, there), (by_chance, chance) = met
    told = differences(
        sides.size[here], sides.size[there], (sides.size[by_chance], sides.size[chance], len(FAR))
    )
    return (EQUAL, *told)


def paired(
    sides: Sides, way: tuple[int, int], laws: tuple[Difference, ...], shift: int = 0, reach: int = 0
) -> tuple[Int1D, Int1D, Int1D]:
    """Return rows as ``mirrored`` does, of sums that differ by one of ``laws``, and which: int64[m] each.

    Those of the first law are taken first, then those of the next among what is left.
    """
    left, found = sides.size.copy(), []
    for number, law in enumerate(laws):
        sums = law.keys(left, sides.side == way[0])
        one, two = mirrored(replace(sides, size=np.where(left > 0, sums, 0.0)), *way, shift, reach)
        left[one] = left[two] = 0.0
        found.append((one, two, np.full(len(one), number)))
    one, two, law_of = (np.concatenate(part) for part in zip(*found, strict=True))
    return one, two, law_of


def mirrored(sides: Sides, first: int, second: int, shift: int = 0, reach: int = 0) -> tuple[Int1D, Int1D]:
    """Return rows with side ``first``, and beside each the partner's own row of it, with side ``second``.

    Same two parties and sum, the second at most ``reach`` nanoseconds later, int64[m] each: the earlier first
    side has the earlier second one. ``shift`` days are added to the first times, which tells what meets by
    chance.
    """
    inside = sides.between_entities() & (sides.size > 0)
    one, two = np.flatnonzero(inside & (sides.side == first)), np.flatnonzero(inside & (sides.side == second))
    if not len(one) or not len(two):
        return one[:0], two[:0]
    rows = np.concatenate([one, two])
    is_two = np.arange(len(rows)) >= len(one)
    payer = np.where(is_two, sides.partner[rows], sides.entity[rows])
    payee = np.where(is_two, sides.entity[rows], sides.partner[rows])
    time = sides.time[rows] + np.where(is_two, 0, shift * NANOS_PER_DAY)
    sums = np.unique(sides.size[rows], return_inverse=True)[1]
    order = np.lexsort((is_two, time, sums, payee, payer))
    differs = np.ones(len(rows), dtype=np.bool_)
    differs[1:] = False
    for key in (payer, payee, sums):
        differs[1:] |= key[order][1:] != key[order][:-1]
    group = np.cumsum(differs)
    late, twos = time[order], np.flatnonzero(is_two[order])
    ones = np.flatnonzero(~is_two[order])
    place = np.cumsum(is_two[order], dtype=np.int64)[ones]  # of the first second side behind each

    def fits(place: Int1D, ones: Int1D) -> Bool1D:
        at = twos[np.minimum(place, len(twos) - 1)]
        near = (group[at] == group[ones]) & (late[at] - late[ones] <= reach)
        return np.asarray(near & (place < len(twos)))

    kept = fits(place, ones)
    ones, place = ones[kept], place[kept]
    taken = place
    for _ in range(ROUNDS):
        # Each takes the first that those before it in its group have left: place - rank never falls in one.
        rank, apart = np.arange(len(ones)), group[ones] * (len(rows) + 1)
        taken = np.maximum.accumulate(place + apart - rank) + rank - apart
        late_ones = np.flatnonzero(~fits(taken, ones))
        if not len(late_ones):
            break
        # The earliest in its group that comes too late leaves its place to the next.
        lost = late_ones[np.unique(group[ones[late_ones]], return_index=True)[1]]
        ones, place = np.delete(ones, lost), np.delete(place, lost)
        taken = np.delete(taken, lost)
    kept = fits(taken, ones)
    return rows[order[ones[kept]]], rows[order[twos[taken[kept]]]]
