"""What the check of a large text table loads: neither pandas nor numba, which take 35 and 110 MB."""

import subprocess
import sys

SCRIPT = """
import sys
from finsim.constraints.packs.ruleset import RuleSet
from finsim.engine import check_in_batches as large
large.TEXT_BYTES = 0
rules = RuleSet.parse(open("p.yaml").read())
report = large.check_large(large.large_file("t.csv", rules), rules)
assert report["cap"].violations == 1 and report["known"].violations == 1, report
print(*sorted({"pandas", "numba", "scipy", "torch"} & set(sys.modules)))
"""
PACK = """
finsim-rules: 1
pack: {id: p, version: "1"}
table: t
columns: {id: {type: id}, at: {type: ts}, amount: {type: money, ccy: EUR}, kind: {type: cat}}
rules:
  - {id: cap, check: amount <= 1_000 EUR}
  - {id: known, check: "kind in {'card', 'cash'}"}
  - {id: late, check: "at >= d'2025-01-01'"}
"""


def test_a_stream_of_text_is_checked_without_pandas_and_numba(tmp_path):
    (tmp_path / "p.yaml").write_text(PACK)
    rows = ["id,at,amount,kind", "A1,2025-03-01T12:00:00Z,10.50,card", "A2,2025-03-02T12:00:00Z,2000,fax"]
    (tmp_path / "t.csv").write_text("\n".join(rows))
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.stderr) == ("", "")


ROW_SHOWS = """
import sys, finsim
assert finsim.check("t.csv", "p.yaml", progress=False).ok
print("finsim.constraints.conflicts" in sys.modules)
finsim.check("broken.csv", "p.yaml", progress=False)
print("finsim.constraints.conflicts" in sys.modules)
"""


def test_conflicts_are_looked_for_only_where_no_row_shows_that_there_are_none(tmp_path):
    (tmp_path / "p.yaml").write_text(PACK)
    head = "id,at,amount,kind\n"
    (tmp_path / "t.csv").write_text(head + "A1,2025-03-01T12:00:00Z,10.50,card\n")
    (tmp_path / "broken.csv").write_text(head + "A1,2025-03-01T12:00:00Z,10.50,fax\n")
    done = subprocess.run(
        [sys.executable, "-c", ROW_SHOWS], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.stdout.split(), done.stderr) == (["False", "True"], "")
