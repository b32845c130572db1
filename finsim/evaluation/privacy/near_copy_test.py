"""The test for near copies of records of any kind: log distance to training less log distance to a hold-out.

Real records that the generator never saw give the null; its lower tenth continues as a generalised Pareto
law, so that a lone copy among many records can be told. Benjamini and Hochberg bound the share of false
flags over the file. Planted copies (``probes``) measure what could have been missed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from finsim.evaluation.attacks.intervals import clopper_pearson
from finsim.evaluation.attacks.nearest_rows import nearest, nearest_of_others
from finsim.evaluation.metric import FAIL, NO_POWER, PASS, WARN, WITHIN, Metric, Score
from finsim.evaluation.tail_probability import lower_tail
from finsim.extras import Later
from finsim.notation import Array, Bool1D, Float1D, Int1D

stats = Later("scipy.stats", "evaluate")

CERTAIN = 0.01
"""False discovery rate at which a near copy is certain: without one, the chance of any is as small."""
FOUND = 0.8
"""Share of planted copies that the stated power finds."""
FLOOR = 0.02
"""Distances are at least this share of the median distance to the hold-out: an exact copy is no outlier."""


@dataclass(frozen=True)
class Distances:
    """Distances of some records to training and to the hold-out, float64[n] each."""

    train: Float1D
    spare: Float1D

    def joined(self, other: Distances) -> Distances:
        """Return these records and others."""
        return Distances(np.concatenate([self.train, other.train]), np.concatenate([self.spare, other.spare]))


@dataclass(frozen=True)
class Turn:
    """One part as training and one as hold-out: distances of the queries, of the null and of the probes."""

    queries: Distances
    null: Distances
    probes: Distances


@dataclass(frozen=True)
class NearCopies:
    """Which records are flagged, p-value of each, and how few planted copies could not have been seen.

    ``p`` float64[n]; ``null`` and ``probes`` numbers of real records behind the null and of planted copies;
    ``reached``: p-value that four of five planted copies reach; ``least``: fewer copies than that are not
    seen at the false discovery rate ``fdr``.
    """

    flagged: Bool1D
    p: Float1D
    null: int
    probes: int
    reached: float
    least: int
    fdr: float

    @property
    def certain(self) -> Bool1D:
        """Tell which records are near copies beyond the doubt of testing so many."""
        return discoveries(self.p, CERTAIN)


@dataclass(frozen=True)
class Vectors:
    """Float32[n, D] vectors of records and the int64[n] group of each: its entity, or itself."""

    rows: Array
    group: Int1D

    def take(self, chosen: Int1D) -> Vectors:
        """Return some of the records."""
        return Vectors(self.rows[chosen], self.group[chosen])


def turn(train: Vectors, spare: Vectors, queries: Array, probes: Array, chosen: tuple[Int1D, Int1D]) -> Turn:
    """Measure the distances of a turn; the null are the ``chosen`` training and held-out records.

    A real record without its own group is unseen: a held-out one among the hold-out, a training one among
    training.
    """
    inside, outside = train.take(chosen[0]), spare.take(chosen[1])
    left = Distances(
        nearest(outside.rows, train.rows)[0],
        nearest_of_others(outside.rows, spare.rows, outside.group, spare.group)[0],
    )
    right = Distances(
        nearest_of_others(inside.rows, train.rows, inside.group, train.group)[0],
        nearest(inside.rows, spare.rows)[0],
    )
    asked, planted = (
        Distances(nearest(some, train.rows)[0], nearest(some, spare.rows)[0]) for some in (queries, probes)
    )
    return Turn(asked, left.joined(right), planted)


def near_copies(turns: Sequence[Turn], fdr: float) -> NearCopies:
    """Test the queries against the null; with two turns (halves of the real side) p is doubled."""
    found, planted = [], []
    for turn in turns:
        floor = FLOOR * float(np.median(turn.null.spare))
        null = _ratio(turn.null, floor)
        found.append(lower_tail(_ratio(turn.queries, floor), null))
        planted.append(lower_tail(_ratio(turn.probes, floor), null))
    p = np.minimum(len(turns) * np.min(found, axis=0), 1.0)
    probes = np.minimum(len(turns) * np.concatenate(planted), 1.0)
    reached = float(np.quantile(probes, FOUND)) if len(probes) else 1.0
    least = max(1, int(np.ceil(len(p) * reached / fdr)))
    null_size = min(len(turn.null.train) for turn in turns)
    return NearCopies(discoveries(p, fdr), p, null_size, len(probes), reached, min(least, len(p)), fdr)


def _ratio(distances: Distances, floor: float) -> Float1D:
    least = max(floor, 1e-12)
    return np.asarray(np.log(np.maximum(distances.train, least)) - np.log(np.maximum(distances.spare, least)))


def discoveries(p_values: Float1D, rate: float) -> Bool1D:
    """Tell which p-values Benjamini-Hochberg flags at false discovery rate ``rate``: bool[n]."""
    order = np.argsort(p_values, kind="stable")
    limit = rate * np.arange(1, len(order) + 1) / len(order)
    below = np.flatnonzero(p_values[order] <= limit)
    flagged = np.zeros(len(order), dtype=bool)
    if len(below):
        flagged[order[: below[-1] + 1]] = True
    return flagged


def familywise(score: Score, found: NearCopies, who: Int1D | None, fails_at: int, goal: float) -> Score:
    """Return the score with the chance of as many near copies, for Holm's procedure over its use.

    Records of one entity (``who`` int64[n]) are one unit, its p the least of theirs times their number. The
    chance is twice the smaller of two: the least n p(k) / k of ``fails_at`` or more units (Simes 1986), which
    sees a few that are certain, and that of as many units below one p, which sees many that are not; that p
    is known as well as the null places it, so its law is beta-binomial.
    """
    p = units(found.p, who)
    n, limit = len(p), found.fdr * goal
    if n < fails_at:
        return replace(score, p=1.0)
    ordered = np.sort(p)
    simes = float((n * ordered / np.arange(1, n + 1))[fails_at - 1 :].min())
    below = int(np.searchsorted(ordered, limit, side="right"))
    null = found.null + 1
    many = float(stats.betabinom.sf(below - 1, n, limit * null, (1.0 - limit) * null))
    many = many if below >= fails_at else 1.0
    chance = min(2.0 * min(simes, many), 1.0)
    together = score.verdict == WARN and chance <= WITHIN
    reason = f"{score.reason}; together they are more than chance gives" if together else score.reason
    return replace(score, p=chance, reason=reason)


def units(p_values: Float1D, who: Int1D | None) -> Float1D:
    """Return the p-value of each entity: the least of its records times their number, 1 at most."""
    if who is None:
        return p_values
    codes, counts = np.unique(who, return_inverse=True, return_counts=True)[1:]
    least = np.ones(len(counts))
    np.minimum.at(least, codes, p_values)
    return np.minimum(least * counts, 1.0)


def judged(
    metric: Metric[Any], subject: str, found: NearCopies, things: str, noise: float, fails_at: int = 1
) -> Score:
    """Return the score of a test on ``things`` (windows, rows...); ``noise`` is that of the probes.

    The goal is that none is flagged; ``delta`` of the metric is the share that may have been missed. The
    upper end of the interval is at least what could have been. fail: at least ``fails_at`` near copies are
    certain (false discovery rate 1 %; real tables have a natural twin or two), or more than ``delta`` are
    flagged. no power: more than ``delta`` could have been missed. warn: some are flagged.
    """
    n, count, certain = len(found.p), int(found.flagged.sum()), int(found.certain.sum())
    low, high = clopper_pearson(count, n)
    could_miss = max(found.least / n, clopper_pearson(0, n)[1])
    high, most = max(high, could_miss), metric.delta
    verdict, reason = PASS, ""
    if certain >= fails_at:
        reason = (
            f"{certain:,} of {n:,} {things} are near copies of training data for certain (at most 1 % of "
            f"them by chance), {count:,} are flagged"
        )
        verdict = FAIL
    elif low > most:
        verdict = FAIL
        reason = f"{_nearer(count, n, things)}, more than {most:.2%} even at the lower end"
    elif could_miss > most and not certain:
        verdict, reason = NO_POWER, _needs(found, things, could_miss, most)
    elif count:
        verdict = WARN
        alone = f"{certain} beyond doubt" if certain else "no single one is beyond doubt"
        reason = f"{_nearer(count, n, things)}; about one such in ten is chance, {alone}"
    missed = f"{100 * could_miss:.{2 if could_miss < 0.1 else 3}g} %"
    note = (
        f"{count} of {n:,} {things} flagged at a false discovery rate of {found.fdr:.0%}; at most {missed} "
        f"could have been missed: {FOUND:.0%} of {found.probes} planted copies with "
        f"{noise:.0%} noise reach p {found.reached:.1g}; null: {found.null:,} real {things}"
    )
    return metric.scored(subject, count / n, (low, high), n, (0.0, 1.0, 0.0), (verdict, reason), note)


def _nearer(count: int, n: int, things: str) -> str:
    return f"{count:,} of {n:,} {things} are nearer to training data than {things} never seen in training are"


def _needs(found: NearCopies, things: str, high: float, most: float) -> str:
    missed = f"up to {high:.2%} could have been missed, more than the {most:.2%} that may be"
    needed = int(np.ceil(np.log(0.025) / np.log1p(-most)))
    if found.reached / found.fdr <= most:
        return f"{missed}: needs {needed:,} synthetic {things} (has {len(found.p):,})"
    return (
        f"{missed}: copies are not nearer to training than chance among {found.null:,} real {things}; "
        f"needs a larger hold-out, or columns that tell records apart"
    )
