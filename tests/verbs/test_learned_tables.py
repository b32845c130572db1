"""``fit`` and ``sample`` on payments and on any table: kinds, columns of the input, new ids, refusals."""

import json
import shutil

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import finsim
from finsim.cli.main import app
from finsim.errors import FitError, StudyError

pytestmark = pytest.mark.sweep

LOANS = "Vertrag;Antragstag;Betrag;Zins;Rating;Ausfall\n"
SCHEMA = """
finsim: schema/1
kind: loans
read: {sep: ";", decimal: ",", thousands: "."}
columns:
  Vertrag: {type: id}
  opened: {from: Antragstag, type: date, format: "%d.%m.%Y"}
  amount: {from: Betrag, type: money, ccy: EUR}
  rate: {from: Zins, type: ratio, unit: percent, null: ["-"]}
  Rating: {type: cat}
  Ausfall: {type: bool, "true": [ja], "false": [nein]}
"""


@pytest.fixture(scope="module")
def loans(tmp_path_factory):
    rng = np.random.default_rng(3)
    lines = [LOANS]
    for k in range(400):
        bad = rng.random() < 0.3
        amount = np.round(np.exp(rng.normal(9, 0.5)) / 50) * 50
        rate = "-" if k % 9 == 0 else f"{rng.normal(7 if bad else 4, 1):.2f}".replace(".", ",")
        day = f"{rng.integers(1, 29):02d}.{rng.integers(1, 13):02d}.2021"
        shown = f"{amount:,.2f}".replace(",", "_").replace(".", ",").replace("_", ".")
        lines.append(
            f"K{k:05d};{day};{shown};{rate};{rng.choice(['A', 'B', 'C'])};{'ja' if bad else 'nein'}\n"
        )
    folder = tmp_path_factory.mktemp("loans")
    (folder / "loans.csv").write_text("".join(lines), encoding="utf-8")
    (folder / "loans.schema.yaml").write_text(SCHEMA, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    rng = np.random.default_rng(4)
    rows = []
    for card in range(60):
        days = np.sort(rng.integers(0, 90, rng.integers(5, 40)))
        for day in days:
            shop = rng.choice(12, p=np.full(12, 1 / 12)) if rng.random() < 0.3 else card % 12
            rows.append(
                (f"C{card:03d}", f"2024-{1 + day // 30:02d}-{1 + day % 28:02d}", f"M{shop}",
                 round(float(np.exp(rng.normal(3, 0.8))), 2), "north" if card % 2 else "south")
            )  # fmt: skip
    file = tmp_path_factory.mktemp("ledger") / "cards.parquet"
    frame = pd.DataFrame(rows, columns=["card_id", "date", "merchant", "amount", "region"])
    frame.assign(date=pd.to_datetime(frame["date"]).astype("datetime64[ms]")).to_parquet(file, index=False)
    return file


@pytest.fixture(scope="module")
def table_model(loans):
    return finsim.fit(
        loans / "loans.csv", "bayes", schema=loans / "loans.schema.yaml", output=loans / "model",
        progress=False,
    )  # fmt: skip


def test_a_csv_of_sampled_rows_has_days_and_the_decimals_of_money(tmp_path):
    rng = np.random.default_rng(0)
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, 400), "D")
    amount = np.round(np.exp(rng.normal(5, 1, 400)) * 2, 1)  # in text 12.3 as often as 12.30
    made = {"day": days.strftime("%d.%m.%Y"), "seen": days.strftime("%Y-%m-%d"), "amount": amount}
    pd.DataFrame({**made, "score": rng.normal(size=400)}).to_csv(tmp_path / "t.csv", index=False)
    (tmp_path / "t.yaml").write_text(
        'finsim: schema/1\nkind: table\ncolumns:\n  day: {type: date, format: "%d.%m.%Y"}\n'
        "  seen: {type: date}\n"
        "  amount: {type: money, ccy: EUR}\n  score: {type: float}\n"
    )
    model = finsim.fit(tmp_path / "t.csv", "copula", schema=tmp_path / "t.yaml", progress=False)
    finsim.sample(model, rows=200, output=tmp_path / "made.csv", progress=False)
    made = pd.read_csv(tmp_path / "made.csv", dtype=str)
    assert made["day"].str.fullmatch(r"\d\d\.\d\d\.\d{4}").all()  # as its schema reads it
    assert made["seen"].str.fullmatch(r"\d{4}-\d\d-\d\d").all()
    assert made["amount"].str.fullmatch(r"\d+\.\d\d").all()
    assert made["score"].str.len().max() > 5
    kept = finsim.sample(model, rows=200, progress=False).to_pandas()
    assert (made["amount"].astype(float) == kept["amount"]).all()
    assert (pd.to_datetime(made["day"], format="%d.%m.%Y") == kept["day"]).all()
    assert (pd.to_datetime(made["seen"]) == kept["seen"]).all()


