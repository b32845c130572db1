from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from payment_stand_ins import payments

from finsim.errors import DataError
from finsim.evaluation.settings import Settings
from finsim.evaluation.transactions import evaluate_transactions
from finsim.evaluation.utility import decoys, shortcuts
from finsim.evaluation.utility.detection import transaction_case
from finsim.evaluation.utility.payment_histories import NAMES, features
from finsim.evaluation.utility.transaction_arrays import events, hashed, sampled
from finsim.randomness import Streams

SMALL = Settings(bootstrap=100, max_rows=6_000)


@pytest.fixture(scope="module")
def world():
    return payments(seed=1)


@pytest.fixture(scope="module")
def scores(world):
    return by_name(evaluate_transactions(*world, Streams(7), SMALL, expected={"story": 48.0, "decoy": 9.0}))


def by_name(found):
    return {(score.metric, score.subject.split(":")[0]): score for score in found}


def test_the_detector_learns_and_says_what_it_was_tested_on(scores):
    recall = scores["detector", "recall of rows at 1.0% alerts"]
    assert recall.verdict == "pass"
    assert recall.low > recall.ceiling == 0.01
    assert "held-out later period of the same synthetic world" in recall.note
    assert scores["detector", "average precision"].verdict == "pass"
    assert scores["detector", "schemes with an alert at 0.5% alerts"].value >= recall.value / 2


def test_recall_grows_with_the_budget(scores):
    values = [
        scores["detector", f"recall of rows at {budget} alerts"].value for budget in ("0.1%", "0.5%", "1.0%")
    ]
    assert values == sorted(values)


def test_decoys_are_scored_apart_and_few_of_them_have_no_power():
    case = transaction_case(*payments(seed=1, schemes=150), Streams(7), SMALL)
    (score,) = decoys.measure(case)
    assert score.floor < 0.02
    assert score.low <= score.value <= score.high
    found = case.detection
    numbers = np.unique(found.instance[found.decoy])
    for kept, is_powerless in ((numbers[:4], True), (numbers[:5], False)):
        few = replace(found, decoy=found.decoy & np.isin(found.instance, kept))
        (score,) = decoys.measure(replace(case, detection=few))
        assert (score.verdict == "no power") == is_powerless


def test_scheme_counts_follow_the_plan(scores, world):
    assert scores["scheme_counts", "story"].verdict == "pass"
    assert scores["scheme_counts", "story"].value == 50
    wrong = by_name(evaluate_transactions(*world, Streams(7), SMALL, expected={"story": 20.0}))
    assert wrong["scheme_counts", "story"].verdict == "fail"
    assert wrong["scheme_counts", "decoy"].verdict == "fail"


def test_a_clean_world_has_no_shortcut(scores):
    for subject in ("best single raw column", "best identifier", "grid of times"):
        assert scores["shortcuts", subject].verdict == "pass", scores["shortcuts", subject]


def test_a_leaked_label_is_found_by_name():
    found = by_name(evaluate_transactions(*payments(seed=2, leak="phone"), Streams(7), SMALL))
    leak = found["shortcuts", "best single raw column"]
    assert leak.verdict == "fail"
    assert leak.subject.endswith("channel")
    assert leak.value > 0.99


def test_a_leaked_identifier_warns_and_is_named():
    found = by_name(evaluate_transactions(*payments(seed=2, leak="ids"), Streams(7), SMALL))
    leak = found["shortcuts", "best identifier"]
    assert (leak.verdict, leak.subject) == ("warn", "best identifier: order_id")
    assert "leave the column out" in leak.reason
    assert found["shortcuts", "best single raw column"].verdict == "pass"


def test_labels_without_any_pattern_cannot_be_detected(world):
    rows, accounts, patterns = world
    rng = np.random.default_rng(3)
    frame = rows.to_pandas()
    marked = rng.permutation(len(frame))[:600]
    frame["is_fraud"] = False
    frame["is_laundering"] = False
    frame["instance"] = np.int64(-1)
    frame.loc[marked, "is_fraud"] = True
    frame.loc[marked, "instance"] = 1_000 + np.arange(600)
    found = by_name(evaluate_transactions(frame, accounts, patterns, Streams(7), SMALL))
    assert found["detector", "recall of rows at 0.1% alerts"].verdict == "fail"
    assert 0.5 <= found["shortcuts", "best single raw column"].value < 0.56


