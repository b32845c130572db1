"""Tables of text in memory are repaired in the dialect in which they are read, whoever made them."""

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import finsim

PACK = """
finsim-rules: 1
pack: {id: m, version: "1"}
table: t
read: {decimal: ",", thousands: ".", dates: "%d.%m.%Y"}
columns:
  d: {type: date}
  b: {type: money, ccy: EUR}
  p: {type: ratio, unit: percent}
  x: {type: float, null: true}
  s: {type: cat}
  k: {type: bool, true: [ja], false: [nein]}
rules:
  - {id: date, check: "d <= d'2024-12-31'", repair: {do: set, expr: "d := d'2024-12-31'"}}
  - {id: money, check: "b >= 0", repair: {do: clip, on: b}}
  - {id: most, check: "p <= 50%", repair: {do: clip, on: p}}
  - {id: least, check: "x >= 2.125", repair: {do: set, expr: "x := 2.125"}}
  - {id: upper, check: "s = upper(s)", repair: {do: set, expr: "s := upper(s)"}}
  - {id: yes, check: "k = true", repair: {do: set, expr: "k := true"}}
"""
CELLS = {
    "d": ["30.12.2024", "02.01.2025", "01.02.2024"], "b": ["1.250,00", "-3,00", "7,50"],
    "p": ["12,5", "75,0", "1"], "x": ["3,5", "1,25", None], "s": ["A", "b", "C"], "k": ["ja", "nein", "ja"],
}  # fmt: skip
MENDED = {"d": "31.12.2024", "b": "0,00", "p": "50", "x": "2,125", "s": "B", "k": "ja"}


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table], ids=["pandas", "polars", "arrow"])
def test_new_cells_are_written_in_the_dialect_of_the_table(make):
    rules = finsim.RuleSet.parse(PACK)
    found, report = finsim.repair(make(CELLS), rules)
    wanted = {name: [cells[0], MENDED[name], cells[2]] for name, cells in CELLS.items()}
    assert found.to_pydict() == wanted
    assert report.touched() == dict.fromkeys(("date", "money", "most", "least", "upper", "yes"), 1)
    assert finsim.check(found, rules).ok
    assert next(iter(finsim.repair(found, rules))).to_pydict() == wanted


@pytest.mark.parametrize(("unit", "bound", "wanted"), [("percent", "57%", 57.0), ("bp", "57bp", 57.0)])
def test_a_stored_share_is_mended_to_the_float_that_a_person_would_write(unit, bound, wanted):
    text = (
        'finsim-rules: 1\npack: {id: m, version: "1"}\ntable: t\n'
        f"columns: {{p: {{type: ratio, unit: {unit}}}}}\n"
        f"rules: [{{id: most, check: p <= {bound}, repair: {{do: clip, on: p}}}}]\n"
    )
    found, _ = finsim.repair(pd.DataFrame({"p": [12.5, 9_000.0]}), finsim.RuleSet.parse(text))
    assert found["p"].to_pylist() == [12.5, wanted]
