"""The CET1 path: sums of the panel by hand, a closed form, grades that die out, and what a scenario does."""

import dataclasses

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from macro_paths import SEVERE, macro_drivers

from finsim.credit.expected.capital_path import COLUMNS, Quarters, capital_path, quarters, records
from finsim.credit.expected.expected_credit_loss import credit_losses
from finsim.credit.expected.provisions import at_month_end, provisions
from finsim.credit.expected.risk_weights import risk_weighted_assets
from finsim.credit.panel import panel
from finsim.credit.settings import Settings
from finsim.randomness import Streams
from finsim.records.fixed_words import GRADES

STREAMS, MONTHS = Streams(5), 14
NAMES = ("balance", "allowance", "rwa", "interest", "loss")


@pytest.fixture(scope="module")
def followed(table, settings):
    """Panel and provisions of a shard under stress over 14 months, so the last two are no quarter."""
    loans, drivers = table.slice(0, 700), macro_drivers(SEVERE, months=MONTHS)
    months = pa.Table.from_batches([panel(loans, drivers, STREAMS, settings, 0)])
    return loans, months, drivers, provisions(loans, months, drivers, STREAMS, settings)


def test_sums_of_the_quarters_are_those_of_the_rows(followed, settings):
    loans, months, drivers, table = followed
    found = quarters(loans, months, table, drivers, STREAMS, settings)
    grade = {row["loan_id"]: GRADES.index(row["grade"]) for row in loans.to_pylist()}
    rate = {row["loan_id"]: row["rate"] for row in loans.to_pylist()}
    owed = {row["loan_id"]: row["balance"] for row in loans.to_pylist()}
    ends = sorted(pc.unique(months["month"]).to_pylist())
    wanted = {name: np.zeros((7, 5)) for name in NAMES}
    for row in loans.to_pylist():
        wanted["balance"][grade[row["loan_id"]], 0] += row["balance"]
    for row in months.to_pylist():
        month, loan = ends.index(row["month"]), row["loan_id"]
        if month < 12:
            quarter = month // 3 + 1
            wanted["interest"][grade[loan], quarter] += owed[loan] * (rate[loan] - 0.03) / 12
            chance = 1 - (1 - row["pd"]) ** (1 / 12)
            wanted["loss"][grade[loan], quarter] += owed[loan] * chance * row["lgd"]
            if month % 3 == 2 and row["status"] in ("current", "late"):
                wanted["balance"][grade[loan], quarter] += row["balance"]
        owed[loan] = row["balance"]
    for name in ("balance", "interest", "loss"):
        np.testing.assert_allclose(getattr(found, name), wanted[name], rtol=1e-9)
    assert (found.loss[:, 0] == 0).all()
    lost = [row["loss"] for row in months.to_pylist() if ends.index(row["month"]) < 12 and row["loss"]]
    assert abs(found.loss.sum() - sum(lost)) < 4 * np.sqrt(np.square(lost).sum())


def test_allowances_and_risk_weights_are_those_of_the_provisions(followed, settings):
    """December is in the table; June is the same function of its panel; before the scenario it is unknown."""
    loans, months, drivers, table = followed
    found = quarters(loans, months, table, drivers, STREAMS, settings)
    last = table.filter(pc.and_(pc.equal(table["date"], pc.max(table["date"])), pc.less(table["stage"], 3)))
    june = at_month_end(loans, months, 6, drivers, STREAMS, settings)
    living = june["stage"] < 3
    assert (~living).any()
    for name in ("balance", "allowance", "rwa"):
        assert getattr(found, name)[:, 4].sum() == pytest.approx(pc.sum(last[name]).as_py(), rel=1e-12)
        assert getattr(found, name)[:, 2].sum() == pytest.approx(june[name][living].sum(), rel=1e-12)
    calm = credit_losses(loans, macro_drivers({}, months=MONTHS), settings)
    assert found.allowance[:, 0].sum() == pytest.approx(calm.twelve.sum(), rel=1e-12)
    assert found.rwa[:, 0].sum() == pytest.approx(risk_weighted_assets(loans).sum(), rel=1e-12)


def test_shards_add_up(followed, settings):
    loans, months, drivers, table = followed
    whole = quarters(loans, months, table, drivers, STREAMS, settings)
    parts = []
    for some in (loans.slice(0, 300), loans.slice(300)):
        own = [
            one.filter(pc.is_in(one["loan_id"], some["loan_id"].combine_chunks())) for one in (months, table)
        ]
        parts.append(quarters(some, *own, drivers, STREAMS, settings))
    for name in NAMES:
        np.testing.assert_allclose(getattr(parts[0] + parts[1], name), getattr(whole, name), rtol=1e-12)


