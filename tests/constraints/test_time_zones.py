"""Time zones: offsets against ``zoneinfo`` value by value, local days in rules, errors that help."""

import numpy as np
import pyarrow as pa
import pytest
from naive.text_rules import Civil, Nanos
from naive.tiers import both
from naive.time_zones import first_instant, local_time

from finsim.constraints.checking.check import check, check_batches
from finsim.constraints.language.binding import Binder, Scope
from finsim.constraints.language.grammar import parse
from finsim.constraints.language.node_builder import Builder
from finsim.constraints.language.time_zones import instants, kernel_local_times, local_times, offsets
from finsim.constraints.language.types import DATE, Type, shown
from finsim.constraints.packs.ruleset import RuleSet
from finsim.errors import RuleError

SECOND = 10**9
# Midnight left out or passed twice, half hours, a day left out, seconds, back and forth in four days.
ZONES = [
    "UTC", "Europe/Berlin", "America/Sao_Paulo", "America/Havana", "Asia/Beirut", "Australia/Lord_Howe",
    "Pacific/Apia", "Africa/Freetown", "America/St_Johns", "Asia/Kolkata", "Africa/Casablanca",
]  # fmt: skip


def moments(zone, seed):
    """Return random times of four centuries, and those around every change of the zone's offset."""
    rng = np.random.default_rng(seed)
    anywhere = rng.integers(-6 * 10**18, 7 * 10**18, 40)
    edges = offsets(zone, -6 * 10**18, 7 * 10**18).starts[1:]
    edges = rng.permutation(edges)[:15]
    return np.concatenate((anywhere, edges - 1, edges, edges + SECOND))


@pytest.mark.parametrize("zone", ZONES)
def test_local_time_is_that_of_zoneinfo(zone):
    times = moments(zone, 1)
    wanted = [local_time(int(time), zone) for time in times]
    assert local_times(times, zone).tolist() == wanted
    assert kernel_local_times(times, zone).tolist() == wanted
    assert [int(local_times(int(time), zone)) for time in times] == wanted


@pytest.mark.parametrize(
    ("zone", "second"),
    [("Africa/Freetown", -957_308_400), ("America/Boa_Vista", 970_977_600), ("Asia/Gaza", 2_234_304_000)],
)
def test_changes_that_lie_near_one_another_are_seen(zone, second):
    times = (second + np.arange(-240, 241) * 3_600) * SECOND
    assert local_times(times, zone).tolist() == [local_time(int(time), zone) for time in times]
    assert len(set((local_times(times, zone) - times).tolist())) == 2


@pytest.mark.parametrize("zone", ZONES)
def test_an_instant_is_the_first_that_shows_this_or_a_later_time(zone):
    table = offsets(zone, 0, 2 * 10**18)
    near = table.starts[1:][-30:, None] + table.shifts[1:][-30:, None]
    local = np.random.default_rng(2).permutation((near + np.arange(-7200, 7201, 1800) * SECOND).ravel())[:25]
    local = np.append(local, 1_700_000_000 * SECOND) // SECOND * SECOND
    assert instants(local, zone).tolist() == [first_instant(int(one), zone) for one in local]


def test_no_rows_and_one_value():
    assert local_times(np.zeros(0, np.int64), "Europe/Berlin").tolist() == []
    assert instants(np.zeros(0, np.int64), "Europe/Berlin").tolist() == []
    assert int(instants(np.int64(0), "Europe/Berlin")) == -3600 * SECOND


def test_times_are_shown_in_their_zone():
    night = 1_743_460_200 * SECOND
    assert shown(Type("ts", zone="Europe/Berlin"), night) == "2025-04-01T00:30:00+02:00"
    assert shown(Type("ts", zone="America/St_Johns"), night) == "2025-03-31T20:00:00-02:30"
    assert shown(Type("ts", zone="UTC"), night) == "2025-03-31T22:30:00Z"
    assert shown(Type("ts", zone="America/New_York"), -3 * 10**18).endswith("-04:56:02")


NIGHT = """
finsim-rules: 1
pack: {id: nights, version: "1"}
table: t
order: {by: [ts]}
%ZONE%
columns: {ts: {type: ts}, x: {type: int}, d: {type: date}}
lookup: {cap: {by: [x], valid: [from, to], value: cap, type: int, default: null, rows: [
  {x: 600, from: 2024-10-05, to: 2024-10-05, cap: 1}]}}
rules:
  - {id: daily, check: "sum_day(x) <= 1000"}
  - {id: night, check: "hour(ts) not in {0}"}
  - {id: first, check: ts < d}
  - {id: capped, check: "lookup(cap, x, ts) is null"}
  - {id: utc, check: "sum_day(x, zone: 'UTC') <= 1000"}
"""


