"""Columns of a tape: roles by mapping, schema or known names; what cells mean; what is refused."""

import gzip

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError
from scipy.stats import ks_2samp, spearmanr

from finsim.credit.book import fit_book, loans
from finsim.credit.settings import Settings
from finsim.credit.tape import ROLES, Declared, mapping_of, read_tape
from finsim.credit.tape.roles import COMPUTED
from finsim.engine.study.credit_part import CreditPart
from finsim.engine.study.loan_tape import describe_tape, tape_of
from finsim.errors import DataError, StudyError
from finsim.randomness import Streams
from finsim.tables import Field, propose


def tape(count=400, seed=1, **more):
    rng = np.random.default_rng(seed)
    made = {
        "amount": rng.integers(1_000, 30_000, count),
        "term_months": rng.choice([12, 24, 36], count),
        "bad": (rng.random(count) < 0.2).astype(int),
    }
    return pd.DataFrame({**made, **more})


def written(tmp_path, frame, name="tape.csv", sep=","):
    path = tmp_path / name
    frame.to_csv(path, index=False, sep=sep)
    return path


def part(path, **keys):
    return CreditPart.model_validate({"data": str(path), **keys})


def test_a_study_maps_roles_words_units_and_periods(tmp_path):
    count = 300
    rng = np.random.default_rng(4)
    frame = pd.DataFrame(
        {
            "Betrag €": rng.integers(1_000, 9_000, count),
            "LAUFZEIT": rng.choice([1, 2, 3], count),
            "Zins": rng.uniform(2, 9, count).round(2),
            "Einkommen": rng.integers(20_000, 60_000, count),
            "Ausgang": rng.choice(["Ausfall", "getilgt", "offen"], count),
        }
    )
    found = tape_of(
        part(
            written(tmp_path, frame),
            columns={
                "amount": "betrag €",
                "term": {"from": "Laufzeit", "unit": "years"},
                "rate": {"from": "Zins", "unit": "percent"},
                "income": {"from": "Einkommen", "per": "year"},
                "outcome": {"from": "Ausgang", "is": "ausfall", "good": ["getilgt"]},
            },
            loan_class="auto",
            sector="cars",
        )
    )
    known = frame[frame["Ausgang"] != "offen"].reset_index(drop=True)
    assert len(found.frame) == len(known)
    assert "lack an amount, a term or an outcome: left out" in found.notes[1]
    assert np.array_equal(found.frame["term_months"], known["LAUFZEIT"] * 12)
    assert np.allclose(found.frame["rate"], known["Zins"] / 100)
    assert np.allclose(found.frame["income"], known["Einkommen"] / 12)
    assert np.array_equal(found.frame["bad"], known["Ausgang"] == "Ausfall")
    assert set(found.frame["loan_class"]) == {"auto"}
    assert set(found.frame["sector"]) == {"cars"}


def test_a_schema_file_says_the_same_and_the_study_goes_over_it(tmp_path):
    frame = tape(rate=np.round(np.random.default_rng(2).uniform(3, 9, 400), 2)).rename(
        columns={"amount": "Summe", "bad": "Status"}
    )
    frame["Status"] = frame["Status"].map({0: "ok", 1: "pleite"})
    data = written(tmp_path, frame, sep=";")
    schema = tmp_path / "schema.yaml"
    schema.write_text(
        "finsim: schema/1\nkind: loans\nread: {sep: ';'}\ncolumns:\n"
        "  volume: {from: Summe, type: float, role: amount}\n"
        "  rate: {type: ratio, unit: percent}\n"
        "  Status: {type: bool, 'true': [pleite], 'false': [ok], role: outcome}\n"
    )
    found = tape_of(part(data, schema=str(schema))).frame
    assert np.array_equal(found["amount"], frame["Summe"])
    assert np.allclose(found["rate"], frame["rate"] / 100)
    assert found["bad"].sum() == (frame["Status"] == "pleite").sum()
    over = tape_of(part(data, schema=str(schema), columns={"rate": {"from": "rate", "unit": "bp"}})).frame
    assert np.allclose(over["rate"], frame["rate"] / 10_000)