def by_hand(balance, allowance, interest, loss):
    """Two grades of risk weight .5 and 1."""
    found = np.zeros((5, 7, balance.shape[1]))
    rwa = balance * np.array([[0.5], [1.0]])
    for place, one in enumerate((balance, allowance, rwa, interest, loss)):
        found[place, :2] = one
    return Quarters(*found)


def test_a_closed_form():
    """Balances halve each quarter, rates stay: capital grows by the same sum each quarter."""
    balance = np.array([[800.0], [200.0]]) * 0.5 ** np.arange(5)
    before = np.hstack([np.zeros((2, 1)), balance[:, :-1]])
    found = by_hand(balance, 0.02 * balance, before * [[0.01], [0.03]], before * [[0.002], [0.01]])
    path = capital_path(found, Settings(cet1_ratio=0.1, cost_to_income=0.6))
    income, loss = 0.4 * (8.0 + 6.0), 1.6 + 2.0
    np.testing.assert_allclose(path[1:, 0], income)
    np.testing.assert_allclose(path[1:, 1], loss)
    np.testing.assert_allclose(path[:, 2], 0.0, atol=1e-12)
    np.testing.assert_allclose(path[:, 4], 600.0)
    np.testing.assert_allclose(path[:, 5], 0.1 + np.arange(5) * (income - loss) / 600.0)
    bigger = by_hand(balance, balance * [0.02, 0.03, 0.03, 0.05, 0.02], *(np.zeros((2, 2, 5))))
    path = capital_path(bigger, Settings(cet1_ratio=0.1))
    np.testing.assert_allclose(path[:, 3], 60.0 - np.array([0.0, 10.0, 10.0, 30.0, 0.0]))


def test_a_grade_that_dies_out_counts_as_the_others_and_an_empty_book_ends_the_path():
    balance = np.array([[800.0, 400.0, 100.0, 0.0], [200.0, 0.0, 0.0, 0.0]])
    before = np.hstack([np.zeros((2, 1)), balance[:, :-1]])
    found = by_hand(balance, 0.0 * balance, 0.0 * balance, before * [[0.01], [0.05]])
    path = capital_path(found, Settings(cet1_ratio=0.1))
    assert path.shape == (3, 6)
    np.testing.assert_allclose(path[:, 1], [0.0, 18.0, 10.0])  # 8 + 10; then 1 % of the whole 1,000
    np.testing.assert_allclose(path[:, 4], [600.0, 500.0, 500.0])


def test_a_book_that_owes_nothing_and_a_panel_without_a_quarter_have_hardly_a_path(followed, settings):
    none = np.zeros((2, 4))
    assert capital_path(by_hand(none, none, none, none), Settings()).shape == (0, 6)
    harmless = by_hand(none + 1.0, none, none, none)
    harmless.rwa[:] = 0.0  # such as a book whose loans lose nothing in default
    assert capital_path(harmless, Settings()).shape == (0, 6)
    loans = followed[0].slice(0, 50)
    short = macro_drivers({}, months=2)
    months = pa.Table.from_batches([panel(loans, short, STREAMS, settings, 0)])
    made = provisions(loans, months, short, STREAMS, settings)
    (only,) = records(quarters(loans, months, made, short, STREAMS, settings), short, settings)
    assert (only["date"], only["income"], only["loss"]) == ("2025-12-31", 0.0, 0.0)


def test_records_have_a_date_a_quarter_and_a_scenario_costs_capital(followed, settings):
    loans, months, drivers, table = followed
    hard = records(quarters(loans, months, table, drivers, STREAMS, settings), drivers, settings)
    calm = macro_drivers({}, months=MONTHS)
    rows = pa.Table.from_batches([panel(loans, calm, STREAMS, settings, 0)])
    made = provisions(loans, rows, calm, STREAMS, settings)
    base = records(quarters(loans, rows, made, calm, STREAMS, settings), calm, settings)
    assert [one["date"] for one in hard] == [
        "2025-12-31",
        "2026-03-31",
        "2026-06-30",
        "2026-09-30",
        "2026-12-31",
    ]
    assert list(hard[0]) == ["date", *COLUMNS]
    assert hard[0]["cet1_ratio"] == base[0]["cet1_ratio"] == pytest.approx(0.128)
    assert all(
        one["cet1_ratio"] < other["cet1_ratio"] - 0.005 for one, other in zip(hard[1:], base[1:], strict=True)
    )
    grown = hard[0]["capital"] + sum(
        one["income"] - one["loss"] - one["allowance_growth"] for one in hard[1:]
    )
    assert hard[-1]["capital"] == pytest.approx(grown)
    rich = dataclasses.replace(settings, cet1_ratio=0.2, cost_to_income=0.0)
    other = records(quarters(loans, months, table, drivers, STREAMS, rich), drivers, rich)
    assert other[0]["cet1_ratio"] == pytest.approx(0.2)
    assert other[1]["income"] == pytest.approx(hard[1]["income"] / 0.45)
