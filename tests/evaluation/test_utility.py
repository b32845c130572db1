"""Utility: synthetic training rows beside real ones, planted label faults, recalls, ranks of strategies."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from event_stand_ins import events
from price_stand_ins import resampled

from finsim.evaluation import METRICS
from finsim.evaluation.case import path_case
from finsim.evaluation.columns import RETURN, Side
from finsim.evaluation.events.event_sides import event_case
from finsim.evaluation.settings import Settings
from finsim.evaluation.tables.column_pairs import Roles
from finsim.evaluation.tables.table_case import table_case
from finsim.evaluation.utility.alerts import recalls
from finsim.evaluation.utility.higher_is_better import at_least
from finsim.evaluation.utility.label_association import profile
from finsim.evaluation.utility.label_models import areas, precisions
from finsim.evaluation.utility.strategies import names, profits, sharpe_ratios
from finsim.evaluation.utility.strategy_ranking import _each_beside_the_others, interval, rank_correlations
from finsim.evaluation.verdicts import judged_together
from finsim.randomness import Streams

pytestmark = pytest.mark.sweep

stats = pytest.importorskip("scipy.stats")
QUICK = Settings(bootstrap=100)
LABEL = Roles(label="bad")


def loans(seed: int, rows: int = 2_000) -> pd.DataFrame:
    """Rows whose label needs two columns together, one alone, and none of the others."""
    rng = np.random.default_rng(seed)
    rate, income, debt = rng.gamma(4.0, 3.0, rows), rng.lognormal(10, 0.5, rows), rng.random(rows)
    home = rng.choice(["rent", "own", "mortgage"], rows)
    odds = -3.0 + 0.12 * rate + 2.5 * debt * (home == "rent")
    bad = rng.random(rows) < 1.0 / (1.0 + np.exp(-odds))
    return pd.DataFrame(
        {"rate": rate.round(2), "income": income.round(), "debt": debt, "home": home,
         "day": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, rows), unit="D"),
         "bad": np.where(bad, "yes", "no")}
    )  # fmt: skip


def copula(real: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """A Gaussian copula with the real margins: a tiny twin that loses what is not monotone in pairs."""
    size = len(real)
    codes = real.apply(lambda one: one.astype("category").cat.codes if one.dtype.kind not in "if" else one)
    order = {name: np.argsort(codes[name].to_numpy(), kind="stable") for name in real}
    noise = 1e-9 * rng.random(size)
    ranks = [stats.rankdata(codes[name].to_numpy().astype(float) + noise, method="ordinal") for name in real]
    normal = stats.norm.ppf((np.stack(ranks) - 0.5) / size)
    root = np.linalg.cholesky(np.corrcoef(normal) + 1e-9 * np.eye(len(normal)))
    drawn = stats.norm.cdf(root @ rng.standard_normal(normal.shape))
    place = np.minimum((drawn * size).astype(int), size - 1)
    return pd.DataFrame({name: real[name].to_numpy()[order[name]][place[k]] for k, name in enumerate(real)})


def table(rows):
    text = {name: rows[name].astype(str) for name in ("home", "bad") if name in rows}
    return pa.Table.from_pandas(rows.assign(**text), preserve_index=False)


def scores(names_, real, own, holdout=None, roles=LABEL):
    spare = None if holdout is None else table(holdout)
    case = table_case(table(real), table(own), spare, roles, Streams(3), QUICK)
    return judged_together([s for name in names_ for s in METRICS.load(name).compute(case)])


@pytest.fixture(scope="module")
def parts():
    return loans(1), loans(2), loans(3)


def shuffled(real, rng):
    return real.assign(bad=rng.permutation(real["bad"].to_numpy()))


def leaked(real, rng):
    return real.assign(income=np.where(real["bad"] == "yes", 1.0, 0.0) + 10_000.0)


def independent(real, rng):
    return real.apply(lambda one: rng.permutation(one.to_numpy()))


def test_another_real_part_is_as_good_as_the_real_rows(parts):
    found = scores(["label_utility", "label_association"], *parts)
    assert {s.verdict for s in found} == {"pass"}
    first = found[0]
    assert first.low < first.value < first.high
    assert abs(first.value - first.floor) < 0.05
    assert first.ceiling < first.goal


@pytest.mark.parametrize("fault", [shuffled, leaked, independent], ids=lambda one: one.__name__)
def test_a_label_that_cannot_be_learned_fails(fault, parts):
    real, _, spare = parts
    found = scores(["label_utility", "label_association"], real, fault(real, np.random.default_rng(5)), spare)
    failed = {(s.metric, s.subject) for s in found if s.verdict == "fail"}
    assert ("label_utility", "AUC of the label") in failed
    assert ("label_association", "income" if fault is leaked else "rate") in failed
    assert all("below" in s.reason for s in found if s.metric == "label_utility")


def test_a_copula_loses_and_its_rows_hurt_the_real_ones(parts):
    real, _, spare = parts
    made = copula(real.drop(columns="day"), np.random.default_rng(6))
    kept = [one.drop(columns="day") for one in (real, spare)]
    bad = scores(
        ["label_utility", "label_hybrid"], kept[0], shuffled(made, np.random.default_rng(7)), kept[1]
    )
    curve = [s.value for s in bad]
    assert curve[0] < curve[-1]
    assert [s.subject.split()[2] for s in bad[1:]] == ["10%", "30%", "100%"]
    assert "hurt" in bad[-1].note
    assert bad[-1].value < bad[-1].floor


def test_without_a_holdout_test_rows_are_no_training_rows(parts):
    real = parts[0]
    found = scores(["label_utility"], real, parts[1])[0]
    assert "no hold-out" in found.note
    assert found.n == pytest.approx(0.3 * len(real), rel=0.05)
    assert max(found.value, found.floor) < 0.9


def test_a_column_of_one_value_does_not_pass_for_being_alike(parts):
    real, own, _ = (part[:300].assign(home="rent", amount=np.nan) for part in parts)
    found = {s.subject: s for s in scores(["label_association"], real, own)}
    assert {found[name].verdict for name in ("home", "amount")} == {"not computed"}
    assert "one value on both sides" in found["home"].reason
    assert found["income"].verdict == "pass"


@pytest.mark.parametrize(
    ("change", "roles", "said"),
    [
        (lambda d: d, Roles(), "no label column is given"),
        (lambda d: d.drop(columns="bad"), Roles(label="bad"), "bad"),
        (lambda d: d, Roles(label="day"), "is a date"),
        (lambda d: d.assign(bad="no"), Roles(label="bad"), ""),
    ],
)
def test_no_label_is_a_sentence_and_one_class_is_a_failure(change, roles, said, parts):
    found = scores(["label_utility"], parts[0], change(parts[1]), parts[2], roles)[0]
    assert said in found.reason
    assert found.verdict == ("not computed" if said else "fail")


def test_classes_and_few_numbers_are_labels_too(parts):
    parts = [part.head(600) for part in parts]
    counted = [part.assign(some=(part["rate"].rank(pct=True) * 2).round()) for part in parts]
    for label in ("home", "some"):
        found = scores(["label_utility"], *counted, Roles(label=label))[0]
        assert found.value is not None
        assert label in found.note


def test_two_rare_classes_that_change_places_are_told_apart():
    """A, B and C: which of two columns is high; the commonest class alone says nothing of the other two."""

    def rows(seed: int, names: str) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        left, right, size = rng.random((3, 500))
        grade = np.where(left + right < 1.1, 0, np.where(left > right, 1, 2))
        frame = pd.DataFrame({"left": left, "right": right, "size": size})
        return frame.assign(grade=np.array(list(names))[grade])

    names = ["label_utility", "label_association"]
    real, spare = rows(1, "ABC"), rows(2, "ABC")
    good = scores(names, real, rows(3, "ABC"), spare, Roles(label="grade"))
    swapped = scores([*names, "label_hybrid"], real, rows(3, "ACB"), spare, Roles(label="grade"))
    assert {score.verdict for score in good} == {"pass"}
    found = {(score.metric, score.subject): score for score in swapped}
    utility = found["label_utility", "AUC of the label"]
    assert utility.verdict == found["label_association", "left"].verdict == "fail"
    assert "mean of 3 classes, each against the rest: grade is A" in utility.note
    assert "the worst of 3 classes" in found["label_association", "left"].note
    assert found["label_association", "size"].verdict == "pass"
    assert ("label_hybrid", "AUC with 30% of the real rows added (grade is not A)") in found


@pytest.mark.parametrize("label", ["rate", "number"])
def test_a_column_of_many_values_is_no_label_and_never_passes(label, parts):
    numbered = [part.assign(number=[f"V{k}" for k in range(len(part))]) for part in parts]
    names = ["label_utility", "label_hybrid", "label_association", "alert_recall", "label_rate"]
    found = scores(names, *numbered, Roles(label=label, time="day"))
    assert {score.metric for score in found} == set(names)
    values = numbered[0][label].nunique()
    for score in found:
        assert score.verdict == "not computed"
        assert f"{values:,} values; a label has 2 to 10 classes" in score.reason


def test_the_profile_of_a_column_does_not_depend_on_the_share_of_the_label():
    sums = np.array([[30.0, 60.0, 10.0, 8.0, 1.0, 1.0]])
    often = np.array([[30.0, 60.0, 10.0, 80.0, 10.0, 10.0]])
    assert profile(sums, 3, 1)[0] == pytest.approx([0.5, -0.5, 0.0])
    assert profile(sums, 3, 0) == pytest.approx(-profile(sums, 3, 1))
    assert profile(often, 3, 1) == pytest.approx(profile(sums, 3, 1))
    # Of three classes one stands against both others, added up.
    three = np.array([[30.0, 60.0, 10.0, 8.0, 1.0, 1.0, 10.0, 0.0, 0.0]])
    assert profile(three, 3, 1)[0] == pytest.approx([0.8 - 40 / 110, 0.1 - 60 / 110, 0.1 - 10 / 110])


def test_areas_precisions_and_recalls_are_those_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(1)
    chances, label = np.round(rng.random(300), 2), rng.random(300) < 0.2
    weights = rng.integers(0, 3, (3, 300)).astype(float)
    for row, area, precision in zip(
        weights, areas(chances, label, weights), precisions(chances, label, weights), strict=True
    ):
        assert area == pytest.approx(metrics.roc_auc_score(label, chances, sample_weight=row))
        assert precision == pytest.approx(metrics.average_precision_score(label, chances, sample_weight=row))
    even = recalls(np.zeros(300), label, np.ones((1, 300)), 0.1)
    assert even[0] == pytest.approx(0.1)
    best = recalls(label.astype(float), label, np.ones((1, 300)), label.mean() / 2)
    assert best[0] == pytest.approx(0.5)


def test_alert_recall_needs_a_time_and_finds_shuffled_labels(parts):
    real, own, _ = parts
    roles = Roles(label="bad", time="day")
    assert "time" in scores(["alert_recall"], real, own)[0].reason
    settings = replace(QUICK, budgets=(0.05, 0.2))
    sides = {"good": own, "bad": shuffled(own, np.random.default_rng(8))}
    found = {
        name: METRICS.load("alert_recall").compute(
            table_case(table(real), table(side), None, roles, Streams(3), settings)
        )
        for name, side in sides.items()
    }
    assert [s.subject for s in found["good"]] == ["recall at 5.0% alerts", "recall at 20.0% alerts"]
    assert found["good"][1].value > found["bad"][1].value
    assert found["bad"][1].verdict == "warn"
    assert "latest" in found["good"][0].note


def test_recall_by_history_sees_what_rows_alone_do_not():
    real, own = events(1), events(2, first=1_000)
    settings = replace(QUICK, budgets=(0.1,))
    sides = [pa.Table.from_pandas(one, preserve_index=False) for one in (real, own)]
    case = event_case(*sides, None, Roles(id="card", time="ts", label="bad"), Streams(3), settings)
    by_history = METRICS.load("event_alert_recall").compute(case)[0]
    by_row = METRICS.load("alert_recall").compute(case.rows)[0]
    assert by_history.value > by_row.value


def test_strategies_by_hand():
    rng = np.random.default_rng(2)
    returns = 0.01 * rng.standard_normal((3, 70, 4))
    found = profits(returns)
    assert found.shape == (3, 70, 24)
    assert len(names(4)) == 24
    assert len(names(1)) == 16
    assert np.isnan(found[:, :4, :6]).all()
    assert np.isfinite(found[:, 4:, :6]).all()
    past, ahead = returns[1, 8:11].sum(axis=0), returns[1, 11]
    order = np.argsort(past)
    at = names(4).index("momentum across assets 3")
    assert found[1, 11, at] == pytest.approx((ahead[order[2:]].sum() - ahead[order[:2]].sum()) / 2)
    assert found[1, 11, names(4).index("momentum 3")] == pytest.approx(np.mean(np.sign(past) * ahead))
    for day in range(10, 69):
        for lookback in (5, 10):
            window = returns[1, day - lookback : day]
            score = (returns[1, day] - window.mean(axis=0)) / window.std(axis=0)
            for limit in (0.5, 1.0):
                held = np.where(score < -limit, 1.0, np.where(score > limit, -1.0, 0.0))
                at = names(4).index(f"reversion {lookback} at {limit:g}")
                assert found[1, day + 1, at] == pytest.approx(np.mean(held * returns[1, day + 1]), abs=1e-9)
    known = found[0, :, 0][np.isfinite(found[0, :, 0])]
    assert sharpe_ratios(found)[0, 0] == pytest.approx(known.mean() / known.std() * np.sqrt(252), rel=1e-6)
    left, right = rng.integers(0, 9, (2, 24)).astype(float), rng.integers(0, 9, (2, 24)).astype(float)
    expected = [stats.spearmanr(a, b).statistic for a, b in zip(left, right, strict=True)]
    assert rank_correlations(left, right) == pytest.approx(expected)


def test_turned_paths_turn_the_ranking(real):
    own = resampled(real, 40, 600, seed=4)
    case = path_case(real, None, own, Streams(3), QUICK)
    metric = METRICS.load("strategy_ranking")
    good = metric.compute(case)[0]
    ones = np.where(np.arange(case.synthetic.steps) % 2 == 0, 1.0, -1.0)[None, :, None]
    columns = {**case.synthetic.columns, RETURN: np.abs(case.synthetic.columns[RETURN]) * ones}
    bad = metric.compute(replace(case, synthetic=Side(case.synthetic.paths, columns)))[0]
    assert good.value > 0.5 > bad.value


def test_a_synthetic_path_counts_for_no_longer_than_the_real_one(real):
    short = path_case(real, None, resampled(real, 40, real.close.shape[1] - 1, seed=4), Streams(3), QUICK)
    days = short.real.steps
    more = np.random.default_rng(8).standard_normal((40, 200, short.synthetic.columns[RETURN].shape[2]))
    longer = np.concatenate([short.synthetic.columns[RETURN][:, :days], 0.05 * more], axis=1)
    columns = {**short.synthetic.columns, RETURN: longer}
    case = replace(short, synthetic=Side(short.synthetic.paths, columns))
    metric = METRICS.load("strategy_ranking")
    found = [metric.compute(one)[0] for one in (short, case)]
    assert found[0].value == found[1].value


def test_a_single_path_ranks_nothing(real):
    case = path_case(real, None, resampled(real, 1, 600, seed=4), Streams(3), QUICK)
    found = METRICS.load("strategy_ranking").compute(case)[0]
    assert (found.verdict, found.value) == ("no power", None)
    assert "1 synthetic paths; needs at least" in found.reason


def test_each_path_stands_beside_the_mean_of_the_others():
    ratios = np.random.default_rng(5).standard_normal((7, 24))
    expected = [
        stats.spearmanr(ratios[k], np.delete(ratios, k, axis=0).mean(axis=0)).statistic for k in range(7)
    ]
    assert _each_beside_the_others(ratios) == pytest.approx(expected)


@pytest.mark.parametrize("noise", [0.1, 0.8, 3.0])
def test_the_interval_of_a_ranking_holds_the_ranking_without_noise(noise):
    rng = np.random.default_rng(6)
    held, plain = 0, 0
    for _ in range(100):
        left, right = rng.standard_normal((2, 24))
        right = 0.5 * left + right
        seen = right + noise * rng.standard_normal(24)
        resampled = seen + noise * rng.standard_normal((400, 24))
        target = rank_correlations(right[None], left[None])[0]
        draws = rank_correlations(resampled, np.broadcast_to(left, resampled.shape))
        low, high = interval(seen, resampled, draws)
        held += bool(low <= target <= high)
        low, high = np.quantile(draws, [0.025, 0.975])
        plain += bool(low <= target <= high)
    assert held >= 88
    assert noise < 0.5 or plain < 80  # percentiles of a noisy correlation miss what is meant


def test_a_label_that_the_real_rows_alone_do_not_tell_has_no_power(parts):
    rng = np.random.default_rng(8)
    drawn = [part.assign(bad=rng.choice(["no", "yes"], len(part), p=[0.7, 0.3])) for part in parts]
    found = scores(["label_hybrid"], *drawn)
    assert len(found) == 3
    assert {score.verdict for score in found} == {"no power"}
    assert all("real rows alone do not tell the label" in score.reason for score in found)


def test_a_goal_below_the_lowest_value_has_no_power_and_says_so():
    metric = METRICS.load("alert_recall")
    figures, floors = np.full(21, 0.3), np.linspace(0.0, 0.2, 20)
    score = at_least(metric, "recall", figures, floors, 0.0, 50, "", 0.1)
    assert score.verdict == "no power"
    assert "the goal would be below 0" in score.reason
