"""``today``: the current date in UTC or the one that is given, on record either way."""

import json
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from finsim.cli.main import main
from finsim.constraints.checking.check import check, check_batches
from finsim.constraints.explaining.explain import explain
from finsim.constraints.packs.ruleset import RuleSet
from finsim.errors import RuleError

PACK = """
finsim-rules: 1
pack: {id: days, version: "1"}
table: t
columns: {d: {type: date}, ts: {type: ts}}
rules:
  - {id: past, check: d <= today, why: "{today} is the last day"}
  - {id: recent, check: "days(d, today) <= 30"}
  - {id: begun, check: ts < today}
"""
PLAIN = PACK.replace("today", "d'2026-01-31'")
TABLE = pa.table(
    {
        "d": pa.array(["2026-01-31", "2026-02-01", "2025-12-31"]).cast(pa.date32()),
        "ts": pa.array([0, 1_769_817_600, 1_769_817_599], pa.timestamp("s", "UTC")),
    }
)
COUNTS = {"t.complete": 0, "past": 1, "recent": 1, "begun": 1}


@pytest.mark.parametrize("given", ["2026-01-31", "d'2026-01-31'", date(2026, 1, 31)])
@pytest.mark.parametrize("tier", ["interpreter", "compiled"])
def test_a_given_day_is_used_and_on_record(given, tier):
    report = check(TABLE, RuleSet.parse(PACK), {"today": given}, tier=tier)
    assert report.counts() == COUNTS == check(TABLE, RuleSet.parse(PLAIN)).counts()
    assert report.to_dict()["today"] == {"value": "2026-01-31", "given": True}
    assert "today is 2026-01-31 (given)" in report.to_text()
    assert report["past"].why == "2026-01-31 is the last day"
    assert report["past"].first[0].text == "2026-02-01 <= 2026-01-31"


def test_without_one_it_is_the_current_date_in_utc():
    before = datetime.now(UTC).date()
    report = check_batches(TABLE.to_batches(max_chunksize=2), RuleSet.parse(PACK))
    assert report.today is not None
    assert before <= report.today.day <= datetime.now(UTC).date()
    assert report.to_dict()["today"] == {"value": report.today.day.isoformat(), "given": False}
    assert "(the current date in UTC)" in report.to_text()


def test_packs_that_do_not_read_it_do_not_speak_of_it_unless_it_is_given():
    assert "today" not in check(TABLE, RuleSet.parse(PLAIN)).to_dict()
    assert check(TABLE, RuleSet.parse(PLAIN), {"today": "2026-01-31"}).to_dict()["today"]["given"]


@pytest.mark.parametrize("wrong", ["2026-02-30", "tomorrow", "31.01.2026", "5", 20260131, "'2026-01-31'"])
def test_what_is_no_date_is_refused(wrong):
    with pytest.raises(RuleError, match="today=2026-01-31"):
        check(TABLE, RuleSet.parse(PACK), {"today": wrong})


def test_a_column_a_parameter_or_a_let_of_the_name_goes_first():
    own = PACK.replace("columns: {", "columns: {today: {type: date}, ")
    table = TABLE.append_column("today", TABLE["d"])
    assert check(table, RuleSet.parse(own)).today is None
    param = PACK.replace("\nrules:", "\nparams: {today: \"d'2026-01-31'\"}\nrules:")
    report = check(TABLE, RuleSet.parse(param))
    assert report.today is None
    assert report.counts() == COUNTS
    changed = check(TABLE, RuleSet.parse(param), {"today": "2020-01-01"})
    assert changed.overrides == {"today": ("d'2026-01-31'", "2020-01-01")}
    assert changed.today is None
    let = PACK.replace("\nrules:", "\nlet: {today: d}\nrules:")
    assert check(TABLE, RuleSet.parse(let)).today is None


def test_explain_and_the_command_line(tmp_path, capsys):
    told = explain(TABLE, RuleSet.parse(PACK), 1, {"today": "2026-01-31"})
    assert [breach.id for breach in told.breaches] == ["past", "begun"]
    (tmp_path / "t.csv").write_text("d,ts\n2026-02-01,2026-02-01T00:00:00Z\n")
    (tmp_path / "r.yaml").write_text(PACK)
    with pytest.raises(SystemExit) as stop:
        main(["check", str(tmp_path / "t.csv"), "--rules", str(tmp_path / "r.yaml"), "--json",
              "--set", "today=2026-01-31"])  # fmt: skip
    assert stop.value.code == 1
    assert json.loads(capsys.readouterr().out)["result"]["today"] == {"value": "2026-01-31", "given": True}
