"""Text of a sampled file is in the form of the training data: dialect, dates, words, decimals."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import finsim
from finsim.engine.learned.text_form import text_form_of
from finsim.tables import Dialect, Field, open_table
from finsim.tables.cells.zones import instants

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


def test_habits_keep_the_clock_of_the_zone_and_come_out_on_it(tmp_path: Path) -> None:
    """A batch at three in the night stays there in summer and winter; stored times are instants."""
    data, schema = tmp_path / "mine.csv", tmp_path / "mine.schema.yaml"
    day = pd.date_range("2025-01-06", periods=300, freq="D")
    time = day.strftime("%d.%m.%Y 03:00")
    pd.DataFrame({"who": [f"K{k % 20}" for k in range(300)], "amount": 5.0, "day": time, "word": "a"}).to_csv(
        data, index=False
    )
    text = SCHEMA.format(kind="payments", who="from_account", type="ts", format="%d.%m.%Y %H:%M", role="date")
    schema.write_text(text.replace("role: date", "role: date, zone: Europe/Berlin"))
    body = finsim.fit(data, "habits", schema=schema, kind="events", progress=False)
    body.save(tmp_path / "body")
    finsim.sample(tmp_path / "body", entities=40, output=tmp_path / "new.csv", progress=False)
    finsim.sample(tmp_path / "body", entities=40, output=tmp_path / "new.parquet", progress=False)
    cells = pd.read_csv(tmp_path / "new.csv", dtype=str)["day"]
    assert len(cells) > 100
    assert cells.str.endswith(" 03:00").all()
    stored = pq.read_table(tmp_path / "new.parquet")["day"].to_pandas()
    assert set(stored.dt.hour) == {1, 2}  # summer and winter
    assert stored.dt.tz_convert("Europe/Berlin").dt.strftime("%d.%m.%Y %H:%M").tolist() == cells.tolist()
    assert finsim.plan(tmp_path / "new.csv", schema=schema).to_dict()["ok"]


def test_times_in_an_hour_that_is_left_out_come_out_after_it() -> None:
    """Summer time begins at two; at three in autumn the clock goes back, and the first hour is meant."""
    local = pa.array(pd.to_datetime(["2025-03-30 02:30", "2025-10-26 02:30", "2039-03-27 02:30"]))
    found = instants(local.cast(pa.timestamp("us")), "Europe/Berlin").to_pandas()
    assert found.dt.strftime("%m-%d %H:%M").tolist()[:2] == ["03-30 01:00", "10-26 00:30"]
    assert found[2].hour in (0, 1)


def test_the_first_of_several_formats_is_written_and_of_dates_alone() -> None:
    fields = {
        "a": Field("date", format="%d.%m.%Y | %Y%m%d", source="A"),
        "b": Field("date"),
        "c": Field("cat"),
    }
    table = pa.table({name: ["x"] for name in "Abc"})
    assert text_form_of(open_table(table, fields), fields).formats == {"A": "%d.%m.%Y"}
    dated = open_table(table, fields, Dialect(dates="%Y/%m/%d"))
    assert text_form_of(dated, fields).formats == {"A": "%d.%m.%Y", "b": "%Y/%m/%d"}


GERMAN = """finsim: schema/1
kind: payments
read: {sep: ";", decimal: ",", thousands: ".", encoding: cp1252, dates: "%d.%m.%Y %H:%M", skip_rows: 1}
columns:
  who: {from: Händler, type: id, role: from_account}
  ts: {type: ts, zone: Europe/Berlin, role: date}
  amount: {type: money, ccy: EUR, role: amount}
  share: {type: float}
  flag: {type: bool}
  word: {type: cat}
"""


def test_text_comes_out_in_the_form_of_the_input(tmp_path: Path) -> None:
    data, schema, out = tmp_path / "mine.csv", tmp_path / "mine.schema.yaml", tmp_path / "new.csv"
    rows = (
        f'K{k % 12:03d};{1 + k % 28:02d}.07.2025 00:30;{k},50;{k % 9},{k % 10}0;{k % 2};"a;{k % 3}ß"'
        for k in range(120)
    )
    head = "Export vom 1. Juli\nHändler;ts;amount;share;flag;word\n"
    data.write_bytes((head + "\n".join(rows) + "\n").encode("cp1252"))
    schema.write_text(GERMAN, encoding="utf-8")
    body = finsim.fit(data, "resample", schema=schema, kind="events", progress=False)
    body.save(tmp_path / "body")
    finsim.sample(tmp_path / "body", entities=9, output=out, progress=False)
    seen = finsim.plan(out, schema=schema)
    assert seen.ok
    lines = out.read_bytes().decode("cp1252").split("\n")
    assert lines[:2] == ["Export vom 1. Juli", "Händler;ts;amount;share;flag;word"]
    form = r'K\d{3};\d\d\.07\.2025 00:30;\d+,50;\d,\d0;[01];"a;\dß"'
    assert all(re.fullmatch(form, line) for line in lines[2:-1])
    new = set(pd.read_csv(out, sep=";", encoding="cp1252", skiprows=1, dtype=str)["amount"])
    assert new <= {f"{k},50" for k in range(120)}


def test_a_private_model_keeps_what_is_declared_and_nothing_that_cells_told(tmp_path: Path) -> None:
    fields = {"a": Field("float"), "b": Field("bool"), "c": Field("date", format="%d.%m.%Y")}
    file = tmp_path / "t.csv"
    file.write_text("a;b;c\n1,50;1;01.02.2025\n2,50;0;03.02.2025\n")
    form = text_form_of(open_table(file, fields, Dialect(sep=";", decimal=",")), fields)
    assert (form.decimals, form.words) == ({"a": 2}, {"b": ("1", "0")})
    told = form.declared()
    assert (told.decimals, told.words, told.formats) == ({}, {}, {"c": "%d.%m.%Y"})


def test_decimals_are_kept_where_all_cells_have_as_many(tmp_path: Path) -> None:
    fields = {name: Field("float") for name in "abc"}
    file = tmp_path / "t.csv"
    file.write_text("a,b,c\n1.50,1.5,1e2\n12.00,1.25,2.5\n,2,3.5\n")
    assert text_form_of(open_table(file, fields), fields).decimals == {"a": 2}
