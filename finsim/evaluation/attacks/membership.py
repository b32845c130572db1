"""Membership inference: can an attacker tell the rows, or the people, that the generator learned from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.evaluation.attacks.intervals import clopper_pearson, design_effect, level_reaching
from finsim.evaluation.attacks.membership_attack import Attack, attacks
from finsim.evaluation.attacks.real_parts import comparable
from finsim.evaluation.learner import group_weights, weighted_auc
from finsim.evaluation.metric import FAIL, NO_POWER, PASS, SHARE, WARN, Metric, Score, above
from finsim.evaluation.tables.enough import too_little
from finsim.evaluation.tables.table_case import TableCase
from finsim.evaluation.tail_probability import student_beyond
from finsim.notation import Bool1D, Float1D

FALSE_POSITIVES = 0.01
LEAST = 100
UNLIKE = 0.1
LEVELS = ("rows", "entities")


def measure(case: TableCase) -> list[Score]:
    """Return AUC and the true positive rate at 1 % false positives of two attacks, per row and per entity.

    Needs a hold-out: without real rows that the generator never saw nobody can say what chance gives.
    """
    known = case.entity_real is not None and (case.entity_spare is not None or case.rows_spare == 0)
    levels = LEVELS if known else LEVELS[:1]
    if case.rows_spare == 0:
        reason = "no real rows that the generator never saw: give --holdout"
        return [METRIC.missing(level, reason) for level in levels]
    case = comparable(case)
    sides = {"real": case.rows_real, "synthetic": case.rows_own, "held-out": case.rows_spare}
    reason = too_little(len(case.columns), sides, LEAST)
    if reason:
        return [METRIC.missing(level, reason) for level in levels]
    found = attacks(case)
    scores = []
    for level in levels:
        three = (found.synthetic, found.real, found.blind)
        made, floor, blind = three if level == "rows" else tuple(one.by_entity() for one in three)
        for name in made.scores:
            base = max(_auc(floor, name), _auc(blind, name))
            scores.append(_area(case, f"{level}, {name}", made, base, name))
            scores.append(_at_low_rate(f"{level}, {name}, at 1 % false positives", made, blind, name))
    return scores


def _auc(found: Attack, name: str) -> float:
    return float(weighted_auc(found.scores[name], found.member, np.ones((1, len(found.member))))[0])


def _area(case: TableCase, subject: str, made: Attack, base: float, name: str) -> Score:
    """Return the AUC with a bootstrap interval over entities; ``base`` is what is told without a leak."""
    rng = case.streams.at("membership", subject)
    draws = group_weights(made.who * 2 + made.member, case.settings.bootstrap, rng)
    weights = np.concatenate([np.ones((1, len(made.member))), draws])
    areas = weighted_auc(made.scores[name], made.member, weights)
    value, spread = float(areas[0]), np.nan_to_num(areas[1:], nan=0.5)
    low, high = (float(v) for v in np.quantile(spread, [0.025, 0.975]))
    low, high = min(low, value), max(high, value)
    goal = max(base, 0.5) + METRIC.delta
    inside, outside = int(made.member.sum()), int((~made.member).sum())
    n, half = min(inside, outside), (high - low) / 2.0
    verdict, reason = PASS, ""
    if low > goal:
        verdict, reason = FAIL, f"AUC {above(value, goal)}, and so is its whole interval"
    elif base > 0.5 + UNLIKE:
        verdict = NO_POWER
        reason = f"training and hold-out differ without a leak (AUC {base:.2f}): needs a hold-out of its kind"
    elif value > goal:
        verdict, reason = WARN, f"AUC {above(value, goal)}; its interval reaches below"
    elif half > METRIC.delta:
        needed, unit = int(np.ceil(n * (half / METRIC.delta) ** 2)), subject.partition(",")[0]
        reason = f"an AUC of {high:.2f} could have been missed; needs {needed:,} held-out {unit}"
        verdict = NO_POWER
    note = f"{inside:,} members, {outside:,} non-members; interval by bootstrap over entities"
    score = METRIC.scored(subject, value, (low, high), n, (base, 1.0, goal), (verdict, reason), note)
    people = min(len(np.unique(made.who[made.member])), len(np.unique(made.who[~made.member])))
    return replace(score, p=student_beyond(value - goal, spread, people))


def _at_low_rate(subject: str, made: Attack, blind: Attack, name: str) -> Score:
    score, member = made.scores[name], made.member
    inside, outside = int(member.sum()), int((~member).sum())
    least = round(1.0 / FALSE_POSITIVES)
    if outside < least:
        reason = f"1 % of {outside} non-members is less than one: needs {least}"
        return replace(METRIC.missing(subject, reason), verdict=NO_POWER)
    over = told_members(score, member)
    hits, alarms = int(over[member].sum()), int(over[~member].sum())
    spread = design_effect([(over[part], made.who[part]) for part in (member, ~member)])

    def limits(confidence: float) -> tuple[float, float, float]:
        """Return both ends for members, and the goal: non-members' rate may truly be as high as that."""
        low, high = clopper_pearson(hits / spread, inside / spread, confidence)
        chance = clopper_pearson(alarms / spread, outside / spread, confidence)[1]
        return low, high, max(2.0 * FALSE_POSITIVES, chance)

    low, high, goal = limits(0.95)
    told = int(told_members(blind.scores[name], member)[member].sum()) / inside
    if told > goal:
        reason = f"training and hold-out differ without a leak ({told:.1%}): needs a hold-out of its kind"
        return replace(METRIC.missing(subject, reason), verdict=NO_POWER)
    value = hits / inside
    verdict, reason = PASS, ""
    if low > goal:
        verdict = FAIL
        reason = f"{value:.1%} of members are told at 1 % false positives; chance: at most {goal:.1%}"
    elif value > goal:
        verdict, reason = WARN, f"{above(value, goal)}; its interval reaches below"
    elif outside / spread < least:
        verdict = NO_POWER
        reason = f"rows of one entity hang together: as {outside / spread:,.0f} non-members; needs {least}"
    note = f"{hits:,} of {inside:,} members, {alarms} of {outside:,} non-members; Clopper-Pearson"
    note += f"; rows of one entity hang together: as {inside / spread:,.0f} members" if spread > 1.0 else ""
    references = (FALSE_POSITIVES, 1.0, goal)
    n = min(inside, outside)
    figures = METRIC.scored(subject, value, (low, high), n, references, (verdict, reason), note)
    chance = level_reaching(lambda level: (ends := limits(1.0 - 2.0 * level))[0] > ends[2])
    return replace(figures, unit="share of members", p=chance)


