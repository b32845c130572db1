"""A sample writes durations and times with offsets in the form of its input."""

import re

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import finsim as fs


def schema_file(tmp_path, span="{type: dur, unit: s}"):
    path = tmp_path / "s.yaml"
    path.write_text(
        f"finsim: schema/1\nkind: table\ncolumns:\n  n: {span}\n  when: {{type: ts}}\n  k: {{type: cat}}\n"
    )
    return path


def rows():
    rng = np.random.default_rng(3)
    moments = pd.Timestamp("2024-01-05 11:32:37") + pd.to_timedelta(rng.integers(0, 10**6, 60), unit="s")
    return pd.DataFrame(
        {
            "n": rng.integers(0, 4000, 60),
            "when": [f"{one.isoformat()}+02:00" for one in moments],
            "k": rng.choice(["a", "b"], 60),
        }
    )


@pytest.mark.parametrize("written", ["seconds", "clock"])
def test_text_comes_out_as_it_went_in(tmp_path, written):
    frame = rows()
    if written == "clock":
        frame["n"] = [f"{one // 3600}:{one // 60 % 60:02d}:{one % 60:02d}" for one in frame["n"]]
    frame.to_csv(tmp_path / "t.csv", index=False)
    model = fs.fit(tmp_path / "t.csv", schema=schema_file(tmp_path), generator="bayes", kind="table")
    fs.sample(model, rows=30, output=tmp_path / "o.csv")
    found = pd.read_csv(tmp_path / "o.csv", dtype=str)
    form = r"\d+" if written == "seconds" else r"\d:[0-5]\d:[0-5]\d"
    assert all(re.fullmatch(form, one) for one in found["n"])
    assert all(re.fullmatch(r"2024-01-\d\dT\d\d:\d\d:\d\dZ", one) for one in found["when"])
    low, high = pd.to_datetime(frame["when"], utc=True).agg(["min", "max"])
    assert pd.to_datetime(found["when"]).between(low, high).all()  # the instants are those of the offsets


@pytest.mark.parametrize("kind", ["int32", "float64"])
def test_stored_numbers_come_out_as_numbers_of_their_unit(tmp_path, kind):
    frame = rows().assign(n=lambda table: table["n"].astype(kind))
    frame.to_parquet(tmp_path / "t.parquet", index=False)
    model = fs.fit(tmp_path / "t.parquet", schema=schema_file(tmp_path), generator="bayes", kind="table")
    fs.sample(model, rows=30, output=tmp_path / "o.parquet")
    found = pq.read_table(tmp_path / "o.parquet")["n"]
    assert str(found.type) == {"int32": "int32", "float64": "double"}[kind]
    assert min(found.to_pylist()) >= 0
    assert 100 < max(found.to_pylist()) < 4000


@pytest.mark.parametrize(("mark", "shown"), [("", 0), ("Z", 0), ("+02:00", 2)])
def test_times_on_a_declared_clock_come_out_as_the_same_moments(tmp_path, mark, shown):
    frame = rows().assign(when=lambda table: table["when"].str.replace("+02:00", mark))
    frame.to_csv(tmp_path / "t.csv", index=False)
    schema = schema_file(tmp_path)
    schema.write_text(schema.read_text().replace("type: ts", "type: ts, zone: Asia/Tokyo"))
    model = fs.fit(tmp_path / "t.csv", schema=schema, generator="bayes", kind="table")
    fs.sample(model, rows=200, output=tmp_path / "o.csv")
    found = pd.read_csv(tmp_path / "o.csv", dtype=str)["when"]
    assert found.str.endswith("Z").all() == bool(mark)
    was, now = (pd.to_datetime(one.str[:19]) for one in (frame["when"], found))
    assert now.min() >= was.min() - pd.Timedelta(hours=shown + 1)
    assert now.max() <= was.max() - pd.Timedelta(hours=shown - 1)
    assert now.max() - now.min() > pd.Timedelta(days=9)
