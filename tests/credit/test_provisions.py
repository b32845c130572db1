"""Provisions by loan and reporting date: the law at a later date, arrears, and agreement with the panel."""

import dataclasses
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from macro_paths import SEVERE, macro_drivers
from scipy.special import ndtr, ndtri

from finsim.credit.expected.expected_credit_loss import Seen, by_stage, credit_losses, opening_stages
from finsim.credit.expected.provisions import by_date, provisions, reporting_months
from finsim.credit.expected.risk_weights import capital
from finsim.credit.factors import annual_factors, class_z, sector_factors
from finsim.credit.months.quality import quality_paths
from finsim.credit.months.uniforms import Draws
from finsim.credit.panel import panel
from finsim.credit.reference_parameters import asset_correlation
from finsim.credit.risk import vasicek_quantile
from finsim.credit.schedule import balances
from finsim.randomness import Streams
from finsim.records.calendar import Clock
from finsim.records.drivers import CreditLink

MONTHLY = 0.9090371982686889  # memory of a month at which means of two years in a row have correlation .5
STREAMS = Streams(11)


def known(count, month, factor=0.0, overdue=0):
    return Seen(month, np.full(count, float(factor)), np.full(count, overdue))


def naive(row, drivers, settings, month, factor, overdue, quality=None):
    """12-month and lifetime ECL of one loan at a later date, in plain loops."""
    path = class_z(drivers, [row["loan_class"]])[:, 0]
    left = row["term_months"] - row["months_on_book"]
    owed = balances(*(np.array([row[n]]) for n in ("balance", "rate", "payment")), np.array([left]), left)
    alive, total, year = 1.0, 0.0, 0.0
    for t in range(left):
        at = month + t
        end = len(path)
        z = path[at] if at < end else path[-1] * MONTHLY ** (at - end + 1)
        years = at // 12 - (month - 1) // 12
        keep = settings.months_autocorrelation * MONTHLY ** (12 * (years - 1)) if years else 1.0
        z += keep * factor
        spread = np.sqrt(1.0 - row["rho"] * keep**2)
        pd_ = ndtr((ndtri(row["pd"]) - np.sqrt(row["rho"]) * z) / spread)
        lgd = ndtr((ndtri(row["pd"] * row["lgd"]) - np.sqrt(row["rho"]) * z) / spread) / pd_
        if quality is not None:
            own, left_of = 0.22 * (1 - row["rho"]), 0.84 ** ((t + 1) / 12)
            shift = np.sqrt(row["rho"]) * z + np.sqrt(own) * left_of * quality
            known_part = row["rho"] * keep**2 + own * (1 - 0.84 ** (month / 6)) * left_of**2
            pd_ = ndtr((ndtri(row["pd"]) - shift) / np.sqrt(1.0 - known_part))
        chance = 1 - (1 - pd_) ** (1 / 12)
        roll = settings.roll_to_default + 0.2 * (ndtr(-z) - 0.5)
        early = settings.late_ratio * (1.25 - 0.5 * ndtr(-z))
        if overdue == 60 and t == 0:
            chance = roll
        if overdue == 30 and t < 2:
            chance = 0.0 if t == 0 else 1.0 / (1.0 / roll + early)
        lost = alive * chance * lgd * owed[t, 0] * (1 + row["rate"] / 12) ** -(t + 1)
        total += lost
        year += lost if t < 12 else 0.0
        alive *= 1 - chance
    return year, total, 1 - alive


@pytest.mark.parametrize(
    ("month", "factor", "overdue"), [(12, -1.5, 0), (7, 0.8, 60), (24, -0.4, 30), (36, 1.0, 0)]
)
def test_a_twin_in_plain_loops_at_a_later_date(table, settings, month, factor, overdue):
    drivers = macro_drivers(SEVERE, months=36)
    long = table.filter(pc.greater(pc.subtract(table["term_months"], table["months_on_book"]), 2))
    few = long.slice(0, 12)
    found = credit_losses(few, drivers, settings, known(12, month, factor, overdue))
    for k, row in enumerate(few.to_pylist()):
        year, total, dead = naive(row, drivers, settings, month, factor, overdue)
        assert found.lifetime[k] == pytest.approx(total, rel=1e-9)
        assert found.twelve[k] == pytest.approx(year, rel=1e-9)
        assert -np.expm1(-found.hazard[k]) == pytest.approx(dead, rel=1e-9)


def test_on_average_over_the_factor_the_next_months_have_the_unconditional_pd(table, base, settings):
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    few = table.slice(0, 8)
    at = few.schema.get_field_index("months_on_book")
    few = few.set_column(at, few.schema.field(at), pc.cast(pc.subtract(few["term_months"], 3), pa.int32()))
    for month in (8, 12):  # the year's factor is known for the next months, or half of the next year's
        hazards = np.array([credit_losses(few, base, settings, known(8, month, x)).hazard for x in nodes])
        mean = weights @ -np.expm1(-hazards * 4.0) / weights.sum()
        assert mean == pytest.approx(few["pd"].to_numpy(), rel=1e-6)


