"""Rules at odds are refused by every way into a check: a small file, a large one, a frame, two tables."""

from types import SimpleNamespace

import pandas as pd
import pytest

import finsim
from finsim.engine import check_in_batches
from finsim.errors import RuleError
from finsim.verbs.check import _a_row_breaks_nothing

AT_ODDS = """
finsim-rules: 1
pack: {id: p, version: "1"}
tables:
  t:
    columns: {amount: {type: int}}
  u:
    columns: {amount: {type: int}}
    optional: true
rules:
  - {id: high, table: TABLE, check: amount > 5}
  - {id: low, table: TABLE, check: amount < 5}
"""


def refused(data, pack, **options):
    with pytest.raises(RuleError, match="no row can satisfy"):
        finsim.check(data, pack, progress=False, **options)


@pytest.fixture
def pack(tmp_path):
    (tmp_path / "p.yaml").write_text(AT_ODDS.replace("TABLE", "t"))
    return tmp_path / "p.yaml"


def test_in_a_frame_and_in_files_of_every_size(pack, tmp_path, monkeypatch):
    refused(pd.DataFrame({"amount": pd.array([], dtype="Int64")}), pack)
    for rows in ([1, 9], [None]):
        frame = pd.DataFrame({"amount": pd.array(rows, dtype="Int64")})
        refused(frame, pack)
        frame.to_parquet(tmp_path / "t.parquet")
        refused(tmp_path / "t.parquet", pack)
    monkeypatch.setattr(check_in_batches, "TEXT_BYTES", 0)
    (tmp_path / "t.csv").write_text("amount\n1\n9\n")
    refused(tmp_path / "t.csv", pack)


def test_in_a_table_of_the_pack_that_is_not_given(tmp_path):
    (tmp_path / "p.yaml").write_text(
        AT_ODDS.replace("TABLE", "u") + "  - {id: some, table: t, check: amount > 0}\n"
    )
    (tmp_path / "t.csv").write_text("amount\n1\n9\n")
    refused(tmp_path / "t.csv", tmp_path / "p.yaml")


def test_over_a_column_that_is_absent_and_over_parents_that_stand_twice(tmp_path):
    text = AT_ODDS.replace("  u:\n    columns: {amount: {type: int}}\n    optional: true\n", "")
    text = text.replace("{amount: {type: int}}", "{amount: {type: int, optional: true}, other: {type: int}}")
    (tmp_path / "p.yaml").write_text(
        text.replace("TABLE", "t") + "  - {id: some, table: t, check: other > 0}\n"
    )
    (tmp_path / "t.csv").write_text("other\n1\n9\n")
    refused(tmp_path / "t.csv", tmp_path / "p.yaml")
    unjudged = SimpleNamespace(table="t", rows=2, violations=0, excused=0, verdict="broken", reason="twice")
    assert not _a_row_breaks_nothing(SimpleNamespace(results=(unjudged,)))


def test_an_excused_breach_is_a_breach_all_the_same():
    broken = SimpleNamespace(table="t", rows=2, violations=1, excused=1, verdict="broken", reason="")
    held = SimpleNamespace(table="t", rows=2, violations=0, excused=1, verdict="passed", reason="")
    assert not _a_row_breaks_nothing(SimpleNamespace(results=(broken,)))
    assert _a_row_breaks_nothing(SimpleNamespace(results=(held,)))
    assert not _a_row_breaks_nothing(SimpleNamespace(results=(held, held)))