def test_another_world_can_be_the_test_set(world):
    other = payments(seed=9)
    found = by_name(evaluate_transactions(*world, Streams(7), SMALL, test=(other[0], other[2])))
    assert "given as test set" in found["detector", "average precision"].note


def test_a_world_with_few_schemes_says_why_nothing_was_computed():
    found = evaluate_transactions(*payments(seed=4, schemes=3), Streams(7), SMALL)
    missing = [score for score in found if score.metric in ("detector", "decoys")]
    assert {score.verdict for score in missing} == {"not computed"}
    assert "needs" in missing[0].reason


def test_missing_columns_are_named(world):
    rows, accounts, patterns = world
    with pytest.raises(DataError, match="instance"):
        evaluate_transactions(rows.drop_columns(["instance"]), accounts, patterns, Streams(7), SMALL)
    with pytest.raises(DataError, match="at least one row"):
        evaluate_transactions(rows.slice(0, 0), accounts, patterns, Streams(7), SMALL)


def test_no_scheme_is_on_both_sides_of_the_cut(world):
    case = transaction_case(*world, Streams(7), SMALL)
    found = case.detection
    cut = int(0.7 * case.events.rows)
    early = set(case.events.instance[:cut]) - {-1}
    assert not early & set(found.instance[found.instance >= 0])
    assert found.weight.sum() == pytest.approx(
        np.isin(case.events.instance[cut:], list(early), invert=True).sum()
    )


def test_features_do_not_change_when_the_future_does(world):
    rows, accounts, _ = world
    whole, past = events(rows, accounts), events(rows.slice(0, 9_000), accounts)
    chosen = np.arange(0, 9_000, 37)
    left, right = features(whole, chosen), features(past, chosen)
    assert left.shape == (len(chosen), len(NAMES))
    steady = [k for k, name in enumerate(NAMES) if name != "channel"]
    np.testing.assert_allclose(left[:, steady], right[:, steady], atol=1e-9)


def test_scores_do_not_depend_on_the_order_of_rows_or_on_pandas(world, scores):
    rows, accounts, patterns = world
    order = np.random.default_rng(5).permutation(rows.num_rows)
    mixed = rows.take(pa.array(order)).to_pandas()
    again = by_name(
        evaluate_transactions(mixed, accounts.to_pandas(), patterns.to_pandas(), Streams(7), SMALL)
    )
    for key in (("detector", "average precision"), ("shortcuts", "best single raw column")):
        assert again[key].value == pytest.approx(scores[key].value, abs=1e-9)


def test_the_hash_sample_is_even_keeps_every_wanted_row_and_restores_weights():
    ids = np.arange(200_000)
    values = hashed(ids)
    assert values.mean() == pytest.approx(0.5, abs=4 / np.sqrt(12 * 200_000))
    keep = ids % 1_000 == 0
    rows, weight = sampled(np.ones(200_000, bool), keep, ids, 5_000)
    assert set(np.flatnonzero(keep)) <= set(rows)
    assert weight.sum() == pytest.approx(200_000)
    assert len(rows) == pytest.approx(5_200, rel=0.1)


def test_times_off_the_grid_of_ordinary_ones_are_found():
    """Three illicit rows in ten beyond doubt are an AUC of .65: no single column shows it."""
    rows, accounts, patterns = payments(seed=2)
    minute = 60 * 10**9
    stamp = rows["ts"].cast(pa.timestamp("ns", tz="UTC"))
    clock = np.asarray(stamp.cast(pa.int64()).to_numpy()) // minute * minute
    illicit = np.asarray(rows["is_fraud"]) | np.asarray(rows["is_laundering"])
    clock += np.where(illicit & (np.random.default_rng(1).random(len(clock)) < 0.3), 10**9 + 1, 0)
    told = rows.set_column(rows.column_names.index("ts"), "ts", pa.array(clock).cast(stamp.type))
    found = by_name(shortcuts.measure(transaction_case(told, accounts, patterns, Streams(7), SMALL)))
    grid = found["shortcuts", "grid of times"]
    assert grid.verdict == "fail", grid
    assert grid.value == pytest.approx(0.65, abs=0.03)
    assert "multiples of 60 s" in grid.note
    assert found["shortcuts", "best single raw column"].verdict == "pass"