def test_collateral_counts_at_its_price_of_the_months_to_come(table, base, settings):
    """A price that falls before the reporting date: a secured loan loses 1 - (1 - LGD) x price."""
    few = table.slice(0, 6)
    at = few.schema.get_field_index("loan_class")
    few = few.set_column(at, "loan_class", pa.array(["mortgage"] * 6).dictionary_encode())
    path = np.where(np.arange(36) < 20, 0.0, -40.0)
    drivers = dataclasses.replace(
        base,
        macro={"house_prices": path},
        credit=CreditLink(betas={"mortgage": {}}, collateral={"mortgage": "house_prices"}),
    )
    calm, late = (credit_losses(few, one, settings, known(6, 20)) for one in (base, drivers))
    lgd = few["lgd"].to_numpy()
    assert late.lifetime / calm.lifetime == pytest.approx((1.0 - (1.0 - lgd) * 0.6) / lgd)
    early = credit_losses(few, drivers, settings, known(6, 2))
    assert (early.twelve == credit_losses(few, base, settings, known(6, 2)).twelve).all()


@pytest.fixture(scope="module")
def followed(table, settings):
    """Panel and provisions of a shard under stress, from a clock that starts in September."""
    drivers = macro_drivers(SEVERE, months=30)
    clock = Clock(date(2025, 9, 30), 2, 1, 30)
    drivers = dataclasses.replace(drivers, clock=clock)
    loans = table.slice(0, 1_000)
    months = pa.Table.from_batches([panel(loans, drivers, STREAMS, settings, 0)])
    return loans, months, drivers, provisions(loans, months, drivers, STREAMS, settings)


def test_reporting_dates_are_the_jump_off_day_and_every_december(followed):
    assert reporting_months(followed[2].clock) == (0, 3, 15, 27)
    dates = pc.unique(followed[3]["date"]).to_pylist()
    assert sorted(str(one.date()) for one in dates) == [
        "2025-09-30",
        "2025-12-31",
        "2026-12-31",
        "2027-12-31",
    ]


def test_each_date_has_the_loans_stages_and_balances_of_the_panel(followed):
    loans, months, _, table = followed
    rows = table.to_pandas()
    assert rows.set_index(["loan_id", "date"]).index.is_unique
    assert rows["loan_id"].is_monotonic_increasing
    opening = rows[rows["date"] == rows["date"].min()]
    assert opening["balance"].tolist() == loans["balance"].to_pylist()
    panel_rows = months.to_pandas()
    held = panel_rows[panel_rows["status"].isin(["current", "late", "default"])]
    later = rows[rows["date"] > rows["date"].min()].merge(
        held, left_on=["loan_id", "date"], right_on=["loan_id", "month"], how="outer", indicator=True
    )
    inside = later[later["month"].isna() | later["month"].isin(rows["date"].unique())]
    assert (inside["_merge"] == "both").all()
    assert (inside["stage_x"] == inside["stage_y"]).all()
    assert (inside["balance_x"] == inside["balance_y"]).all()
    gone = inside[inside["status"] == "default"]
    assert len(gone) >= 2
    assert (gone["allowance"] == gone["loss"]).all()
    assert (gone["lifetime_pd"] == 1.0).all()
    assert set(rows["stage"]) == {1, 2, 3}


def test_a_year_end_has_the_law_of_its_factor_and_arrears(followed, settings):
    loans, months, drivers, table = followed
    rows = months.filter(pc.equal(months["month"], pa.scalar(np.datetime64("2026-12-31", "us"))))
    sectors = sorted(set(loans["sector"].to_pylist()))
    factor = annual_factors(sector_factors(sectors, 24, STREAMS, settings), settings)[14]
    by_id = {row["loan_id"]: row for row in loans.to_pylist()}
    found = {(row["loan_id"], str(row["date"].date())): row for row in table.to_pylist()}
    late = [row for row in rows.to_pylist() if row["status"] == "late"][:8]
    numbers = loans["loan_id"].to_numpy()
    quality = quality_paths(Draws(STREAMS, 1_000, numbers, numbers), 30, settings)[14]
    calm = [row for row in rows.to_pylist() if row["status"] == "current"][:8]
    assert {row["days_past_due"] for row in late} == {30, 60}
    for row in late + calm:
        loan = by_id[row["loan_id"]]
        state = {**loan, "balance": row["balance"], "months_on_book": loan["months_on_book"] + 15}
        eta = factor[sectors.index(loan["sector"])]
        own = quality[row["loan_id"]]
        year, total, dead = naive(state, drivers, settings, 15, eta, row["days_past_due"], own)
        told = found[row["loan_id"], "2026-12-31"]
        assert (told["ecl_12m"], told["ecl_lifetime"]) == pytest.approx((year, total), rel=1e-9)
        assert told["lifetime_pd"] == pytest.approx(dead, rel=1e-9)
        assert told["allowance"] == (told["ecl_12m"] if told["stage"] == 1 else told["ecl_lifetime"])