def nights(zone=""):
    """Sydney sets its clocks forward on 2024-10-06 at 2:00: its days end at 14:00 and then at 13:00 UTC."""
    times = ["2024-10-05T13:30:00Z", "2024-10-05T14:00:00Z", "2024-10-06T12:59:00Z", "2024-10-06T13:00:00Z"]
    days = pa.array(["2024-10-06"] * 2 + ["2024-10-07"] * 2).cast(pa.date32())
    table = pa.table({"ts": pa.array(times).cast(pa.timestamp("us", "UTC")), "x": [600] * 4, "d": days})
    return table, RuleSet.parse(NIGHT.replace("%ZONE%", f"zone: {zone}" if zone else ""))


def test_days_of_a_table_begin_at_local_midnight():
    table, rules = nights("Australia/Sydney")
    slow, fast = both(table, rules)
    assert fast == slow
    counts = {rule["id"]: rule["violations"] for rule in slow["rules"]}
    assert counts == {"t.complete": 0, "daily": 1, "night": 2, "first": 2, "capped": 1, "utc": 2}
    assert check_batches(table.to_batches(max_chunksize=1), rules).counts() == counts


def test_days_are_those_of_utc_without_a_zone():
    counts = check(*nights()).counts()
    assert counts == {"t.complete": 0, "daily": 2, "night": 0, "first": 0, "capped": 2, "utc": 2}
    assert check(*nights("UTC")).counts() == counts


def bound(text, **zones):
    """Return what is wrong with an expression on columns of times in zones, and a date d."""
    columns = {name: Type("ts", zone=zone) for name, zone in zones.items()}
    binder = Binder(Builder(), Scope({**columns, "d": DATE}))
    binder.bind(parse(text))
    return [(bad.found, bad.remedy) for bad in binder.problems]


def test_columns_of_different_zones():
    zones = {"a": "Europe/Berlin", "b": "Asia/Tokyo"}
    assert bound("a < b and date(a) = date(b) and a >= d and b >= d and max(a, b) = a", **zones) == []
    ((found, remedy),) = bound("max(a, b, d) = a", **zones)
    assert found == "a date beside times of Europe/Berlin and Asia/Tokyo"
    assert "zone" in remedy


def test_the_zone_of_a_column_goes_before_that_of_the_table():
    table, rules = nights("Asia/Tokyo")
    own = RuleSet.parse(rules.text.replace("ts: {type: ts}", "ts: {type: ts, zone: Australia/Sydney}"))
    assert check(table, own).counts() == check(*nights("Australia/Sydney")).counts()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("hour(a, zone: 'Europe/Berln') = 1", "unknown time zone 'Europe/Berln'"),
        ("hour(a, zone: '../../etc/passwd') = 1", "unknown time zone '../../etc/passwd'"),
        ("hour(a, zone: 'localtime') = 1", "unknown time zone 'localtime'"),
        ("hour(a, zone: b) = 1", "hour: the zone must be written in the rule"),
        ("hour(d) = 1", "hour takes ts, not date"),
        ("day(d, zone: 'Asia/Tokyo') = 1", "day: a date is the same in every zone"),
        ("hour(a, zine: 'Asia/Tokyo') = 1", "hour has no argument 'zine'"),
        ("date(3) = d", "date takes date, ts, not int"),
    ],
)
def test_what_is_no_zone_is_refused(text, found):
    problems = bound(text, a="UTC", b="UTC")
    assert [one for one, _ in problems] == [found]
    assert all(remedy for _, remedy in problems)
    if "Berln" in text:
        assert "Europe/Berlin" in problems[0][1]


def test_an_unknown_zone_of_a_table_is_named_with_its_place():
    with pytest.raises(RuleError, match="Europe/Berlin") as caught:
        RuleSet.parse(NIGHT.replace("%ZONE%", "zone: Europe/berlin_"), "nights.yaml")
    assert [one.place for one in caught.value.problems] == ["nights.yaml:6:1"]


def test_the_twin_tells_local_time_from_instants():
    assert isinstance(Civil(1), int)
    assert not isinstance(Civil(1), Nanos)
