"""Cents, epochs and days of a sheet come out as the numbers that they are, and given times are local ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import finsim
from finsim.errors import StudyError

SCHEMA = """finsim: schema/1
kind: table
columns:
  cents: {type: money, ccy: EUR, unit: minor}
  yen: {type: money, ccy: JPY, unit: minor}
  when: {type: ts, unit: ms}
  sheet: {type: date, unit: excel_days}
  local: {type: ts, format: "%d.%m.%Y %H:%M", zone: Europe/Berlin}
"""


def files(folder: Path) -> tuple[Path, Path]:
    rng = np.random.default_rng(1)
    local = pd.Timestamp("2025-06-01") + pd.to_timedelta(rng.integers(0, 9_000, 200), "min")
    made = {
        "cents": rng.integers(4, 900, 200) * 100, "yen": rng.integers(4, 900, 200),
        "when": 1_700_000_000_123 + rng.integers(0, 10**9, 200),
        "sheet": 45_000 + rng.integers(0, 500, 200), "local": local.strftime("%d.%m.%Y %H:%M"),
    }  # fmt: skip
    data, schema = folder / "mine.csv", folder / "mine.schema.yaml"
    pd.DataFrame(made).to_csv(data, index=False)
    schema.write_text(SCHEMA)
    return data, schema


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_numbers_come_out_in_their_unit(tmp_path: Path, ending: str) -> None:
    data, schema = files(tmp_path)
    real = pd.read_csv(data)
    if ending == "parquet":
        own = tmp_path / "mine.parquet"
        real.to_parquet(own, index=False)
        schema.write_text(SCHEMA.replace("local: {type: ts,", "local: {type: ts, null: true,"))
        data = own
    finsim.fit(data, "resample_rows", schema=schema, kind="table", progress=False).save(tmp_path / "body")
    out = tmp_path / f"new.{ending}"
    finsim.sample(tmp_path / "body", rows=50, output=out, progress=False)
    made = pd.read_csv(out) if ending == "csv" else pd.read_parquet(out)
    for name in ("cents", "yen", "when", "sheet"):
        assert set(made[name]) <= set(real[name]), name
        assert pd.api.types.is_integer_dtype(made[name])
    seen = finsim.plan(out, schema=schema).to_dict() if ending == "csv" else {"ok": True}
    assert seen["ok"]


def test_a_given_time_stands_on_the_clock_of_the_zone(tmp_path: Path) -> None:
    data, schema = files(tmp_path)
    body = finsim.fit(data, "bayes", schema=schema, kind="table", progress=False)

    def made(given: str) -> tuple[str, int]:
        finsim.sample(body, rows=3, given=given, output=tmp_path / "g.csv", progress=False)
        cells = pd.read_csv(tmp_path / "g.csv")
        (tmp_path / "g.csv").unlink()
        return str(cells["local"][0]), int(cells["when"][0])

    assert made("local=02.06.2025 21:00")[0] == "02.06.2025 21:00"
    assert made("local=2025-06-02 21:00")[0] == "02.06.2025 21:00"
    assert made("local=2025-06-02T19:00:00Z")[0] == "02.06.2025 21:00"
    finsim.sample(body, rows=3, given="cents=40000", output=tmp_path / "c.csv", progress=False)
    assert pd.read_csv(tmp_path / "c.csv")["cents"].tolist() == [40_000] * 3
    assert made("when=1700500000500")[1] == 1_700_500_000_500
    for late in ("30.03.2025 02:30", "2025-03-30T02:30"):
        with pytest.raises(StudyError, match="left out in Europe/Berlin"):
            made(f"local={late}")


def test_columns_of_a_file_are_read_by_name_in_any_order(tmp_path: Path) -> None:
    """A schema of all columns in another order than the file's."""
    table = pa.table({"a": [1, 2, 3], "b": [10, 20, 30], "c": ["x", "y", "z"]})
    pq.write_table(table, tmp_path / "t.parquet")
    schema = "finsim: schema/1\ncolumns:\n  c: {type: cat}\n  b: {type: int}\n  a: {type: int}\n"
    (tmp_path / "s.yaml").write_text(schema)
    finsim.fit(
        tmp_path / "t.parquet", "resample_rows", schema=tmp_path / "s.yaml", kind="table", progress=False
    ).save(tmp_path / "m")
    finsim.sample(tmp_path / "m", rows=9, output=tmp_path / "o.parquet", progress=False)
    made = pq.read_table(tmp_path / "o.parquet").to_pandas()
    assert (made["b"] == 10 * made["a"]).all()


@pytest.mark.parametrize("unit", ["minor", "stored_minor"])
def test_stored_cents_come_out_as_cents(unit: str, tmp_path: Path) -> None:
    real = pa.table({"n": range(120), "cents": pa.array([7 * n**2 % 991 + 50 for n in range(120)])})
    pq.write_table(real, tmp_path / "mine.parquet")
    columns = f"  n: {{type: int}}\n  cents: {{type: money, ccy: EUR, unit: {unit}}}\n"
    (tmp_path / "s.yaml").write_text(f"finsim: schema/1\nkind: table\ncolumns:\n{columns}")
    model = finsim.fit(
        tmp_path / "mine.parquet", "resample_rows", schema=tmp_path / "s.yaml", kind="table", progress=False
    )
    finsim.sample(model, rows=40, output=tmp_path / "new.parquet", progress=False)
    made = pq.read_table(tmp_path / "new.parquet")["cents"]
    assert made.type == pa.int64()
    assert set(made.to_pylist()) <= set(real["cents"].to_pylist())