def test_one_meaning_for_csv_gzip_parquet_pandas_and_arrow(tmp_path):
    frame = tape(score=np.random.default_rng(0).normal(size=400).round(6), region=["n", "s"] * 200)
    path = written(tmp_path, frame)
    packed = tmp_path / "tape.csv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    stored = tmp_path / "tape.parquet"
    table = pa.Table.from_pandas(frame)
    pq.write_table(table, stored)
    frames = [read_tape(one).frame for one in (path, packed, stored, frame, table)]
    for other in frames[1:]:
        pd.testing.assert_frame_equal(frames[0], other)


def test_keys_are_never_features(tmp_path):
    count = 400
    frame = tape(
        count,
        loan_id=np.arange(700_001, 700_001 + count),
        account_no=np.arange(9_000, 9_000 + count)[::-1],
        uuid=[f"{k:08x}" for k in range(count)],
        rownames=np.arange(1, count + 1),
        num_open_accounts=np.random.default_rng(0).integers(0, 30, count),
    )
    found = read_tape(written(tmp_path, frame))
    book = fit_book(found.frame, Settings(shard_loans=1_000))
    assert book.features == ("purpose", "num_open_accounts")
    made = loans(book, 1_000, Streams(3))
    assert made["loan_id"].to_pylist() == list(range(1_000))
    taken = {fact.header: fact.taken for fact in found.columns}
    assert "key" in taken["account_no"]
    assert "counts the rows" in taken["rownames"]


def test_obligors_keep_their_number_of_loans_and_their_pd():
    count = 600
    owner = np.repeat(np.arange(200), 3)
    rng = np.random.default_rng(5)
    frame = tape(count, obligor_id=[f"C{k}" for k in owner], age=rng.integers(20, 70, 200)[owner])
    made = loans(fit_book(read_tape(frame).frame, Settings(shard_loans=900)), 900, Streams(3)).to_pandas()
    sizes = made.groupby("obligor_id").size()
    assert set(sizes) == {3}
    for name in ("pd", "age"):
        assert (made.groupby("obligor_id")[name].nunique() == 1).all(), name
    assert made["loan_id"].is_unique


@pytest.mark.parametrize("share", [0.08, 0.4])
def test_numbers_with_gaps_stay_numbers(tmp_path, share):
    """Share of gaps within 1.5 points or 4 errors, KS of the rest below .06, rank correlation within .1."""
    count = 3_000
    rng = np.random.default_rng(8)
    amount = rng.lognormal(9, 0.5, count).round()
    turnover = (amount * rng.uniform(0.2, 0.6, count)).round(2)
    gone = rng.random(count) < share
    frame = tape(count).assign(
        amount=amount,
        turnover=np.where(gone, np.nan, turnover),
        age=np.where(rng.random(count) < share, np.nan, rng.integers(20, 70, count)),
        income=np.where(rng.random(count) < share, np.nan, rng.lognormal(8, 0.3, count).round(2)),
        steps=np.where(rng.random(count) < share, np.nan, rng.integers(0, 4, count)),
    )
    found = read_tape(written(tmp_path, frame))
    book = fit_book(found.frame, Settings(shard_loans=4_000))
    assert set(book.scorecard.fills) == {"age", "turnover", "steps"}
    made = loans(book, 4_000, Streams(3)).to_pandas()
    for name in ("turnover", "age", "steps"):
        assert made[name].isna().mean() == pytest.approx(frame[name].isna().mean(), abs=0.03), name
        assert ks_2samp(made[name].dropna(), frame[name].dropna()).statistic < 0.06, name
    assert made["income"].notna().all()
    real = frame.dropna(subset=["turnover"])
    own = made.dropna(subset=["turnover"])
    wanted = spearmanr(real["amount"], real["turnover"]).statistic
    assert spearmanr(own["amount"], own["turnover"]).statistic == pytest.approx(wanted, abs=0.1)
    assert set(made["steps"].dropna()) == {0, 1, 2, 3}


