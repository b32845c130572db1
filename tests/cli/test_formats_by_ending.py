"""Commands write what an ending says, refuse other endings before any work, and read it all again."""

import gzip
import json

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
from tables.table_files import ENDINGS

from finsim.cli.main import main
from finsim.engine.market_model import fit_and_sample, sampling
from finsim.markets.prices import read_prices
from finsim.records.storage import write_table
from finsim.records.transactions import FEATURE_SCHEMA
from finsim.tables.writing.write import write_by_ending

pytestmark = pytest.mark.sweep

PACK = """
finsim-rules: 1
pack: {id: one, version: "1"}
table: orders
columns: {nr: {type: id}, amount: {type: money, ccy: EUR, unit: stored_minor, null: true}, day: {type: date}}
rules:
  - {id: cap, check: amount <= 100 EUR, repair: {do: clip, on: amount}}
"""
TWO_TABLES = """
finsim-rules: 1
pack: {id: two, version: "1"}
tables:
  orders:
    columns: {nr: {type: id}, amount: {type: money, ccy: EUR, unit: stored_minor, null: true}}
  people:
    columns: {n: {type: int}}
rules:
  - {id: cap, table: orders, check: amount <= 100 EUR, repair: {do: clip, on: amount}}
"""


def run(*words):
    with pytest.raises(SystemExit) as stop:
        main([str(word) for word in words])
    return stop.value.code


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    steps = np.random.default_rng(0).normal(0, 0.01, (300, 2)).cumsum(axis=0)
    closes = pd.DataFrame(100 * np.exp(steps), columns=["A", "B"])
    closes.insert(0, "date", pd.bdate_range("2020-01-01", periods=300))
    closes.to_csv(folder / "prices.csv", index=False)
    assert run("fit", folder / "prices.csv", "--generator", "bootstrap", "-o", folder / "model") == 0
    return folder


@pytest.mark.parametrize("ending", ENDINGS)
def test_sampled_paths_are_read_again_whatever_their_form(ending, model, tmp_path):
    out, plain = tmp_path / f"p{ending}", tmp_path / "same.parquet"
    sample = ("sample", model / "model", "--paths", 60, "--steps", 80, "-o")  # two shards
    assert run(*sample, out) == 0
    assert run(*sample, plain) == 0
    found, wanted = read_prices(out), read_prices(plain)
    assert (found.assets, found.count, found.calendar) == (wanted.assets, 60, wanted.calendar)
    assert (found.dates == wanted.dates).all()
    assert set(found.columns) == set(wanted.columns)
    for name, values in wanted.columns.items():
        np.testing.assert_array_equal(found.columns[name], values)
    assert run("evaluate", model / "prices.csv", out, "--json") in (0, 1)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_history_in_any_form_is_fitted(ending, model, tmp_path, capsys):
    rows = pd.read_csv(model / "prices.csv", parse_dates=["date"])
    table = pa.Table.from_pandas(rows, preserve_index=False)
    write_by_ending(tmp_path / f"h{ending}", table.schema, [table])
    assert run("fit", tmp_path / f"h{ending}", "--generator", "bootstrap", "-o", tmp_path / "model") == 0
    assert run("plan", tmp_path / f"h{ending}") == 0
    capsys.readouterr()
    assert run("new", "schema", tmp_path / f"h{ending}") == 0
    assert "kind: prices" in capsys.readouterr().out


def test_one_path_as_csv_is_a_history(model, tmp_path):
    out = tmp_path / "p.csv"
    assert run("sample", model / "model", "--paths", 1, "--steps", 300, "-o", out) == 0
    assert run("fit", out, "--generator", "bootstrap", "-o", tmp_path / "again") == 0
    frame = pd.read_csv(out)
    assert list(frame["asset"].unique()) == ["A", "B"]
    assert frame["open"].dtype == "float64"