def test_rows_come_out_under_the_headers_and_words_of_the_input(loans, table_model):
    made = finsim.sample(loans / "model", rows=300, seed=2, progress=False).to_pandas()
    assert list(made) == LOANS.strip().split(";")
    assert set(made["Ausfall"]) == {"ja", "nein"}
    assert made["Vertrag"].tolist()[:2] == ["K00400", "K00401"]
    assert made["Vertrag"].is_unique
    assert 0.05 < made["Zins"].isna().mean() < 0.2
    assert made["Zins"].dropna().between(0.15, 15).all()
    assert (np.round(made["Betrag"] * 100) == made["Betrag"] * 100).all()
    by_outcome = made.groupby("Ausfall")["Zins"].mean()
    assert by_outcome["ja"] > by_outcome["nein"] + 0.015


def test_given_cells_hold_in_every_row(table_model):
    made = finsim.sample(table_model, rows=50, given="Ausfall=ja,Rating=B", progress=False).to_pandas()
    assert set(made["Ausfall"]) == {"ja"}
    assert set(made["Rating"]) == {"B"}
    with pytest.raises(StudyError) as found:
        finsim.sample(table_model, rows=5, given="Ratng=B,Betrag=x,Vertrag=K1", progress=False)
    text = str(found.value)
    assert "no column 'Ratng'" in text
    assert "Rating" in text
    assert "'x'; expected a number" in text
    assert "given Vertrag: an identifier is made anew in every row" in text


def test_the_same_seed_gives_the_same_rows_and_another_others(table_model):
    one, same, other = (
        finsim.sample(table_model, rows=80, seed=seed, progress=False).arrow for seed in (1, 1, 2)
    )
    assert one.equals(same)
    assert one.to_pylist() != other.to_pylist()
    short = finsim.sample(table_model, rows=30, seed=1, progress=False).arrow
    assert one.slice(0, 30).to_pylist() == short.to_pylist()


def test_entities_are_new_and_keep_the_stored_types(ledger, tmp_path):
    model = finsim.fit(ledger, "habits", id="card_id", output=tmp_path / "model", progress=False)
    out = tmp_path / "made.parquet"
    finsim.sample(tmp_path / "model", entities=50, output=out, seed=5, progress=False)
    stored, made = pq.read_table(ledger), pq.read_table(out)
    assert made.schema.names == stored.schema.names
    assert made.schema.field("date").type == stored.schema.field("date").type
    found = made.to_pandas()
    assert not set(found["card_id"]) & {f"C{card:03d}" for card in range(60)}
    assert found.groupby("card_id")["region"].nunique().max() == 1
    assert set(found["merchant"]) <= {f"M{shop}" for shop in range(12)}
    assert found["date"].between("2024-01-01", "2024-03-31").all()
    short = finsim.sample(model, entities=50, days=30, progress=False).to_pandas()
    assert short["date"].max() < pd.Timestamp("2024-01-31")