def test_gaps_that_tell_of_defaults_are_seen_by_the_scorecard():
    rng = np.random.default_rng(9)
    gone = rng.random(4_000) < 0.3
    frame = tape(4_000).assign(
        bad=(rng.random(4_000) < np.where(gone, 0.5, 0.05)).astype(int),
        score=np.where(gone, np.nan, rng.normal(size=4_000)),
    )
    made = loans(fit_book(read_tape(frame).frame, Settings(target_pd=None)), 4_000, Streams(3)).to_pandas()
    missing = made["score"].isna()
    assert made.loc[missing, "pd"].mean() == pytest.approx(0.5, abs=0.06)
    assert made.loc[~missing, "pd"].mean() == pytest.approx(0.05, abs=0.02)


def test_own_pd_lgd_and_rates_are_followed_not_replaced():
    rng = np.random.default_rng(3)
    frame = tape(
        500, pd=rng.uniform(0.6, 0.9, 500), lgd=rng.uniform(0, 0.1, 500), rate=rng.uniform(0.3, 2, 500)
    )
    mapping = mapping_of({"rate": Declared(Field("ratio", unit="decimal"))})
    found = read_tape(frame.drop(columns="bad"), mapping)
    made = loans(fit_book(found.frame, Settings()), 3_000, Streams(3)).to_pandas()
    for name in ("pd", "lgd", "rate"):
        assert made[name].mean() == pytest.approx(frame[name].mean(), rel=0.05), name
        assert made[name].between(frame[name].min() - 1e-4, frame[name].max() + 1e-4).all(), name


def test_priced_rates_are_capped_and_stated_gaps_are_priced():
    frame = tape(500, rate=np.where(np.arange(500) % 2 == 0, 0.4, np.nan))
    settings = Settings(rate_cap=0.05)
    mapping = mapping_of({"rate": Declared(Field("ratio", null=True))})
    made = loans(fit_book(read_tape(frame, mapping).frame, settings), 2_000, Streams(3)).to_pandas()
    assert set(made["rate"]) == {0.4, 0.05}
    assert (made["rate"] == 0.4).mean() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("name", [*COMPUTED, "_fs_src", "DTI"])
def test_names_of_the_model_are_reserved(tmp_path, name):
    frame = tape(**{name: np.random.default_rng(0).normal(size=400)})
    if name == "grade":
        assert "tape_grade" in read_tape(frame).frame
        return
    with pytest.raises(DataError) as caught:
        read_tape(written(tmp_path, frame))
    assert f"column {name!r} has the name of a column that the model computes" in str(caught.value)
    assert "ignore:" in str(caught.value)
    with pytest.raises(StudyError, match="a column that the model computes"):
        mapping_of({name: Declared(Field("float", source=name))})
    renamed = tape_of(part(written(tmp_path, frame), columns={"own_value": name})).frame
    assert renamed["own_value"].dtype == float
    assert name not in tape_of(part(written(tmp_path, frame), ignore=[name])).frame


def test_a_column_that_a_schema_declares_is_ignored_all_the_same(tmp_path):
    frame = tape(score=np.arange(400) % 7, income=np.arange(400) + 1_000.0)
    path, schema = written(tmp_path, frame), tmp_path / "schema.yaml"
    schema.write_text("finsim: schema/1\nkind: loans\ncolumns:\n  points: {from: score, type: float}\n")
    read = tape_of(part(path, schema=str(schema))).frame
    assert {"points", "income"} <= set(read)
    left = tape_of(part(path, schema=str(schema), ignore=["score", "income"]))
    assert not {"points", "score", "income"} & set(left.frame)
    said = {fact.header: fact.taken for fact in left.columns}
    assert said["score"] == said["income"] == "ignored, as declared"
    with pytest.raises(StudyError, match=r"columns\.points: is read from 'score', which is ignored"):
        tape_of(part(path, columns={"points": "score"}, ignore=["score"]))


