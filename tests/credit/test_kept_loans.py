"""The very loans of a tape under a scenario: own keys and terms, and the identity of expected loss."""

from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from finsim.credit.book import fit_book, loans
from finsim.credit.kept import kept_loans
from finsim.credit.losses import default_counts, losses
from finsim.credit.panel import panel
from finsim.credit.reference_parameters import GRADE_BOUNDS, GRADES
from finsim.credit.settings import Settings
from finsim.credit.tape import Declared, mapping_of, read_tape
from finsim.errors import DataError, FitError
from finsim.randomness import Streams
from finsim.tables import Field

DRAWS = 40_000


def tape_frame(count=240, seed=3):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "loan_no": [f"0{k}" for k in rng.permutation(count)],
            "obligor_id": [f"P{k // 2}" for k in range(count)],
            "amount": rng.integers(1_000, 40_000, count).astype(float),
            "balance": rng.integers(500, 1_000, count).astype(float),
            "term_months": rng.choice([24, 48], count),
            "months_on_book": rng.integers(0, 24, count),
            "rate": rng.uniform(0.01, 0.6, count),
            "pd": np.repeat(rng.uniform(0.002, 0.4, count // 2), 2),
            "lgd": rng.uniform(0.0, 1.0, count),
            "sector": "shops",
            "loan_class": np.repeat(["consumer", "mortgage"], count // 2),
            "currency": "USD",
            "rating": rng.choice(["x", "y"], count),
        }
    )


@pytest.fixture(scope="module")
def settings():
    return Settings(shard_loans=100, block_draws=2_000)


@pytest.fixture(scope="module")
def source():
    return tape_frame()


@pytest.fixture(scope="module")
def kept(source, settings):
    return kept_loans(read_tape(source, keep=True).frame, settings, Streams(7))


def test_every_stated_term_is_the_tapes_own_in_its_order(source, kept):
    book = kept.to_pandas()
    assert book["loan_id"].tolist() == source["loan_no"].tolist()
    assert book["obligor_id"].tolist() == source["obligor_id"].tolist()
    for name in ("pd", "lgd", "rate", "months_on_book", "term_months"):
        assert np.array_equal(book[name], source[name]), name
    assert np.array_equal(book["balance"], (source["balance"] * 100).astype(int))
    assert np.array_equal(book["amount"], (source["amount"] * 100).astype(int))
    assert set(book["currency"]) == {"USD"}
    assert set(book["sector"]) == {"shops"}
    assert book["tape_grade"].tolist() == source["rating"].tolist()
    assert book["grade"].tolist() == [GRADES[k] for k in np.searchsorted(GRADE_BOUNDS, source["pd"], "right")]
    assert set(book["_fs_src"]) == {5}


def test_expected_loss_is_the_sum_over_the_loans(kept, base, settings):
    """E[loss] = sum of balance x PD x LGD, joint defaults of an obligor and LGDs of 0 and 1 included."""
    drawn = losses(kept, base, DRAWS, Streams(5), settings)
    balance, pd_, lgd = (kept[name].to_numpy() for name in ("balance", "pd", "lgd"))
    error = drawn.std() / np.sqrt(DRAWS)
    assert abs(drawn.mean() - (balance * pd_ * lgd).sum()) < 3 * error


def test_stress_moves_the_losses_of_these_loans(kept, base, severe, settings):
    assert (
        losses(kept, severe, 4_000, Streams(5), settings).mean()
        > 1.2 * losses(kept, base, 4_000, Streams(5), settings).mean()
    )


def test_panel_is_of_these_loans_and_obligors_default_together(source, kept, base, settings):
    shards = range(-(-kept.num_rows // settings.shard_loans))
    parts = [panel(kept, base, Streams(7), settings, shard) for shard in shards]
    months = pa.Table.from_batches(parts).to_pandas()
    assert list(dict.fromkeys(months["loan_id"])) == source["loan_no"].tolist()
    first = months.groupby("loan_id").first()["balance"]
    assert (first[source["loan_no"]].to_numpy() <= source["balance"].to_numpy() * 100).all()
    when = months[months["status"] == "default"].set_index("loan_id")["month"]
    owner = source.set_index("loan_no")["obligor_id"]
    both = [when.reindex(owner.index[owner == name]) for name in owner[when.index].unique()]
    # A partner that is repaid before cannot default; where both do, it is in one month.
    together = [pair.nunique() == 1 for pair in both if pair.notna().all()]
    assert len(together) > 10
    assert all(together)


def test_obligors_across_shards_share_their_fate(base):
    """Loan 0 and loan 150 are of one obligor, in two shards of 100."""
    frame = tape_frame().assign(
        obligor_id=[f"P{k}" for k in range(240)], pd=0.9, months_on_book=0, loan_class="consumer"
    )
    frame.loc[150, "obligor_id"] = "P0"
    settings = Settings(shard_loans=100, prepayment=0.0)
    book = kept_loans(read_tape(frame, keep=True).frame, settings, Streams(2))
    months = pd.concat([panel(book, base, Streams(2), settings, shard).to_pandas() for shard in (0, 1)])
    when = months[months["status"] == "default"].set_index("loan_id")["month"]
    assert when[frame["loan_no"][0]] == when[frame["loan_no"][150]]


def test_joint_defaults_in_the_draws(kept, base, settings):
    counts = default_counts(kept, base, 5_000, Streams(5), settings).reshape(-1, 2)
    assert np.array_equal(counts[:, 0], counts[:, 1])
    assert counts.sum() > 1_000


def test_what_the_tape_does_not_state(base):
    """Amount alone: the balance is the amount, no month is on book, the rate is priced, no income made up."""
    frame = tape_frame()[["loan_no", "amount", "term_months", "pd"]]
    settings = Settings()
    book = kept_loans(read_tape(frame, keep=True).frame, settings, Streams(7)).to_pandas()
    assert np.array_equal(book["balance"], book["amount"])
    assert (book["months_on_book"] == 0).all()
    assert book["rate"].between(0.0, settings.rate_cap).all()
    assert set(book["lgd"]) == {0.6}
    assert "income" not in book
    assert book["obligor_id"].tolist() == book["loan_id"].tolist()


def test_months_on_book_follow_from_the_opening_day():
    frame = tape_frame().drop(columns=["months_on_book", "balance"]).assign(opened=pd.Timestamp("2025-06-30"))
    book = kept_loans(read_tape(frame, keep=True).frame, Settings(), Streams(7)).to_pandas()
    assert (book["months_on_book"] == 6).all()
    assert (book["balance"] < book["amount"]).all()
    with pytest.raises(
        DataError,
        match=r"240 of 240 loans are not running at 2024-12-31; column 'opened': loan .* has -6 months",
    ):
        kept_loans(read_tape(frame, keep=True).frame, Settings(as_of=date(2024, 12, 31)), Streams(7))


@pytest.mark.parametrize(
    ("change", "error", "parts"),
    [
        ({"months_on_book": 60}, DataError, ("60 months on book", "term")),
        ({"loan_no": "7"}, DataError, ("column 'loan_no', row 1", "'7'", "each loan id once")),
        ({"pd": 0.0}, DataError, ("column 'pd', row 0", "above 0 and below 1")),
        ({"pd": 1.0}, DataError, ("column 'pd', row 0", "above 0 and below 1")),
        ({"pd": 12.5}, DataError, ("percent? write 0.125 for 12.5 %", "unit: percent")),
        ({"lgd": 45.0}, DataError, ("column 'lgd', row 0", "45", "from 0 to 1", "percent?")),
        ({"balance": -1.0}, DataError, ("column 'balance', row 0", "-1", "0 or more")),
        ({"amount": np.nan}, DataError, ("column 'amount', row 0", "an empty cell", "null: true")),
        ({"amount": np.inf}, DataError, ("column 'amount', row 0", "inf")),
        ({"rate": 13.99}, DataError, ("column 'rate', row 0", "13.99", "percent?")),
    ],
)
def test_what_no_loan_can_have_is_refused_with_column_row_and_remedy(change, error, parts):
    with pytest.raises(error) as caught:
        kept_loans(read_tape(tape_frame().assign(**change), keep=True).frame, Settings(), Streams(7))
    for part in parts:
        assert part in str(caught.value)


def test_missing_pds_need_outcomes():
    frame = tape_frame()
    frame.loc[3, "pd"] = np.nan
    mapping = mapping_of({"pd": Declared(Field("ratio", null=True))})
    with pytest.raises(FitError, match="a PD for each loan"):
        kept_loans(read_tape(frame, mapping, keep=True).frame, Settings(), Streams(7))
    frame["bad"] = (np.arange(len(frame)) % 5 == 0).astype(int)
    book = kept_loans(read_tape(frame, mapping, keep=True).frame, Settings(), Streams(7)).to_pandas()
    assert 0.0005 <= book["pd"][3] <= 0.6
    assert book["pd"][4] == frame["pd"][4]


def test_exposure_at_default_beside_the_balance(base):
    frame = tape_frame().assign(ead=lambda one: one["balance"] * 3)
    book = kept_loans(read_tape(frame, keep=True).frame, Settings(), Streams(7))
    drawn = losses(book, base, 20_000, Streams(5), Settings())
    ead, pd_, lgd = (book[name].to_numpy() for name in ("ead", "pd", "lgd"))
    assert abs(drawn.mean() - (ead * pd_ * lgd).sum()) < 3 * drawn.std() / np.sqrt(len(drawn))


def test_loans_without_an_obligor_id_stand_alone(base):
    frame = tape_frame()
    frame.loc[:199, "obligor_id"] = None
    tape = read_tape(frame, keep=True).frame
    book = kept_loans(tape, Settings(), Streams(7))
    counts = default_counts(book, base, 2_000, Streams(5), Settings()).reshape(-1, 2)
    assert np.array_equal(counts[100:, 0], counts[100:, 1])
    assert not np.array_equal(counts[:100, 0], counts[:100, 1])
    made = loans(fit_book(read_tape(frame).frame, Settings()), 500, Streams(7)).to_pandas()
    assert set(made.groupby("obligor_id").size()) <= {1, 2}


def test_whole_numbers_stay_ids_as_stored(base):
    frame = tape_frame().assign(loan_no=np.arange(240) + 10, obligor_id=np.arange(240) // 2)
    book = kept_loans(read_tape(frame, keep=True).frame, Settings(), Streams(7))
    assert book["loan_id"].to_pylist() == list(range(10, 250))
    months = panel(book, base, Streams(7), Settings(), 0)
    assert set(months["loan_id"].to_pylist()) == set(range(10, 250))


def test_a_gap_in_a_column_is_filled_by_the_next_that_states_it_loan_by_loan(settings):
    frame = tape_frame(6).assign(ead=[111.0, 222.0, np.nan, 444.0, np.nan, 666.0])
    frame["balance"] = [np.nan, 50.0, 60.0, np.nan, np.nan, 70.0]
    frame.loc[1, "amount"] = np.nan
    frame["months_on_book"] = [3.0, np.nan, 5.0, np.nan, 6.0, 7.0]
    frame["opened"] = pd.to_datetime(
        ["2020-01-15", f"{settings.as_of:%Y-%m}-01", None, None, None, "2020-03-01"]
    )
    gaps = {name: Declared(Field("float", source=name, null=True)) for name in ("balance", "ead", "amount")}
    gaps |= {"months_on_book": Declared(Field("int", source="months_on_book", null=True))}
    gaps |= {"opened": Declared(Field("date", source="opened", null=True))}
    frame["loan_no"] = range(6)
    book = kept_loans(read_tape(frame, mapping_of(gaps), keep=True).frame, settings, Streams(7)).to_pandas()
    scheduled = book["balance"][4]
    assert book["balance"].tolist() == [11_100, 5_000, 6_000, 44_400, scheduled, 7_000]
    assert 0 < scheduled < book["amount"][4]
    assert book["ead"].tolist() == [11_100, 22_200, 6_000, 44_400, scheduled, 66_600]
    assert book["amount"][1] == 5_000
    assert book["months_on_book"].tolist() == [3, 0, 5, 0, 6, 7]
    days = [f"{day:%Y-%m-%d}" for day in book["opened"]]
    assert (days[0], days[1], days[5]) == ("2020-01-15", f"{settings.as_of:%Y-%m}-01", "2020-03-01")
    assert "NaT" not in days


@pytest.mark.parametrize("name", ["term_months", "amount"])
def test_a_kept_loan_without_term_or_size_is_refused_with_its_row(name, settings):
    frame = tape_frame(60).drop(columns="balance")
    frame[name] = frame[name].astype(float).where(frame.index % 7 > 0)
    said = {name: Declared(Field("float", source=name, null=True))}
    tape = read_tape(frame, mapping_of(said), keep=True)
    with pytest.raises(DataError, match="the tape, row 7: the cell is empty") as caught:
        kept_loans(tape.frame, settings, Streams(7))
    assert "4 more loans" in str(caught.value)