@pytest.mark.parametrize("entities", [25, 90, 2_100])
def test_outside_counterparties_keep_their_names_however_many_entities_there_are(entities):
    rng = np.random.default_rng(6)
    payer = rng.integers(0, 60, 1_500)
    payee = np.where(rng.random(1_500) < 0.3, 1_000 + rng.integers(0, 8, 1_500), (payer + 1) % 60)
    frame = pd.DataFrame(
        {"from_account": payer, "to_account": payee, "amount": rng.integers(100, 9_000, 1_500) / 100,
         "date": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 90, 1_500), "D")}
    )  # fmt: skip
    model = finsim.fit(frame, "habits", id="from_account", progress=False)
    made = finsim.sample(model, entities=entities, seed=1, progress=False).to_pandas()
    outside = set(range(1_000, 1_008))
    assert set(made["to_account"]) & outside == outside
    assert len(set(made["from_account"])) == entities
    assert set(made["to_account"]) - outside <= set(made["from_account"])


def test_a_ledger_is_told_by_its_cells_and_the_body_by_held_out_entities(ledger):
    model = finsim.fit(ledger, progress=False, steps=20)
    assert model.entity == "card_id"
    assert "held-out entities" in model.data["choice"] or model.data["choice"] == "the only body for it"
    assert "amount amount, partner merchant" in model.data["read_as"]


def test_kind_and_generator_must_fit_each_other(ledger):
    with pytest.raises(StudyError, match="bayes learns table"):
        finsim.fit(ledger, "bayes", kind="events", progress=False)
    with pytest.raises(StudyError, match="no kind is called 'event'"):
        finsim.fit(ledger, kind="event", progress=False)
    with pytest.raises(StudyError, match="no generator is called 'bays'"):
        finsim.fit(ledger, "bays", progress=False)
    with pytest.raises(StudyError, match="no column 'card'"):
        finsim.fit(ledger, "habits", id="card", progress=False)
    with pytest.raises(StudyError, match="events need it"):
        finsim.fit(pd.DataFrame({"a": [1.5, 2.5], "b": [1, 2]}), "habits", progress=False)


def test_sizes_of_another_kind_are_refused(table_model):
    with pytest.raises(StudyError) as found:
        finsim.sample(table_model, paths=5, entities=3, progress=False)
    text = str(found.value)
    assert "sample: paths: the model is of table; expected rows, given" in text
    assert "sample: entities" in text


def test_a_damaged_model_is_refused(loans, table_model, tmp_path):
    shutil.copytree(loans / "model", tmp_path / "model")
    card = tmp_path / "model" / "model.json"
    card.write_text(card.read_text().replace("bayes", "bytes"))
    with pytest.raises(FitError, match="do not match"):
        finsim.sample(tmp_path / "model", rows=5, progress=False)


def test_the_command_line_says_what_was_read_and_made(loans, tmp_path):
    run = CliRunner()
    words = [str(loans / "loans.csv"), "--schema", str(loans / "loans.schema.yaml"), "--kind", "table"]
    fitted = run.invoke(app, ["fit", *words, "--generator", "bayes", "-o", str(tmp_path / "m"), "--quiet"])
    assert fitted.exit_code == 0, fitted.output
    assert "bayes: 400 rows of 6 columns" in fitted.output
    assert "made anew Vertrag" in fitted.output
    wanted = ["--rows", "20", "-o", str(tmp_path / "rows.csv"), "--json", "--quiet"]
    sampled = run.invoke(app, ["sample", str(tmp_path / "m"), *wanted])
    assert sampled.exit_code == 0, sampled.output
    result = json.loads(sampled.output)["result"]
    assert (result["kind"], result["rows"]) == ("table", 20)
    assert (tmp_path / "rows.csv").read_text().startswith("Vertrag;Antragstag;Betrag")  # as the tape
    listed = json.loads(run.invoke(app, ["list", "generators", "--json"]).output)["result"]["generators"]
    assert {"bars", "events", "table"} == {one["kind"] for one in listed}
    assert {"bayes", "habits", "flow"} <= {one["name"] for one in listed}
