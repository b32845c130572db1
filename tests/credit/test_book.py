from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp, spearmanr

from finsim.credit.book import fit_book, loans
from finsim.credit.copula import fit_copula
from finsim.credit.reference_parameters import asset_correlation
from finsim.credit.schedule import balance_after, payment
from finsim.credit.settings import Settings
from finsim.errors import FitError, RecordError, StudyError
from finsim.randomness import Streams


@pytest.fixture(scope="module")
def frame(table):
    return table.to_pandas()


def test_identities_hold_exactly_in_every_row(frame, settings):
    amount, rate = frame["amount"].to_numpy(), frame["rate"].to_numpy()
    term = frame["term_months"].to_numpy()
    monthly = rate / 12
    due = np.rint(amount * monthly / (1 - (1 + monthly) ** -term.astype(float))).astype(int)
    assert np.array_equal(frame["payment"], due)
    assert np.array_equal(frame["dti"], frame["payment"] / frame["income"])
    paid = frame["months_on_book"].to_numpy().astype(np.int64)
    left = balance_after(amount, rate, payment(amount, rate, term), term.astype(np.int64), paid)
    assert np.array_equal(frame["balance"], left)
    assert np.array_equal(frame["loan_id"], np.arange(len(frame)))


def test_rules_of_a_loan_hold_in_every_row(frame, settings):
    assert frame["age"].between(18, 100).all()
    assert (frame.loc[frame["age"] < 21, "amount"] <= settings.young_cap * 100).all()
    assert frame["rate"].between(0, settings.rate_cap).all()
    assert frame["pd"].between(0, 1, inclusive="neither").all()
    assert frame["lgd"].between(0, 1).all()
    assert frame["rho"].between(0.03, 0.24).all()
    assert (frame["term_months"] > frame["months_on_book"]).all()
    assert ((frame["balance"] > 0) & (frame["balance"] <= frame["amount"])).all()
    assert (frame["income"] > 0).all()
    assert pd.to_datetime(frame["opened"]).max() <= pd.Timestamp(settings.as_of)
    assert (pd.PeriodIndex(pd.to_datetime(frame["opened"]), freq="Q").astype(str) == frame["vintage"]).all()


def test_any_cut_gives_the_same_loans(book, table):
    streams = Streams(7)
    pieces = [loans(book, 700, streams, first=start) for start in (0, 700, 1400)]
    joined = pd.concat([piece.to_pandas() for piece in pieces], ignore_index=True)
    pd.testing.assert_frame_equal(joined, table.slice(0, 2_100).to_pandas())
    assert (
        loans(book, 1_000, streams, first=2_000)
        .combine_chunks()
        .equals(table.slice(2_000, 1_000).combine_chunks())
    )
    assert not loans(book, 1_000, Streams(8)).equals(table.slice(0, 1_000))
    with pytest.raises(RecordError):
        loans(book, 0, streams)


def test_margins_and_dependence_follow_the_applications(frame, applications):
    """KS distance at most .06 on 1,000 vs 4,000 rows (5 % point: .048); rank correlations within .08."""
    pairs = {"age": 1.0, "amount": 150.0, "term_months": 1.0}
    for name, scale in pairs.items():
        real = np.rint(applications[name] * scale / 100) * 100 if name == "amount" else applications[name]
        assert ks_2samp(frame[name], real).statistic < 0.06, name
    names = ["age", "amount", "term_months", "instalment_band", "existing_credits"]
    real = spearmanr(applications[names]).statistic
    made = spearmanr(frame[names]).statistic
    assert np.abs(real - made).max() < 0.08
    for name in ("purpose", "checking", "housing", "job"):
        shares = applications[name].value_counts(normalize=True)
        found = frame[name].value_counts(normalize=True).reindex(shares.index)
        assert np.abs(shares - found).max() < 0.03, name


def test_categories_keep_their_link_to_the_amount(frame, applications):
    real = applications.groupby("sector")["amount"].mean()
    made = frame.groupby("sector", observed=True)["amount"].mean() / 150
    assert np.abs(made / real - 1).max() < 0.2
    assert set(frame.loc[frame["sector"] == "auto", "purpose"]) <= {"car (new)", "car (used)"}


