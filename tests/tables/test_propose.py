"""A proposed schema loads, reads every cell, and gives the values that were written."""

import gzip
import random
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import random_tables

import finsim
from finsim.errors import DataError
from finsim.tables import Dialect, load_schema, open_table, preview, propose
from finsim.tables.proposing.schema_text import names_of

CASES = Path(__file__).resolve().parents[3] / "shared" / "cases"


def written_schema(tmp_path, data, kind=""):
    """Propose a schema for a file, write it, load it; return the file's path, the proposal and the schema."""
    found = propose(data, kind)
    path = tmp_path / "proposed.schema.yaml"
    path.write_text(found.to_yaml(), encoding="utf-8")
    return found, load_schema(path)


def columns_by_header(source, table):
    return {source.bound[name]: table[name] for name in table.column_names}


def alike(field, cell, wanted):
    """Tell whether a cell read under a proposal is the value that was written."""
    if wanted is None or cell is None:
        return cell is wanted
    if field.type == "money":
        return round(float(cell), 9) == float(wanted)
    if field.type in ("id", "cat"):
        return str(cell) == wanted
    return cell == wanted


@pytest.mark.parametrize("block", range(10))
def test_random_tables_in_random_dialects_are_read_as_they_were_written(tmp_path, block):
    for seed in range(1000 + 12 * block, 1012 + 12 * block):
        written = random_tables.table(seed, rows=random.Random(seed).randrange(25, 80))
        path = tmp_path / written.name
        path.write_bytes(written.data)
        _, schema = written_schema(tmp_path, path)
        assert preview(path, schema).ok, seed
        source = open_table(path, schema.fields, schema.dialect)
        read = columns_by_header(source, source.table())
        assert list(read) == list(written.fields), seed
        for header, field in written.fields.items():
            cells, wanted = read[header].to_pylist(), written.values[header]
            wrong = [(a, b) for a, b in zip(cells, wanted, strict=True) if not alike(field, a, b)]
            assert not wrong, (seed, header, field, wrong[:3])


