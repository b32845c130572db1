"""``fit`` with an epsilon on a table and on a ledger: units, what the folder does not hold, and refusals."""

import hashlib
import re

import numpy as np
import pandas as pd
import pytest

import finsim
from finsim.engine.study.credit_part import LoanGenerator
from finsim.engine.study.study_resolution import _check_loan_generator, _check_payment_body
from finsim.engine.study.transactions_part import PaymentBody
from finsim.errors import PrivacyBudgetError, StudyError

pytestmark = pytest.mark.sweep

PEOPLE, ROWS = 223, 797


@pytest.fixture(scope="module")
def loans():
    rng = np.random.default_rng(1)
    return pd.DataFrame({
        "loan_id": 70_000_000 + np.arange(ROWS),
        "grade": rng.choice(["A", "B", "C"], ROWS),
        "amount": rng.choice([1_000, 2_000, 5_000], ROWS) + 7 * (np.arange(ROWS) == 0),
    })  # fmt: skip


@pytest.fixture(scope="module")
def payments():
    rng = np.random.default_rng(2)
    card = np.sort(rng.integers(PEOPLE, size=ROWS))
    return pd.DataFrame({
        "card_id": [f"secret-{k}" for k in 90_000 + card],
        "date": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(60, size=ROWS), unit="D"),
        "merchant_id": rng.choice(["shop", "cafe", "bank"], ROWS),
        "amount": rng.choice([5.0, 20.0, 90.0], ROWS),
    })  # fmt: skip


def test_a_private_table_tells_its_claim_and_holds_no_id_and_no_digest(loans, tmp_path):
    file = tmp_path / "loans.csv"
    loans.to_csv(file, index=False)
    model = finsim.fit(
        file, "tabular", epsilon=8, steps=3, seed=2**50, output=tmp_path / "model", progress=False
    )
    claim = model.generator.report.privacy
    assert claim["unit"] == "one row"
    assert claim["entities"] == ROWS
    text = (tmp_path / "model" / "model.json").read_text()
    assert hashlib.sha256(file.read_bytes()).hexdigest() not in text
    assert "70000" not in text
    assert "epsilon 7." in repr(model)
    made = finsim.sample(tmp_path / "model", rows=50, seed=1, progress=False).to_pandas()
    assert set(made["grade"]) <= {"A", "B", "C", "other"}
    assert made["loan_id"].is_unique
    assert made["loan_id"].astype(str).astype(int).max() < 70_000_000


def test_the_unit_of_a_table_whose_id_repeats_is_the_entity(loans):
    several = loans.assign(customer_id=np.arange(ROWS) // 3)
    for unit, words in ((None, "one entity with all of its rows"), ("row", "one row")):
        model = finsim.fit(
            several.drop(columns="loan_id"), "tabular", kind="table", id="customer_id", epsilon=8, unit=unit,
            steps=2, progress=False,
        )  # fmt: skip
        assert model.generator.report.privacy["unit"] == words


def test_a_private_ledger_holds_no_entity(payments, tmp_path):
    model = finsim.fit(
        payments, "events", id="card_id", time="date", epsilon=8, steps=2, output=tmp_path / "model",
        progress=False,
    )  # fmt: skip
    claim = model.generator.report.privacy
    assert claim["unit"] == "one entity with all of its events"
    assert claim["entities"] == payments["card_id"].nunique()
    for file in (tmp_path / "model").iterdir():
        assert b"secret-9" not in file.read_bytes()
    assert str(ROWS) not in re.sub(
        r"[0-9a-f]{64}", "", (tmp_path / "model" / "model.json").read_text()
    )  # digests hold any digits
    made = finsim.sample(tmp_path / "model", entities=20, seed=1, progress=False).to_pandas()
    assert list(made) == list(payments)


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"epsilon": 0}, StudyError, ["epsilon", "above 0"]),
        ({"delta": 0.009}, PrivacyBudgetError, ["settings.delta", "or less"]),
        ({"unit": "10 steps"}, PrivacyBudgetError, ["fit: unit", "entity"]),
        ({"epsilon": 0.01}, PrivacyBudgetError, ["settings.epsilon", "at least"]),
        ({"generator": "habits"}, PrivacyBudgetError, ["habits", "events"]),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_refused(payments, changes, kind, words):
    asked = {"generator": "events", "id": "card_id", "time": "date", "epsilon": 8, "steps": 2}
    with pytest.raises(kind) as refused:
        finsim.fit(payments, **{**asked, **changes}, progress=False)
    for word in words:
        assert word in str(refused.value)


@pytest.mark.parametrize(
    ("check", "choice"),
    [
        (_check_loan_generator, LoanGenerator(name="tabular", settings={"epsilon": 3.0})),
        (_check_payment_body, PaymentBody(name="events", settings={"epsilon": 3.0})),
    ],
)
def test_a_study_of_loans_or_payments_refuses_an_epsilon(check, choice):
    """The world reads more of the data than the model does, so that no epsilon would hold of the run."""
    with pytest.raises(PrivacyBudgetError, match="finsim fit --epsilon"):
        check(choice)
