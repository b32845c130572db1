"""``finsim check --repair -o`` writes the dialect and extension that it read."""

import gzip

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from finsim.cli.main import main

PACK = """
finsim-rules: 1
pack: {id: two, version: "1"}
tables:
  orders:
    columns: {nr: {type: id}, betrag: {type: money, ccy: EUR}, kind: {type: cat}}
  people:
    columns: {name: {type: cat}, age: {type: int}}
rules:
  - {id: cap, table: orders, check: betrag <= 100 EUR, repair: {do: clip, on: betrag}}
  - {id: paid, table: orders, check: betrag > 0 EUR, repair: {do: drop}}
  - {id: known, table: orders, check: "kind in {'a', 'NA'}", repair: {do: flag}}
  - {id: adult, table: people, check: age >= 18, repair: {do: drop}}
"""
READ = "sep=;,decimal=,,thousands=."
ORDERS = 'nr;betrag;kind;rest\r\n007;1.250,00;a; x\r\n7;-1,00;a;"y"\r\n0007;20,50;NA;z'
MENDED = "nr;betrag;kind;rest\r\n007;100,00;a; x\r\n0007;20,50;NA;z"


def run(*words):
    with pytest.raises(SystemExit) as stop:
        main([str(word) for word in words])
    return stop.value.code


@pytest.fixture
def pack(tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text(PACK)
    return path


def repaired(pack, source, out, *more):
    return run("check", source, "--rules", pack, "--table", "orders", "--repair", "-o", out, *more)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_text_stays_what_it_was(tmp_path, pack, encoding):
    source, out = tmp_path / "orders.csv", tmp_path / "out.csv"
    source.write_bytes(ORDERS.replace("z", "ü").encode(encoding))
    assert repaired(pack, source, out, "--csv", f"{READ},encoding={encoding}") == 0
    assert out.read_bytes() == MENDED.replace("z", "ü").encode(encoding)


def test_packed_text_stays_packed_and_other_names_give_other_forms(tmp_path, pack):
    source = tmp_path / "orders.csv.gz"
    source.write_bytes(gzip.compress(ORDERS.encode()))
    assert repaired(pack, source, tmp_path / "out.csv.gz", "--csv", READ) == 0
    assert gzip.decompress((tmp_path / "out.csv.gz").read_bytes()).decode() == MENDED
    assert repaired(pack, source, tmp_path / "out.parquet", "--csv", READ) == 0
    table = pq.read_table(tmp_path / "out.parquet")
    assert pa.types.is_decimal(table.schema.field("betrag").type)
    assert table["nr"].to_pylist() == ["007", "0007"]
    assert table["rest"].to_pylist() == [" x", "z"]


def test_the_data_are_never_overwritten(tmp_path, pack, capsys):
    source = tmp_path / "orders.csv"
    source.write_bytes(ORDERS.encode())
    (tmp_path / "link.csv").symlink_to(source)
    for out in (source, tmp_path / "link.csv", tmp_path / "." / "orders.csv"):
        assert repaired(pack, source, out, "--csv", READ) == 2
        assert "the output is the data itself" in capsys.readouterr().err
    assert source.read_bytes() == ORDERS.encode()


def test_a_flag_is_a_last_column(tmp_path, pack):
    source, out = tmp_path / "orders.csv", tmp_path / "out.csv"
    source.write_text("nr;betrag;kind\n1;5,00;b\n2;6,00;a\n")
    repaired(pack, source, out, "--csv", READ)
    assert out.read_text() == "nr;betrag;kind;_rules\n1;5,00;b;known\n2;6,00;a;\n"


def test_parquet_becomes_text_or_stays_parquet(tmp_path, pack):
    source = tmp_path / "orders.parquet"
    pq.write_table(pa.table({"nr": [1, 2], "betrag": [500.0, 5.0], "kind": ["a", "a"]}), source)
    assert repaired(pack, source, tmp_path / "out.csv.gz") == 0
    assert gzip.decompress((tmp_path / "out.csv.gz").read_bytes()).decode().splitlines()[1] == "1,100.0,a"
    assert repaired(pack, source, tmp_path / "out.parquet") == 0
    assert pq.read_table(tmp_path / "out.parquet").schema == pq.read_table(source).schema


def test_tables_of_a_folder_keep_their_endings(tmp_path, pack):
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    (folder / "orders.csv").write_text(ORDERS, newline="")
    (folder / "people.csv.gz").write_bytes(gzip.compress(b"name;age\nA;17\nB;18\n"))
    assert run("check", folder, "--rules", pack, "--repair", "-o", out, "--csv", READ) == 0
    assert sorted(path.name for path in out.iterdir()) == ["orders.csv", "people.csv.gz"]
    assert (out / "orders.csv").read_bytes().decode() == MENDED
    assert gzip.decompress((out / "people.csv.gz").read_bytes()) == b"name;age\nB;18\n"


def test_lint_reads_a_table_in_its_dialect(tmp_path, capsys):
    (tmp_path / "t.csv").write_bytes("Größe;Wert\nü;1,5\n".encode("cp1252"))
    (tmp_path / "p.yaml").write_text(
        "finsim-rules: 1\npack: {id: p, version: '1'}\ntable: t\n"
        "columns: {wert: {type: float}}\nrules: [{id: r, check: wert < 1}]\n"
    )
    read = "read: {sep: ';', decimal: ',', encoding: cp1252}"
    (tmp_path / "s.yaml").write_text(f"finsim: schema/1\n{read}\ncolumns: {{Wert: {{type: float}}}}\n")
    for more in (["--csv", "sep=;,decimal=,,encoding=cp1252"], ["--schema", tmp_path / "s.yaml"]):
        assert run("rules", "lint", tmp_path / "p.yaml", tmp_path / "t.csv", *more) == 0
        assert "100.0% break it" in capsys.readouterr().out
