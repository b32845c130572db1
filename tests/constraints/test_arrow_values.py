"""Arrow arrays as NumPy: against Arrow's own conversion, and without pandas."""

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from finsim.constraints.tables.arrow_to_numpy import taken, values_of

KINDS = ["int8", "uint16", "int32", "int64", "float32", "float64", "bool"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("nulls", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("cut", [slice(0, 0), slice(0, 100), slice(3, 77), slice(64, 65)])
def test_as_arrow_converts(kind, nulls, cut):
    rng = np.random.default_rng(1)
    values = rng.integers(0, 2 if kind == "bool" else 100, 100).astype(kind)
    gone = rng.random(100) < nulls
    data = pa.array(values, mask=gone)[cut]
    wanted = values[cut].copy()
    wanted[gone[cut]] = np.nan if wanted.dtype.kind == "f" else 0
    found = values_of(data)
    assert found.dtype == wanted.dtype
    np.testing.assert_array_equal(found, wanted)


def test_a_column_of_nothing_but_nulls():
    assert np.isnan(values_of(pa.nulls(3).cast(pa.float64()))).all()
    assert values_of(pa.nulls(3).cast(pa.int64())).tolist() == [0, 0, 0]
    assert values_of(pa.nulls(2).cast(pa.bool_())).tolist() == [False, False]


def test_checking_a_file_does_not_need_pandas(tmp_path):
    (tmp_path / "t.csv").write_text("x,y,c,d,b\n1,2.5,a,2026-01-05,true\n-1,,b,2026-01-06,\n,3,,,false\n")
    (tmp_path / "p.yaml").write_text(
        "finsim-rules: 1\npack: {id: p, version: 1}\ntable: t\ncolumns:\n"
        "  x: {type: int, null: true}\n  y: {type: float, null: true}\n  c: {type: cat, null: true}\n"
        "  d: {type: date, null: true}\n  b: {type: bool, null: true}\n"
        "rules:\n  - {id: r, check: \"x > 0 and y > 1 and c != 'z' and year(d) = 2026 and b\"}\n"
    )
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from finsim.constraints.checking.check import check\n"
        "from finsim.constraints.packs.ruleset import RuleSet\n"
        "from finsim.engine.tables_to_check import gather\n"
        "rules = RuleSet.load('p.yaml')\nreport = check(gather(Path('t.csv'), rules).tables, rules)\n"
        "assert report['r'].violations == 2, report.to_text()\nassert 'pandas' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("rows", [[], [0], [5, 5, 2], [9, 0, 4, 4, 8], list(range(10))[::-1]])
@pytest.mark.parametrize("cuts", [[10], [3, 7], [0, 1, 1, 8], [10, 0]])
def test_a_few_rows_of_a_table_in_chunks(rows, cuts):
    numbers, begin, parts = np.arange(10) * 1.5, 0, []
    for count in cuts:
        words = pa.array([f"w{k % 3}" for k in range(begin, begin + count)], pa.string()).dictionary_encode()
        parts.append(pa.table({"x": numbers[begin : begin + count], "c": words}))
        begin += count
    found = taken(pa.concat_tables(parts), np.array(rows, dtype=np.int64))
    assert found["x"].to_pylist() == [row * 1.5 for row in rows]
    assert found["c"].to_pylist() == [f"w{row % 3}" for row in rows]
