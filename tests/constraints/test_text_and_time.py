"""Functions of text and of the time of day, time zones and remainders: both tiers against the plain twin."""

import json

import pytest
from naive.rule_tables import as_table, verdicts
from naive.rules import World, evaluate
from naive.text_rules import FIELDS, HEAD, MOD_RULES, PARAMS, TEXT_RULES, TIME_RULES, text_rows
from naive.tiers import both

from finsim.constraints.ruleset import RuleSet

ZONES = ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe"]
CHANGES = {
    "America/Sao_Paulo": 1_541_300_400,
    "Australia/Lord_Howe": 1_743_863_400,
}  # midnight left out; half an hour
TODAY = {"today": "2025-03-30"}


def pack(texts, zone="UTC"):
    lines = [
        f"  - {{id: r{k}, table: t, check: {json.dumps(text, ensure_ascii=False)}}}\n"
        for k, text in enumerate(texts)
    ]
    return RuleSet.parse(HEAD.replace("%ZONE%", zone) + "".join(lines))


def rows_for(zone, seed, count=50):
    return text_rows(seed, count, (1_743_292_800, CHANGES.get(zone, 1_743_292_800)))


def compare(texts, zone, rows, blocks):
    found = verdicts(pack(texts, zone), {"t": as_table(rows, FIELDS)}, blocks, params=TODAY)
    world = World(rows, ("g",), ("ts", "n"), True, PARAMS, zone=zone)
    told = 0
    for number, text in enumerate(texts):
        wanted = evaluate(text, world)
        assert found[f"r{number}"] == wanted, text
        told += {True, False} <= set(wanted)
    return told


@pytest.mark.parametrize("blocks", [7, 100])
def test_text(blocks):
    assert compare(TEXT_RULES, "UTC", rows_for("UTC", 1, 90), blocks) > 0.8 * len(TEXT_RULES)


@pytest.mark.parametrize("zone", ZONES)
def test_time_of_day_and_local_days(zone):
    told = sum(compare(TIME_RULES, zone, rows_for(zone, seed), 7) for seed in (1, 2))
    assert told > 0.7 * 2 * len(TIME_RULES)


def test_remainders():
    assert compare(MOD_RULES, "UTC", rows_for("UTC", 3, 90), 7) > 0.6 * len(MOD_RULES)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("zone", ZONES)
def test_the_compiled_tier_says_the_same(zone, threads, small_pieces):
    texts = [*TEXT_RULES, *TIME_RULES, *MOD_RULES]
    table = as_table(rows_for(zone, 4, 300), FIELDS)
    slow, fast = both({"t": table}, pack(texts, zone), params=TODAY, threads=threads)
    assert fast == slow
    assert sum(bool(rule["violations"]) for rule in fast["rules"]) > 0.75 * len(texts)