@pytest.mark.parametrize(
    ("text", "header", "wanted", "said"),
    [
        ("zip,n\n02134,1\n2134,2\n", "zip", {"type": "id"}, "leading zeros (02134): read as text"),
        ("account,n\nINV-1,1\n10023,2\n10024,3\n", "account", {"type": "id"}, "but has INV-1: id"),
        ("ts,n\n1735689600,1\n1735693300,2\n", "ts", {"type": "ts", "unit": "s"}, "unit: s?"),
        ("ts,n\n1735689600000,1\n1735693300000,2\n", "ts", {"type": "ts", "unit": "ms"}, "unit: ms?"),
        ("pd,amount,term\n0,5,36\n36,6,24\n3,7,12\n", "pd", {"type": "ratio", "unit": "percent"},
         "values seen, 0 to 36, mean 13: percent?"),
        ("pd,amount,term\n0.5,5,36\n12.6,6,24\n", "pd", {"type": "ratio", "unit": "percent"}, "percent?"),
        ("d,y\n01/02/2024,a\n01/05/2024,b\n01/09/2024,b\n02/11/2024,c\n", "d", {"format": "%m/%d/%Y"},
         "read month first"),
        ("pd,amount,term\n0.01,5,36\n0.36,6,24\n", "pd", {"type": "ratio", "unit": ""}, ""),
        ("x;y\n1.234;a\n5.678;b\n", "x", {"type": "float"}, "1.234 could be 1234 or 1.234"),
        ("x;y\n1.234;a\n1.234,50;b\n", "x", {"type": "float"}, ""),
        ("d,y\n03/04/2024,a\n05/06/2024,b\n", "d", {"type": "date"}, "day first or month first"),
        ("d,y\n03/04/2024,a\n25/06/2024,b\n", "d", {"type": "date", "format": "%d/%m/%Y"}, ""),
        ("d,y\n03/04/2024,a\n05/26/2024,b\n", "d", {"type": "date", "format": "%m/%d/%Y"}, ""),
        ("d,y\n3.4.2024,a\n5.6.2024,b\n", "d", {"type": "date", "format": "%d.%m.%Y"}, ""),
        ("opened,y\n20250330,a\n20250401,b\n", "opened", {"format": "%Y%m%d"}, "read as dates"),
        ("issued,y\nMar-2018,a\nFeb-2018,b\n", "issued", {"type": "date", "format": "%b-%Y"}, ""),
        ("t,y\n31/12/2024 23:59,a\n01/01/2025 00:00,b\n", "t", {"format": "%d/%m/%Y %H:%M"}, ""),
        ("x,y\n1.5,a\nn/a,b\n2.5,c\n", "x", {"type": "float", "null": True, "nulls": ("n/a",)}, ""),
        ("x,y\n1.5,a\n2,b\nunklar,c\n4,d\n5,e\n6,f\n", "x", {"type": "float", "nulls": ("unklar",)},
         "holds 'unklar' once: read as empty"),
        ("country,x\nNA,1\nZA,2\n", "country", {"type": "cat", "null": False}, "NA are labels"),
        ("price,x\n$5.00,1\n$1.50,2\n", "price", {"type": "money", "ccy": "USD", "strip": ("$",)}, ""),
        ("id;amount\n1;16.100,00\n2;500,00\n", "amount", {"type": "money", "ccy": "XXX"}, "no stated"),
        ("id,amount,ccy\n1,16.00,EUR\n2,5.10,EUR\n", "amount", {"type": "money", "ccy": "EUR"}, ""),
        ("id,amount,ccy\n1,16.00,EUR\n2,5.10,USD\n", "amount", {"ccy": "XXX"}, "no stated"),
        ("id,amount\n1,16.005\n2,5.1\n", "amount", {"type": "float"}, "3 decimals: not money"),
        ("share,x\n12.5%,1\n3%,2\n", "share", {"type": "ratio"}, ""),
        ("term,amount\n36 months,1\n60 months,2\n", "term", {"type": "int", "unit": "months"}, ""),
        ("term,amount\n5,100\n30,200\n", "term", {"type": "int", "role": "term"}, "months, or unit: years?"),
        ("v,x\n12000000000000000000,1\n1,2\n", "v", {"type": "float"}, "beyond int64"),
        ("x,y\n,a\n,b\n", "x", {"type": "cat", "null": True}, "empty in every row"),
        ("paid,x\nja,1\nnein,2\n", "paid", {"type": "bool", "true": ("ja",), "false": ("nein",)}, ""),
        ("bad,amount\n0,100\n1,200\n", "bad", {"type": "bool", "role": "outcome"}, "1 is taken"),
        ("Estado,Importe\nbueno,100\nmalo,200\n", "Estado", {"true": ("malo",)}, "for a default"),
        ("n,x\n0,a\n1,b\n", "n", {"type": "int"}, "only 0 and 1: type: bool?"),
    ],
)  # fmt: skip
def test_types_and_doubts(tmp_path, text, header, wanted, said):
    path = tmp_path / "t.csv"
    path.write_text(text)
    found, schema = written_schema(tmp_path, path)
    field = next(one for name, one in schema.fields.items() if (one.source or name) == header)
    assert {key: getattr(field, key) for key in wanted} == wanted
    assert said in " | ".join(found.doubts)
    assert bool(said) == any(f"`{header}`" in doubt for doubt in found.doubts)
    assert all(f"# {doubt}" in found.to_yaml() for doubt in found.doubts)
    assert preview(path, schema).ok


@pytest.mark.parametrize(
    ("text", "dialect", "said"),
    [
        ("a;b\n1,5;2\n3;4\n", {"sep": ";", "decimal": ","}, ""),
        ("a\tb\n1\t2\n3\t4\n", {"sep": "\t"}, ""),
        ("a|b\n1|x,y\n3|z\n", {"sep": "|"}, ""),
        ('a,b\n"1,234.5","x;y"\n"2,000.1",z\n', {"sep": ",", "thousands": ","}, ""),
        ("a;b\n1 234,50;x\n12,25;y\n", {"sep": ";", "decimal": ",", "thousands": " "}, ""),
        ("a;b\n1'234.50;x\n12.25;y\n", {"sep": ";", "thousands": "'"}, ""),
        ("a;b\n'x;y';1\n'z';2\n", {"sep": ";", "quote": "'"}, ""),
        (
            "Report\nof 2024\na;b\n1;2\n3;4\n5;6\n",
            {"sep": ";", "skip_rows": 2},
            "2 lines stand above the header",
        ),
        ("P,C,C\nT,X,Y\n2024-01-02,1.5,2\n2024-01-03,1.6,3\n", {"header_rows": 2}, "two lines of names"),
    ],
)
def test_dialects(tmp_path, text, dialect, said):
    path = tmp_path / "t.csv"
    path.write_text(text)
    found, schema = written_schema(tmp_path, path)
    assert {key: getattr(schema.dialect, key) for key in dialect} == dialect
    assert said in " ".join(found.about)
    assert bool(said) == bool(found.about)
    assert preview(path, schema).ok


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
)
def test_encodings(tmp_path, encoding):
    path = tmp_path / "t.csv"
    path.write_bytes("name;größe\nfür;1\nnaïve;2\n".encode(encoding))
    found, schema = written_schema(tmp_path, path)
    table = open_table(path, schema.fields, schema.dialect).table()
    assert table["name"].to_pylist() == ["für", "naïve"]
    assert any("Windows-1252" in doubt for doubt in found.about) is (encoding == "cp1252")


