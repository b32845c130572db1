"""Days as sheets count them, times with decimals since 1970, the minus of ledgers: read and repaired."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from finsim.cli.main import main
from finsim.errors import DataError
from finsim.tables import Dialect, Field
from finsim.tables.cells.declared_cells import typed

NOON = dt.datetime(2025, 1, 1, 12, tzinfo=dt.UTC)
PLAIN = Dialect()
COMMA = Dialect(decimal=",", thousands=".")


def read(cells: pa.Array | list[str | None], field: Field, dialect: Dialect = PLAIN) -> list[object]:
    column = pa.chunked_array([pa.array(cells)])
    return typed(column, field, dialect, place="t", header="c").to_pylist()


def test_days_of_a_sheet_are_those_that_python_counts():
    rng = np.random.default_rng(1)
    serials = rng.integers(61, 2_958_466, 2000)
    wanted = [dt.date(1899, 12, 30) + dt.timedelta(days=int(one)) for one in serials]
    field = Field("date", unit="excel_days")
    assert read([str(one) for one in serials], field) == wanted
    assert read(pa.array(serials), field) == wanted
    assert read(pa.array(serials.astype(float)), field) == wanted


@pytest.mark.parametrize("zone", ["", "Europe/Berlin", "Asia/Tokyo"])
def test_times_of_a_sheet_are_local_to_the_millisecond(zone: str):
    field = Field("ts", unit="excel_days", zone=zone)
    rng = np.random.default_rng(2)
    clocks = [int(one) for one in rng.integers(0, 86_400_000, 300)]
    cells = [f"{45_658 + clock / 86_400_000:.10f}".replace(".", ",") for clock in clocks]
    found = read(cells, field, COMMA)
    place = ZoneInfo(zone) if zone else dt.UTC
    start = dt.datetime(2025, 1, 1)
    wanted = [(start + dt.timedelta(milliseconds=clock)).replace(tzinfo=place) for clock in clocks]
    assert [one.to_pydatetime() if hasattr(one, "to_pydatetime") else one for one in found] == wanted


@pytest.mark.parametrize("cell", ["60", "0", "-3", "2958466", "31.12.2024", "x", "1e9", "nan"])
def test_what_no_sheet_counts_is_refused(cell: str):
    for kind in ("date", "ts"):
        with pytest.raises(DataError, match="day numbers of a sheet"):
            read([cell], Field(kind, unit="excel_days"))


def test_times_since_1970_have_decimals_down_to_the_nanosecond():
    second = int(NOON.timestamp())
    for unit, places in (("s", 9), ("ms", 6), ("us", 3)):
        whole = second * 10 ** (9 - places)
        nanos = 10**places // 4
        cell = f"{Decimal(whole) + Decimal(nanos).scaleb(-places)}"
        stored = pa.chunked_array([pa.array([cell, None, str(whole)])])
        got = typed(stored, Field("ts", unit=unit), Dialect(), place="t", header="c").cast(pa.int64())
        assert got.to_pylist() == [second * 10**9 + nanos, None, second * 10**9]
        with pytest.raises(DataError, match="since 1970"):
            read([f"{whole}.{'1' * (places + 1)}"], Field("ts", unit=unit))
    floats = pa.array([second + 0.25, None, float(second)])
    assert read(floats, Field("ts", unit="s"))[0] == NOON + dt.timedelta(seconds=0.25)
    assert read(["1,5"], Field("dur", unit="s"), COMMA) == [dt.timedelta(seconds=1.5)]


def test_the_minus_of_ledgers_means_what_it_says_and_only_in_money():
    money = Field("money", ccy="EUR")
    cells = ["1.250,00-", "(80,50)", "( 7 )", "12 -", "-3,10", "4,00", None]
    wanted = ["-1250.00", "-80.50", "-7.00", "-12.00", "-3.10", "4.00"]
    assert read(cells, money, COMMA) == [*map(Decimal, wanted), None]
    for cell in ("(-5)", "(5-)", "-5-", "((5))", "(5", "5)", "-", "()", "5--"):
        with pytest.raises(DataError, match="amounts"):
            read([cell], money, COMMA)
    for kind in ("int", "float", "ratio"):  # 65- may be an age, (0.05) a standard error
        for cell in ("65-", "(5)"):
            with pytest.raises(DataError):
                read([cell], Field(kind))


def test_thousands_may_stand_as_in_india_with_commas_alone():
    commas = Dialect(thousands=",")
    got = read(["12,34,567.50", "-1,23,456", "1,234", "99"], Field("money", ccy="INR"), commas)
    assert got == [Decimal(one) for one in ("1234567.50", "-123456.00", "1234.00", "99.00")]
    for cell, dialect in (("123,45,678", commas), ("1,23,45", commas), ("12.34.567", COMMA)):
        with pytest.raises(DataError):
            read([cell], Field("money", ccy="INR"), dialect)


TABLE = (
    "Datum;Zeit;ts;Betrag\n"
    "45658;45658,5;1735689600,25;1.250,00-\n45659;45659,25;1735689700,5;(5,00)\n45660;45660;1735689800;7,00\n"
)
RULES = """
finsim-rules: 1
pack: {id: p, version: "1"}
table: t
columns:
  Datum: {type: date}
  Zeit: {type: ts}
  ts: {type: ts}
  Betrag: {type: money, ccy: EUR}
rules:
  - {id: later, check: "Datum >= d'2025-01-02'", repair: {do: set, expr: "Datum := d'2025-01-02'"}}
  - {id: noon, check: "hour(Zeit) >= 6", repair: {do: set, expr: "Zeit := Zeit + 18h"}}
  - {id: past, check: "ts >= d'2025-01-01' + 1min", repair: {do: set, expr: "ts := ts + 60s"}}
  - {id: least, check: "Betrag >= -10 EUR", repair: {do: clip, on: Betrag}}
"""


def test_a_proposal_finds_them_and_a_repair_writes_them_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text(TABLE)
    Path("r.yaml").write_text(RULES)

    def finsim(line: str) -> int:
        with pytest.raises(SystemExit) as ended:
            main(line.split())
        return int(str(ended.value.code or 0))

    assert finsim("new schema t.csv -o s.yaml") == 0
    said = capsys.readouterr().out
    assert "(45658 is 2025-01-01): unit: excel_days?" in said
    text = Path("s.yaml").read_text()
    assert "Zeit: {type: ts, unit: excel_days" in text
    assert "ts: {type: ts, unit: s" in text
    Path("s.yaml").write_text(text.replace("XXX", "EUR"))
    assert finsim("check t.csv --rules r.yaml --schema s.yaml --repair -o o.csv") == 0
    assert Path("o.csv").read_text() == (
        "Datum;Zeit;ts;Betrag\n"
        "45659;45658,5;1735689660,25;10,00-\n45659;45659,25;1735689700,5;(5,00)\n45660;45660,75;1735689800;7,00\n"
    )
    # The same values as numbers in Parquet, which stay numbers.
    pq.write_table(
        pa.table({
            "Datum": [45658, 45659], "Zeit": [45658.5, 45660.0], "ts": [1735689600.25, 1735689700.5],
            "Betrag": [-1250.0, 7.0],
        }),
        "t.parquet",
    )  # fmt: skip
    assert finsim("check t.parquet --rules r.yaml --schema s.yaml --repair -o o.parquet") == 0
    assert pq.read_table("o.parquet").to_pydict() == {
        "Datum": [45659, 45659], "Zeit": [45658.5, 45660.75], "ts": [1735689660.25, 1735689700.5],
        "Betrag": [-10.0, 7.0],
    }  # fmt: skip
