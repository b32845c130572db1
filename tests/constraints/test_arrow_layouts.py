"""Layouts of which Arrow takes no rows (views, run ends) are judged in every tier and repaired."""

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import finsim

PACK = """
finsim-rules: 1
pack: {id: t, version: "1"}
table: t
columns:
  n: {type: int}
  s: {type: cat, null: true}
rules:
  - {id: above, check: "n > 0"}
  - {id: known, check: "s in {'x', 'y'}", repair: {do: set, expr: "s := 'y'"}}
"""
NUMBERS, TEXTS = [1, 2, 0, 4], ["x", "z", "x", None]
KINDS = {"categorical": pl.Categorical, "enum": pl.Enum(["x", "y", "z"])}
MADE = {
    "polars": lambda: pl.DataFrame({"n": NUMBERS, "s": TEXTS}),
    "categorical": lambda: pl.DataFrame({"n": NUMBERS, "s": pl.Series(TEXTS, dtype=KINDS["categorical"])}),
    "enum": lambda: pl.DataFrame({"n": NUMBERS, "s": pl.Series(TEXTS, dtype=KINDS["enum"])}),
    "view": lambda: pa.table({"n": NUMBERS, "s": pa.array(TEXTS, pa.string_view())}),
    "runs": lambda: pa.table({"n": pc.run_end_encode(pa.array(NUMBERS)), "s": TEXTS}),
    "other columns": lambda: pa.table({
        "n": NUMBERS, "s": TEXTS, "blob": pa.array([b"a"] * 4, pa.binary_view()),
        "text": pa.array(["a"] * 4, pa.string_view()), "run": pc.run_end_encode(pa.array(["a"] * 4)),
    }),
}  # fmt: skip


@pytest.mark.parametrize("tier", ["interpreter", "compiled"])
@pytest.mark.parametrize("name", MADE)
def test_every_layout_is_judged(name, tier):
    found = finsim.check(MADE[name](), finsim.RuleSet.parse(PACK), tier=tier)
    assert (found["above"].violations, found["known"].violations, found["known"].unknown) == (1, 1, 1)
    assert found["known"].first[0].operands == {"s": "'z'"}


@pytest.mark.parametrize("name", MADE)
def test_every_layout_is_repaired(name):
    rules = finsim.RuleSet.parse(PACK)
    found, report = finsim.repair(MADE[name](), rules)
    assert found["s"].to_pylist() == ["x", "y", "x", None]
    assert report.touched() == {"known": 1}
