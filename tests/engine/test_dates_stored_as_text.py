"""Dates that a Parquet file stores as text come out of a model as that text, in every form of file."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import finsim


@pytest.mark.parametrize("form", ["%b-%Y", "%d.%m.%Y", "%Y-%m-%d"])
def test_text_stays_text(tmp_path, form: str) -> None:
    rng = np.random.default_rng(1)
    days = pd.Series(pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 900, 300), "D"))
    table = pd.DataFrame({
        "opened": days.dt.strftime(form), "grade": rng.choice(list("ABC"), 300),
        "amount": np.round(rng.lognormal(9.0, 0.4, 300), 2),
    })  # fmt: skip
    table.to_parquet(tmp_path / "in.parquet", index=False)
    finsim.fit(tmp_path / "in.parquet", generator="copula", kind="table", seed=1, output=tmp_path / "m",
               progress=False)  # fmt: skip
    finsim.sample(tmp_path / "m", rows=200, seed=1, output=tmp_path / "out.parquet", progress=False)
    made = pq.read_table(tmp_path / "out.parquet")
    assert pa.types.is_string(made.schema.field("opened").type)
    found = made["opened"].to_pandas()
    assert (pd.to_datetime(found, format=form).dt.strftime(form) == found).all()
    assert finsim.sample(tmp_path / "m", rows=200, seed=1, progress=False).to_pandas()["opened"].notna().all()