def test_every_column_of_the_book_is_reserved_or_a_role(table):
    own = set(table.column_names) - set(read_tape(tape()).frame)
    features = {"checking", "savings"}
    known = {*ROLES, *COMPUTED}
    model = [name for name in own if not name.startswith("_fs_")]
    german = set(table.column_names[model.index(model[0]) :])
    assert {"payment", "dti", "rho", "vintage", "grade", "pd", "lgd", "opened", "balance"} <= known
    assert features <= german
    assert {name for name in table.column_names[:21] if not name.startswith("_fs_")} <= known


@pytest.mark.parametrize("word", ["n/a", "?", "abc"])
def test_one_strange_cell_never_decides_what_a_column_is(tmp_path, word):
    frame = tape(score=np.random.default_rng(0).normal(size=400).round(3).astype(str))
    frame.loc[17, "score"] = word
    path = written(tmp_path, frame)
    with pytest.raises(DataError) as caught:
        read_tape(path)
    for piece in ("column 'score', line 19", repr(word), "as 399 of the 400 filled cells are", "type: cat"):
        assert piece in str(caught.value)
    numbers = tape_of(part(path, columns={"score": {"from": "score", "type": "float", "null": [word]}})).frame
    assert numbers["score"].isna().sum() == 1
    words = tape_of(part(path, columns={"score": {"from": "score", "type": "cat"}})).frame
    assert words["score"][17] == word


def test_what_was_taken_as_what_is_said(tmp_path):
    rng = np.random.default_rng(0)
    frame = tape(
        score=np.where(rng.random(400) < 0.25, np.nan, rng.normal(size=400)),
        code=[f"0{k}" for k in rng.integers(10, 20, 400)],
        remark=[f"text {k}" for k in range(400)],
        empty="",
    )
    data, lines = describe_tape(part(written(tmp_path, frame)))
    facts = {fact["header"]: fact for fact in data["columns"]}
    assert facts["score"]["taken_as"] == "number: every cell is a number, missing cells flagged"
    assert facts["score"]["missing"] == pytest.approx(frame["score"].isna().mean())
    assert float(facts["score"]["min"]) == pytest.approx(frame["score"].min())
    assert facts["code"]["taken_as"] == "words: 10 different"
    assert facts["remark"]["name"] == ""
    assert facts["empty"]["taken_as"] == "empty, not used"
    assert any("% missing" in line and line.split()[0] == "score" for line in lines)


@pytest.mark.parametrize(
    ("keys", "parts"),
    [
        ({"columns": {"amount": "Amuont"}}, ("no column 'Amuont'", "did you mean 'amount'?")),
        ({"ignore": ["remrak"]}, ("no column 'remrak', which is ignored",)),
        ({"columns": {"bad": {"from": "bad", "is": "defautl"}}}, ("no cell of column 'bad' says 'defautl'",)),
        ({"loan_class": "cars"}, ("no loan class 'cars'",)),
        ({"columns": {"pd": {"default": 2}}}, ("column 'pd (stated)'", "above 0 and below 1")),
    ],
)
def test_mappings_that_fit_no_column(tmp_path, keys, parts):
    with pytest.raises(DataError) as caught:
        tape_of(part(written(tmp_path, tape()), **keys))
    for piece in parts:
        assert piece in str(caught.value)


@pytest.mark.parametrize(
    "keys",
    [
        {"prepayment": 2},
        {"rate_cap": -0.1},
        {"seasoning_months": -1},
        {"late_ratio": float("nan")},
        {"target_pd": "guessed"},
        {"columns": {"amount": {"from": "a", "unit": "stones"}}},
        {"columns": {"income": {"from": "a", "per": "week"}}},
        {"keeps": True},
    ],
)
def test_settings_and_keys_that_cannot_be(keys):
    with pytest.raises(ValidationError):
        part("tape.csv", **keys)