def test_scorecard_ranks_and_is_calibrated(book, frame, applications, settings):
    """Cross-validated AUC of logistic scores on this table is about .78 in the literature."""
    assert 0.74 < book.scorecard.auc < 0.82
    columns = {str(name): applications[name].to_numpy() for name in applications}
    own = book.scorecard.probability(columns)
    assert own[applications["bad"]].mean() > 2 * own[~applications["bad"]].mean()
    assert frame["pd"].mean() == pytest.approx(settings.target_pd, rel=0.05)
    risky = frame.groupby("checking", observed=True)["pd"].mean()
    assert risky["... < 0 DM"] > 2 * risky["no checking account"]


@pytest.mark.parametrize("target", [0.02, None])
def test_the_book_has_the_target_whatever_applications_its_law_draws(target, applications):
    """A law that draws the oldest third of the tape again: safer applications, the same mean PD."""

    def oldest(joint):
        law = fit_copula(joint, "group", ("purpose",), joint["bad"].to_numpy(dtype=np.float64))
        drawn = law.rows
        old = joint["age"].quantile(2 / 3)

        def rows(count, rng):
            many = drawn(8 * count, rng)
            kept = np.flatnonzero(many["age"] >= old)[:count]
            return {name: values[kept] for name, values in many.items()}

        return SimpleNamespace(
            rows=rows, groups=law.groups, whole=law.whole, words=law.words, greatest=law.greatest
        )

    book = fit_book(applications, Settings(target_pd=target, shard_loans=10_000), oldest)
    made = loans(book, 10_000, Streams(7)).to_pandas()
    assert made["age"].min() >= applications["age"].quantile(2 / 3)
    wanted = applications["bad"].mean() if target is None else target
    assert made["pd"].mean() == pytest.approx(wanted, rel=0.03)


def test_other_targets_and_own_tables(tmp_path, applications):
    rng = np.random.default_rng(0)
    income = rng.lognormal(8, 0.4, 400).round()
    own = pd.DataFrame(
        {
            "age": rng.integers(20, 70, 400),
            "amount": rng.lognormal(9, 0.5, 400).round(2),
            "term_months": rng.choice([24, 36, 60], 400),
            "bad": rng.random(400) < 0.2,
            "purpose": "unspecified",
            "sector": rng.choice(["north", "south"], 400),
            "loan_class": rng.choice(["mortgage", "cards"], 400),
            "currency": "USD",
            "income": income,
            "rate": rng.uniform(0.02, 0.09, 400),
            "region": rng.choice(["a", "b"], 400),
        }
    )
    book = fit_book(own, Settings(target_pd=0.01, shard_loans=2_000))
    made = loans(book, 2_000, Streams(1)).to_pandas()
    assert set(made["currency"]) == {"USD"}
    assert made["pd"].mean() == pytest.approx(0.01, rel=0.2)
    assert set(made["loan_class"]) == {"mortgage", "cards"}
    assert made.loc[made["loan_class"] == "mortgage", "rho"].eq(0.15).all()
    assert made["rate"].between(0.02, 0.09).all()
    assert ks_2samp(made["income"] / 100, own["income"]).statistic < 0.09
    assert made["amount"].median() / 100 == pytest.approx(own["amount"].median(), rel=0.1)


def test_too_little_data_and_bad_settings_are_refused(applications):
    with pytest.raises(FitError, match="at least 50 rows"):
        fit_book(applications.head(20), Settings())
    with pytest.raises(FitError, match="both outcomes"):
        fit_book(applications[applications["bad"]], Settings())
    with pytest.raises(StudyError, match=r"target_pd = 1.2, rate_cap = -1"):
        Settings(target_pd=1.2, rate_cap=-1.0)


def test_basel_correlations():
    """CRE31.5 at PD 1 %: .192784; retail at the ends of the range."""
    assert asset_correlation("corporate", np.array([0.01, 0.2])) == pytest.approx(
        [0.192784, 0.120005], abs=1e-6
    )
    assert asset_correlation("consumer", np.array([1e-9, 0.9])) == pytest.approx([0.16, 0.03], abs=1e-6)
    assert asset_correlation("mortgage", np.array([0.5])).tolist() == [0.15]
