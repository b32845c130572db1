"""Singling out: descriptions found in synthetic rows that fit exactly one real person, a training person."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from finsim.evaluation.attacks.intervals import design_effect
from finsim.evaluation.attacks.real_parts import comparable, row_or_entity, some
from finsim.evaluation.attacks.risk_scores import risk_score
from finsim.evaluation.attacks.row_keys import Cells, banded, cell_codes, place_in, row_keys, times_in
from finsim.evaluation.metric import SHARE, Metric, Score
from finsim.evaluation.tables.enough import too_little
from finsim.evaluation.tables.table_case import TableCase
from finsim.notation import Array

ATTACKS = 30_000
LEAST = 100
SUBSETS = 12
SIZES = (3, 4, 5)
BINS = 50


def measure(case: TableCase) -> list[Score]:
    """Return two scores: descriptions by one value, and by bands of three to five columns.

    A description of one synthetic row is tried on training and hold-out together. It succeeds where it fits
    exactly one row, a training row. The rows of the hold-out that it singles out are the control group,
    scaled to the size of the training part.
    """
    subjects = ("one value", "three to five columns")
    if case.rows_spare == 0:
        reason = "no control group of real rows that the generator never saw: give --holdout"
        return [METRIC.missing(subject, reason) for subject in subjects]
    ready = comparable(case)
    sides = {"real": case.rows_real, "synthetic": case.rows_own, "held-out": case.rows_spare}
    reason = too_little(len(ready.columns), sides, LEAST, SIZES[0])
    if reason:
        return [METRIC.missing(subject, reason) for subject in subjects]
    single = [[cell_codes(column)] for column in ready.columns]
    return [_score(ready, subjects[0], single), _score(ready, subjects[1], list(_bands(ready)))]


def _bands(case: TableCase) -> Iterator[list[Cells]]:
    """Yield the cells of random subsets of columns; numbers are cut into fifty bands."""
    rng = case.streams.at("singling out", "columns")
    coded = [banded(column, BINS) for column in case.columns]
    for _ in range(SUBSETS):
        size = min(int(rng.choice(SIZES)), len(coded))
        yield [coded[k] for k in rng.choice(len(coded), size, replace=False)]


def _score(case: TableCase, subject: str, subsets: list[list[Cells]]) -> Score:
    """Attack with descriptions of synthetic rows that no other synthetic row shares."""
    share = -(-ATTACKS // len(subsets))
    found = np.zeros(case.rows_real), np.zeros(case.rows_spare)
    attacks = 0
    for number, cells in enumerate(subsets):
        real, own, spare = row_keys(cells)
        assert spare is not None
        alone = own[times_in(own, own) == 1]
        asked = alone[some(case.streams.at("singling out", subject, number), len(alone), share)]
        inside, outside = times_in(asked, real), times_in(asked, spare)
        _count(found[0], asked[(inside == 1) & (outside == 0)], real)
        _count(found[1], asked[(inside == 0) & (outside == 1)], spare)
        attacks += len(asked)
    if attacks < LEAST:
        return METRIC.missing(subject, "no synthetic row has a value or a description of its own")
    scale = case.rows_real / case.rows_spare
    note = f"control rate times {scale:.3g}, the sizes of the two parts"
    hits, control = (int(part.sum()) for part in found)
    who = row_or_entity(case.entity_real, case.rows_real), row_or_entity(case.entity_spare, case.rows_spare)
    spread = design_effect(list(zip(found, who, strict=True)))
    return risk_score(METRIC, subject, (hits, attacks), (control, attacks), note, scale, spread)


def _count(found: Array, asked: Array, known: Array) -> None:
    """Add one to the row that each description singles out."""
    np.add.at(found, place_in(asked, known), 1.0)


METRIC = Metric(
    name="singling_out",
    case="table",
    use=SHARE,
    unit="excess risk",
    lowest=0.0,
    highest=1.0,
    best=0.0,
    delta=0.05,
    origin="assumption: 5 points of descriptions beyond those that fit one person the generator never saw",
    order_free=False,
    compute=measure,
    summary="Do descriptions from synthetic rows fit exactly one training person",
    order=560,
    how=(
        "Descriptions of single synthetic rows (one exact value; bands of three to five columns) are tried "
        "on real people. Those that fit one training person and nobody else count against those that fit "
        "one held-out person."
    ),
    misses="Descriptions of other columns or wider bands; what an attacker would do with the person found.",
    estimator=(
        "30,000 descriptions; (r_train - r_control) / (1 - r_control), the control scaled by the sizes of "
        "the two parts, Newcombe interval over the design effect of entities"
    ),
    references="0 / 1",
)
