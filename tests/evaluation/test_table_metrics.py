"""Metrics of any table: closed forms, columns that are broken, entities that stay together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy import stats

from finsim.errors import DataError
from finsim.evaluation.metric import STRESS
from finsim.evaluation.scorecard import Scorecard
from finsim.evaluation.settings import Settings
from finsim.evaluation.tables.association import blocks_of, covariances, tie
from finsim.evaluation.tables.column_cells import cells_of, grains, level_cells
from finsim.evaluation.tables.column_pairs import Roles, paired_columns
from finsim.evaluation.tables.coverage import METRIC as COVERAGE
from finsim.evaluation.tables.coverage import lacking
from finsim.evaluation.tables.evaluate_table import evaluate_table
from finsim.evaluation.tables.margins import METRIC as MARGINS
from finsim.evaluation.tables.repeats import METRIC as REPEATS
from finsim.evaluation.tables.resampled_rows import clustering, row_draws, thinned
from finsim.evaluation.tables.share_gap import share_chance
from finsim.evaluation.tables.table_case import table_case
from finsim.evaluation.tables.table_shape import METRIC as SHAPE
from finsim.evaluation.tables.table_two_sample import METRIC as TWO
from finsim.evaluation.tables.tails import METRIC as TAILS
from finsim.randomness import Streams

QUICK = Settings(bootstrap=60)


def arrow(frame: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(frame, preserve_index=False)


def tape(seed: int, rows: int = 600) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    income = np.exp(rng.normal(10, 0.5, rows)).round(-1)
    job = rng.choice(["clerk", "driver", "nurse", "other"], rows, p=[0.5, 0.3, 0.15, 0.05])
    bad = rng.random(rows) < 0.1 + 0.3 * (income < np.median(income))
    return pd.DataFrame({
        "income": income, "amount": (income * rng.beta(2, 5, rows)).round(2), "job": job,
        "opened": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, rows), unit="D"),
        "bad": bad,
    })  # fmt: skip


def case_of(real, own, spare=None, roles=None):
    sides = [None if one is None else arrow(one) for one in (real, own, spare)]
    return table_case(*sides, roles or Roles(), Streams(3), QUICK)


def scores_of(metric, *sides, **more):
    return {score.subject: score for score in metric.compute(case_of(*sides, **more))}


def card_of(real, own, **more):
    case = case_of(real, own, **more)
    found = evaluate_table(arrow(real), arrow(own), None, case.roles, Streams(3), QUICK)
    return Scorecard(tuple(found))


def test_the_distance_of_a_number_is_the_kolmogorov_smirnov_statistic():
    real, own = tape(1), tape(2)
    found = scores_of(MARGINS, real, own)
    assert found["amount"].value == pytest.approx(
        stats.ks_2samp(real["amount"], own["amount"]).statistic, abs=0.005
    )
    shares = [side["job"].value_counts(normalize=True) for side in (real, own)]
    assert found["job"].value == pytest.approx(0.5 * shares[0].sub(shares[1]).abs().sum())


def test_a_value_that_recurs_is_seen_though_its_neighbors_hold_as_many_rows():
    """A fifth of the incomes are 0; the twin has numbers near 0 instead."""
    rng = np.random.default_rng(4)
    real, own = tape(1), tape(2)
    few = np.arange(600) % 5 == 0
    real["income"] = np.where(few, 0.0, real["income"])
    own["income"] = np.where(few, rng.uniform(1e-6, 1e-3, 600), own["income"])
    assert scores_of(MARGINS, real, own)["income"].value == pytest.approx(0.2, abs=0.01)


def test_round_values_are_counted_by_the_powers_of_ten_that_divide_them():
    known = [0.005, 0.01, 0.5, 3.0, 40.0, 700.0, 5_000.0, 2e4, np.nan]
    assert grains(np.array(known)).tolist() == [0, 1, 2, 3, 4, 5, 6, 7, -1]
    real, own = tape(1), tape(2)
    own["income"] += np.random.default_rng(1).uniform(-4, 4, 600)
    found = scores_of(MARGINS, real, own)["income, round values"]
    assert found.value > 0.9
    assert found.p < 1e-6


def test_dates_are_numbers_and_their_weekdays_are_counted():
    real, own = tape(1), tape(2)
    own["opened"] += pd.to_timedelta((7 - own["opened"].dt.day_of_week) % 7, unit="D")  # Mondays alone
    found = scores_of(MARGINS, real, own)
    assert found["opened"].verdict == "pass"
    assert found["opened, weekday"].value == pytest.approx(
        1 - np.mean(real["opened"].dt.day_of_week == 0), abs=1e-9
    )


def test_many_values_are_pooled_and_unseen_ones_are_no_fault():
    """Names that hardly recur: neither side can have the other's."""
    rng = np.random.default_rng(1)
    names = np.array([f"name {k}" for k in range(4_000)])
    real, own = (pd.DataFrame({"name": rng.choice(names, 600), "x": rng.normal(size=600)}) for _ in range(2))
    case = case_of(real, own)
    assert level_cells(case.columns[0]).size == 1
    assert "fail" not in {score.verdict for score in card_of(real, own).scores}
    (told,) = TWO.compute(case)
    assert told.value <= told.goal
    assert told.verdict == "no power"  # one column is left, and what is independent of nothing is as good


