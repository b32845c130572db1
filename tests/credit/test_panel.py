import dataclasses

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from macro_paths import SEVERE, macro_drivers

from finsim.credit.panel import PANEL_SCHEMA, panel
from finsim.credit.schedule import balances
from finsim.errors import ScenarioError
from finsim.randomness import Streams
from finsim.records.portfolio import MONTH_SCHEMA


def whole(table, drivers, settings, seed=7):
    shards = range(-(-table.num_rows // settings.shard_loans))
    return pa.Table.from_batches([panel(table, drivers, Streams(seed), settings, s) for s in shards])


@pytest.fixture(scope="module")
def calm(table, settings):
    return whole(table, macro_drivers({}), settings).to_pandas()


@pytest.fixture(scope="module")
def hard(table, settings):
    return whole(table, macro_drivers(SEVERE), settings).to_pandas()


def ends(frame):
    return frame.groupby("loan_id").tail(1).set_index("loan_id")


def test_schema_order_and_dates(table, base, settings):
    found = whole(table, base, settings)
    assert found.schema.equals(PANEL_SCHEMA)
    assert [found.schema.field(f.name) for f in MONTH_SCHEMA] == list(MONTH_SCHEMA)
    frame = found.to_pandas()
    assert frame["loan_id"].is_monotonic_increasing
    position = frame.groupby("loan_id").cumcount()
    assert np.array_equal(
        frame["month"].to_numpy(), base.clock.month_dates()[position].astype("datetime64[us]")
    )
    assert frame["loan_id"].nunique() == table.num_rows


def test_endings_are_absorbing_and_everyone_ends_once(calm, hard):
    for frame in (calm, hard):
        final = frame["status"].isin(["default", "prepaid", "matured"])
        last = ~frame.duplicated("loan_id", keep="last")
        assert not (final & ~last).any()
        short = last & ~final
        assert frame[short].groupby("loan_id").size().index.isin(frame["loan_id"]).all()
        assert (frame.groupby("loan_id").size()[frame.loc[short, "loan_id"]] == 36).all()


def test_balances_follow_the_schedule_to_the_cent(table, calm):
    book = table.to_pandas()
    left = (book["term_months"] - book["months_on_book"]).to_numpy().astype(np.int64)
    plan = balances(*(book[c].to_numpy() for c in ("balance", "rate", "payment")), left, 36)
    month = calm.groupby("loan_id").cumcount().to_numpy() + 1
    scheduled = plan[month, calm["loan_id"].to_numpy()]
    paying = (calm["status"] == "current").to_numpy()
    assert np.array_equal(calm["balance"].to_numpy()[paying], scheduled[paying])
    matured = (calm["status"] == "matured").to_numpy()
    assert np.array_equal(month[matured], left[calm["loan_id"].to_numpy()[matured]])
    assert (calm.loc[calm["status"].isin(["matured", "prepaid"]), "balance"] == 0).all()
    missed = (calm["status"] == "late").to_numpy()
    assert (calm["balance"].to_numpy()[missed] > scheduled[missed]).mean() > 0.99
    assert (calm.groupby("loan_id")["balance"].diff().fillna(0) <= 0).all()


def test_loss_is_balance_times_lgd_in_the_default_month_alone(hard):
    default = hard["status"] == "default"
    assert default.sum() > 200
    assert np.array_equal(hard["loss"], np.where(default, np.rint(hard["balance"] * hard["lgd"]), 0))
    assert (hard.loc[default, "balance"] > 0).all()
    assert ((hard["loss"] <= hard["balance"]) & (hard["loss"] >= 0)).all()


def test_arrears_lead_to_default(hard):
    before = hard.groupby("loan_id")["days_past_due"].shift(1)
    two = hard.groupby("loan_id")["days_past_due"].shift(2)
    rows = (hard["status"] == "default") & before.notna() & two.notna()
    assert (hard.loc[rows, "days_past_due"] == 90).all()
    assert (before[rows] == 60).all()
    assert (two[rows] == 30).all()
    assert ((hard["status"] == "late") == hard["days_past_due"].isin([30, 60])).all()
    assert (hard.loc[hard["status"] == "default", "stage"] == 3).all()
    assert (hard.loc[hard["status"] == "late", "stage"] == 2).all()


def test_severity_zero_is_byte_identical_and_shards_are_independent(table, base, settings):
    nothing = macro_drivers(SEVERE, scale=0.0)
    for shard in (0, 3):
        first = panel(table, base, Streams(7), settings, shard)
        assert panel(table, nothing, Streams(7), settings, shard).equals(first)
        own = table.slice(shard * 1_000, 1_000)
        assert panel(own, base, Streams(7), settings, shard).equals(first)
    some = table.take([5, 17, 900])
    part = panel(some, base, Streams(7), settings, 0).to_pandas()
    all_rows = panel(table, base, Streams(7), settings, 0).to_pandas()
    expected = all_rows[all_rows["loan_id"].isin([5, 17, 900])].reset_index(drop=True)
    pd.testing.assert_frame_equal(part, expected)
    assert panel(table, base, Streams(7), settings, 99).num_rows == 0


def test_stressed_defaults_contain_base_defaults_and_come_no_later(calm, hard):
    mild, severe = ends(calm), ends(hard)
    base_dead = mild.index[mild["status"] == "default"]
    dead = severe.index[severe["status"] == "default"]
    assert set(base_dead) < set(dead)
    assert (severe.loc[base_dead, "month"] <= mild.loc[base_dead, "month"]).all()
    assert len(dead) > 1.5 * len(base_dead)


def test_a_shorter_horizon_is_a_prefix(table, settings):
    long, short = macro_drivers(SEVERE), macro_drivers(SEVERE, months=12)
    one = panel(table, long, Streams(7), settings, 0).to_pandas()
    two = panel(table, short, Streams(7), settings, 0).to_pandas()
    dead = two.loc[two["status"] == "default", ["loan_id", "month"]]
    also = one.loc[one["status"] == "default", ["loan_id", "month"]]
    assert dead.merge(also).shape == dead.shape
    assert len(dead) > 20


def test_default_rate_without_correlation_is_the_stated_pd(settings):
    """rho = 0: the share of defaults in 12 months is the PD, within 4 standard errors."""
    count = 20_000
    flat = flat_loans(count, pd_=0.04, rho=0.0)
    chosen = dataclasses.replace(settings, prepayment=0.0, shard_loans=count)
    frame = panel(flat, macro_drivers({}, months=12), Streams(2), chosen, 0).to_pandas()
    rate = (frame["status"] == "default").sum() / count
    assert abs(rate - 0.04) < 4 * np.sqrt(0.04 * 0.96 / count)


def test_mean_default_rate_over_worlds_is_the_stated_pd(settings):
    """rho = .15, 300 worlds: the mean 12-month default rate is the PD, within 4 standard errors."""
    flat = flat_loans(250, pd_=0.03, rho=0.15)
    chosen = dataclasses.replace(settings, prepayment=0.0, shard_loans=250)
    drivers = macro_drivers({}, months=12)
    rates = []
    for seed in range(300):
        status = panel(flat, drivers, Streams(seed), chosen, 0).column("status").cast(pa.string())
        rates.append(np.mean(np.array(status.to_pylist()) == "default") * len(status) / 250)
    assert abs(np.mean(rates) - 0.03) < 4 * np.std(rates) / np.sqrt(300)


def flat_loans(count, pd_, rho):
    return pa.table(
        {
            "loan_id": np.arange(count),
            "sector": np.full(count, "one"),
            "loan_class": np.full(count, "consumer"),
            "balance": np.full(count, 1_000_000, dtype=np.int64),
            "rate": np.full(count, 0.06),
            "payment": np.full(count, 19_333, dtype=np.int64),
            "term_months": np.full(count, 60, dtype=np.int32),
            "months_on_book": np.zeros(count, dtype=np.int32),
            "pd": np.full(count, pd_),
            "lgd": np.full(count, 0.5),
            "rho": np.full(count, rho),
        }
    )


def test_prepayment_and_forbearance_do_what_they_say(table, settings):
    def count(drivers, status):
        frame = whole(table, drivers, settings).to_pandas()
        return frame.loc[frame["status"] == status]

    usual, slow = macro_drivers(SEVERE), macro_drivers(SEVERE, prepayment_mult=0.25)
    ratio = len(count(slow, "prepaid")) / len(count(usual, "prepaid"))
    assert 0.2 < ratio < 0.35
    paused = macro_drivers(SEVERE, forbearance_share=0.5, forbearance_months=6)
    before = count(usual, "default").set_index("loan_id")["month"]
    after = count(paused, "default").set_index("loan_id")["month"]
    gap = pd.to_datetime(after).dt.to_period("M").astype("int64") - pd.to_datetime(
        before[after.index]
    ).dt.to_period("M").astype("int64")
    assert set(gap) == {0, 6}
    assert 0.4 < (gap == 6).mean() < 0.55
    assert set(after.index) < set(before.index)


def test_lgd_rises_with_the_cycle_or_with_the_price_of_collateral(table, settings):
    calm, hard = macro_drivers({}), macro_drivers(SEVERE)
    first, second = (whole(table, d, settings).to_pandas() for d in (calm, hard))
    assert second["lgd"].mean() > first["lgd"].mean() + 0.02
    constant = macro_drivers(SEVERE, lgd_model="constant")
    same = whole(table, constant, settings).to_pandas()
    lives = (same["status"] != "default").to_numpy()  # the row of a default holds what was lost
    assert np.array_equal(same["lgd"][lives], table["lgd"].to_numpy()[same["loan_id"]][lives])
    homes = table.set_column(table.schema.get_field_index("loan_class"), "loan_class", [["mortgage"] * 4_000])
    secured = panel(homes, hard, Streams(7), settings, 0).to_pandas()
    own = table["lgd"].to_numpy()[secured["loan_id"]]
    position = secured.groupby("loan_id").cumcount().to_numpy()
    index = 1 + hard.macro["house_prices"][position] / 100
    lives = (secured["status"] != "default").to_numpy()
    np.testing.assert_allclose(secured["lgd"][lives], (1 - (1 - own) * index)[lives], rtol=1e-12)
    with pytest.raises(ScenarioError, match="did you mean 'frye_jacobs'"):
        panel(table, macro_drivers({}, lgd_model="frye_jacob"), Streams(7), settings, 0)
