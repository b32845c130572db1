"""Each column of bars and loans in each type that Parquet stores: it is read, or refused in words."""

import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cli.damaged_files import STORED, bars, loans

from finsim.cli.main import main

pytestmark = pytest.mark.sweep

STUDY = "finsim: study/1\nid: t\nseed: 7\ncredit: {data: t.parquet, loans: 300, months: 6, keep: true}\n"


def written(rows, at, kind, path):
    """Write rows as Parquet, one column in a stored type of its own."""
    columns = [pa.array([row[place] for row in rows[1:]]) for place in range(len(rows[0]))]
    columns[at] = STORED[kind](len(rows) - 1)
    pq.write_table(pa.Table.from_arrays(columns, names=rows[0]), path)


@pytest.mark.parametrize("kind", STORED)
@pytest.mark.parametrize(
    ("make", "words"), [(bars, ["fit", "t.parquet", "--generator", "bootstrap"]), (loans, ["plan", "s.yaml"])]
)
def test_a_column_of_any_stored_type_is_read_or_refused(make, words, kind, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.yaml").write_text(STUDY)
    rows = make(random.Random(3))
    for at in range(len(rows[0])):
        written(rows, at, kind, tmp_path / "t.parquet")
        with pytest.raises(SystemExit) as end:
            main([*words, *(["-o", f"model{at}"] if words[0] == "fit" else [])])
        said = capsys.readouterr()
        assert end.value.code in (0, 2), (rows[0][at], said.err[-500:])
        assert not end.value.code or "remedy" in said.err, (rows[0][at], said.err)
