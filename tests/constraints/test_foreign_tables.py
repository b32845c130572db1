"""Rules on tables as people have them: what a cell means is declared, whatever its neighbors hold."""

import textwrap

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import finsim
from finsim.cli.main import main
from finsim.constraints.checking.check import check, check_batches
from finsim.constraints.packs.ruleset import RuleSet
from finsim.engine import check_in_batches as large_files
from finsim.errors import DataError, RuleError, StudyError
from finsim.tables import Dialect, Field, Schema

HEAD = "finsim-rules: 1\npack: {id: p, version: 1}\n"


def pack(columns, *rules, more="table: t\n"):
    """Return a pack of one table from ``name: {..}`` lines and rules ``id: check``."""
    listed = "".join(
        f'  - {{id: {rule.partition(":")[0]}, check: "{rule.partition(":")[2].strip()}"}}\n' for rule in rules
    )
    return RuleSet.parse(
        f"{HEAD}{more}columns:\n{textwrap.indent(textwrap.dedent(columns), '  ')}\nrules:\n{listed}"
    )


def counted(path, rules, text, **options):
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return check(path, rules, **options).counts()


@pytest.mark.parametrize("others", ["", "3,12.50\n", "3,0.01\n4,99999.99\n"])
def test_whole_dollars_are_dollars_whatever_other_rows_hold(tmp_path, others):
    rules = pack("id: {type: id}\namount: {type: money, ccy: CAD}", "cap: amount <= 200 CAD")
    file = tmp_path / "t.csv"
    file.write_text(f"id,amount\n1,150\n2,1500\n{others}")
    assert check(file, rules)["cap"].first[0].row == 1


def test_minor_units_are_declared_in_text_and_in_arrow(tmp_path):
    cents = pack("amount: {type: money, ccy: USD, unit: minor}", "cap: amount <= 10 USD")
    assert counted(tmp_path / "t.csv", cents, "amount\n999\n1001\n")["cap"] == 1
    with pytest.raises(DataError, match="write whole minor units"):
        counted(tmp_path / "t.csv", cents, "amount\n9.99\n")
    undeclared = pack("amount: {type: money, ccy: USD}", "cap: amount <= 10 USD")
    with pytest.raises(DataError, match=r"declare `unit: minor` .cents. or `unit: major`"):
        check(pa.table({"amount": [999, 1001]}), undeclared)
    dollars = pack("amount: {type: money, ccy: USD, unit: major}", "cap: amount <= 10 USD")
    assert check(pa.table({"amount": [9, 1001]}), dollars).counts()["cap"] == 1
    assert check(pa.table({"amount": [9.99, 10.01]}), undeclared).counts()["cap"] == 1
    assert check(pa.table({"amount": [999, 1001]}), cents).counts()["cap"] == 1


def test_finsims_own_integers_are_minor_units_and_text_is_not(tmp_path):
    rules = pack("amount: {type: money, ccy: USD, unit: stored_minor}", "cap: amount <= 10 USD")
    assert check(pa.table({"amount": [999, 1001]}), rules).counts()["cap"] == 1
    assert counted(tmp_path / "t.csv", rules, "amount\n9.99\n999\n")["cap"] == 1


def test_text_ids_and_labels_are_text(tmp_path):
    rules = pack(
        "acc: {type: id}\nplz: {type: cat}\nland: {type: cat}",
        "own: plz = '01067'", "home: land in {'NA', 'None', 'null'}", more="table: t\nkey: [acc]\n",
    )  # fmt: skip
    text = "acc,plz,land\n0042,01067,NA\n42,1067,None\nX-42,01067,null\n"
    assert counted(tmp_path / "t.csv", rules, text) == {"t.key": 0, "t.complete": 0, "own": 1, "home": 0}


