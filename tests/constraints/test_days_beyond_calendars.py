"""Days that no calendar holds and moments beyond nanoseconds are refused with their row, in every tier."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import finsim
from finsim.cli.main import main
from finsim.constraints.language.types import DATE, shown
from finsim.errors import DataError

PACK = """
finsim-rules: 1
pack: {id: t, version: "1"}
table: t
columns:
  d: {type: date, null: true}
  at: {type: ts, null: true}
rules:
  - {id: late, check: "d < d'2020-01-01'"}
  - {id: early, check: "at < d'2020-01-01'"}
"""
GOOD_DAY, GOOD_TIME = (
    pa.array([None, 20_000, 1, 2], pa.date32()),
    pa.array([None, 1, 2, 3], pa.timestamp("ns")),
)
FAR_DAYS = [2**31 - 1, -(2**31), 2_932_897, -719_163]
FAR_TIMES = [
    pa.array([0, 0, 2**62, 0], pa.timestamp("us")),
    pa.array([0, 0, -(2**62), 0], pa.timestamp("us", "UTC")),
    pa.array([0, 0, 2**40, 0], pa.timestamp("s")),
    pa.array([0, 0, 2**31 - 1, 0], pa.date32()),
]


@pytest.mark.parametrize("tier", ["interpreter", "compiled"])
@pytest.mark.parametrize("day", FAR_DAYS)
def test_a_day_outside_the_years_of_calendars_is_refused(day, tier):
    days = pa.array([None, 0, day, 1], pa.date32())
    with pytest.raises(DataError, match=r"row 2: column 'd'"):
        finsim.check(pa.table({"d": days, "at": GOOD_TIME}), finsim.RuleSet.parse(PACK), tier=tier)


@pytest.mark.parametrize("tier", ["interpreter", "compiled"])
@pytest.mark.parametrize("times", FAR_TIMES, ids=lambda array: str(array.type))
def test_a_moment_beyond_nanoseconds_is_refused(times, tier):
    with pytest.raises(DataError, match=r"row 2: column 'at'"):
        finsim.check(pa.table({"d": GOOD_DAY, "at": times}), finsim.RuleSet.parse(PACK), tier=tier)


@pytest.mark.parametrize("day", [2_932_896, -719_162])
def test_the_first_and_the_last_day_are_read(day):
    days = pa.array([None, 0, day, 1], pa.date32())
    found = finsim.check(pa.table({"d": days, "at": GOOD_TIME}), finsim.RuleSet.parse(PACK))
    assert found.counts()["late"] == (day > 0)


def test_days_that_rules_work_out_are_shown_whatever_their_year():
    assert [shown(DATE, day) for day in (0, 2**31 - 1, -719_163)] == [
        "1970-01-01",
        "5881580-07-11",
        "0000-12-31",
    ]


def test_the_command_names_the_row(tmp_path, capsys):
    pq.write_table(pa.table({"d": pa.array([0, 2**31 - 1], pa.date32())}), tmp_path / "t.parquet")
    rules = tmp_path / "rules.yaml"
    rules.write_text(
        PACK.replace("  at: {type: ts, null: true}\n", "").replace(
            "  - {id: early, check: \"at < d'2020-01-01'\"}\n", ""
        )
    )
    with pytest.raises(SystemExit) as end:
        main(["check", str(tmp_path / "t.parquet"), "--rules", str(rules)])
    assert end.value.code == 2
    assert "row 1: column 'd'" in capsys.readouterr().err