def test_a_share_of_missing_cells_is_a_score_of_its_own_and_exact():
    assert share_chance((0, 600), (6, 600), 0.0) == pytest.approx(2 * 0.5**6, rel=0.05)
    assert share_chance((60, 600), (75, 600), 0.03) == 1.0
    real, own = tape(1), tape(2)
    holed = own.assign(income=own["income"].where(np.arange(600) % 3 > 0))
    found = scores_of(MARGINS, real, holed)["income, missing"]
    assert found.value == pytest.approx(1 / 3)
    assert found.p < 1e-20
    assert "income, missing" not in scores_of(MARGINS, real, own)


def clipped(frame, low, high):
    ends = frame["amount"].quantile([low, high]).to_numpy()
    return frame.assign(amount=frame["amount"].clip(*ends))


ENDS = {
    "capped": (lambda d: clipped(d, 0.0, 0.97), "amount, upper end, rows beyond"),
    "cut off": (lambda d: d[d["amount"] < d["amount"].quantile(0.97)], "amount, upper end, rows beyond"),
    "floored": (lambda d: clipped(d, 0.04, 1.0), "amount, lower end, rows beyond"),
    "too long": (lambda d: d.assign(amount=np.where(np.arange(len(d)) % 20 == 0, 9, 1) * d["amount"]),
                 "amount, upper end, ES 98.7%"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "subject"), ENDS.values(), ids=list(ENDS))
def test_ends_that_are_cut_or_too_long_are_seen_at_their_end(change, subject):
    real, own = tape(1, 1_500), tape(2, 1_500)
    plain, changed = scores_of(TAILS, real, own), scores_of(TAILS, real, change(own))
    assert plain[subject].verdict == "pass"
    assert changed[subject].verdict == "warn"
    assert changed[subject].p < 1e-3 < plain[subject].p


def test_ties_are_those_of_scipy_and_a_turned_direction_is_a_gap():
    real = tape(1)
    case = case_of(real, real.assign(amount=-real["amount"]))
    number = {one.name: one for one in case.columns}
    rho = stats.spearmanr(real["income"], real["amount"]).statistic
    assert tie(number["income"], number["amount"], "real") == pytest.approx(rho, abs=1e-6)
    blocks = blocks_of(case.columns)
    gap = blocks.norms((covariances(blocks.real, blocks.scale) - covariances(blocks.own, blocks.scale)) ** 2)
    at = [blocks.names.index(name) for name in ("income", "amount")]
    assert gap[at[0], at[1]] == pytest.approx(2 * rho, abs=1e-5)
    table = pd.crosstab(real["job"], real["bad"])
    phi = np.sqrt(stats.chi2_contingency(table, correction=False).statistic / len(real))
    ours = blocks.norms(covariances(blocks.real, blocks.scale) ** 2)
    at = [blocks.names.index(name) for name in ("job", "bad")]
    assert ours[at[0], at[1]] == pytest.approx(phi, abs=1e-3)


def test_the_columns_that_give_a_twin_away_are_named():
    real, own = tape(1), tape(2)
    found = TWO.compute(case_of(real, own.assign(amount=own["amount"] * 1.5)))[0]
    assert found.note.startswith("given away by amount")
    assert found.verdict == "warn"  # what fails is decided among all scores


def test_subgroups_are_compared_by_roots_of_shares():
    lost = lacking(np.array([0.04, 0.04]), np.array([0.04, 0.0]), (1_000, 1_000))
    assert lost.tolist() == pytest.approx([0.0, 2 * 0.2 * np.sqrt(500)])
    real, own = tape(1, 1_500), tape(2, 1_500)
    kept = own[~((own["job"] == "nurse") & own["bad"])]
    failed = {score.metric: score for score in card_of(real, kept).scores if score.verdict == "fail"}
    assert "job nurse and bad true: 0.00 % synthetic" in failed["coverage"].note.replace("%", " %")