def test_a_repair_leaves_cells_without_rules_as_they_are(tmp_path, capsys):
    (tmp_path / "p.yaml").write_text(
        HEAD + "table: t\nread: {sep: ';', decimal: ','}\ncolumns:\n  x: {type: float}\n  land: {type: cat}\n"
        "rules:\n  - {id: cap, check: x <= 2, repair: {do: clip, on: x}}\n"
    )
    data = 'land;x;notes\r\nNA;1,50;007\r\nNone;3,5;"a;b"\r\n;1,5;\r\n'
    (tmp_path / "t.csv").write_bytes(data.encode())
    args = ["check", str(tmp_path / "t.csv"), "--rules", str(tmp_path / "p.yaml")]
    with pytest.raises(SystemExit) as stop:
        main([*args, "--repair", "-o", str(tmp_path / "o.csv")])
    assert stop.value.code == 1  # the empty label is not mended
    assert (tmp_path / "o.csv").read_bytes() == data.replace("3,5", "2,0").encode() or (
        (tmp_path / "o.csv").read_bytes() == data.replace("3,5", "2").encode()
    )
    capsys.readouterr()


def test_a_semicolon_file_needs_its_decimal_sign_declared(tmp_path):
    rules = pack("a: {type: money, ccy: EUR}\nb: {type: float}", "cap: a <= 1k EUR", "low: b < 2")
    text = "a;b\n1.200,50;1,5\n7,5;2,5\n"
    with pytest.raises(DataError) as caught:
        counted(tmp_path / "t.csv", rules, text)
    assert "--csv decimal=," in str(caught.value)
    assert len(caught.value.problems) == 4
    declared = rules.reading(dialect=Dialect.parse("decimal=,,thousands=."))
    assert counted(tmp_path / "t.csv", declared, text) == {"t.complete": 0, "cap": 1, "low": 1}


def test_headers_match_in_every_script_and_never_by_chance(tmp_path):
    rules = pack(
        "betrag: {type: float, alias: [金額]}\nstraße: {type: float}".replace("straße", "strasse"),
        "small: betrag <= 100",
    )
    assert counted(tmp_path / "t.csv", rules, "年齢,金額,STRASSE\n1,5000,2\n")["small"] == 1
    with pytest.raises(RuleError, match="no column 'betrag'"):
        counted(tmp_path / "t.csv", rules, "年齢,数量,strasse\n1,5000,2\n")
    two = pack("loan_amount: {type: float}", "small: loan_amount <= 100")
    with pytest.raises(DataError, match=r"'Loan Amount \(%\)' or 'Loan-Amount'"):
        counted(tmp_path / "t.csv", two, "Loan Amount (%),Loan-Amount\n1,2\n")
    assert counted(tmp_path / "t.csv", two, "Loan Amount,loan_amount\n1,200\n")["small"] == 1


def test_a_header_that_stands_twice_matters_only_where_it_is_read(tmp_path):
    rules = pack("x: {type: float}", "pos: x > 0")
    assert counted(tmp_path / "t.csv", rules, "n,x,n\n1,-2,3\n")["pos"] == 1
    with pytest.raises(DataError, match="'x' stands twice, in columns 1 and 3"):
        counted(tmp_path / "t.csv", rules, "x,n,x\n1,-2,3\n")


@pytest.mark.parametrize(
    ("column", "cells", "broken"),
    [
        ("{type: date, format: '%Y%m%d'}", ["20250401", "20250330"], 1),
        ("{type: date, format: '%d.%m.%Y'}", ["1.4.2025", "30.03.2025"], 1),
        ("{type: date, unit: days}", ["20179", "20177"], 1),
        ("{type: ts, unit: s}", ["1743465600", "1743300000"], 1),
        ("{type: ts, unit: ms}", ["1743465600000", "1743300000000"], 1),
        ("{type: ts, zone: Asia/Tokyo}", ["2025-04-01T00:00", "2025-03-31T23:59"], 1),
        ("{type: ts}", ["2025-04-01T01:00:00+02:00", "2025-04-01T00:00:00Z"], 0),
    ],
)
def test_days_and_times_are_read_as_declared(tmp_path, column, cells, broken):
    rules = pack(f"at: {column}", "before: at < d'2025-04-01'")
    found = counted(tmp_path / "t.csv", rules, "at\n" + "\n".join(cells) + "\n")
    assert found["before"] == (2 - broken if "zone" not in column and broken else 1)


@pytest.mark.parametrize(("kind", "cells"), [("ts", "1743465600"), ("date", "20250401"), ("ts", "20250401")])
def test_a_bare_number_is_no_time(tmp_path, kind, cells):
    rules = pack(f"at: {{type: {kind}}}", "before: at < d'2025-04-01'")
    with pytest.raises(DataError, match=r"column 'at' holds.*\n.*remedy: declare"):
        counted(tmp_path / "t.csv", rules, f"at\n{cells}\n")
    with pytest.raises(DataError, match=r"without a unit\n.*remedy: declare"):
        check(pa.table({"at": [int(cells)]}), rules)


