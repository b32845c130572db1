"""Expected credit loss, scenario weights and migration against their reference values."""

import dataclasses

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from macro_paths import SEVERE, macro_drivers
from scipy.special import ndtr, ndtri

from finsim.credit.conditional import conditional_pd
from finsim.credit.expected.expected_credit_loss import (
    allowance,
    by_stage,
    credit_losses,
    discounted_losses,
    opening_stages,
)
from finsim.credit.expected.migration import cohort_matrix, conditional_matrix
from finsim.credit.expected.scenario_weights import scenario_weights
from finsim.credit.factors import class_z
from finsim.credit.schedule import balances
from finsim.credit.settings import Settings
from finsim.errors import DataError, ScenarioError
from finsim.records.drivers import CreditLink

GRADES = ["AAA", "AA", "A", "BBB", "BB", "B", "CCC/C"]


def annuity_loan(amount=10_000.0, rate=0.06, months=36):
    monthly = rate / 12
    due = amount * monthly / (1 - (1 + monthly) ** -months)
    path = [amount]
    for _ in range(months):
        path.append(path[-1] * (1 + monthly) - due)
    return np.array(path[:-1])[:, None]


def test_twelve_months_and_lifetime_meet_the_reference():
    hazard = np.full((36, 1), 1 - 0.98 ** (1 / 12))
    lost = discounted_losses(annuity_loan(), hazard, np.full((36, 1), 0.45), np.array([0.06]))
    assert lost[:12].sum() == pytest.approx(74.940405, abs=5e-7)
    assert lost.sum() == pytest.approx(132.713797, abs=5e-7)


def one_loan(**other):
    facts = {"loan_class": "consumer", "pd": 0.02, "rho": 0.15, "lgd": 0.45, "rate": 0.06, "term_months": 36,
             "months_on_book": 0, "balance": 1_000_000, "payment": 30_422, **other}  # fmt: skip
    return pa.table({name: [value] for name, value in facts.items()})


def test_a_loan_of_a_book_has_the_same_to_the_cent(base):
    found = credit_losses(one_loan(), base, Settings())
    assert found.twelve[0] == pytest.approx(7494.0405, abs=0.05)
    assert found.lifetime[0] == pytest.approx(13271.3797, abs=0.1)
    assert found.hazard[0] == pytest.approx(found.usual[0])
    assert opening_stages(found, np.array([0.02]), Settings())[0] == 1


def test_a_twin_in_plain_loops(table, settings):
    drivers = macro_drivers(SEVERE, months=12)
    few = table.slice(0, 25)
    found = credit_losses(few, drivers, settings)
    for k, row in enumerate(few.to_pylist()):
        z = class_z(drivers, [row["loan_class"]])[:, 0]
        left = row["term_months"] - row["months_on_book"]
        path = balances(*(np.array([row[n]]) for n in ("balance", "rate", "payment")), np.array([left]), left)
        alive, total, year = 1.0, 0.0, 0.0
        for t in range(left):
            now = z[t] if t < 12 else z[-1] * 0.9090371982686889 ** (t - 11)  # the factor's monthly memory
            shift = np.sqrt(row["rho"]) * now
            pd_ = ndtr(ndtri(row["pd"]) - shift)
            el = ndtr(ndtri(row["pd"] * row["lgd"]) - shift)
            month = 1 - (1 - pd_) ** (1 / 12)
            lost = alive * month * el / pd_ * path[t, 0] * (1 + row["rate"] / 12) ** -(t + 1)
            total += lost
            year += lost if t < 12 else 0.0
            alive *= 1 - month
        assert found.lifetime[k] == pytest.approx(total, rel=1e-9)
        assert found.twelve[k] == pytest.approx(year, rel=1e-9)


def test_stress_raises_losses_and_moves_loans_into_stage_two(table, base, severe, settings):
    pd_ = table["pd"].to_numpy()
    calm, hard = (credit_losses(table, one, settings) for one in (base, severe))
    assert (hard.lifetime >= calm.lifetime - 1e-9).all()
    assert (calm.lifetime >= calm.twelve - 1e-9).all()
    stages = [opening_stages(one, pd_, settings) for one in (calm, hard)]
    assert (stages[0] == 1).all()
    assert 0.05 < (stages[1] == 2).mean() < 0.95
    told = by_stage(table, hard, stages[1])
    assert sum(one["loans"] for one in told) == table.num_rows
    assert sum(one["allowance"] for one in told) == pytest.approx(allowance(hard, stages[1]).sum())
    assert told[1]["allowance"] == told[1]["ecl_lifetime"] > told[1]["ecl_12m"]
    assert opening_stages(hard, np.full(len(pd_), 0.002), settings).max() == 1


