"""Functions of text and of the time of day, time zones and remainders: both tiers against the plain twin."""

import json
import random

import numpy as np
import pytest
from naive.rule_tables import as_table, verdicts
from naive.rules import World, evaluate
from naive.text_rules import FIELDS, HEAD, MOD_RULES, PARAMS, TEXT_RULES, TIME_RULES, text_rows
from naive.tiers import both

from finsim.constraints.checking.check import cut, passes
from finsim.constraints.checking.check_preparation import Session
from finsim.constraints.evaluating.rule_counts import Tally, judged
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.training.rule_margins import Margins, flat_parts, frame_of, obstacles

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


class Writer:
    """Writes random well-typed expressions of text, times and remainders."""

    def __init__(self, seed):
        self.draw = random.Random(seed)

    def one(self, *texts):
        return self.draw.choice(texts)

    def text(self, depth):
        if not depth:
            return self.one("s", "u", "k", "'de'", "''", "'O''Brien'", "' '", "'a\nb'", "lag(s)", "who")
        a, b = self.text(depth - 1), self.text(depth - 1)
        return self.one(
            f"upper({a})", f"lower({a})", f"trim({a})", f"coalesce({a}, trim({b}))",
            f"(if {self.truth(depth - 1)} then trim({a}) else {b})",
        )  # fmt: skip

    def number(self, depth):
        zone = self.one("", "", ", zone: 'Asia/Kolkata'", ", zone: 'America/Havana'")
        a = self.number(depth - 1) if depth else self.one("i", "j", "3", "-2")
        return self.one(
            f"length({self.text(depth)})", f"mod({a}, {self.one('i', 'j', '3', '-4')})", f"hour(ts{zone})",
            f"minute(lag(ts){zone})", f"day(ts + {self.one('5h', '36h')}{zone})", f"weekday(date(ts{zone}))",
            f"sum_day({a}{zone})", f"days(d, date(ts{zone}))", a,
        )  # fmt: skip

    def truth(self, depth):
        a, b = self.text(depth), self.text(depth)
        if depth and self.draw.random() < 0.3:
            p, q = self.truth(depth - 1), self.truth(depth - 1)
            return self.one(f"({p}) and ({q})", f"({p}) or not ({q})", f"({p}) => ({q})")
        pattern = self.one("[A-Z ]*", ".{0,3}", "(?:a|b|r|de)+", "\\w+|''")
        return self.one(
            f"starts_with({a}, {b})", f"contains({a}, {b})", f"ends_with({a}, {b})", f"trim({a}) = {b}",
            f"matches({a}, '{pattern}')", f"trim({a}) in {{'de', 'x'}}", f"{a} is null",
            f"{self.number(depth)} {self.one('<', '=', '>=')} {self.number(depth)}", "ts >= d",
            "d + 30h < ts",
        )  # fmt: skip


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 12))])
def test_random_expressions_in_both_tiers(seed, small_pieces):
    writer, zone = Writer(seed), ZONES[seed % 4]
    texts = [writer.truth(depth) for depth in (0, 1, 2) for _ in range(5)]
    rows = rows_for(zone, 50 + seed, 40)
    compare(texts, zone, rows, 13)
    slow, fast = both({"t": as_table(rows, FIELDS)}, pack(texts, zone))
    assert fast == slow


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_amounts_for_training_are_positive_where_a_rule_is_false(zone):
    rules = pack([*TEXT_RULES, *TIME_RULES, *MOD_RULES], zone)
    rows = rows_for(zone, 6, 200)
    for row in rows:
        row["x"] = (
            2.0 if row["x"] == float("inf") else row["x"]
        )  # amounts are for numbers that can be learned
    session = Session(rules, {"t": as_table(rows, FIELDS)}, TODAY)
    source, compared = session.sources["t"], 0
    own = [rule for rule in session.own_rules("t") if not obstacles(rule)]
    for one in passes([Tally(rule) for rule in own], session.world(own, source)):
        block, _ = cut(source, one.arrangement(source), 0, source.rows, closed=True)
        one.run.begin(block)
        for rule in (tally.rule for tally in one.tallies):
            broken = np.broadcast_to(judged(rule, one.run).broken, (source.rows,))
            assert np.array_equal(Margins(frame_of(block, one.run.world)).amount(rule) > 0, broken), rule.text
            compared += bool(broken.any())
    assert compared > 0.7 * len(TEXT_RULES + TIME_RULES + MOD_RULES)
    refused = [rule.text for rule in rules.rules if obstacles(rule)]
    assert refused == [text for text in TEXT_RULES if "k" in text.replace("back", "").replace("k'", "")]
    assert (
        "local time is taken as a constant" in flat_parts(rules.rule(f"r{len(TEXT_RULES)}")) or zone == "UTC"
    )


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("zone", ZONES)
def test_the_compiled_tier_says_the_same(zone, threads, small_pieces):
    texts = [*TEXT_RULES, *TIME_RULES, *MOD_RULES]
    table = as_table(rows_for(zone, 4, 300), FIELDS)
    slow, fast = both({"t": table}, pack(texts, zone), params=TODAY, threads=threads)
    assert fast == slow
    assert sum(bool(rule["violations"]) for rule in fast["rules"]) > 0.75 * len(texts)
