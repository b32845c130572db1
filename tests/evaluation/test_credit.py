import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from finsim.errors import DataError
from finsim.evaluation import METRICS
from finsim.evaluation.credit import evaluate_credit
from finsim.evaluation.loans import CreditCase
from finsim.evaluation.scorecard import Scorecard
from finsim.evaluation.settings import Settings
from finsim.randomness import Streams

pytestmark = pytest.mark.sweep

SMALL = Settings(bootstrap=60)


CREDIT = METRICS.of_case("credit")


def applications(seed: int, rows: int) -> pd.DataFrame:
    """Return applications whose amount follows age and whose purpose follows amount."""
    rng = np.random.default_rng(seed)
    age = rng.integers(20, 70, rows)
    amount = np.exp(7.0 + 0.02 * age + rng.normal(0, 0.4, rows))
    large = amount > np.median(amount)
    purpose = np.where(rng.random(rows) < 0.15, "other", np.where(large, "car", "radio"))
    return pd.DataFrame(
        {
            "age": age,
            "amount": amount,
            "purpose": purpose,
            "job": rng.choice(list("abc"), rows),
            "currency": "DEM",
        }
    )


def loans(frame: pd.DataFrame, sector: str = "purpose") -> pa.Table:
    ready = frame.assign(
        loan_id=np.arange(len(frame)), sector=frame[sector], pd=0.02, lgd=0.45, rho=0.1
    )  # what a book adds is not compared
    return pa.Table.from_pandas(ready, preserve_index=False)


def months(book: pa.Table, waves: float, seed: int = 3) -> pa.Table:
    """Return a panel of 36 months in which defaults swing by ``waves`` around 1 % a month."""
    rng = np.random.default_rng(seed)
    ids = book["loan_id"].to_numpy()
    rate = 0.01 * np.exp(waves * np.sin(np.arange(36) / 4))
    parts = []
    for month, chance in enumerate(rate):
        status = np.where(rng.random(len(ids)) < chance, "default", "current")
        parts.append(
            pa.table(
                {"loan_id": ids, "month": pa.array([month * 31] * len(ids), pa.int32()), "status": status}
            )
        )
        ids = ids[status == "current"]
    return pa.concat_tables(parts)