def test_zoned_text_in_parquet_is_read_and_a_stray_word_is_named(tmp_path):
    rules = pack("at: {type: ts, null: true}", "early: at < d'2025-04-01'")
    pq.write_table(
        pa.table({"at": ["2025-03-31T23:30:00-02:00", "2025-03-31T23:30:00Z", None]}), tmp_path / "t.parquet"
    )
    assert check(tmp_path / "t.parquet", rules).counts()["early"] == 1
    with pytest.raises(DataError, match=r"t.csv, row 2 \(line 4\): column 'at' holds 'n/a'"):
        counted(tmp_path / "t.csv", rules, "at,x\n2025-03-31T21:30:00Z,1\n,2\nn/a,3\n")
    empty = rules.reading(dialect=Dialect.parse("null=n/a"))
    assert counted(tmp_path / "t.csv", empty, "at,x\n2025-03-31T21:30:00Z,1\n,2\nn/a,3\n")["early"] == 0


def test_bytes_of_another_encoding_are_refused_with_line_and_byte(tmp_path):
    rules = pack("name: {type: cat}", "who: name = 'Müller'")
    data = "name\nMeier\nMüller\n".encode("cp1252")
    with pytest.raises(DataError, match=r"not UTF-8 at line 3, byte 2 \(0xfc\)"):
        counted(tmp_path / "t.csv", rules, data)
    for encoding in ("cp1252", "latin-1"):
        read = rules.reading(dialect=Dialect.parse(f"encoding={encoding}"))
        assert counted(tmp_path / "t.csv", read, data)["who"] == 1
    assert counted(tmp_path / "t.csv", rules, "name\nMeier\nMüller\n".encode("utf-16"))["who"] == 1


FRAME = {"c": ["NA", "b", None], "x": [1.5, 2.5, 3.5], "n": [1, 2, 3]}


@pytest.mark.parametrize(
    "table",
    [
        pa.table(FRAME), pl.DataFrame(FRAME), pd.DataFrame(FRAME), pa.table(FRAME).to_batches()[0],
        pl.DataFrame(FRAME).with_columns(pl.col("c").cast(pl.Categorical)),
        pa.RecordBatchReader.from_batches(pa.table(FRAME).schema, pa.table(FRAME).to_batches()),
    ],
)  # fmt: skip
def test_tables_of_every_library_are_judged_alike(table):
    rules = pack(
        "c: {type: cat, null: true}\nx: {type: float}\nn: {type: int}", "a: c = 'NA'", "b: x < n + 1"
    )
    report = finsim.check(table, rules)
    assert report.counts() == {"t.complete": 0, "a": 1, "b": 0}
    assert report["a"].unknown == 1


def test_a_duckdb_relation_and_named_tables_are_judged():
    rules = pack("c: {type: cat, null: true}\nx: {type: float}\nn: {type: int}", "a: c = 'NA'", "b: x < n")
    relation = duckdb.sql("select * from (values ('NA', 1.5, 1), ('b', 2.5, 3)) v(c, x, n)")
    assert finsim.check(relation, rules).counts() == {"t.complete": 0, "a": 1, "b": 1}
    assert finsim.check({"t": relation}, rules).counts() == {"t.complete": 0, "a": 1, "b": 1}
    assert check_batches(relation, rules).counts() == {"t.complete": 0, "a": 1, "b": 1}
    with pytest.raises(finsim.FinsimError, match="a list of 2"):
        finsim.check([1, 2], rules)


