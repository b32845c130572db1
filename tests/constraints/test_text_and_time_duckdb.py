"""Functions of text, of the time of day and remainders against DuckDB, where it has the function."""

import json

import duckdb
import pytest
from naive.rule_tables import as_table
from naive.text_rules import FIELDS, HEAD, text_rows

from finsim.constraints.checking.check import check
from finsim.constraints.packs.ruleset import RuleSet

# Zones that have daylight saving, half hours, midnights that are left out.
ZONES = ["Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "UTC"]
LOCAL = "timezone('%ZONE%', ts)"
TWINS = {
    "length(s) < 5": "length(s) < 5",
    "upper(s) = s": "upper(s) = s",
    "lower(s) != 'de'": "lower(s) != 'de'",
    "lower(upper(u)) = lower(u) and length(u) > 2": "lower(upper(u)) = lower(u) AND length(u) > 2",
    "starts_with(s, u)": "starts_with(s, u)",
    "ends_with(s, u)": "suffix(s, u)",
    "contains(s, u)": "contains(s, u)",
    "contains(s, '''')": "contains(s, '''')",
    "matches(s, '[A-Z]{2}.*')": "regexp_full_match(s, '[A-Z]{2}.*')",
    "matches(s, '(a|b|r){1,3}|.*😀.*')": "regexp_full_match(s, '(a|b|r){1,3}|.*😀.*')",
    "matches(s, '\\w+')": "regexp_full_match(s, '\\w+')",
    "s in {'O''Brien', 'a\nb', 'back\\slash'}": "s IN ('O''Brien', 'a\nb', 'back\\slash')",
    "length(k) = 1 or matches(k, '1[0-2]')": "length(k::TEXT) = 1 OR regexp_full_match(k::TEXT, '1[0-2]')",
    "hour(ts) < 12": f"hour({LOCAL}) < 12",
    "minute(ts) = 30": f"minute({LOCAL}) = 30",
    "date(ts) <= d": f"{LOCAL}::DATE <= d",
    "day(ts) * month(ts) < 90": f"day({LOCAL}) * month({LOCAL}) < 90",
    "weekday(ts) < 6": f"isodow({LOCAL}) < 6",
    "year(ts) = 2025": f"year({LOCAL}) = 2025",
    "time(ts) between 6h and 18h": f"{LOCAL}::TIME BETWEEN TIME '06:00' AND TIME '18:00'",
    "mod(i, j) >= 0": "mod(i, NULLIF(j, 0)) >= 0",
    "mod(i, 3) != 1": "i % 3 != 1",
    "mod(x, 0.5) < 0.2": "CASE WHEN isinf(x) THEN NULL ELSE mod(x, 0.5) < 0.2 END",
    "mod(a, 7 USD) > -2 USD": "a % 700 > -200",
    "sum_day(i) < 4": f"""sum(coalesce(i, 0)) OVER (PARTITION BY g, {LOCAL}::DATE ORDER BY ts, n
        ROWS UNBOUNDED PRECEDING) < 4""",
    "sum_month(i) < 12": f"""sum(coalesce(i, 0)) OVER
        (PARTITION BY g, date_trunc('month', {LOCAL}) ORDER BY ts, n ROWS UNBOUNDED PRECEDING) < 12""",
}


@pytest.mark.parametrize("zone", ZONES)
def test_counts_are_those_of_duckdb(zone):
    moments = (1_743_292_800, 1_541_300_400, 1_743_863_400)
    table = as_table(text_rows(7, 1_500, moments), FIELDS)
    lines = [
        f"  - {{id: r{k}, table: t, check: {json.dumps(text, ensure_ascii=False)}}}\n"
        for k, text in enumerate(TWINS)
    ]
    rules = RuleSet.parse(HEAD.replace("%ZONE%", zone) + "".join(lines))
    connection = duckdb.connect()
    connection.register("given", table)
    for tier in ("numpy", "compiled"):
        report = check({"t": table}, rules, tier=tier)
        for number, (text, sql) in enumerate(TWINS.items()):
            truth = f"SELECT {sql.replace('%ZONE%', zone)} AS held, ts FROM given"
            where = "WHERE ts IS NOT NULL" if "sum_" in text else ""
            counted = connection.execute(
                "SELECT count(*) FILTER (held IS FALSE), count(*) FILTER (held IS NULL) "
                f"FROM ({truth}) {where}"
            ).fetchone()
            one = report[f"r{number}"]
            unknown = one.unknown - ((table["ts"].null_count) if where else 0)
            assert (one.violations, unknown) == counted, (text, tier)
            assert 0 < one.violations < one.rows - one.unknown, text