def test_a_subgroup_may_have_four_fifths_of_its_share_before_anything_is_said():
    def groups(small: int) -> pd.DataFrame:
        return pd.DataFrame({"job": ["a"] * (1_000 - small) + ["b"] * small})

    (found,) = COVERAGE.compute(case_of(groups(200), groups(130)))
    assert found.value == pytest.approx(2 * (np.sqrt(0.8 * 0.2) - np.sqrt(0.13)) * np.sqrt(500))
    assert COVERAGE.compute(case_of(groups(200), groups(160)))[0].value == pytest.approx(0.0)


def test_repeats_are_counted_beyond_those_of_the_real_side():
    real, own = tape(1), tape(2)
    twice = pd.concat([own.iloc[:570], own.iloc[:30]])
    found = REPEATS.compute(case_of(real, twice))[0]
    assert found.value == pytest.approx(0.05)
    assert found.p < 1e-3
    both = REPEATS.compute(case_of(pd.concat([real.iloc[:570], real.iloc[:30]]), twice))[0]
    assert both.verdict == "pass"


def test_a_whole_entity_is_drawn_or_left_and_counts_as_one():
    rng = np.random.default_rng(2)
    who = np.repeat(np.arange(60), 20)
    level = np.repeat(rng.normal(size=60), 20)  # all rows of an entity are alike
    made = [
        pd.DataFrame({"card": who, "x": level + 0.01 * rng.normal(size=1_200), "y": rng.normal(size=1_200)})
        for _ in range(2)
    ]
    case = case_of(*made, roles=Roles(id="card"))
    for draw in row_draws(case, "test", 5):
        assert all(len(set(draw.real[who == one])) == 1 for one in range(60))
    assert clustering(case.entity_real) == 20.0
    some = thinned(case, 400, "test")
    assert some.rows_real == 400
    assert len(np.unique(some.entity_real)) == 20


def test_the_floor_of_entities_is_wider_than_that_of_rows():
    rng = np.random.default_rng(3)
    sides = []
    for _ in range(2):
        level = np.repeat(rng.normal(size=40), 25)
        sides.append(
            pd.DataFrame({"card": np.repeat(np.arange(40), 25), "x": level, "y": rng.normal(size=1_000)})
        )
    with_id = scores_of(MARGINS, *sides, roles=Roles(id="card"))["x"]
    without = scores_of(MARGINS, *(one.drop(columns="card") for one in sides))["x"]
    assert with_id.floor > 2 * without.floor
    assert with_id.verdict == "pass"


def test_a_hold_out_that_differs_gives_the_same_leave_to_a_twin():
    real, later = tape(1, 1_000), tape(5, 1_000)
    later["income"] *= 1.3
    own = tape(2, 1_000)
    own["income"] *= 1.25
    alone = scores_of(MARGINS, real, own)["income"]
    beside = scores_of(MARGINS, real, own, later)["income"]
    assert alone.verdict == "warn"
    assert beside.verdict == "pass"
    assert beside.floor == pytest.approx(stats.ks_2samp(real["income"], later["income"]).statistic, abs=0.01)


ODD = {
    "one row": lambda d: d.iloc[:1],
    "two rows": lambda d: d.iloc[:2],
    "all text": lambda d: d[["job"]],
    "constant": lambda d: d.assign(job="x", income=1.0),
    "missing everywhere": lambda d: d.assign(job=None, income=np.nan),
    "nearly all missing": lambda d: d.assign(income=d["income"].where(np.arange(len(d)) < 3)),
    "infinite": lambda d: d.assign(income=np.inf),
    "negative infinite": lambda d: d.assign(income=np.where(np.arange(len(d)) < 2, -np.inf, d["income"])),
    "huge": lambda d: d.assign(income=d["income"] * 1e300),
    "no column in common": lambda d: d.rename(columns=lambda name: f"{name}_"),
    "another type": lambda d: d.assign(income=pd.Timestamp("2020-01-01"), job=3.0),
}


@pytest.mark.usefixtures("few_trees")
@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("side", ["real", "synthetic", pytest.param("both", marks=pytest.mark.slow)])
def test_odd_tables_get_sentences_and_never_crash(odd, side):
    real, own = tape(1, 300), tape(2, 300)
    real = ODD[odd](real) if side != "synthetic" else real
    own = ODD[odd](own) if side != "real" else own
    card = card_of(real, own, roles=Roles(label="bad"))
    assert card.scores
    for score in card.scores:
        assert score.verdict == "pass" or score.reason, score
    if side != "both":
        found = [*card.of("table_shape"), *card.of("margins"), *card.of("table_two_sample")]
        assert any(score.verdict not in ("pass", "no power") for score in found)


