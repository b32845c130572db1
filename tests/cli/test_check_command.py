"""``finsim check`` on files, folders of tables and runs: verdicts, one row explained, repair."""

import gzip
import io
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from finsim.cli.main import main

BARS = """Date,Ticker,Open,High,Low,Close,Volume
2024-01-02,ABC,10.0,10.4,9.9,10.2,1200
2024-01-03,ABC,10.2,10.1,10.0,10.3,900
2024-01-04,ABC,10.3,10.9,10.2,10.8,-40
2024-01-04,ABC,10.3,10.9,10.2,10.8,1500
"""


def run(*arguments):
    with pytest.raises(SystemExit) as stop:
        main([str(one) for one in arguments])
    return stop.value.code


def written(folder, form):
    """Write the bars as a file or folder of one form and return its path."""
    frame = pd.read_csv(io.StringIO(BARS))
    if form == "csv":
        (folder / "bars.csv").write_text(BARS)
        return folder / "bars.csv"
    if form == "csv.gz":
        (folder / "bars.csv.gz").write_bytes(gzip.compress(BARS.encode()))
        return folder / "bars.csv.gz"
    table = pa.Table.from_pandas(frame)
    if form == "parquet":
        pq.write_table(table, folder / "bars.parquet")
        return folder / "bars.parquet"
    parts = folder / "parts"
    parts.mkdir()
    pq.write_table(table.slice(0, 2), parts / "part-0.parquet")
    pq.write_table(table.slice(2), parts / "part-1.parquet")
    return parts


@pytest.mark.parametrize("form", ["csv", "csv.gz", "parquet", "folder"])
def test_every_form_of_a_table_is_checked_and_explained(form, tmp_path, capsys):
    path = written(tmp_path, form)
    assert run("check", path, "--rules", "ohlcv", "--json") == 1
    rules = {rule["id"]: rule for rule in json.loads(capsys.readouterr().out)["result"]["rules"]}
    assert [name for name, rule in rules.items() if rule["verdict"] == "broken"] == [
        "high_is_highest", "volume_not_negative", "dates_distinct"
    ]  # fmt: skip
    assert {"fired", "vacuous", "unknown"} <= set(rules["daily_move"])
    assert run("check", path, "--rules", "ohlcv", "--explain", "2") == 1
    text = capsys.readouterr().out
    assert "volume_not_negative (invariant)" in text
    assert "clip volume (gives volume = 0)" in text
    assert run("check", path, "--rules", "ohlcv", "--explain", "3", "--json") == 1
    found = json.loads(capsys.readouterr().out)["result"]
    (breach,) = found["breaches"]
    assert (breach["id"], breach["here"]) == ("dates_distinct", "2024-01-04 > 2024-01-04")
    assert run("check", path, "--rules", "ohlcv", "--explain", "0") == 0


def test_the_tier_changes_nothing_and_an_unknown_one_is_refused(tmp_path, capsys):
    path, told = written(tmp_path, "parquet"), []
    for tier in ("auto", "interpreter", "compiled"):
        assert run("check", path, "--rules", "ohlcv", "--json", "--tier", tier) == 1
        told.append(capsys.readouterr().out)
    assert told[0] == told[1] == told[2]
    assert run("check", path, "--rules", "ohlcv", "--tier", "numpy") == 2
    assert "use `interpreter`" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "said"),
    [("4", "no row 4"), ("-1", "not a row"), ("x", "not a row"), ("trades:1", "no table 'trades'")],
)
def test_rows_that_are_not_there_are_refused(text, said, tmp_path, capsys):
    path = written(tmp_path, "csv")
    assert run("check", path, "--rules", "ohlcv", f"--explain={text}") == 2
    assert said in capsys.readouterr().err


def test_explaining_and_repairing_at_once_is_refused(tmp_path, capsys):
    path = written(tmp_path, "csv")
    assert run("check", path, "--rules", "ohlcv", "--explain", 1, "--repair", "-o", tmp_path / "o") == 2
    assert "explain first" in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("simulated") / "world"
    assert run("simulate", "--accounts", 300, "--days", 10, "--seed", 3, "-o", folder) == 0
    return folder


def test_a_simulated_folder_is_checked_with_all_its_tables_and_excuses(world, capsys):
    capsys.readouterr()
    assert run("check", world, "--rules", "retail-tx", "--json") == 0
    rules = {rule["id"]: rule for rule in json.loads(capsys.readouterr().out)["result"]["rules"]}
    assert rules["ledger"]["rows"] > 0  # legs are computed from payments and accounts
    assert rules["payer_exists"]["rows"] == pq.read_metadata(world / "transactions.parquet").num_rows
    skipped = {name: rule["reason"] for name, rule in rules.items() if rule["verdict"] == "skipped"}
    assert [name for name, reason in skipped.items() if "column" not in reason] == []
    assert run("check", world, "--rules", "retail-tx", "--explain", "accounts:5") == 0
    assert "row 5 of accounts" in capsys.readouterr().out


def test_a_folder_of_tables_is_repaired_into_a_folder(world, tmp_path, capsys):
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    for file in world.glob("*.parquet"):
        table = pq.read_table(file)
        if file.stem == "transactions":
            amount = table["amount"].to_numpy().copy()
            amount[7] = -5
            table = table.set_column(table.column_names.index("amount"), "amount", pa.array(amount))
        pq.write_table(table, damaged / file.name)
    assert run("check", damaged, "--rules", "retail-tx", "--explain", "7") == 1
    assert "-0.05 USD > 0" in capsys.readouterr().out
    run("check", damaged, "--rules", "retail-tx", "--repair", "-o", tmp_path / "mended", "--json")
    facts = json.loads(capsys.readouterr().out)["result"]
    assert facts["repair"]["transactions"]["rows_before"] - facts["repair"]["transactions"]["rows_after"] == 1
    assert sorted(path.name for path in (tmp_path / "mended").iterdir()) == [
        f"{name}.parquet"
        for name in ("accounts", "cards", "customers", "devices", "merchants", "transactions")
    ]
    amounts = pq.read_table(tmp_path / "mended" / "transactions.parquet")["amount"].to_numpy()
    assert np.all(amounts > 0)


