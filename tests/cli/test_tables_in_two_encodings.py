"""A pack of two tables in two encodings: one file is read as the table that it is."""

import pytest

from finsim.cli.main import main

PACK = """
finsim-rules: 1
pack: {id: p, version: "1"}
tables:
  a:
    read: {sep: ";", encoding: cp1252}
    columns: {id: {type: id}, n: {from: "Größe", type: cat}}
  b:
    optional: true
    read: {sep: ";"}
    columns: {id: {type: id}, x: {type: int}}
rules:
  - {id: r, table: a, check: "length(n) = 2"}
"""


@pytest.mark.parametrize("words", [[], ["--table", "a"]], ids=str)
def test_a_file_is_read_in_the_encoding_of_its_own_table(words, tmp_path, capsys):
    (tmp_path / "rules.yaml").write_text(PACK, encoding="utf-8")
    (tmp_path / "a.csv").write_bytes("id;Größe\n1;üx\n2;abc\n".encode("cp1252"))
    with pytest.raises(SystemExit) as end:
        main(["check", str(tmp_path / "a.csv"), "--rules", str(tmp_path / "rules.yaml"), *words])
    said = capsys.readouterr()
    assert end.value.code == 1, said.err
    assert "1 of 2 rows break it" in said.out


def test_a_file_in_the_encoding_of_no_table_is_refused(tmp_path, capsys):
    (tmp_path / "rules.yaml").write_text(PACK.replace("cp1252", "utf-8"), encoding="utf-8")
    (tmp_path / "a.csv").write_bytes("id;Größe\n1;üx\n".encode("cp1252"))
    with pytest.raises(SystemExit) as end:
        main(["check", str(tmp_path / "a.csv"), "--rules", str(tmp_path / "rules.yaml")])
    assert end.value.code == 2
    assert "encoding=cp1252" in capsys.readouterr().err