def test_one_value_on_both_sides_is_not_compared_and_another_value_is_seen():
    real, own = (tape(seed, 300).assign(fixed="x", one=1.0) for seed in (1, 2))
    found = scores_of(MARGINS, real, own)
    for name in ("fixed", "one"):
        assert found[name].verdict == "not computed"
        assert "one value in all rows of both" in found[name].reason
    assert found["job"].verdict == "pass"
    other = scores_of(MARGINS, real, own.assign(fixed="y", one=2.0))
    assert {other[name].verdict for name in ("fixed", "one")} == {"warn"}


@pytest.mark.parametrize("side", [0, 1, 2])
def test_sides_without_rows_are_refused(side):
    sides = [tape(1), tape(2), tape(3)]
    sides[side] = sides[side].iloc[:0]
    with pytest.raises(DataError, match="has no rows"):
        evaluate_table(*map(arrow, sides), Roles(), Streams(1), QUICK)


def test_every_real_column_is_compared_or_named():
    real = tape(1).assign(key=np.arange(600), gone=1.0, text="7")
    own = tape(2).assign(key=np.arange(600), Gone=1.0, text=7.0, more=3)
    case = case_of(real, own, roles=Roles(id="key"))
    left = {one.name: one for one in case.left_out}
    assert left["key"].meant
    assert left["gone"].reason == "the synthetic side has no column 'gone' (did you mean 'Gone')"
    assert left["text"].reason == "numbers on the synthetic side where the real side has text"
    assert left["more"].further
    assert {*left, *(one.name for one in case.columns)} == {*real, *own}
    found = scores_of(SHAPE, real, own, roles=Roles(id="key"))
    assert {name for name, one in found.items() if one.verdict == "fail"} == {
        "all columns", "gone", "text", "Gone", "more",
    }  # fmt: skip
    assert found["more"].verdict == "fail"


def test_columns_of_a_dictionary_and_of_decimals_are_paired():
    real = pa.table(
        {"a": pa.array(["x", "y", None]).dictionary_encode(), "b": pa.array([1, 2, 3], pa.decimal128(9, 2))}
    )
    own = pa.table({"a": pa.array(["y", "z", "z"]), "b": pa.array([1.5, None, np.inf])})
    pairs, left = paired_columns(real, own, None)
    assert not left
    assert pairs[0].levels == ("x", "y", "z")
    assert pairs[0].real.tolist() == [0, 1, -1]
    assert pairs[1].infinite == (0, 1)
    assert np.isnan(pairs[1].own).tolist() == [False, True, True]


def test_views_of_a_column_do_not_depend_on_the_order_of_rows():
    case = case_of(tape(1), tape(2))
    for column in case.columns:
        turned = replace(column, own=column.own[::-1])
        for view, other in zip(cells_of(column), cells_of(turned), strict=True):
            assert np.array_equal(view.own[::-1], other.own)


def test_without_a_shared_column_the_reason_says_so_and_no_number_of_rows():
    real = tape(1, 300)
    sides = [arrow(one) for one in (real, ODD["no column in common"](real), tape(3, 300))]
    found = evaluate_table(*sides, Roles(label="bad"), Streams(3), QUICK)
    reasons = {score.metric: score.reason for score in found if score.subject not in real.columns}
    for name in (
        "margins", "tails", "pairs", "table_two_sample", "coverage", "repeats", "row_copies", "near_rows",
        "rare_values", "membership", "linkability", "singling_out", "block_influence",
    ):  # fmt: skip
        assert reasons[name].startswith("no shared column"), name


def test_one_synthetic_row_is_not_judged():
    card = card_of(tape(1, 300), tape(2, 300).iloc[:1], roles=Roles(label="bad"))
    left = {score.metric for score in card.scores if score.verdict not in ("not computed",)}
    assert left <= {"table_shape", "block_influence"}
    assert card.of("table_two_sample")[0].reason == "1 row on the synthetic side; needs 100"


def test_columns_of_one_value_tell_nothing_and_pass_nothing():
    one = pd.DataFrame({"a": np.ones(300), "b": ["x"] * 300})
    card = card_of(one, one)
    (score,) = card.of("table_two_sample")
    assert score.verdict == "not computed"
    assert card.of("table_shape")[0].note == "2 columns compared; one value on both sides: a, b"
    void = card_of(one.assign(a=np.nan), one.assign(a=np.nan))
    assert "no value on either side: a; one value on both sides: b" in void.of("table_shape")[0].note
    assert card.verdicts()[STRESS].verdict == "not computed"
    assert card_of(one, one.assign(b="y")).of("table_two_sample")[0].value > 0.85