def test_the_sums_of_the_jump_off_day_are_those_of_the_book(followed, settings):
    loans, _, drivers, table = followed
    found = credit_losses(loans, drivers, settings)
    stage = opening_stages(found, loans["pd"].to_numpy(), settings)
    told = {row["stage"]: row for row in by_date(table) if row["date"] == "2025-09-30"}
    for one in by_stage(loans, found, stage):
        for name in ("loans", "balance", "ecl_12m", "ecl_lifetime", "allowance"):
            assert told[one["stage"]][name] == pytest.approx(one[name], rel=1e-12)
    opening = table.filter(pc.equal(table["date"], pa.scalar(np.datetime64("2025-09-30", "us"))))
    assert opening["lifetime_pd"].to_numpy() == pytest.approx(-np.expm1(-found.hazard), rel=1e-12)
    assert opening["usual_lifetime_pd"].to_numpy() == pytest.approx(-np.expm1(-found.usual), rel=1e-12)


def test_a_paused_loan_that_outlives_its_term_still_owes(table, settings):
    """A payment pause may carry a default beyond the term: what is owed then is due in one month."""
    loans = table.slice(0, 1_000)
    drivers = macro_drivers(SEVERE, months=24, forbearance_share=1.0, forbearance_months=9)
    months = pa.Table.from_batches([panel(loans, drivers, STREAMS, settings, 0)])
    rows = provisions(loans, months, drivers, STREAMS, settings).to_pandas()
    assert (rows.loc[rows["balance"] > 0, "ecl_lifetime"] > 0.0).all()
    assert (rows["ecl_lifetime"] >= rows["ecl_12m"] * (1 - 1e-12)).all()


def test_loans_with_ids_of_a_tape_keep_them(table, base, settings):
    loans = table.slice(0, 50)
    months = pa.Table.from_batches([panel(loans, base, STREAMS, settings, 0)])
    words = [pa.array([f"L{n}" for n in one["loan_id"].to_pylist()]) for one in (loans, months)]
    named = [one.set_column(0, "loan_id", ids) for one, ids in zip((loans, months), words, strict=True)]
    made = provisions(*named, base, STREAMS, settings)
    assert made.schema.field("loan_id").type == pa.string()
    assert pc.unique(made["loan_id"]).to_pylist() == named[0]["loan_id"].to_pylist()


@pytest.mark.parametrize(
    ("pd_", "rho", "k"),
    [(0.0005, 0.237037, 0.015721), (0.001, 0.234148, 0.023723), (0.005, 0.213456, 0.055689),
     (0.01, 0.192784, 0.073853), (0.02, 0.164146, 0.091883), (0.05, 0.129850, 0.119884),
     (0.10, 0.120809, 0.154470), (0.20, 0.120005, 0.190585)],
)  # fmt: skip
def test_capital_meets_the_reference_table_of_firms(pd_, rho, k):
    """Basel, corporate, M 2.5, LGD 45 %."""
    correlation = asset_correlation("corporate", np.array([pd_]))
    assert correlation[0] == pytest.approx(rho, abs=5e-7)
    assert capital(np.array([pd_]), np.array([0.45]), correlation, np.array([2.5]))[0] == pytest.approx(
        k, abs=5e-7
    )


def test_capital_of_retail_is_the_quantile_less_what_is_expected():
    for pd_, lgd, rho in ((0.02, 0.45, 0.15), (0.05, 0.85, 0.04)):
        wanted = lgd * vasicek_quantile(pd_, rho, 0.999) - pd_ * lgd
        assert capital(np.array(pd_), np.array(lgd), np.array(rho)) == pytest.approx(wanted)


def test_risk_weighted_assets_of_a_book(followed):
    loans, _, _, table = followed
    opening = table.filter(pc.equal(table["date"], pa.scalar(np.datetime64("2025-09-30", "us"))))
    for row, told in zip(loans.to_pylist()[:60], opening.to_pylist()[:60], strict=True):
        left = row["term_months"] - row["months_on_book"]
        years = min(max((left + 1) / 24, 1.0), 5.0) if row["loan_class"] == "corporate" else None
        k = capital(
            *(np.array(row[n]) for n in ("pd", "lgd", "rho")), None if years is None else np.array(years)
        )
        assert told["rwa"] == pytest.approx(12.5 * k * row["balance"])
    rows = table.to_pandas()
    assert (rows.loc[rows["stage"] == 3, "rwa"] == 0.0).all()
    assert (rows.loc[(rows["stage"] < 3) & (rows["balance"] > 0), "rwa"] > 0.0).all()
    assert {row["loan_class"] for row in loans.to_pylist()[:60]} >= {"corporate", "auto"}
    assert sum(one["rwa"] for one in by_date(table)) == pytest.approx(rows["rwa"].sum())