def test_bytes_that_are_not_utf8_are_found_far_down(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b"name,x\n" + b"plain,1\n" * 200_000 + "für,2\n".encode("cp1252"))
    found, schema = written_schema(tmp_path, path)
    assert schema.dialect.encoding == "cp1252"
    assert "'für" in found.about[0]


def test_cells_far_down_decide_too(tmp_path):
    path = tmp_path / "t.csv"
    rows = [f"{i},{i},03/04/2024,{i},1.234" for i in range(20_000)]
    rows[15_000] = '15000,7,25/04/2024,X7,"12.345,5"'
    path.write_text("n,whole,day,code_x,size\n" + "\n".join(rows) + "\n")
    _, schema = written_schema(tmp_path, path)
    types = {name: field.type for name, field in schema.fields.items()}
    assert types == {"n": "int", "whole": "int", "day": "date", "code_x": "id", "size": "float"}
    assert (schema.dialect.decimal, schema.dialect.thousands) == (",", ".")
    assert schema.fields["day"].format == "%d/%m/%Y"
    assert preview(path, schema).ok


def test_gaps_and_large_values_far_down_count(tmp_path):
    path = tmp_path / "t.csv"
    rows = [f"{i},0.{i % 90:02d},{'x' * 20}" for i in range(100_000)]
    rows[30_000:] = [f"{i},{i % 40},{'x' * 20}" for i in range(30_000, 100_000)]
    rows[20_000] = f"20000,,{'x' * 20}"
    path.write_text("n,pd,note\n" + "\n".join(rows) + "\n")
    _, schema = written_schema(tmp_path, path, "loans")
    assert schema.fields["pd"].unit == "percent"
    assert [schema.fields[name].null for name in ("n", "pd", "note")] == [False, True, False]