def test_a_schema_says_how_a_pack_reads_a_table(tmp_path):
    rules = pack(
        "amount: {type: money, ccy: EUR}\nrate: {type: ratio}", "cap: amount <= 10 EUR", "high: rate <= 5%"
    )
    schema = Schema(
        {
            "amount": Field("money", ccy="EUR", source="Betrag", strip=("€",)),
            "rate": Field("ratio", unit="percent"),
        },
        Dialect(sep=";", decimal=","),
    )
    text = "Betrag;rate\n9,50 €;4,5\n12,00 €;6\n"
    (tmp_path / "t.csv").write_text(text)
    assert finsim.check(tmp_path / "t.csv", rules, schema=schema).counts() == {
        "t.complete": 0,
        "cap": 1,
        "high": 1,
    }
    file = tmp_path / "s.yaml"
    file.write_text(
        "finsim: schema/1\nread: {sep: ';', decimal: ','}\ncolumns:\n"
        "  amount: {from: Betrag, type: money, ccy: EUR, strip: ['€']}\n"
        "  rate: {type: ratio, unit: percent}\n"
    )
    assert finsim.check(tmp_path / "t.csv", rules, schema=file).counts() == {
        "t.complete": 0,
        "cap": 1,
        "high": 1,
    }
    with pytest.raises(RuleError, match="column 'amount' is cat"):
        rules.reading(Schema({"amount": Field("cat")}, Dialect()))
    with pytest.raises(RuleError, match="none of its columns"):
        rules.reading(Schema({"betrag": Field("money", ccy="EUR")}, Dialect()))
    with pytest.raises(StudyError, match="seps"):
        Dialect.parse("seps=;")


def test_ids_that_are_numbers_in_one_table_and_text_in_another_are_compared_as_text():
    rules = RuleSet.parse(
        HEAD + "tables:\n  owners: {key: [id], columns: {id: {type: id}}}\n"
        "  cars: {columns: {owner: {type: id}}}\nrules:\n"
        "  - {id: known, table: cars, check: exists(owners.id = owner)}\n"
    )
    cars = pa.table({"owner": ["7", "007", "12", "x"]})
    assert check({"owners": pa.table({"id": [7, 12]}), "cars": cars}, rules).counts()["known"] == 2
    owners = pa.table({"id": ["7", "007"]})
    assert check({"owners": owners, "cars": pa.table({"owner": [7, 8]})}, rules).counts()["known"] == 1


def test_a_large_text_table_is_judged_as_a_stream_and_says_the_same(tmp_path, monkeypatch, capsys):
    rng = np.random.default_rng(5)
    rows = 60_000
    frame = pd.DataFrame({
        "id": [f"K{number}" for number in rng.integers(0, 10**7, rows)], "x": rng.random(rows).round(6),
        "amount": rng.integers(0, 10**6, rows) / 100, "grade": rng.choice(["A", "B", "NA"], rows),
    })  # fmt: skip
    frame.loc[50_000, "id"] = frame.loc[3, "id"]
    frame.to_csv(tmp_path / "t.csv", index=False)
    rules = tmp_path / "p.yaml"
    rules.write_text(
        HEAD + "table: t\nkey: [id]\ncolumns:\n  id: {type: id}\n  x: {type: float}\n"
        "  amount: {type: money, ccy: USD}\n"
        "  grade: {type: cat}\nrules:\n  - {id: low, check: x < 0.5}\n  - {id: cap, check: amount < 5k USD}\n"
        "  - {id: na, check: \"grade != 'NA'\"}\n"
    )
    said = []
    for limit in (1 << 30, 0):
        monkeypatch.setattr(large_files, "TEXT_BYTES", limit)
        with pytest.raises(SystemExit):
            main(["check", str(tmp_path / "t.csv"), "--rules", str(rules), "--json"])
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]
    assert '"violations"' in said[0]


def test_a_header_that_nobody_reads_may_stand_twice_until_it_is_written(tmp_path):
    pack = finsim.RuleSet.parse(
        "finsim-rules: 1\npack: {id: p, version: '1'}\ntable: t\ncolumns: {b: {type: int}}\n"
        "rules: [{id: r, check: b > 0, repair: {do: set, on: b, expr: '1'}}]\n"
    )
    frame = pd.DataFrame([[1, 2, 3], [-4, 5, 6]], columns=["b", "a", "a"])
    assert finsim.check(frame, pack, progress=False)["r"].violations == 1
    assert finsim.repair(frame, pack).tables["t"].column(2).to_pylist() == [3, 6]
    pq.write_table(
        pa.Table.from_arrays([pa.array([1, -4])] * 3, names=["b", "a", "a"]), tmp_path / "t.parquet"
    )
    with pytest.raises(DataError, match="'a' stands twice, in columns 2 and 3"):
        finsim.repair(tmp_path / "t.parquet", pack, output=tmp_path / "out.parquet")
    assert not (tmp_path / "out.parquet").exists()
