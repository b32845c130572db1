"""Near copies of whole entities: a synthetic card or account that is much like one of the training part."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.attacks.real_parts import RealParts, parts_in_turn, some
from finsim.evaluation.attacks.row_encoding import encoded_rows
from finsim.evaluation.events.event_case import EventCase, Sequences, sequences
from finsim.evaluation.metric import SHARE, Metric, Score
from finsim.evaluation.privacy.near_copy_test import Turn, Vectors, familywise, judged, near_copies, turn
from finsim.evaluation.privacy.near_rows import planted_before
from finsim.evaluation.tables.enough import too_little
from finsim.notation import Array, Float1D, Int1D

QUERIES, NULL, PROBES = 5_000, 2_500, 100
NOISE = 0.05
LEAST = 20
TWINS = 2
"""Near copies that are certain, from which the score fails."""


def measure(case: EventCase) -> list[Score]:
    """Return one score: the share of synthetic entities flagged as near copies of training entities."""
    subject = "entities"
    if case.rows.entity_real is None or case.rows.entity_own is None:
        return [METRIC.missing(subject, "no entity column: give --id")]
    parts = parts_in_turn(case.rows)
    counts = [len(np.unique(who)) for part in parts for who in (part.who_train, part.who_spare)]
    others = [column for column in parts[0].columns if column.name != case.rows.roles.time]
    sides = {"real": min(counts), "synthetic": case.own.count}
    reason = too_little(len(others), sides, LEAST, unit="entities")
    if reason:
        return [METRIC.missing(subject, reason)]
    turns = [_turn(case, part, number) for number, part in enumerate(parts)]
    found = near_copies(turns, case.settings.fdr)
    score = judged(METRIC, subject, found, "entities", NOISE, TWINS)
    return [familywise(score, found, None, TWINS, METRIC.delta)]


def _turn(case: EventCase, parts: RealParts, number: int) -> Turn:
    rng = case.rows.streams.at("near entities", number)
    names = np.unique(parts.who_train)
    chosen = np.sort(rng.choice(names, min(PROBES, len(names)), replace=False))
    planted = np.flatnonzero(np.isin(parts.who_train, chosen))
    everyone = np.arange(case.rows.rows_own)
    timeless = [column for column in parts.columns if column.name != case.rows.roles.time]
    columns = tuple(planted_before(case.rows, column, planted, everyone) for column in timeless)
    coded = encoded_rows(columns, case.rows.streams)
    assert coded.spare is not None
    assert case.rows.entity_own is not None
    who = (parts.who_train, parts.who_spare, parts.who_train[planted], case.rows.entity_own)
    days = _days_of(case, parts)
    times = (*days[:2], days[0][planted], days[2])
    rows = (coded.real, coded.spare, coded.own[: len(planted)], coded.own[len(planted) :])
    made = [features(*one) for one in zip(rows, who, times, strict=True)]
    train, spare, probes, own = _ranked(made)
    own = own[some(rng, len(own), QUERIES)]
    null = (some(rng, len(train), NULL), some(rng, len(spare), NULL))
    return turn(
        Vectors(train, np.arange(len(train))), Vectors(spare, np.arange(len(spare))), own, probes, null
    )


def features(rows: Array, who: Int1D, days: Float1D) -> Array:
    """Return one vector an entity: mean and spread of its rows and of its log gaps, its number of rows.

    Dates enter as gaps only: a copy that begins in another year is a copy. Shape float64[E, 2 D + 3].
    """
    made = sequences(np.unique(who, return_inverse=True)[1], days)
    length = made.lengths()
    first = made.start[:-1]
    ordered = rows[made.order].astype(np.float64)
    gaps = np.log1p(np.maximum(np.nan_to_num(np.diff(made.days, prepend=made.days[:1])), 0.0))
    gaps[first] = 0.0
    joined = np.concatenate([ordered, gaps[:, None]], axis=1)
    mean = np.add.reduceat(joined, first, axis=0) / length[:, None]
    square = np.add.reduceat(joined**2, first, axis=0) / length[:, None]
    spread = np.sqrt(np.maximum(square - mean**2, 0.0))
    return np.concatenate([mean, spread, np.log(length)[:, None]], axis=1)


def _ranked(made: list[Array]) -> list[Array]:
    """Return the vectors with each feature as its rank among the real entities, between them interpolated."""
    known = np.sort(np.concatenate(made[:2]), axis=0)
    place = (np.arange(len(known)) + 0.5) / len(known)
    kept = known[-1] > known[0]
    return [
        np.stack([np.interp(part[:, k], known[:, k], place) for k in np.flatnonzero(kept)], axis=1).astype(
            np.float32
        )
        for part in made
    ]


def _days_of(case: EventCase, parts: RealParts) -> tuple[Float1D, Float1D, Float1D]:
    """Return the days of the training, the held-out and the synthetic rows, in the order of the rows."""
    own = _by_row(case.own)
    if case.spare is not None:
        return _by_row(case.real), _by_row(case.spare), own
    real = _by_row(case.real)
    assert case.rows.entity_real is not None
    inside = np.isin(case.rows.entity_real, np.unique(parts.who_train))
    return real[inside], real[~inside], own


def _by_row(made: Sequences) -> Float1D:
    days = np.empty(len(made.order))
    days[made.order] = made.days
    return days


METRIC = Metric(
    name="near_entities",
    case="events",
    use=SHARE,
    unit="share of entities",
    lowest=0.0,
    highest=1.0,
    best=0.0,
    delta=0.01,
    origin="assumption: at most one percent may have been missed; two that are certain fail",
    order_free=False,
    compute=measure,
    summary="Entities too close to a training entity",
    order=500,
    how=(
        "Share of synthetic cards, accounts or people whose rows as a whole are much nearer to a training "
        "entity than to any real entity that the generator never saw, at any date."
    ),
    misses="Copies of a few rows of an entity; see near_rows and membership.",
    estimator=(
        "mean and spread of the encoded rows and of log gaps, number of rows, each as a rank among real "
        "entities; test as near_rows"
    ),
    references="0 / 1",
    required=True,
)
