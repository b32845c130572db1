"""Exact copies of rows: synthetic rows equal to a training row that stands once, beside chance."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from finsim.evaluation.attacks.intervals import Side, design_effect
from finsim.evaluation.attacks.real_parts import comparable, row_or_entity
from finsim.evaluation.attacks.row_keys import Cells, cell_codes, place_in, row_keys, times_in
from finsim.evaluation.metric import FAIL, SHARE, WARN, Metric, Score
from finsim.evaluation.privacy.chance_copies import counted
from finsim.evaluation.privacy.copied_entities import copied_entities, partner_in
from finsim.evaluation.privacy.unlike_rows import entities_agreeing, expected_matches
from finsim.evaluation.tables.enough import too_little
from finsim.evaluation.tables.table_case import TableCase
from finsim.extras import Later
from finsim.notation import Array, Bool1D, Int1D

special = Later("scipy.special", "evaluate")

LEAST, TWINS = 20, 2
FEW = 0.01
"""Matches by chance below which one copy is judged without weighing it; assumption."""
ROWS, UNLIKE = "rows", "rows that no other comes near"


def measure(case: TableCase) -> list[Score]:
    """Return the number of rows that repeat a training row, of those nobody else comes near, of entities.

    Rows that stand more than once in training are nobody's alone and are not counted. Chance: held-out rows
    that repeat such a row, and training rows that another training row repeats. Where there is none, one copy
    fails without a chance to weigh, unless other real rows come near it, or rows are so narrow that some
    match is to be expected; where there is any, the second score sees the copies that chance hides. Where a
    column of both sides cannot be compared, no copy in the others does not say that there is none.
    """
    case = comparable(case)
    reason = too_little(len(case.columns), {"real": case.rows_real, "synthetic": case.rows_own}, LEAST)
    if reason:
        return [METRIC.missing(ROWS, reason)]
    cells = [cell_codes(column) for column in case.columns]
    real, own, spare = row_keys(cells)
    if not (times_in(real, real) == 1).any():
        return [METRIC.missing(ROWS, "no training row stands once, so no copy can be told from a tie")]
    hits, rows, held = chance(real, spare)
    spread = _spread(case, real, spare, rows)
    copied = times_in(own, real) == 1
    people = len(set(own[copied].tolist()))
    note = (
        f"{people:,} of {case.rows_real:,} training rows reappear; every row compared on "
        f"{len(case.columns)} columns; {held}; chance: {hits:,} of {rows:,} real rows repeat another"
    )
    score = counted(METRIC, ROWS, int(copied.sum()), case.rows_own, (hits, rows), note, spread)
    scores = [score]
    alike = bool(copied.any()) and not hits and _have_company(case, cells, place_in(own[copied], real))
    if hits or alike:
        outer = np.zeros(0, dtype=bool) if spare is None else times_in(spare, real) == 1
        every = Matches(copied, outer, times_in(real, real) == 2)
        scores = [replace(score, p=beside_chance(case, every)), *_unlike(case, cells, every)]
    elif copied.any():
        scores = [_where_few_repeat(score, case, cells)]
    unseen = [f"{one.name} ({one.reason})" for one in case.left_out if one.unseen]
    if unseen and all(score.verdict != FAIL for score in scores):
        return [METRIC.missing(ROWS, f"copies cannot be seen in {'; '.join(unseen[:3])}")]
    return scores


def _have_company(case: TableCase, cells: list[Cells], asked: Int1D) -> bool:
    """Whether some other real entity agrees with each of these training rows in all columns but one."""
    held = None if case.rows_spare == 0 else row_or_entity(case.entity_spare, case.rows_spare)
    who = row_or_entity(case.entity_real, case.rows_real)
    return bool((entities_agreeing(cells, (who, held), asked) > 1).all())


def _where_few_repeat(score: Score, case: TableCase, cells: list[Cells]) -> Score:
    """Return the score with a chance, where rows are so narrow that new real ones could match as well."""
    who = row_or_entity(case.entity_real, case.rows_real)
    mean = expected_matches(cells, who, case.rows_own)
    if mean < FEW:
        return score
    note = f"{score.note}; rows that agree in all columns but one let {mean:.2g} matches expect"
    return replace(score, p=float(special.gammainc(score.value, mean)), note=note)


@dataclass(frozen=True)
class Matches:
    """Which synthetic, held-out and training rows equal one training row (another one): bool[n] each."""

    own: Bool1D
    outer: Bool1D
    inner: Bool1D

    def chance(self) -> tuple[int, int]:
        """Return (matches, rows) among real rows."""
        return int(self.outer.sum() + self.inner.sum()), len(self.outer) + len(self.inner)


def beside_chance(case: TableCase, found: Matches) -> float:
    """Return the chance that as many of all matches fall on the synthetic rows, were they real ones.

    Given their sum, the matches of exchangeable rows are binomial; those of one entity come together, so that
    all counts are divided by their design effect.
    """
    sides = [(found.own, case.entity_own), (found.outer, case.entity_spare), (found.inner, case.entity_real)]
    spread = design_effect(sides)
    hits, rows = found.chance()
    count, total = found.own.sum() / spread, (found.own.sum() + hits) / spread
    share = case.rows_own / (case.rows_own + rows)
    return float(special.betainc(count, total - count + 1.0, share)) if count > 0 else 1.0


def _unlike(case: TableCase, cells: list[Cells], every: Matches) -> list[Score]:
    """Return the score of copies of rows that no other entity comes near, and of entities of such copies."""
    real, own, spare = row_keys(cells)
    who = row_or_entity(case.entity_real, case.rows_real)
    held = None if spare is None else row_or_entity(case.entity_spare, case.rows_spare)

    def among(matched: Bool1D, keys: Array, entities: int) -> Bool1D:
        """Keep the matches of a training row that only so many entities come near."""
        kept, asked = matched.copy(), place_in(keys[matched], real)
        kept[matched] = entities_agreeing(cells, (who, held), asked) <= entities
        return kept

    # A real row that matches is itself one that comes near.
    outer = every.outer if spare is None else among(every.outer, spare, 2)
    found = Matches(among(every.own, own, 1), outer, _by_others(who, real, among(every.inner, real, 2)))
    hits, rows = found.chance()
    note = f"training rows whose values but one nobody else has; {hits:,} of {rows:,} real rows match one"
    sides = [(found.outer, case.entity_spare), (found.inner, case.entity_real)]
    spread = design_effect(sides) * (1.0 + case.rows_own / rows)
    score = counted(METRIC, UNLIKE, int(found.own.sum()), case.rows_own, (hits, rows), note, spread)
    scores = [replace(score, p=beside_chance(case, found))]
    if case.entity_real is not None and case.entity_own is not None:
        scores.append(_entities(case, (real, own, spare), found))
    return scores


def _entities(case: TableCase, keys: Cells, found: Matches) -> Score:
    """Return the score of whole entities that are copies; two fail where no real entity is like another."""
    assert case.entity_real is not None
    assert case.entity_own is not None
    real, own, spare = keys
    who = case.entity_real
    copies, n = copied_entities(found.own, case.entity_own, who[place_in(own[found.own], real)])
    known = [(found.inner, who, who[partner_in(real)[found.inner]])]
    if spare is not None and case.entity_spare is not None:
        known.append((found.outer, case.entity_spare, who[place_in(spare[found.outer], real)]))
    hits, of = (sum(part) for part in zip(*(copied_entities(*one) for one in known), strict=True))
    note = f"a quarter of their rows, 3 at least, stand on one training entity; {hits} of {of} real ones do"
    score = counted(METRIC, "entities", copies, n, (hits, of), note)
    if score.verdict == FAIL and copies < TWINS:
        score = replace(score, verdict=WARN, reason=f"{score.reason}; two people may be alike by nature")
    chance = float(special.betainc(copies, hits + 1.0, n / (n + of))) if copies else 1.0
    return replace(score, p=chance if hits else None)


def _by_others(who: Int1D, real: Array, matched: Bool1D) -> Bool1D:
    """Keep the training rows whose equal row is of another entity; a card repeats itself."""
    pairs = np.unique(np.stack([real, who.astype(np.uint64)]), axis=1)
    return np.asarray(matched & (times_in(real, pairs[0]) == 2))


def chance(real: Array, spare: Array | None) -> tuple[int, int, str]:
    """Return how many real rows equal one other training row, of how many, and words on the hold-out."""
    inner = int((times_in(real, real) == 2).sum())
    if spare is None:
        return inner, len(real), "no hold-out"
    outer = int((times_in(spare, real) == 1).sum())
    return inner + outer, len(real) + len(spare), f"{outer:,} of {len(spare):,} held-out rows match as well"


def _spread(case: TableCase, real: Array, spare: Array | None, rows: int) -> float:
    """Return the variance of a count of chance matches over that of independent ones, its mean estimated."""
    if case.entity_real is None:
        return 1.0
    parts: list[Side] = [(times_in(real, real) == 2, case.entity_real)]
    if spare is not None:
        parts.append((times_in(spare, real) == 1, case.entity_spare))
    return design_effect(parts) * (1.0 + case.rows_own / rows)


METRIC = Metric(
    name="row_copies",
    case="table",
    use=SHARE,
    unit="rows",
    lowest=0.0,
    highest=float("inf"),
    best=0.0,
    delta=0.0,
    origin="no copy beyond chance is acceptable",
    order_free=True,
    compute=measure,
    summary="Rows that repeat a training row",
    order=500,
    how=(
        "Number of synthetic rows equal to a training row in every column, against how often unseen real "
        "rows are; every row is compared. Where real rows are alike anyway, those that no other person comes "
        "near and whole copied people are counted alone."
    ),
    misses="Any change of one value hides a copy from it; see near_rows.",
    estimator=(
        "rows equal in all columns (numbers at 12 digits) to a training row that stands once; goal: chance "
        "+ 3 s.d., from held-out rows and repeated training rows, entities drawn whole; where chance gives "
        "any also those of training rows whose values but one no other real entity has, and entities with a "
        "quarter of their rows (3 at least) on one training entity; p binomial of the synthetic among all "
        "matches, over their design effect; where no real row is one, one copy fails, unless rows that agree "
        "in all columns but one say that it may be chance; two entities fail where no real one is"
    ),
    references="chance / all rows",
    required=True,
)
