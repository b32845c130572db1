"""A dialect that no table can be in is refused; what a calendar lacks is shown; roles of a loan tape."""

import datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import finsim
from finsim.cli.main import main
from finsim.constraints.packs.ruleset import RuleSet
from finsim.errors import DataError, RuleError, StudyError
from finsim.tables import Dialect, Field, Schema, load_schema, open_table, preview, propose


@pytest.mark.parametrize("name", ["base64", "rot13", "idna", "punycode", "hex", "no-such"])
def test_encodings_that_are_none_of_text_are_refused(name):
    with pytest.raises(StudyError, match="encoding"):
        Dialect.parse(f"encoding={name}")


@pytest.mark.parametrize("name", ["Mars/Phobos", "../UTC", "/etc/localtime", "Europe", "a\0b"])
def test_zones_that_are_none_are_refused(name):
    with pytest.raises(StudyError, match="no IANA time zone"):
        Dialect.parse(f"zone={name}")
    assert Dialect.parse("zone=Europe/Berlin").zone == "Europe/Berlin"


@pytest.mark.parametrize("form", ["%Q", "%d.%m", "%Y%Y"])
def test_dates_that_cannot_be_read_are_refused(form, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("d\n1.2.2024\n")
    with pytest.raises(StudyError, match="dates"):
        open_table(path, {"d": Field("date")}, Dialect.parse(f"dates={form}"))


def test_days_beyond_the_calendar_are_refused_and_shown(tmp_path):
    path = tmp_path / "far.parquet"
    pq.write_table(pa.table({"d": pa.array([0, 2_000_000_000], pa.int32()).cast(pa.date32())}), path)
    seen = preview(path, Schema({"d": Field("date")}))
    assert seen.columns["d"].refused == 1
    assert str(datetime.date(1970, 1, 1)) in str(seen.columns["d"].first)


def test_a_loan_tape_has_a_number_and_a_first_day(tmp_path):
    path = tmp_path / "tape.csv"
    rows = [f"K-{k:03d};{1000 + k},50;36;{k % 28 + 1:02d}.03.2024;2400,00" for k in range(80)]
    path.write_text("Préstamo;Importe;Plazo;Alta;Ingresos\n" + "\n".join(rows) + "\n")
    found = propose(path)
    assert found.kind == "loans"
    roles = {field.source or name: field.role for name, field in found.fields.items()}
    assert (roles["Préstamo"], roles["Alta"], roles["Ingresos"]) == ("id", "opened", "income")
    assert any("per: year" in doubt for doubt in found.doubts)


def test_a_header_without_end_gets_a_short_name(tmp_path):
    path, schema = tmp_path / "t.csv", tmp_path / "s.yaml"
    path.write_text(f"{'x' * 5_000},b\n1,2\n3,4\n")
    schema.write_text(propose(path).to_yaml())
    assert preview(path, load_schema(schema)).columns.keys() == {"x" * 64, "b"}


def test_lists_are_not_written_into_a_text_table(tmp_path):
    rules = RuleSet.parse(
        'finsim-rules: 1\npack: {id: p, version: "1"}\ntable: t\ncolumns: {x: {type: float}}\n'
        "rules: [{id: r, check: x <= 1, repair: {do: clip, on: x}}]\n"
    )
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"x": [1.0, 2.0], "more": [[1], [2]]}), path)
    (tmp_path / "r.yaml").write_text(rules.text)
    with pytest.raises(SystemExit) as stop:
        main(
            [
                "check",
                str(path),
                "--rules",
                str(tmp_path / "r.yaml"),
                "--repair",
                "-o",
                str(tmp_path / "o.csv"),
            ]
        )
    assert stop.value.code == 2
    assert not (tmp_path / "o.csv").exists()


@pytest.mark.parametrize("key", ["values: [a, b]", "per: year", "colour: red"])
def test_a_key_that_a_schema_does_not_read_is_refused(tmp_path, key):
    path = tmp_path / "s.yaml"
    path.write_text(f"finsim: schema/1\ncolumns:\n  x: {{type: cat, {key}}}\n")
    with pytest.raises(DataError, match=key.split(":")[0]):
        load_schema(path)


@pytest.mark.parametrize("key", ["role: amount", "as: difference"])
def test_a_key_that_a_pack_does_not_read_is_refused(key):
    head = 'finsim-rules: 1\npack: {id: p, version: "1"}\ntable: t\n'
    text = f"{head}columns: {{x: {{type: float, {key}}}}}\nrules: []\n"
    with pytest.raises(RuleError, match=key.split(":")[0]):
        RuleSet.parse(text)


@pytest.mark.parametrize(
    ("declared", "cell", "expected", "remedy"),
    [
        ("{type: date, unit: days}", "2024-01-05", "whole numbers of days since", "remove `unit: days`"),
        ("{type: ts, unit: ms}", "2024-01-05", "numbers of milliseconds since", "remove `unit: ms`"),
        ('{type: date, format: "%d.%m.%Y"}', "2024-01-05", "dates written %d.%m.%Y", "correct the cell"),
        ('{type: date, format: "%d.%m.%Y"}', "05/01/2024", "dates written %d.%m.%Y", "%d.%m.%Y | %d/%m/%Y"),
        ("{type: ts, zone: Europe/Warsaw}", "2025-03-30T02:13:50", "times (ts)", "clocks go forward"),
        ("{type: date}", "05/01/2024", "dates (date)", "--csv dates=%d/%m/%Y"),
    ],
)  # fmt: skip
def test_a_time_that_does_not_fit_is_told_against_what_was_declared(
    declared, cell, expected, remedy, tmp_path
):
    table, rules = tmp_path / "t.csv", tmp_path / "r.yaml"
    table.write_text(f"day\n{cell}\n")
    rules.write_text(
        "finsim-rules: 1\npack: {id: own, version: 1.0.0, title: Own}\n"
        f'columns: {{day: {declared}}}\nrules: [{{id: there, check: "day = day"}}]\n'
    )
    with pytest.raises(DataError) as refused:
        finsim.check(table, rules)
    (problem,) = refused.value.problems
    assert expected in str(problem)
    assert remedy in problem.remedy


@pytest.mark.parametrize("said", ["sep=comma,decimal=.", "sep=comma,decimal=.,thousands=none"])
def test_a_decimal_point_on_the_command_line_stands_above_declared_thousands(said, tmp_path):
    table, schema = tmp_path / "t.csv", tmp_path / "s.yaml"
    table.write_text("a,b\n1.25,x\n1250.5,y\n")
    schema.write_text(
        'finsim: schema/1\nread: {sep: ";", decimal: ",", thousands: "."}\n'
        "columns: {a: {type: float}, b: {type: cat}}\n"
    )
    seen = finsim.plan(table, schema=schema, csv=said)
    assert seen.ok
    assert seen.columns["a"].high == 1250.5
    schema.write_text("finsim: schema/1\nread: {sep: comma, thousands: none}\ncolumns: {a: {type: float}}\n")
    assert finsim.plan(table, schema=schema).columns["a"].high == 1250.5