def test_settings_of_the_study_reach_the_book_and_survive_being_written():
    keys = {"prepayment": 0.02, "currency": "CHF", "rate_cap": 0.4, "seasoning_months": 3}
    keys |= {"sector_correlation": 0.1, "target_pd": "as_observed", "keep": True, "schema": "s.yaml"}
    keys |= {"columns": {"bad": {"from": "Estado", "is": "malo"}}, "read": {"sep": ";"}}
    first = part("tape.csv", **keys)
    again = CreditPart.model_validate(first.model_dump(mode="json"))
    assert again == first
    assert first.settings() == {
        "prepayment": 0.02,
        "currency": "CHF",
        "rate_cap": 0.4,
        "seasoning_months": 3,
        "sector_correlation": 0.1,
        "target_pd": None,
        "shard_loans": 5_000,
    }


def test_a_target_for_stated_pds_is_refused(tmp_path):
    path = written(tmp_path, tape(pd=np.full(400, 0.02)))
    with pytest.raises(StudyError, match="a target has no effect"):
        tape_of(part(path, target_pd=0.03))


def test_a_proposed_schema_is_a_mapping(tmp_path):
    frame = tape(loan_no=[f"K{k}" for k in range(400)], lgd=np.full(400, 0.3), status="x")
    path = written(tmp_path, frame)
    schema = tmp_path / "schema.yaml"
    schema.write_text(propose(path, "loans").to_yaml())
    found = tape_of(part(path, schema=str(schema), keep=True)).frame
    assert found["loan_id"].tolist() == frame["loan_no"].tolist()
    assert np.array_equal(found["lgd"], frame["lgd"])
    assert found["bad"].sum() == frame["bad"].sum()


def test_money_of_a_schema_states_the_currency(tmp_path):
    path = written(tmp_path, tape())
    schema = tmp_path / "schema.yaml"
    schema.write_text(
        "finsim: schema/1\nkind: loans\ncolumns:\n"
        "  amount: {type: money, ccy: CHF, unit: minor, role: amount}\n"
    )
    found = tape_of(part(path, schema=str(schema))).frame
    assert np.allclose(found["amount"], tape()["amount"] / 100)
    assert set(found["currency"]) == {"CHF"}


def test_names_of_the_model_are_reserved_in_a_schema_too(tmp_path):
    path = written(tmp_path, tape(payment=np.arange(400.0)))
    schema = tmp_path / "schema.yaml"
    schema.write_text("finsim: schema/1\ncolumns:\n  payment: {type: float}\n")
    with pytest.raises(StudyError, match=r"(?s)schema.yaml: columns.payment.*call it own_payment"):
        tape_of(part(path, schema=str(schema)))


@pytest.mark.parametrize("value", [1e16, -1e300, np.inf])
def test_numbers_that_no_fit_can_hold(tmp_path, value):
    frame = tape(score=np.random.default_rng(0).normal(size=400))
    frame.loc[5, "score"] = value
    found = read_tape(frame)
    assert "score" not in found.frame
    assert "beyond 10^15" in {fact.header: fact.taken for fact in found.columns}["score"]
    mapping = mapping_of({"score": Declared(Field("float", source="score"))})
    with pytest.raises(DataError, match="column 'score', row 5"):
        read_tape(frame, mapping)


def test_words_with_gaps_are_a_word_of_their_own():
    """A role of words (the bank's grade), a feature, and a frame that was not read by ``read_tape``."""
    gone = np.arange(400) % 4 == 0
    frame = tape(grade=np.where(gone, "", "A"), region=np.where(gone, "", "north"))
    found = read_tape(frame.replace("", None))
    for source in (found.frame, found.frame.replace("missing", None)):
        made = loans(fit_book(source, Settings()), 1_000, Streams(3)).to_pandas()
        for name in ("tape_grade", "region"):
            assert (made[name] == "missing").mean() == pytest.approx(0.25, abs=0.05)