def test_headers_that_rules_cannot_spell_get_names(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("Loan Amount (€),年齢,amount,amount,,2x\n1,2,3,4,5,6\n", encoding="utf-8")
    found, schema = written_schema(tmp_path, path)
    sources = {name: field.source for name, field in schema.fields.items()}
    assert sources == {"loan_amount": "Loan Amount (€)", "column_2": "年齢", "c_2x": "2x"}
    assert "the header 'amount' stands twice: rename one" in found.doubts


@pytest.mark.parametrize(
    ("headers", "kind", "roles"),
    [
        ("Date,Open,High,Low,Close,Adj Close,Volume", "prices", {"Adj Close": "adjusted"}),
        ("Datum;Eröffnung;Hoch;Tief;Schlusskurs", "prices", {"Datum": "date", "Schlusskurs": "close"}),
        ("日付,始値,高値,安値,終値", "prices", {"日付": "date", "終値": "close"}),
        ("Time,BidOpen,BidClose,AskClose", "prices", {"BidOpen": "bid_open", "AskClose": "ask"}),
        ("Buchungstag;Betrag;Konto;Verwendungszweck", "payments", {"Konto": "from_account"}),
        ("Fecha,Importe,Cuenta,Moneda", "payments", {"Fecha": "date", "Moneda": "currency"}),
        ("loan_amnt,term,int_rate,loan_status", "loans", {"loan_amnt": "amount", "int_rate": "rate"}),
        ("Estado,Plazo,Edad,Importe", "loans", {"Estado": "outcome", "Plazo": "term", "Edad": "age"}),
        ("a,b,c", "table", {}),
    ],
)  # fmt: skip
def test_kinds_and_roles_in_several_languages(tmp_path, headers, kind, roles):
    sep = ";" if ";" in headers else ","
    path = tmp_path / "t.csv"
    path.write_text(f"{headers}\n{sep.join('1' for _ in headers.split(sep))}\n", encoding="utf-8")
    found, schema = written_schema(tmp_path, path)
    by_header = {(field.source or name): field.role for name, field in schema.fields.items()}
    assert found.kind == kind
    assert {header: by_header[header] for header in roles} == roles
    assert written_schema(tmp_path, path, "table")[0].kind == "table"


def test_an_unknown_kind_is_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a\n1\n")
    with pytest.raises(DataError, match="did you mean 'loans'"):
        propose(path, "loan")


def test_what_is_declared_is_not_looked_for(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a;b\n1.234;x\n5.678;y\n")
    found = propose(path, "", Dialect(decimal=",", thousands="."))
    assert found.dialect.thousands == "."
    assert found.fields["a"].type == "int"


@pytest.mark.parametrize("form", ["parquet", "arrow", "pandas"])
def test_stored_tables(tmp_path, form):
    table = pa.table({
        "id": [1, 2, 3], "zip": ["02134", "2134", "1"], "at": [1735689600, 1735693300, 1735693301],
        "day": [20250330, 20250401, 20250402], "ok": [True, False, None], "x": [1.5, float("nan"), 2.0],
    })  # fmt: skip
    path = tmp_path / "t.parquet"
    pq.write_table(table.append_column("parts", pa.array([[1], [2], [3]])), path)
    data = {"parquet": path, "arrow": table, "pandas": table.to_pandas()}[form]
    found, schema = written_schema(tmp_path, data)
    assert {name: field.type for name, field in schema.fields.items()} == {
        "id": "id", "zip": "id", "at": "ts", "day": "date", "ok": "bool", "x": "float",
    }  # fmt: skip
    assert any("'parts'" in doubt for doubt in found.doubts) is (form == "parquet")
    assert preview(data, schema).ok


def test_a_pandas_frame_with_gaps(tmp_path):
    frame = pd.DataFrame({"n": [1.0, None, 3.0], "label": ["a", None, "c"]})
    _, schema = written_schema(tmp_path, frame)
    assert schema.fields["n"].null
    assert schema.fields["label"].null


TAPES = [
    "german_credit",
    "hmda_boston_1990",
    "lendingclub_2018q1_loans",
    "sba_california_loans",
    "taiwan_card_default",
]
PRICES = [
    "market_daily/sp500_ohlcv_1950_2018.csv.gz", "market_daily/us_equity12_adjclose_1990_2020.csv.gz",
    "market_daily/wiki_ohlcv_aapl_ibm_goog_fb_2000_2013.csv.gz", "fx/eurusd_daily_bidask.csv.gz",
    "fx/eurusd_hourly_bidask_2012_2018.parquet", "fx/fx_monthly_1971_2020.csv.gz",
    "crypto/btcusd_daily_2014_2018.csv.gz", "intraday/us_equity_minute_trades_quotes.csv.gz",
    "timegan_stock/stock_data.csv.gz",
]  # fmt: skip


@pytest.mark.parametrize("name", [f"credit/{tape}.csv.gz" for tape in TAPES] + PRICES)
def test_public_files_are_read_without_a_refusal(shared, tmp_path, name):
    _, schema = written_schema(tmp_path, shared / name)
    seen = preview(shared / name, schema)
    assert seen.ok
    assert not seen.undeclared
    assert schema.kind == {"credit": "loans"}.get(name.split("/")[0], "prices") or "hmda" in name


@pytest.mark.parametrize(
    "name", ["own-column-names", "own-pd-and-lgd", "pd-column-in-percent", "numbers-with-gaps"]
)
def test_tapes_of_the_cases(tmp_path, name):
    path = CASES / "credit" / name / "tape.csv"
    if not path.is_file():
        pytest.skip("the shared cases are not beside the project")
    _, schema = written_schema(tmp_path, path)
    assert schema.kind == "loans"
    assert preview(path, schema).ok
    assert {"amount", "term", "outcome"} <= {field.role for field in schema.fields.values()}


def test_a_packed_file_and_a_folder(tmp_path):
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(b"a;b\n1,5;x\n"))
    assert propose(path).dialect.sep == ";"
    folder = tmp_path / "parts"
    folder.mkdir()
    for part in range(2):
        pq.write_table(pa.table({"a": [part], "b": ["x"]}), folder / f"{part}.parquet")
    assert propose(folder).rows == 2


def test_two_decimals_in_every_cell_may_be_money_though_no_currency_is_known(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("k,Wert,share\na,1.50,0.25\nb,-2.75,0.5\nc,10.00,1\n")
    found = propose(path)
    assert found.kind == "table"
    assert found.fields["Wert"].type == "float"
    assert [doubt for doubt in found.doubts if "money?" in doubt and "`Wert`" in doubt]
    assert not [doubt for doubt in found.doubts if "money?" in doubt and "`share`" in doubt]


def test_a_card_is_an_identifier_with_a_doubt():
    for cells in ([f"K{k:04d}" for k in range(30)], list(range(4_000, 4_030))):
        rows = pa.table({"Karte": [one for one in cells for _ in range(17)], "Menge": [1.5, 2.5, 3.5] * 170})
        found = propose(rows)
        assert found.fields["Karte"].type == "id"
        assert "`Karte` repeats 17 times on average: taken for who acts" in found.said["Karte"][0]
    few = propose(pa.table({"Karte": ["visa", "giro", "ec"] * 170, "Menge": [1.5, 2.5, 3.5] * 170}))
    assert few.fields["Karte"].type == "cat"


def test_latin_letters_without_a_base_letter_keep_their_sound():
    assert names_of(["Kanał", "Größe", "Beløb", "Tytuł: 1"]) == {
        "Kanał": "kanal", "Größe": "grosse", "Beløb": "belob", "Tytuł: 1": "tytul_1",
    }  # fmt: skip


def test_show_takes_a_table(tmp_path):
    (tmp_path / "t.csv").write_text("day,amount\n2024-01-02,3.50\n2024-01-03,4.25\n")
    shown = finsim.show(tmp_path / "t.csv")
    assert shown.to_dict()["kind"] == "table"
    assert shown.to_dict()["rows"] == 2
    assert "2 rows" in str(shown)


@pytest.mark.parametrize(("least", "is_said"), [("10.50", False), ("0.00", True), ("-0.25", True)])
@pytest.mark.parametrize("name", ["p.csv", "p.parquet"])
def test_prices_below_zero_are_doubted_only_where_they_are(tmp_path, least, is_said, name):
    (tmp_path / "p.csv").write_text(f"date,A,B\n2024-01-02,{least},11.50\n2024-01-03,10.60,11.40\n")
    if name == "p.parquet":
        pd.read_csv(tmp_path / "p.csv", parse_dates=["date"]).to_parquet(tmp_path / name)
    said = " ".join(propose(tmp_path / name).doubts)
    assert ("as: difference" in said) == is_said


def test_a_header_that_another_column_takes_is_said_to_be_taken(tmp_path):
    (tmp_path / "y.csv").write_text("Date,2Y\n2024-01-02,-0.2\n")
    (tmp_path / "s.yaml").write_text(
        "finsim: schema/1\ncolumns:\n  Date: {type: date}\n  c_2y: {from: 2Y, type: float}\n"
        "  2Y: {type: float}\n"
    )
    schema = load_schema(tmp_path / "s.yaml")
    with pytest.raises(DataError, match="the header '2Y' is taken by column 'c_2y' already"):
        open_table(tmp_path / "y.csv", schema.fields, schema.dialect).table()


@pytest.mark.parametrize(
    ("header", "cells", "said"),
    [
        ("Rabatt %", "5.5 7.5", "unit: percent"), ("discount pct", "5.5 7.5", ""),
        ("fee (cents)", "120 130", "unit: minor"), ("recents", "120 130", ""), ("AAPL", "10.5 11.5", ""),
        ("Gebühr (€)", "10.5 11.5", "ccy: EUR"), ("fee USD", "10.5 11.5", "ccy: USD"),
        ("EUR USD rate", "1.05 1.15", ""), ("USD", "10.5 11.5", ""), ("TOP ALL", "10.5 11.5", ""),
    ],
)  # fmt: skip
def test_the_unit_that_a_header_names_is_asked_about(tmp_path, header, cells, said):
    rows = "".join(f"x{at},{cell}\n" for at, cell in enumerate(cells.split()))
    (tmp_path / "t.csv").write_text(f"who,{header}\n{rows}")
    doubts = " ".join(propose(tmp_path / "t.csv").doubts)
    assert (said in doubts) if said else ("as the header says" not in doubts)


def test_money_takes_the_currency_of_its_header(tmp_path):
    (tmp_path / "t.csv").write_text("who,amount,Restbetrag CHF\na,$ 10.50,1.00 €\nb,$ 11.50,2.00 €\n")
    fields = written_schema(tmp_path, tmp_path / "t.csv")[1].fields
    assert [field.ccy for field in fields.values()][1:] == ["USD", "EUR"]


def test_headers_of_an_english_tape_have_their_roles(tmp_path):
    head = "Loan ID,Orig Bal,Cur Bal,Orig Term,Note Rate,PD 12m,Severity"
    (tmp_path / "t.csv").write_text(f"{head}\nL1,1000,900,36,4.5,0.02,0.4\nL2,2000,800,48,5.5,0.03,0.5\n")
    found, schema = written_schema(tmp_path, tmp_path / "t.csv")
    roles = [field.role for field in schema.fields.values()]
    assert (found.kind, roles) == ("loans", ["id", "amount", "balance", "term", "rate", "pd", "lgd"])
