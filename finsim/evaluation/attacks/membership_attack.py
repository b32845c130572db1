"""Membership scores: how near a real row is to synthetic rows, and how much nearer than to real ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from finsim.evaluation.attacks.blind_attacker import blind_scores
from finsim.evaluation.attacks.nearest_rows import nearest
from finsim.evaluation.attacks.real_parts import row_or_entity, whole_entities
from finsim.evaluation.attacks.row_encoding import encoded_rows
from finsim.evaluation.tables.table_case import TableCase
from finsim.notation import Array, Bool1D, Float1D, Int1D

ROWS = 10_000
"""Members and non-members that are attacked, each; whole entities."""
NEAREST, CALIBRATED = "nearest distance", "calibrated distance"


@dataclass(frozen=True)
class Attack:
    """Scores of the attacked units by attack, which are members, and their entities.

    ``scores`` float64[n] each, larger says member; ``member`` bool[n]; ``who`` int64[n].
    """

    scores: Mapping[str, Float1D]
    member: Bool1D
    who: Int1D

    def by_entity(self) -> Attack:
        """Return the attack on entities: the mean score of the rows of each."""
        key = 2 * self.who + self.member
        names, codes, counts = np.unique(key, return_inverse=True, return_counts=True)
        means = {name: np.bincount(codes, weights=score) / counts for name, score in self.scores.items()}
        return Attack(means, np.asarray(names % 2 == 1), names // 2)


@dataclass(frozen=True)
class Attacks:
    """The attack on the synthetic rows, on held-out rows in their place, and one without either: no leaks."""

    synthetic: Attack
    real: Attack
    blind: Attack


def attacks(case: TableCase) -> Attacks:
    """Attack training rows (members) and held-out rows (non-members), by whole entities; needs a hold-out.

    Every entity draws one of two sides and is compared with the held-out rows of the other side, members and
    non-members alike. For the floor these are cut again: one part stands in the place of the synthetic rows.
    Source: DOMIAS (van Breugel et al. 2023) with nearest neighbours; the sides are ours.
    """
    rng = case.streams.at("membership", "attacked")
    who = row_or_entity(case.entity_real, case.rows_real)
    held = row_or_entity(case.entity_spare, case.rows_spare)
    inside, outside = whole_entities(rng, who, ROWS), whole_entities(rng, held, ROWS)
    coded = encoded_rows(case.columns, case.streams)
    assert coded.spare is not None
    place = _quarters(case, held, "held out")
    side = np.concatenate([_quarters(case, who, "members")[inside], place[outside]]) % 2
    asked = np.concatenate([coded.real[inside], coded.spare[outside]])
    member = np.repeat([True, False], [len(inside), len(outside)])
    entity = np.concatenate([who[inside], held[outside]])
    near = _log_distance(asked, coded.own)
    other, floor, beyond = (np.zeros(len(asked)) for _ in range(3))
    for k in (0, 1):
        own, known = side == k, place % 2 == 1 - k
        other[own] = _log_distance(asked[own], coded.spare[known])
        floor[own] = _log_distance(asked[own], coded.spare[known & (place < 2)])
        beyond[own] = _log_distance(asked[own], coded.spare[known & (place >= 2)])
    unseen = blind_scores(asked, member, 2 * entity + member, case.streams)
    return Attacks(
        Attack({NEAREST: -near, CALIBRATED: other - near}, member, entity),
        Attack({NEAREST: -floor, CALIBRATED: beyond - floor}, member, entity),
        Attack({NEAREST: unseen, CALIBRATED: unseen}, member, entity),
    )


def _quarters(case: TableCase, who: Int1D, role: str) -> Int1D:
    """Return a quarter 0 to 3 of each row; the rows of an entity share it, quarters have equally many."""
    names, codes = np.unique(who, return_inverse=True)
    return np.asarray((case.streams.at("membership", role).permutation(len(names)) % 4)[codes])


def _log_distance(rows: Array, known: Array) -> Float1D:
    distance = nearest(rows, known)[0]
    floor = max(0.02 * float(np.median(distance)), 1e-9)
    return np.asarray(np.log(np.maximum(distance, floor)))