def test_a_run_is_checked_under_its_first_scenario(tmp_path, capsys):
    for scenario, volume in (("zero", "1200"), ("crash", "-1")):
        folder = tmp_path / "bars" / f"scenario={scenario}"
        folder.mkdir(parents=True)
        bars = pd.read_csv(io.StringIO(BARS)).iloc[:1].assign(Volume=int(volume))
        pq.write_table(pa.Table.from_pandas(bars), folder / "bars.parquet")
    (tmp_path / "manifest.json").write_text(
        json.dumps({"schema": "finsim.manifest/1", "scenarios": {"zero": {}, "crash": {}}})
    )
    assert run("check", tmp_path, "--rules", "ohlcv") == 0
    assert run("check", tmp_path / "bars" / "scenario=crash", "--rules", "ohlcv") == 1
    capsys.readouterr()
    assert run("check", tmp_path, "--rules", "consumer-loans") == 2
    assert "no table of this run is one of pack consumer-loans" in capsys.readouterr().err


def test_an_unfinished_run_and_a_table_that_is_there_twice_are_refused(tmp_path, capsys):
    (tmp_path / "started" / ".finsim").mkdir(parents=True)
    assert run("check", tmp_path / "started", "--rules", "ohlcv") == 2
    assert "not finished" in capsys.readouterr().err
    twice = tmp_path / "twice"
    twice.mkdir()
    written(twice, "csv")
    written(twice, "parquet")
    assert run("check", twice, "--rules", "ohlcv") == 2
    assert "'bars' is there twice" in capsys.readouterr().err


LOANS = """loan,amount,payment,grade
L1,1200.50,100.04,A
L2,99.99,-3.00,B
L3,50.00,4.17,A
"""
AMOUNTS = """
finsim-rules: 1
pack: {id: amounts, version: "1"}
table: loans
columns:
  loan: {type: id}
  amount: {type: money, ccy: EUR}
  payment: {type: money, ccy: EUR}
  grade: {type: cat}
params: {least: {value: 60 EUR, assumption: a policy}}
let: {due: round(amount / 12)}
rules:
  - {id: smallest, check: amount >= least, repair: {do: clip, on: amount}}
  - {id: twelfth, check: payment = due, repair: {do: set, expr: "payment := due"}}
"""


def test_amounts_with_decimals_in_a_csv_are_exact_and_written_back_as_such(tmp_path, capsys):
    (tmp_path / "loans.csv").write_text(LOANS)
    (tmp_path / "amounts.yaml").write_text(AMOUNTS)
    pack = ("--rules", tmp_path / "amounts.yaml")
    assert run("check", tmp_path / "loans.csv", *pack, "--explain", 1) == 1
    assert "-3.00 EUR = 8.33 EUR" in capsys.readouterr().out
    out = tmp_path / "clean.csv"
    assert run("check", tmp_path / "loans.csv", *pack, "--repair", "-o", out) == 0
    assert out.read_text().splitlines() == [
        'loan,amount,payment,grade', 'L1,1200.50,100.04,A', 'L2,99.99,8.33,B', 'L3,60.00,5.00,A',
    ]  # fmt: skip
    capsys.readouterr()
    assert run("check", out, *pack) == 0
    assert run("check", out, *pack, "--set", "least=100 EUR") == 1
    assert "parameter least: 60 EUR -> 100 EUR" in capsys.readouterr().out
    assert run("check", out, *pack, "--set", "leest=100 EUR") == 2
    assert "did you mean 'least'" in capsys.readouterr().err


def test_parquet_with_labels_is_written_as_csv(tmp_path):
    path = written(tmp_path, "parquet")
    table = pq.read_table(path)
    coded = table["Ticker"].dictionary_encode()
    pq.write_table(table.set_column(1, "Ticker", coded), path)
    assert run("check", path, "--rules", "ohlcv", "--repair", "-o", tmp_path / "clean.csv") == 0
    assert len((tmp_path / "clean.csv").read_text().splitlines()) == 4


def test_a_world_as_text_is_checked_without_the_legs_that_it_cannot_have(world, tmp_path, capsys):
    for name in ("transactions", "accounts"):
        pq.read_table(world / f"{name}.parquet").to_pandas().to_csv(tmp_path / f"{name}.csv", index=False)
    assert run("check", tmp_path, "--rules", "retail-tx", "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["problems"] == []
    assert answer["result"]["rules"]


def test_a_key_of_another_type_is_a_breach_and_no_fault(world, tmp_path, capsys):
    for file in world.glob("*.parquet"):
        table = pq.read_table(file)
        if "card_id" in table.column_names:
            place = table.column_names.index("card_id")
            text = [f"C{one}" if one >= 0 else "-1" for one in table["card_id"].to_pylist()]
            if file.stem == "cards":
                owner = np.roll(table["account_id"].to_numpy(), 1)
                table = table.set_column(
                    table.column_names.index("account_id"), "account_id", pa.array(owner)
                )
            table = table.set_column(place, "card_id", pa.array(text))
        pq.write_table(table, tmp_path / file.name)
    assert run("check", tmp_path, "--rules", "retail-tx") == 1
    said = capsys.readouterr()
    assert "fault of finsim" not in said.err
    assert "card_of_a_side" in said.out
