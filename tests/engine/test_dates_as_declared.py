"""Dates of a sampled file: in text as the schema of the training data declares, elsewhere dates."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import finsim
from finsim.engine.learned.text_dates import formats_of
from finsim.tables import Field

SCHEMA = """finsim: schema/1
kind: {kind}
columns:
  who: {{type: id, role: {who}}}
  amount: {{type: float, role: amount}}
  day: {{type: {type}, format: "{format}", role: {role}}}
  word: {{type: cat}}
"""


def _files(folder: Path, text: str, kind: str, moment: str) -> tuple[Path, Path]:
    days = pd.Timestamp("2020-01-05") + pd.to_timedelta([37 * k % 700 for k in range(120)], unit="D")
    if moment == "ts":
        days += pd.to_timedelta([3_700 * k % 86_000 for k in range(120)], unit="s")
    data, schema = folder / "mine.csv", folder / "mine.schema.yaml"
    made = {"who": [f"L{k if kind == 'loans' else k % 12}" for k in range(120)],
            "amount": [100.5 + k for k in range(120)], "day": days.strftime(text),
            "word": ["abc"[k % 3] for k in range(120)]}  # fmt: skip
    pd.DataFrame(made).to_csv(data, index=False)
    who, role = ("id", "opened") if kind == "loans" else ("from_account", "date")
    schema.write_text(SCHEMA.format(kind=kind, who=who, type=moment, format=text, role=role))
    return data, schema


@pytest.mark.parametrize("text", ["%m/%d/%Y", "%d.%m.%y", "%Y%m%d", "%d-%b-%Y"])
def test_the_schema_of_a_tape_reads_what_is_sampled_from_it(text: str, tmp_path: Path) -> None:
    data, schema = _files(tmp_path, text, "loans", "date")
    body = finsim.fit(data, "resample_rows", schema=schema, kind="table", progress=False)
    body.save(tmp_path / "body")
    sizes = {"csv": body, "csv.gz": tmp_path / "body", "parquet": body}
    known = set(pd.read_csv(data, dtype=str)["day"])
    for ending, model in sizes.items():
        file = tmp_path / f"new.{ending}"
        finsim.sample(model, rows=40, output=file, progress=False)
        seen = finsim.plan(file, schema=schema).to_dict()
        assert (seen["ok"], seen["rows"], seen["refused"]) == (True, 40, []), ending
        if ending != "parquet":
            assert set(pd.read_csv(file, dtype=str)["day"]) <= known
    assert pa.types.is_temporal(pq.read_schema(tmp_path / "new.parquet").field("day").type)


def test_times_of_a_ledger_are_written_as_they_were_read(tmp_path: Path) -> None:
    data, schema = _files(tmp_path, "%d.%m.%Y %H:%M:%S", "payments", "ts")
    body = finsim.fit(data, "resample", schema=schema, kind="events", progress=False)
    finsim.sample(body, entities=5, output=tmp_path / "new.csv", progress=False)
    cells = pd.read_csv(tmp_path / "new.csv", dtype=str)["day"]
    assert cells.str.fullmatch(r"\d\d\.\d\d\.\d{4} \d\d:\d\d:\d\d").all()


def test_the_first_of_several_formats_is_written_and_of_dates_alone() -> None:
    fields = {
        "a": Field("date", format="%d.%m.%Y | %Y%m%d"),
        "b": Field("date"),
        "c": Field("ts", format="%H"),
    }
    target = pa.schema([("A", pa.date32()), ("B", pa.date32()), ("C", pa.string())])
    assert formats_of(fields, ("a", "b", "c"), target) == {"A": "%d.%m.%Y"}
