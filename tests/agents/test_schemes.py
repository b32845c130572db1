"""Schemes: how many start, who plays, what they plan; against closed forms over many seeds."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy.stats import chi2, ks_2samp, poisson

from finsim.agents.narratives.narrative import load_narratives
from finsim.agents.population.population import build_population
from finsim.agents.schemes.scheme_generation import scheme_orders
from finsim.agents.schemes.scheme_intensity import measure, scheme_counts, weekly_rates
from finsim.agents.schemes.scheme_plan import Step
from finsim.agents.schemes.start_times import arrivals, expected_schemes, exposure
from finsim.agents.settings import NarrativeUse, Settings
from finsim.agents.simulate import unstressed
from finsim.errors import StudyError
from finsim.kernels.ledger import FIXED
from finsim.randomness import Streams


def story_of(world, name):
    return next(story for story in world.narratives if story.id == name)


def starts_of(story, settings, drivers, expected, seed, exact=False):
    return arrivals(story, 0, (expected, exact), settings, Streams(seed), drivers)


def test_schemes_arrive_as_a_poisson_process(world):
    """Counts over 400 seeds: mean within 4 standard errors, dispersion by the chi-square test at 1e-4."""
    story, settings = story_of(world, "account_takeover"), world.settings
    drivers = unstressed(settings)
    found = [starts_of(story, settings, drivers, 6.0, seed) for seed in range(400)]
    counts = np.array([len(schemes) for schemes in found])
    assert abs(counts.mean() - 6.0) < 4 * np.sqrt(6.0 / 400)
    index = ((counts - counts.mean()) ** 2).sum() / counts.mean()
    assert chi2.ppf(5e-5, 399) < index < chi2.ppf(1 - 5e-5, 399)
    share = (np.array([s.start for schemes in found for s in schemes]) - settings.start_ns) / (
        settings.end_ns - settings.start_ns
    )
    assert abs(share.mean() - 0.5) < 4 / np.sqrt(12 * len(share))


@pytest.mark.parametrize(("factor", "ratio"), [(0.4, 0.0), (1.0, 0.0), (3.5, 0.0), (5.0, 0.35)])
def test_intensity_is_the_stated_multiple(world, factor, ratio):
    """Also under self-excitation the total stays: 4 standard errors, widened by 1 / (1 - n) for clusters."""
    story = story_of(world, "account_takeover")
    settings = world.settings
    drivers = replace(
        unstressed(settings),
        intensity={"fraud:account_takeover": np.full(settings.days, factor)},
        mules={"branching_ratio": ratio, "excitation_half_life_hours": 18.0},
    )
    counts = np.array([len(starts_of(story, settings, drivers, 5.0, seed)) for seed in range(300)])
    mean = 5.0 * factor
    spread = np.sqrt(mean / 300) / (1 - ratio)
    # Offspring born after the last day are lost: about ratio * half-life over the period.
    lost = mean * ratio / (1 - ratio) * (18 / 24 / np.log(2)) / settings.days
    assert abs(counts.mean() - (mean - lost)) < 4 * spread
    if ratio:
        assert counts.var() > 1.3 * counts.mean()


def test_a_wave_acts_on_its_days_alone(world):
    story, settings = story_of(world, "account_takeover"), world.settings
    factor = np.ones(settings.days)
    factor[30:60] = 8.0
    drivers = replace(unstressed(settings), intensity={"fraud:account_takeover": factor})
    day = 86_400_000_000_000
    counts = np.zeros(settings.days)
    for seed in range(150):
        for scheme in starts_of(story, settings, drivers, 9.0, seed):
            counts[(scheme.start - settings.start_ns) // day] += 1
    outside = np.r_[counts[:30], counts[60:]].mean()
    assert counts[30:60].mean() / outside == pytest.approx(8.0, rel=0.12)


def test_a_count_is_exact_and_ids_never_collide(world):
    settings = world.settings
    for story in world.narratives:
        found = starts_of(story, settings, unstressed(settings), 17.0, 1, exact=True)
        assert len({scheme.id for scheme in found}) == 17
        assert all(scheme.id + 1 < 2**32 for scheme in found)


def test_exposure_counts_open_account_years(world):
    """A cross-check with pandas on the account table."""
    accounts = world.accounts
    opened = pd.to_datetime(accounts["opened"])
    late = (opened - pd.Timestamp(world.settings.start)).dt.days.clip(0, world.settings.days)
    years = (world.settings.days - late) / 365
    kind = accounts["kind"].astype(str)
    for per, mine in (
        ("account_year", kind.ne("external")),
        ("person_year", kind.eq("current")),
        ("card_year", kind.eq("card")),
        ("firm_year", kind.isin(["business", "merchant"])),
        ("merchant_year", kind.eq("merchant")),
    ):
        assert exposure(per, world.population, world.settings) == pytest.approx(years[mine].sum())
    assert exposure("bank_year", world.population, world.settings) == 5 * 90 / 365


def test_counts_of_schemes_fit_the_study(world):
    table = scheme_counts(world.tables.patterns, world.population, world.narratives, world.settings)
    assert table["narrative"].tolist() == [story.id for story in world.narratives]
    assert table["inside"].all()


def test_counts_over_many_worlds_fit_the_rates():
    """Planned schemes of 25 small worlds against the sum of their expectations: 99 % interval each."""
    settings = Settings(accounts=1_500, days=60)
    narratives = load_narratives([use.name for use in settings.narratives])
    found = dict.fromkeys((story.id for story in narratives), 0)
    expected = dict.fromkeys(found, 0.0)
    for seed in range(25):
        population = build_population(settings, Streams(seed))
        _, plan = scheme_orders(population, narratives, settings, Streams(seed), unstressed(settings))
        for position, story in enumerate(narratives):
            found[story.id] += int((plan.narrative == position).sum())
            use = NarrativeUse(story.id)
            expected[story.id] += expected_schemes(story, use, population, settings)
    for name, mean in expected.items():
        assert poisson.ppf(0.0008, mean) <= found[name] <= poisson.ppf(0.9992, mean), name


def planned(world, name, **changes):
    """Return the steps of many schemes of one narrative as a frame, with its plan."""
    settings = replace(world.settings, narratives=(NarrativeUse(name, count=150),), **changes)
    stories = load_narratives([name])
    orders, plan = scheme_orders(world.population, stories, settings, Streams(5), unstressed(settings))
    frame = pd.DataFrame(
        {name: getattr(orders, name) for name in ("ts", "payer", "payee", "amount", "plan_row")}
    )
    frame["scheme"] = plan.steps.scheme[frame["plan_row"]]
    frame["phase"] = np.array(plan.phases)[plan.phase[frame["plan_row"]]]
    for field in ("mode", "retry", "attempt", "share", "high"):
        frame[field] = getattr(plan.steps, field)[frame["plan_row"]]
    return frame, plan


def test_a_scam_has_the_published_number_of_payments_and_loss(world):
    """UK Finance: 2.04 payments per case (4 standard errors over 150 cases) and the losses per variant."""
    frame, plan = planned(world, "app_scam_mule_chain")
    hits = frame[frame["phase"].eq("hit") & ~frame["retry"]]
    per_case = hits.groupby("scheme").size().reindex(range(len(plan)), fill_value=0)
    early = per_case[(plan.cut == 0)]
    assert abs(early.mean() - 2.04) < 4 * np.sqrt(1.04 * 2.04 / len(early))
    # Losses against draws from the published means and the file's weights: KS test at 1e-4.
    loss = hits[hits["mode"].eq(FIXED)].groupby("scheme")["amount"].sum() / 100
    rng = np.random.default_rng(1)
    mean, sigma = np.array([[661, 1.1], [15_098, 1.3], [4_000, 1.2], [5_000, 1.2], [3_300, 1.1]]).T
    form = rng.choice(5, size=20_000, p=[0.70, 0.06, 0.14, 0.04, 0.06])
    drawn = mean[form] * np.exp(sigma[form] * rng.standard_normal(20_000) - sigma[form] ** 2 / 2)
    assert ks_2samp(loss[plan.cut[loss.index] == 0], drawn).pvalue > 1e-4


def test_nobody_plays_two_roles_and_accounts_are_open(world):
    accounts = world.population.accounts
    for name in ("app_scam_mule_chain", "scatter_gather_structuring", "marketplace_gather_scatter"):
        frame, plan = planned(world, name)
        assert (frame["payer"] != frame["payee"]).all()
        opened = accounts.opened[frame["payer"]].astype("datetime64[ns]").astype(np.int64)
        assert (opened <= plan.start[frame["scheme"]]).all()


def test_structured_deposits_stay_below_the_threshold(world):
    frame, _ = planned(world, "scatter_gather_structuring")
    deposits = frame[frame["phase"].eq("placement")]
    assert deposits["amount"].max() < 1_000_000
    days = deposits.groupby("scheme")["ts"].agg(lambda ts: (ts.max() - ts.min()) / 8.64e13)
    assert days.max() < 18
    assert days.median() > 4


def test_retries_follow_their_payment_within_minutes(world):
    frame, _ = planned(world, "account_takeover")
    drain = frame[frame["phase"].eq("drain")].sort_values(["scheme", "attempt", "ts"])
    assert drain["retry"].any()
    first = drain.groupby(["scheme", "attempt"])["retry"].first()
    assert not first.any()
    wait = drain.groupby(["scheme", "attempt"])["ts"].diff()[drain["retry"]] / 1e9
    assert wait.min() >= 20
    assert wait.median() < 300


def test_a_narrative_that_nobody_fits_is_refused(tmp_path, world):
    from finsim.documents import shipped

    text = (shipped("scenarios/narratives") / "account_takeover.yaml").read_text()
    path = tmp_path / "account_takeover.yaml"
    path.write_text(text.replace('age: "18..45"', 'age: ">= 119"'))
    settings = replace(world.settings, narratives=(NarrativeUse(str(path)),))
    with pytest.raises(StudyError, match="nobody in this world fits role 'mule'"):
        scheme_orders(
            world.population, load_narratives([str(path)]), settings, Streams(1), unstressed(settings)
        )


def test_every_planned_scheme_leaves_a_row(world):
    """Nothing that happens first is ever skipped, so counts of schemes are not biased."""
    settings = world.settings
    _, plan = scheme_orders(world.population, world.narratives, settings, Streams(7), unstressed(settings))
    assert sorted(plan.id.tolist()) == world.patterns["instance"].tolist()
    frame, _ = planned(world, "card_testing_escalation")
    tests = frame[frame["phase"].eq("test")]["amount"]
    assert tests.between(50, 500).all()


def test_steps_carry_every_field_of_the_kernel_plan():
    from finsim.kernels.ledger import Plan

    assert set(Plan._fields) - {"scheme"} <= set(Step.__dataclass_fields__)


def test_measures_see_a_planted_wave(world):
    settings = world.settings
    drivers = unstressed(settings)
    rates = weekly_rates(world.population, world.narratives, settings)
    calm = measure(world.tables.patterns, drivers, settings, rates)
    assert calm["fraud.branching_ratio"] == 0.0
    assert (
        calm["fraud.card_testing.schemes"] == (world.patterns["narrative"] == "card_testing_escalation").sum()
    )
    assert not any("payroll" in name for name in calm)
    assert "aml.layering.peak_over_base" in calm
    # Ten times as many card-testing schemes in the second month than the rate gives.
    table = world.patterns.copy()
    one = table[table["narrative"].eq("card_testing_escalation")].iloc[:1]
    weekly = 10 * rates["card_testing_escalation"]
    extra = pd.concat([one] * round(4 * weekly), ignore_index=True)
    when = pd.Timestamp(settings.start, tz="UTC") + pd.to_timedelta(28 + np.arange(len(extra)) % 28, unit="D")
    extra["start"] = when

    planted = pa.Table.from_pandas(pd.concat([table.drop(one.index), extra]), preserve_index=False)
    found = measure(planted, drivers, settings, rates)["fraud.card_testing.peak_over_base"]
    assert found == pytest.approx(10.0, rel=0.25)