def told_members(score: Float1D, member: Bool1D) -> Bool1D:
    """Tell which units lie above the largest threshold that at most 1 % of non-members pass."""
    others = np.sort(score[~member])[::-1]
    allowed = int(FALSE_POSITIVES * len(others) + 1e-9)
    return np.asarray(score > others[allowed])


METRIC = Metric(
    name="membership",
    case="table",
    use=SHARE,
    unit="AUC",
    lowest=0.0,
    highest=1.0,
    best=0.5,
    delta=0.05,
    origin="assumption: 5 points of AUC beyond real rows in the place of the synthetic ones",
    order_free=False,
    compute=measure,
    summary="Can an attacker tell who was in the training data",
    order=530,
    how=(
        "Distances of training rows and of held-out rows to the synthetic ones, alone and against their "
        "distance to other real rows: how well do they tell members. The rows of one entity are added up: "
        "a row that cannot be told may belong to a person who can."
    ),
    misses="Attackers who know the model, or more than the columns; a hold-out of another kind of people.",
    estimator=(
        "1-nearest-neighbour distance to all synthetic rows, and its log ratio to that to half of the "
        "hold-out (DOMIAS), about 10,000 rows of whole entities a side; AUC with bootstrap over entities, "
        "p by Student's law; true positives at 1 % false positives with Clopper-Pearson over the design "
        "effect of entities; an entity has the mean score of its rows"
    ),
    references="held-out rows in place of the synthetic, or boosted trees without them / 1",
)