@pytest.mark.parametrize("name", ["p.xlsx", "p.txt", "p", "p.xyz", "p.csv.bz2"])
def test_sampling_into_another_form_is_refused_before_it_starts(name, model, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(fit_and_sample.Body, "load", None)  # a call would be a fault
    assert run("sample", model / "model", "-o", tmp_path / name) == 2
    told = capsys.readouterr().err
    assert all(ending in told for ending in ENDINGS)
    assert not list(tmp_path.iterdir())


def test_python_refuses_other_endings_too(tmp_path):
    def shards():
        raise AssertionError("nothing is sampled for a file that cannot be written")
        yield

    with pytest.raises(fit_and_sample.StudyError, match=r"ends in '\.xyz'"):
        sampling.write_paths(shards(), tmp_path / "p.xyz")


@pytest.fixture
def orders(tmp_path):
    (tmp_path / "rules.yaml").write_text(PACK)
    return pa.table({
        "nr": ["007", "7", "8"], "amount": [12_345, 50, None],
        "day": pa.array([0, 1, 20_000], pa.int32()).cast(pa.date32()),
    })  # fmt: skip


@pytest.mark.parametrize("into", ENDINGS)
@pytest.mark.parametrize("of", [*ENDINGS, ".pq", ".tsv", ".feather"])
def test_repaired_tables_go_from_every_form_into_every_form(of, into, orders, tmp_path):
    pack, source, out = tmp_path / "rules.yaml", tmp_path / f"in{of}", tmp_path / f"out{into}"
    if of == ".pq":
        pq.write_table(orders, source)
    elif of == ".tsv":
        source.write_text("nr\tamount\tday\n007\t123.45\t1970-01-01\n7\t0.50\t1970-01-02\n8\t\t2024-10-04\n")
    elif of == ".feather":
        feather.write_feather(orders, source, compression="lz4")
    else:
        write_by_ending(source, orders.schema, [orders], money={"amount": 2})
    assert run("check", source, "--rules", pack) == 1
    assert run("check", source, "--rules", pack, "--repair", "-o", out) == 0
    assert run("check", out, "--rules", pack) == 0
    if into == ".csv" and of != ".tsv":
        text = "nr,amount,day\n007,100.00,1970-01-01\n7,0.50,1970-01-02\n8,,2024-10-04\n"
        assert out.read_text().replace('""', "") == text


@pytest.mark.parametrize(("name", "code"), [("out.xlsx", 2), ("out", 2), ("out.txt", 0), ("out.tsv.gz", 0)])
def test_text_keeps_its_form_under_every_ending_of_text(name, code, orders, tmp_path, capsys):
    text = b"nr;amount;day\n7;200.00;1970-01-02\n"
    (tmp_path / "in.csv").write_bytes(text)
    pack = tmp_path / "rules.yaml"
    assert run("check", tmp_path / "in.csv", "--rules", pack, "--repair", "-o", tmp_path / name) == code
    assert (tmp_path / name).exists() == (code == 0)
    if not code:
        found = (tmp_path / name).read_bytes()
        assert (gzip.decompress(found) if name.endswith("gz") else found) == text.replace(b"200", b"100")
    write_table(tmp_path / "in.parquet", orders.schema, [orders])
    # A table without a form of its own is written as its ending says, and .txt says none.
    of_parquet = run(
        "check", tmp_path / "in.parquet", "--rules", pack, "--repair", "-o", tmp_path / f"new-{name}"
    )
    assert of_parquet == (0 if name == "out.tsv.gz" else 2)


def test_an_output_that_cannot_be_written_is_refused_before_reading(orders, tmp_path, monkeypatch):
    import finsim.engine.tables_to_check as reading

    write_table(tmp_path / "in.parquet", orders.schema, [orders])
    (tmp_path / "out.duckdb").write_bytes(b"mine")
    monkeypatch.setattr(reading, "gather", None)
    for name in ("out.docx", "out.duckdb"):
        found = run(
            "check",
            tmp_path / "in.parquet",
            "--rules",
            tmp_path / "rules.yaml",
            "--repair",
            "-o",
            tmp_path / name,
        )
        assert found == 2
    assert (tmp_path / "out.duckdb").read_bytes() == b"mine"


@pytest.mark.parametrize("ending", [".arrow", ".duckdb"])
def test_tables_of_a_folder_keep_typed_forms(ending, orders, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    write_by_ending(folder / f"orders{ending}", orders.schema, [orders])
    (tmp_path / "rules.yaml").write_text(TWO_TABLES)
    write_by_ending(folder / "people.csv", pa.schema([("n", pa.int64())]), [pa.table({"n": [1]})])
    assert run("check", folder, "--rules", tmp_path / "rules.yaml", "--repair", "-o", tmp_path / "out") == 0
    assert sorted(one.name for one in (tmp_path / "out").iterdir()) == [f"orders{ending}", "people.csv"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_payments_pass_their_own_pack_in_every_form(ending, tmp_path, capsys):
    """Money of a CSV is in units of the currency, which is how packs read it."""
    folder = tmp_path / "world"
    assert run("simulate", "--accounts", 200, "--days", 3, "-o", folder) == 0
    rows = pq.read_table(folder / "transactions.parquet")
    money = dict.fromkeys(("amount", "from_balance_after", "to_balance_after"), 2)
    write_by_ending(tmp_path / f"t{ending}", rows.schema, [rows], table="transactions", money=money)
    found = []
    for path in (folder / "transactions.parquet", tmp_path / f"t{ending}"):
        capsys.readouterr()
        assert run("check", path, "--rules", "retail-tx", "--table", "transactions", "--json") == 0
        found.append(json.loads(capsys.readouterr().out))
    assert set(rows.column_names) == set(FEATURE_SCHEMA.names)
    assert found[0] == found[1]


def test_a_large_arrow_file_is_checked_as_a_stream(orders, tmp_path, monkeypatch):
    from finsim.engine import check_in_batches

    monkeypatch.setattr(check_in_batches, "TEXT_BYTES", 0)
    from finsim.constraints.packs.ruleset import RuleSet

    rules = RuleSet.load(str(tmp_path / "rules.yaml"))
    for ending in (".arrow", ".duckdb"):
        write_by_ending(tmp_path / f"t{ending}", orders.schema, [orders])
        large = check_in_batches.large_file(tmp_path / f"t{ending}", rules)
        assert large is not None
        report = check_in_batches.check_large(large, rules)
        assert report.results[-1].violations == 1


def test_levels_keep_what_they_are_in_typed_forms(tmp_path):
    from finsim.records.paths import Paths

    dates = pd.bdate_range("2026-01-01", periods=40).to_numpy().astype("datetime64[D]")
    closes = np.random.default_rng(0).normal(size=(2, 40, 1)).cumsum(axis=1)
    paths = Paths(("yield",), dates, {"close": closes}, kinds=("difference",))
    for ending in (".parquet", ".arrow", ".duckdb"):
        sampling.write_paths([paths], tmp_path / f"p{ending}")
        found = read_prices(tmp_path / f"p{ending}")
        assert found.kinds == ("difference",)
        np.testing.assert_array_equal(found.close, closes)


def test_other_people_read_our_paths(model, tmp_path):
    for ending, read in ((".csv.gz", pd.read_csv), (".csv.zst", pl.read_csv)):
        out = tmp_path / f"p{ending}"
        assert run("sample", model / "model", "--paths", 3, "--steps", 20, "-o", out) == 0
        assert read(out).shape == (120, 10)