def arrow(frame: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(frame, preserve_index=False)


def scored(own, panel=None, losses=None, metrics=CREDIT):
    case = CreditCase(loans(own), panel, losses, Streams(7), SMALL)
    found = [score for name in metrics for score in METRICS.load(name).compute(case)]
    return {(score.metric, score.subject): score for score in found}


def judged(real, book, holdout=None):
    """Judge a book beside its applications, without the metrics that books alone have."""
    found = evaluate_credit(real, holdout, book, None, None, Streams(7), SMALL)
    card = Scorecard(tuple(one for one in found if one.metric not in CREDIT))
    return card, {(score.metric, score.subject): score for score in card.scores}


@pytest.fixture(scope="module")
def real():
    return applications(1, 800)


def test_another_draw_of_the_same_law_passes_everywhere(real):
    card, found = judged(real, loans(applications(2, 3_000)))
    assert "fail" not in {score.verdict for score in card.scores}
    assert card.verdicts()["stress a portfolio"].verdict == "pass"
    assert {score.table for score in card.scores} == {"loans"}
    two = found["table_two_sample", "all columns"]
    assert two.ceiling > two.value


@pytest.mark.parametrize("seed", range(3))
def test_applications_against_a_hold_out_raise_no_alarm(seed):
    draws = [applications(first + seed, 500) for first in (10, 50, 90)]
    card, _ = judged(draws[0], loans(draws[1]), draws[2])
    assert "fail" not in {score.verdict for score in card.scores}


def test_independent_columns_pass_the_margins_and_fail_on_dependence(real):
    own = applications(2, 3_000)
    rng = np.random.default_rng(4)
    apart = own.apply(lambda column: column.to_numpy()[rng.permutation(len(column))])
    _, found = judged(real, loans(apart))
    assert found["margins", "age"].verdict == "pass"
    assert found["pairs", "mean gap"].verdict == "fail"
    assert found["table_two_sample", "all columns"].verdict == "fail"


def test_a_changed_column_fails_alone(real):
    own = applications(2, 3_000)
    own["job"] = np.where(own["job"] == "b", "a", own["job"])
    _, found = judged(real, loans(own))
    assert found["margins", "job"].verdict == "fail"
    assert found["margins", "job"].value == pytest.approx((real["job"] == "b").mean(), abs=0.05)
    assert found["margins", "age"].verdict == "pass"


def test_amounts_of_another_unit_fail_and_those_of_another_currency_say_so(real):
    own = applications(2, 3_000)
    _, found = judged(real, loans(own.assign(amount=own["amount"] * 100)))
    assert found["margins", "amount"].verdict == "fail"
    card, found = judged(real, loans(own.assign(currency="EUR")))
    assert "EUR on the synthetic side, DEM on the real" in found["table_shape", "amount"].reason
    assert card.verdicts()["stress a portfolio"].verdict == "fail"


BROKEN = {
    "share of empties": (lambda d: d.assign(amount=d["amount"].where(np.arange(len(d)) % 3 > 0)), "fail",
                         "margins of amount, missing"),
    "empty categories": (lambda d: d.assign(job=d["job"].where(np.arange(len(d)) % 4 > 0)), "fail",
                         "margins of job, missing"),
    "negative": (lambda d: d.assign(amount=-d["amount"]), "fail", "margins of amount"),
    "three infinite": (lambda d: d.assign(amount=np.where(np.arange(len(d)) < 3, np.inf, d["amount"])),
                       "fail", "3 infinite values on the synthetic side"),
    "missing": (lambda d: d.drop(columns="amount"), "fail", "the synthetic side has no column 'amount'"),
    "renamed": (lambda d: d.rename(columns={"amount": "Amount"}), "fail", "did you mean 'Amount'"),
    "words in numbers": (lambda d: d.assign(age="old"), "fail", "text on the synthetic side"),
    "constant": (lambda d: d.assign(job="a"), "fail", "constant on the synthetic side (a)"),
    "empty": (lambda d: d.assign(job=None), "fail", "no value at all on the synthetic side"),
    "one row": (lambda d: d.iloc[:1], "not computed", "1 row on the synthetic side"),
}  # fmt: skip


@pytest.mark.usefixtures("few_trees")
@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_column_gets_a_sentence(real, fault):
    change, verdict, said = BROKEN[fault]
    card, _ = judged(real, arrow(change(applications(2, 800))))
    found = card.verdicts()["stress a portfolio"]
    assert found.verdict == verdict
    assert any(said in reason for reason in found.reasons), found.reasons


def test_numbers_stored_as_text_are_scored_as_numbers(real):
    own = applications(2, 800)
    card, found = judged(real, arrow(own.assign(age=own["age"].astype(str))))
    assert found["margins", "age"].note == "KS"
    assert card.verdicts()["stress a portfolio"].verdict == "pass"


def test_empties_on_both_sides_are_scored_and_pass():
    draws = [applications(seed, 800) for seed in (1, 2)]
    draws = [one.assign(amount=one["amount"].where(np.arange(len(one)) % 3 > 0)) for one in draws]
    card, found = judged(draws[0], arrow(draws[1]))
    assert found["margins", "amount, missing"].verdict == "pass"
    assert card.verdicts()["stress a portfolio"].verdict == "pass"


def test_a_book_without_rows_is_refused(real):
    with pytest.raises(DataError, match="the synthetic side has no rows"):
        judged(real, arrow(applications(2, 800).iloc[:0]))


def test_waves_of_default_are_seen_and_independence_is_called_out():
    own = applications(2, 3_000)
    book, only = loans(own), ("default_clusters",)
    calm = scored(own, months(book, 0.0), metrics=only)["default_clusters", "all loans"]
    waves = scored(own, months(book, 0.8), metrics=only)["default_clusters", "all loans"]
    assert waves.verdict == "pass"
    assert waves.value > 2 > calm.value
    assert calm.value == pytest.approx(1.0, abs=4 * np.sqrt(2 / 36))


def test_the_loss_tail_says_whether_the_draws_suffice():
    rng = np.random.default_rng(6)
    own = applications(2, 1_000)
    many = scored(own, losses=rng.gamma(2.0, 1.0, 400_000), metrics=("loss_tail",))
    few = scored(own, losses=rng.gamma(2.0, 1.0, 1_000), metrics=("loss_tail",))
    assert many["loss_tail", "VaR 99.0%"].verdict == "pass"
    assert few["loss_tail", "ES 99.0%"].verdict == "warn"
    assert few["loss_tail", "VaR 99.9%"].verdict == "not computed"


def test_nothing_in_common_and_nothing_given_is_said_not_raised(real):
    book = pa.table({"loan_id": [1, 2], "sector": ["x", "y"]})
    found = evaluate_credit(real, None, book, None, None, Streams(7), SMALL)
    assert "pass" not in {score.verdict for score in found}
    warned = [score for score in found if score.verdict == "warn"]
    assert {(score.metric, score.subject) for score in warned} <= {("table_shape", "sector")}
    assert {score.subject for score in found if score.metric == "table_shape"} > {"age", "amount", "job"}
    assert Scorecard(tuple(found)).verdicts()["stress a portfolio"].verdict == "fail"


def test_loans_without_an_outcome_have_no_verdict_on_a_detector(real):
    columns = [name for name in real if name not in ("bad", "default")]
    found = evaluate_credit(real[columns], None, loans(applications(2, 400)), None, None, Streams(7), SMALL)
    assert found
    assert "train a detector" not in Scorecard(tuple(found)).verdicts()
