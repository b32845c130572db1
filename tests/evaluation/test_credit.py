import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from finsim.evaluation import METRICS
from finsim.evaluation.credit import evaluate_credit
from finsim.evaluation.loans import CreditCase, shared_columns
from finsim.evaluation.settings import Settings
from finsim.randomness import Streams

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
        loan_id=np.arange(len(frame)), sector=frame[sector], amount=(frame["amount"] * 51).astype(np.int64)
    )
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


def scored(real, own, panel=None, losses=None, holdout=None, metrics=CREDIT):
    book = loans(own)
    case = CreditCase(shared_columns(real, book, holdout), book, panel, losses, Streams(7), SMALL)
    found = [score for name in metrics for score in METRICS.load(name).compute(case)]
    return {(score.metric, score.subject): score for score in found}


@pytest.fixture(scope="module")
def real():
    return applications(1, 800)


def test_another_draw_of_the_same_law_passes_everywhere(real):
    found = scored(real, applications(2, 3_000))
    for key, score in found.items():
        assert score.verdict in ("pass", "not computed"), (key, score)
    assert ("loan_margins", "currency") not in found
    assert found["loan_two_sample", "loans"].ceiling > found["loan_two_sample", "loans"].value


@pytest.mark.parametrize("seed", range(3))
def test_applications_against_a_hold_out_raise_no_alarm(seed):
    found = scored(
        applications(10 + seed, 500), applications(50 + seed, 500), holdout=applications(90 + seed, 500)
    )
    assert "fail" not in {score.verdict for score in found.values()}


def test_independent_columns_pass_the_margins_and_fail_on_dependence(real):
    own = applications(2, 3_000)
    rng = np.random.default_rng(4)
    apart = own.apply(lambda column: column.to_numpy()[rng.permutation(len(column))])
    found = scored(real, apart)
    assert found["loan_margins", "age"].verdict == "pass"
    assert found["loan_dependence", "all column pairs"].verdict == "fail"
    assert found["loan_two_sample", "loans"].verdict == "fail"


def test_a_changed_column_fails_alone(real):
    own = applications(2, 3_000)
    own["job"] = "a"
    found = scored(real, own, metrics=("loan_margins",))
    assert found["loan_margins", "job"].verdict == "fail"
    assert found["loan_margins", "job"].value == pytest.approx(1 - (real["job"] == "a").mean())
    assert found["loan_margins", "age"].verdict == "pass"


def test_money_is_compared_without_its_unit(real):
    found = scored(real, applications(2, 3_000), metrics=("loan_margins",))
    assert found["loan_margins", "amount"].verdict == "pass"


def test_waves_of_default_are_seen_and_independence_is_called_out(real):
    own = applications(2, 3_000)
    book, only = loans(own), ("default_clusters",)
    calm = scored(real, own, months(book, 0.0), metrics=only)["default_clusters", "all loans"]
    waves = scored(real, own, months(book, 0.8), metrics=only)["default_clusters", "all loans"]
    assert waves.verdict == "pass"
    assert waves.value > 2 > calm.value
    assert calm.value == pytest.approx(1.0, abs=4 * np.sqrt(2 / 36))


def test_the_loss_tail_says_whether_the_draws_suffice(real):
    rng = np.random.default_rng(6)
    own = applications(2, 1_000)
    many = scored(real, own, losses=rng.gamma(2.0, 1.0, 400_000), metrics=("loss_tail",))
    few = scored(real, own, losses=rng.gamma(2.0, 1.0, 1_000), metrics=("loss_tail",))
    assert many["loss_tail", "VaR 99.0%"].verdict == "pass"
    assert few["loss_tail", "ES 99.0%"].verdict == "warn"
    assert few["loss_tail", "VaR 99.9%"].verdict == "not computed"


def test_nothing_in_common_and_nothing_given_is_said_not_raised(real):
    book = pa.table({"loan_id": [1, 2], "sector": ["x", "y"]})
    found = evaluate_credit(real, None, book, None, None, Streams(7), SMALL)
    assert {score.verdict for score in found} == {"not computed"}
    assert len(found) == 5