def test_collateral_that_falls_raises_the_loss_and_not_the_hazard(base):
    loan = one_loan(loan_class="mortgage", lgd=0.2)
    fallen = dataclasses.replace(
        base,
        macro={"house_prices": np.full(36, -30.0)},
        credit=CreditLink(betas={"mortgage": {}}, collateral={"mortgage": "house_prices"}),
    )
    calm, hard = (credit_losses(loan, one, Settings()) for one in (base, fallen))
    assert hard.lifetime[0] / calm.lifetime[0] == pytest.approx((1.0 - 0.8 * 0.7) / 0.2)
    assert hard.hazard[0] == pytest.approx(calm.hazard[0])


def test_matured_and_short_loans_lose_nothing_after_their_end(base):
    found = credit_losses(one_loan(months_on_book=36), base, Settings())
    assert found.lifetime[0] == found.twelve[0] == 0.0
    short = credit_losses(one_loan(months_on_book=30, balance=175_000), base, Settings())
    assert short.lifetime[0] == pytest.approx(short.twelve[0])
    assert short.lifetime[0] > 0.0


def test_the_weighted_pd_is_not_that_of_the_mean_factor():
    weights = scenario_weights({"a": (0.3, "judgement"), "b": (0.1, "judgement"), "base": (1.0, "residual")})
    assert weights == pytest.approx({"a": 0.3, "b": 0.1, "base": 0.6})
    z = {"base": 0.5, "a": -1.0, "b": -2.5}
    pds = {name: float(conditional_pd(0.02, 0.2, z[name])) for name in weights}
    assert sum(weights[name] * pds[name] for name in weights) == pytest.approx(0.02891212, abs=5e-9)
    mean = sum(weights[name] * z[name] for name in weights)
    assert float(conditional_pd(0.02, 0.2, mean)) == pytest.approx(0.01495950, abs=5e-9)


def test_weights_that_are_missing_or_too_many():
    assert scenario_weights({"a": (0.3, "judgement"), "b": None}) == {}
    assert scenario_weights({"a": (0.2, "form")}) == {"a": 1.0}
    with pytest.raises(ScenarioError, match=r"weigh 1\.1"):
        scenario_weights({"a": (0.6, "judgement"), "b": (0.5, "judgement")})
    with pytest.raises(ScenarioError, match="nothing"):
        scenario_weights({"a": (0.0, "judgement")})


def test_conditional_migration_meets_the_reference(shared):
    table = pd.read_csv(shared / "credit" / "sp_transition_matrices_1981_2016.csv").query("tenor_years == 1")
    wide = table.pivot(index="from_rating", columns="to_rating", values="probability").fillna(0.0)
    matrix = wide.loc[GRADES, [*GRADES, "D"]].to_numpy()
    matrix = matrix / matrix.sum(axis=1, keepdims=True)
    found = conditional_matrix(matrix, 0.15, -2.0)
    assert found[3, -1] == pytest.approx(0.010847, abs=5e-7)
    assert found[4, -1] == pytest.approx(0.038011, abs=5e-7)
    assert found.sum(axis=1) == pytest.approx(np.ones(7), abs=1e-12)


def test_the_mean_over_the_factor_is_the_matrix():
    matrix = np.array([[0.9, 0.08, 0.02], [0.1, 0.8, 0.1]])
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    mean = sum(w * conditional_matrix(matrix, 0.2, z) for z, w in zip(nodes, weights, strict=True))
    assert mean / weights.sum() == pytest.approx(matrix, abs=1e-10)


def test_cohorts_count_and_leave_out_who_left():
    before, after = np.array([0, 0, 0, 0, 1, 1, 1]), np.array([0, 0, 1, -1, 1, 2, 2])
    assert cohort_matrix(before, after, 2) == pytest.approx(np.array([[2, 1, 0], [0, 1, 2]]) / 3)
    with pytest.raises(DataError, match="row 1"):
        cohort_matrix(np.array([0, 2]), np.array([0, 0]), 2)
    with pytest.raises(DataError, match="grade 1 has no borrower"):
        cohort_matrix(np.array([0]), np.array([0]), 2)
