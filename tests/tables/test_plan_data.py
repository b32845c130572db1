"""``finsim new schema`` and ``finsim plan DATA``: what would be read and what is refused."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from finsim.cli.main import main
from finsim.tables import Field, Schema, load_schema, preview

TABLE = "id;betrag;am;rest\nA1;1.250,00;03.02.2026;x\n007;16,00;14.02.2026;y\n7;;28.02.2026;z\n"
SCHEMA = """finsim: schema/1
kind: payments
read: {sep: ";", decimal: ",", thousands: "."}
columns:
  id: {type: id}
  amount: {from: betrag, type: money, ccy: EUR, null: true, role: amount}
  am: {type: date, format: "%d.%m.%Y"}
"""


def run(capsys, *words):
    capsys.readouterr()
    with pytest.raises(SystemExit) as stop:
        main(list(words))
    said = capsys.readouterr()
    return stop.value.code, said.out, said.err


@pytest.fixture
def table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text(TABLE)
    (tmp_path / "s.yaml").write_text(SCHEMA)
    return tmp_path


def test_plan_shows_what_would_be_read(table, capsys):
    code, out, err = run(capsys, "plan", "t.csv", "--schema", "s.yaml")
    assert (code, err) == (0, "")
    assert "t.csv: 3 rows, payments; sep ';', decimal ',', thousands '.'" in out
    assert "  amount  betrag  money EUR      amount  33.3%  16.00       1250.00\n" in out
    assert "  A1   1250.00  2026-02-03\n  007  16.00    2026-02-14\n  7             2026-02-28\n" in out
    assert "not declared: rest" in out
    assert sorted(path.name for path in table.iterdir()) == ["s.yaml", "t.csv"]


def test_plan_in_json(table, capsys):
    code, out, _ = run(capsys, "plan", "t.csv", "--schema", "s.yaml", "--json")
    told = json.loads(out)["result"]
    assert code == 0
    assert (told["ok"], told["rows"], told["undeclared"]) == (True, 3, ["rest"])
    amount = told["columns"]["amount"]
    assert {key: amount[key] for key in ("header", "type", "empty", "refused", "min", "max")} == {
        "header": "betrag", "type": "money", "empty": 1, "refused": 0, "min": "16.00", "max": "1250.00",
    }  # fmt: skip


def test_refused_cells_are_counted_and_end_with_2(table, capsys):
    text = (
        TABLE
        + "8;zwölf;2026-03-01;x\n"
        + "9;;2026-03-01;x\n" * 30
        + '10;"zwölf";01.03.2026;"a\nb"\n11;1.5;;x\n'
    )
    (table / "t.csv").write_text(text)
    code, out, _ = run(capsys, "plan", "t.csv", "--schema", "s.yaml", "--json")
    told = json.loads(out)["result"]
    columns = told["columns"]
    assert (code, told["ok"]) == (2, False)
    assert {name: column["refused"] for name, column in columns.items()} == {"id": 0, "amount": 3, "am": 31}
    assert columns["amount"]["first_refused"] == [
        {"row": 3, "line": 5, "cell": "zwölf"}, {"row": 34, "line": 36, "cell": "zwölf"},
        {"row": 35, "line": 38, "cell": "1.5"},
    ]  # fmt: skip
    assert columns["am"]["empty"] == 1
    code, out, _ = run(capsys, "plan", "t.csv", "--schema", "s.yaml")
    assert code == 2
    assert "t.csv, row 3 (line 5): column 'betrag' holds 'zwölf'; expected amounts (money EUR)" in out
    assert "and 28 more in this column" in out
    assert "(refused)" in out


def test_a_column_that_is_not_there_is_named(table, capsys):
    (table / "s.yaml").write_text(SCHEMA + "  plz: {type: cat}\n  gut: {type: int, optional: true}\n")
    code, out, _ = run(capsys, "plan", "t.csv", "--schema", "s.yaml")
    assert code == 2
    assert "no column 'plz'" in out
    assert "gut" not in out


def test_csv_overrides_the_schema(table, capsys):
    code, out, _ = run(capsys, "plan", "t.csv", "--schema", "s.yaml", "--csv", "null=16,00", "--json")
    assert (code, json.loads(out)["result"]["columns"]["amount"]["empty"]) == (0, 2)


def test_without_a_schema_the_proposal_is_shown(table, capsys):
    code, out, _ = run(capsys, "plan", "t.csv")
    assert code == 0
    assert "no schema was given: this one is proposed\n  `id` is mostly numbers but has A1: id\n" in out
    assert "betrag" in out


@pytest.mark.slow
def test_a_study_is_still_planned(capsys):
    code, out, _ = run(capsys, "plan", "quickstart")
    assert code == 0
    assert "no schema" not in out


def test_a_stored_column_without_a_unit_is_said(tmp_path):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"x": [100, 200], "t": pa.array([1.0, float("nan")])}), path)
    seen = preview(path, Schema({"x": Field("money", ccy="EUR"), "t": Field("float", null=True)}))
    assert not seen.ok
    assert "unit: minor" in seen.to_text()
    assert seen.columns["t"].empty == 1
    assert preview(path, Schema({"x": Field("money", ccy="EUR", unit="minor")})).columns["x"].first == [
        "1.00",
        "2.00",
    ]


@pytest.mark.parametrize("bad", range(0, 60, 7))
def test_every_refused_cell_is_counted_wherever_it_stands(tmp_path, bad):
    cells = [str(i) for i in range(60)]
    for row in range(bad, 60, 11):
        cells[row] = f"x{row % 3}"
    path = tmp_path / "t.csv"
    path.write_text("k,n\n" + "".join(f"a,{cell}\n" for cell in cells))
    column = preview(path, Schema({"n": Field("int")})).columns["n"]
    assert column.refused == sum(cell.startswith("x") for cell in cells)
    assert [cell.row for cell in column.first_refused] == list(range(bad, 60, 11))[:3]
    good = [int(cell) for cell in cells if not cell.startswith("x")]
    assert (column.low, column.high) == (min(good), max(good))


def test_new_schema_writes_a_file_that_loads(table, capsys):
    code, out, _ = run(capsys, "new", "schema", "t.csv", "-o", "new.yaml")
    assert code == 0
    assert "schema: new.yaml (table, 4 columns)" in out
    assert "next:   finsim plan t.csv --schema new.yaml" in out
    assert load_schema("new.yaml").fields["am"].format == "%d.%m.%Y"
    assert run(capsys, "plan", "t.csv", "--schema", "new.yaml")[0] == 0
    before = (table / "new.yaml").read_text()
    code, _, err = run(capsys, "new", "schema", "t.csv", "-o", "new.yaml")
    assert (code, (table / "new.yaml").read_text()) == (2, before)
    assert "the file exists" in err


def test_new_schema_of_a_kind_without_o_is_printed(table, capsys):
    code, out, _ = run(capsys, "new", "schema", "t.csv", "--kind", "payments")
    assert code == 0
    assert out.startswith("# Proposed by `finsim new schema` from t.csv: all 3 rows were read.\n")
    assert "kind: payments" in out
    assert "role: amount" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["new", "schema"], "no table is named"),
        (["new", "schema", "none.csv", "-o", "x.yaml"], "no such file"),
        (["new", "schema", "t.csv", "--kind", "loan"], "did you mean 'loans'"),
        (["new", "schema", "empty.csv"], "the file is empty"),
        (["new", "study.yaml", "--kind", "loans"], "finsim new schema DATA"),
        (["new", "shema", "t.csv"], "nothing is called 'shema'"),
        (["plan", "none.csv", "--schema", "s.yaml"], "no such file"),
        (["plan", "t.csv", "--schema", "none.yaml"], "no such file"),
        (["plan", "t.csv", "--csv", "sepp=;"], "did you mean 'sep'"),
    ],
)
def test_wrong_words_end_with_2_and_write_nothing(table, capsys, words, said):
    (table / "empty.csv").write_text("")
    before = sorted(path.name for path in table.iterdir())
    code, _, err = run(capsys, *words)
    assert code == 2
    assert said in err
    assert sorted(path.name for path in table.iterdir()) == before


def test_new_still_writes_a_study(table, capsys):
    for words in (["new", "mine.yaml"], ["new", "study", "other.yaml"]):
        assert run(capsys, *words)[0] == 0
    assert (table / "mine.yaml").read_text().replace("id: mine", "id: other") == (
        table / "other.yaml"
    ).read_text()


def test_ranges_go_over_all_batches(tmp_path):
    folder = tmp_path / "parts"
    folder.mkdir()
    for part, cells in enumerate(([3, 1], [9, 4], [5, 2])):
        pq.write_table(pa.table({"x": cells}), folder / f"{part}.parquet")
    column = preview(folder, Schema({"x": Field("int")})).columns["x"]
    assert (column.low, column.high, column.first) == (1, 9, ["3", "1", "9", "4", "5"])


def test_rows_of_another_width_are_refused_not_skipped(tmp_path, capsys):
    path = tmp_path / "t.csv"
    for text, cells in (("a;b\n1;2;\n3;4;\n", "3 cells"), ("a,b\n1,2\nTotal\n", "1 cells")):
        path.write_text(text)
        code, _, err = run(capsys, "plan", str(path))
        assert code == 2
        assert f"{cells}; expected 2, as in the header" in err
