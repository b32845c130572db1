"""Gaps between groups, blocks of the real data that move statistics, and the age of the data."""

import numpy as np
import pandas as pd
import pytest
from people_stand_ins import PERSON, as_case, people

from finsim.evaluation.fairness import group_gaps
from finsim.evaluation.real_data import block_influence
from finsim.evaluation.tables.column_pairs import Roles

BY_SEX = Roles(label="bad", groups=("sex",))
DATED = Roles(time="day")


def hard_on_one_group(frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the rows with most of one group labelled bad."""
    rng = np.random.default_rng(seed)
    made = frame.copy()
    made.loc[(made["sex"] == "f") & (rng.random(len(made)) < 0.5), "bad"] = 1
    return made


@pytest.fixture(scope="module")
def sides():
    return people(6_000, 1), people(6_000, 3), people(6_000, 2)


def test_a_synthetic_side_that_is_hard_on_one_group_fails_and_its_own_law_does_not(sides):
    real, own, spare = sides
    fair = {s.subject: s for s in group_gaps.measure(as_case(real, own, spare, BY_SEX))}
    assert list(fair) == ["sex, selection", "sex, errors", "sex, calibration"]
    assert not {score.verdict for score in fair.values()} & {"fail", "warn"}
    assert fair["sex, selection"].verdict == "pass"
    hard = {s.subject: s for s in group_gaps.measure(as_case(real, hard_on_one_group(own, 5), spare, BY_SEX))}
    assert hard["sex, selection"].verdict == "fail"
    assert hard["sex, selection"].value > 0.2
    assert "the gap grows by" in hard["sex, selection"].reason
    # A group that real rows treat worse already is no change.
    skewed = [hard_on_one_group(side, 6 + k) for k, side in enumerate(sides)]
    same = group_gaps.measure(as_case(*skewed, BY_SEX))
    assert not {score.verdict for score in same} & {"fail"}


def test_groups_with_fewer_than_30_positives_are_too_few_and_named(sides):
    real, own, spare = (side.copy() for side in sides)
    for side in (real, own, spare):
        side.loc[side.index[:120], "sex"] = "x"
    counts = int(spare.loc[spare["sex"] == "x", "bad"].sum())
    assert counts < 30
    scores = group_gaps.measure(as_case(real, own, spare, BY_SEX))
    assert all(f"too few: x ({counts})" in score.note for score in scores)
    assert all("groups f, m" in score.note or "groups m, f" in score.note for score in scores)
    one = spare.copy()
    one["sex"] = np.where(one["sex"] == "x", "x", "m")
    (none,) = group_gaps.measure(as_case(real, own, one, BY_SEX))
    assert none.verdict == "not computed"
    assert none.reason.startswith("too few: groups with fewer than 30 positive rows")


def test_what_a_comparison_of_groups_lacks_is_said(sides):
    real, own, spare = (side[:500] for side in sides)
    for roles, held, word in (
        (Roles(label="bad"), spare, "--group"),
        (Roles(groups=("sex",)), spare, "--label"),
        (BY_SEX, None, "--holdout"),
        (Roles(label="amount", groups=("sex",)), spare, "not two values"),
    ):
        (score,) = group_gaps.measure(as_case(real, own, held, roles))
        assert score.verdict == "not computed"
        assert word in score.reason


def test_a_poisoned_block_is_found_and_named():
    real, own = people(4_000, 1), people(500, 2)
    (clean,) = block_influence.measure(as_case(real, own, roles=PERSON))
    assert clean.verdict == "pass"
    flipped, rich = real.copy(), real.copy()
    flipped.loc[1_000:1_199, "bad"] = 1
    rich.loc[1_000:1_199, "income"] *= 3
    for poisoned, word in ((flipped, "bad"), (rich, "income")):
        (found,) = block_influence.measure(as_case(poisoned, own, roles=PERSON))
        assert found.verdict == "warn"
        assert "block 6 of 20 (rows 1001 to 1200)" in found.reason
        assert word in found.reason


def test_clean_tables_are_seldom_accused():
    verdicts = [
        block_influence.measure(as_case(people(2_000, 100 + k), people(60, 1), roles=PERSON))[0].verdict
        for k in range(40)
    ]
    assert verdicts.count("warn") <= 6


def test_blocks_are_dates_or_accounts_where_the_table_has_them():
    own, dated = people(200, 2), people(2_000, 1)
    dated["day"] = np.datetime64("2024-01-01") + np.random.default_rng(1).permutation(2_000) % 400
    week = (dated["day"] >= "2024-03-01") & (dated["day"] < "2024-03-21")
    dated.loc[week, "rate"] += 0.2
    own["day"] = np.datetime64("2024-01-01")
    (found,) = block_influence.measure(as_case(dated, own, roles=DATED))
    assert found.verdict == "warn"
    assert "(2024-03-01 to 2024-03-20)" in found.reason
    many = people(3_000, 1)
    many["card"] = np.arange(3_000) % 60
    many.loc[many["card"] == 17, "amount"] = 99_999.0
    own = own.drop(columns="day").assign(card=1)
    (by_card,) = block_influence.measure(as_case(many, own, roles=Roles(id="card")))
    assert by_card.verdict == "warn"
    assert "entity number 18 of the file (50 rows)" in by_card.reason
    (few,) = block_influence.measure(as_case(many[:100], own))
    assert few.verdict == "not computed"
