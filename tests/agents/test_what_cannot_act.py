"""What a narrative says and nothing could act on is refused, at its place, with a remedy."""

import os
from pathlib import Path

import pytest

from finsim.agents.narratives.narrative import load_narratives
from finsim.errors import NarrativeError, Problem

STORY = """\
finsim: narrative/1
id: ring
title: A ring of helpers
story: Victims pay helpers, who pass it on to a collector, who goes shopping.
family: test
typology: [ring]
rate: {per: person_year, value: 0.1, assumption: made up}
proceeds: {draw: 900..5000}
proceeds_from: "assumption: made up"
variants:
  plain: {weight: 1, assumption: made up}
  large: {weight: 2, counts: {take: 4..6}, assumption: made up}
roles:
  victim: {select: {accounts: [current], where: {age: ">= 60"}}, n: 1..3, assumption: made up}
  helper: {select: {accounts: [current, card], weight: {degree: 0.5}}, n: 2..4, assumption: made up}
  head: {select: {accounts: [business]}, assumption: made up}
  shop: {select: {shops: [retail, online]}, n: 2, assumption: made up}
  bank: {select: {outside: [lender]}, assumption: made up}
phases:
  - name: loan
    from: bank
    to: victim
    channel: ach
    count: 2..3
    amount: {fraction_of: proceeds, share: 1.0, min: 20}
    timing: {delay: 2h}
    assumption: made up
  - name: take
    from: victim
    to: helper
    channel: instant
    count: 2..9
    amount: {draw: 50..500, min: 20, max: 900, round_to: 10}
    timing: {wait: 1d, delay: 3h, calendar: victim_sleep, weight: 0.5}
    on_decline: {halve: 0.5}
    until: posted >= 5
    assumption: made up
  - name: pass
    from: helper
    via: head
    to: shop
    motif: chain
    hops: 1
    channel: instant
    amount: {fraction_of: pot, share: 0.9, min: 5}
    timing: {delay: 40m}
    needs: {phase: take, posted: 2}
    assumption: made up
  - name: shopping
    from: helper
    to: shop
    motif: bipartite
    degree: 2
    channel: card_present
    amount: {ticket: 1.1}
    timing: {delay: 9h}
    assumption: made up
evade:
  - {commingle: 0.4, assumption: made up}
  - {threshold_avoid: 0.5, threshold: 3000, assumption: made up}
stop: {declines: 4, timeout: 20d, assumption: made up}
labels: {fraud: [take], laundering: [pass]}
"""
TAKE, PASS = "    from: victim\n    to: helper\n", "    from: helper\n    via: head\n    to: shop\n"


def problems(folder: Path, *changes: tuple[str, str]) -> tuple[Problem, ...]:
    text = STORY
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (folder / "ring.yaml").write_text(text)
    with pytest.raises(NarrativeError) as caught:
        load_narratives([str(folder / "ring.yaml")])
    return caught.value.problems


def test_the_story_itself_loads(tmp_path: Path) -> None:
    (tmp_path / "ring.yaml").write_text(STORY)
    (story,) = load_narratives([str(tmp_path / "ring.yaml")])
    assert len(story.phases) == 4


# What is written, instead of what, and a word of what is found; the place is where the new text stands.
CASES = [
    ("hops of pairs", "count: 2..9", "count: 2..9\n    hops: 3", "`hops` never acts"),
    ("degree of a chain", "    hops: 1\n", "    degree: 2\n", "`degree` never acts"),
    ("hops beyond the members", "    hops: 1\n", "    hops: 2..3\n", "2 hops over at most 1 members"),
    ("degree beyond the members", "degree: 2", "degree: 3", "degree of 3 with at most 2 members"),
    ("a range with a hyphen", "n: 2..4", "n: 2-4", "'2-4' is not a number"),
    ("min above max", "min: 20, max: 900", "min: 950, max: 900", "min 950 is above max 900"),
    ("min that nobody wrote", "min: 20, max: 900, round_to: 10", "max: 0.5", "is above max 0.5"),
    ("a draw below min", "draw: 50..500, min: 20", "draw: 5..9, min: 20", "every amount is below min 20"),
    ("a draw above max", "max: 900, round", "max: 40, round", "every amount is above max 40"),
    ("a step above max", "round_to: 10", "round_to: 2000", "`round_to: 2000` never acts"),
    ("min above max of a draw", "degree: 2", "degree: {dist: poisson, mean: 1, min: 3, max: 2}", "min 3"),
    ("a draw beyond its max", "count: 2..9", "count: {dist: fixed, value: 7, max: 3}", "beyond its own"),
    ("a negative delay", "delay: 40m", "delay: -40m", "'-40m' is no time"),
    ("a window of nothing", "delay: 9h", "window: 0s", "window"),
    ("a delay of centuries", "delay: 40m", "delay: 40000d", "'40000d' is no time"),
    ("a role without a phase", "  bank: {", "  idle: {select: {shops: [any]}, assumption: x}\n  bank: {",
     "role 'idle' never acts"),
    ("opened today", 'age: ">= 60"', 'account_days: "< 1"', "nobody fits role 'victim'"),
    ("older than anybody", 'age: ">= 60"', 'age: ">= 150"', "nobody fits role 'victim'"),
    ("an age in words", 'age: ">= 60"', "age: [old]", "age is no fact for such a filter"),
    ("a segment in numbers", 'age: ">= 60"', 'segment: ">= 2"', "segment is no fact for such a filter"),
    ("a fact of persons for firms", "accounts: [business]", "accounts: [business], where: {age: 20..30}",
     "business accounts have no age"),
    ("a weight that keeps a kind out", "[current, card], weight", "[current, business], weight",
     "business accounts have no degree"),
    ("a weight of the account's age", "weight: {degree: 0.5}", "weight: {account_days: 1}",
     "a weight of account_days"),
    ("a category beside any", "shops: [retail, online]", "shops: [retail, any]", "`any` beside categories"),
    ("a kind twice", "accounts: [current, card]", "accounts: [card, current, card]", "'card' appears twice"),
    ("an evasion twice", "{commingle: 0.4", "{commingle: 0.2, assumption: x}\n  - {commingle: 0.4",
     "'commingle' appears twice"),
    ("commingling without a pot", "fraction_of: pot, share: 0.9", "draw: 40", "'commingle' never acts"),
    ("a rule that nobody has", "stop:", "breaks: [structring]\nstop:", "no policy rule"),
    ("a ticket without a shop", "draw: 50..500", "ticket: 1.5", "where no shop is paid"),
    ("a device of the outside", "    channel: ach\n", "    channel: ach\n    device: new\n",
     "outside accounts have none"),
    ("a device at a counter", "channel: card_present", "channel: card_present\n    device: own",
     "`device` never acts beside channel card_present"),
    ("a device of nobody", "    until: posted >= 5", "    device: {owned: 1}", "unknown device 'owned'"),
    ("a share above one", "share: 0.9", "share: 1.2", "value is 1.2"),
    ("a share without an end", "share: 0.9", "share: {dist: exp, mean: 0.3}", "exp without an end above"),
    ("a share of nothing", "share: 0.9", "share: 0", "a share of 0 pays nothing"),
    ("a negative threshold", "threshold: 3000", "threshold: -3000", "threshold: -3000"),
    ("a pot that nobody fills", "fraction_of: proceeds, share: 1.0", "fraction_of: pot, share: 1.0",
     "pot of 'bank'"),
    ("a balance of the outside", "fraction_of: proceeds, share: 1.0", "fraction_of: balance, share: 1.0",
     "'bank' has no balance"),
    ("a limit of savings", "accounts: [current], where", "accounts: [savings], where", "has no limit"),
    ("a cycle that ends elsewhere", "motif: chain\n    hops: 1\n", "motif: cycle\n", "'shop' is never paid"),
    ("a payer that pays itself", TAKE, "    from: victim\n    to: victim\n", "'victim' would pay itself"),
    ("a via that pays itself", PASS, "    from: helper\n    via: helper\n    to: shop\n", "pay itself"),
    ("a wait before everything", "delay: 2h", "wait: 1d, delay: 2h", "`wait` never acts in the first"),
    ("a delay of one payment", "count: 2..3\n", "count: 1\n", "`delay` never acts"),
    ("an end that never comes", "posted >= 5", "posted >= 50", "`posted >= 50` never acts"),
    ("a count of nothing", "count: 2..3", "count: 0", "phase 'loan' never has a payment"),
    ("half a payment", "count: 2..3", "count: 2.5", "2.5 is not whole"),
    ("payments without end", "count: 2..9", "count: 5000000", "value is 5000000"),
    ("too many payments", "degree: 2", "degree: 2\n    count: 90000", "may plan"),
    ("a need that never holds", "posted: 2", "posted: 99", "phase 'pass' never happens"),
    ("a weight without a calendar", "calendar: victim_sleep, weight", "weight", "`weight` never acts"),
    ("the sleep of a lender", "delay: 2h", "delay: 2h, calendar: victim_sleep", "'bank' is no person's"),
    ("declines of the outside", "count: 2..3", "count: 2..3\n    on_decline: {halve: 1}", "never declined"),
    ("growth of one payment", "count: 2..3\n    amount: {fraction_of: proceeds, share: 1.0, min: 20}",
     "count: 1\n    amount: {start: {draw: 10..20}, growth: 2}", "`growth` never acts"),
    ("proceeds that nobody pays", "fraction_of: proceeds, share: 1.0", "draw: 30..90", "proceeds never act"),
    ("a stop that says nothing", "declines: 4, timeout: 20d, ", "", "a stop that never stops"),
    ("a limit of nobody", "stop: {", "stop: {spent: 0.5, ", "`spent` never acts"),
    ("a chance of nothing", "count: 2..3", "count: 2..3\n    chance: 0", "chance: 0"),
    ("a label twice", "fraud: [take]", "fraud: [take, take]", "'take' appears twice"),
    ("a timeout before a wait", "declines: 4, timeout: 20d", "timeout: 90m", "phase 'pass' never happens"),
    ("a power of nothing", "weight: {degree: 0.5}", "weight: {degree: 0}", "to the power 0 never acts"),
    ("a step above the draw", "draw: 50..500, min: 20, max: 900, round_to: 10", "draw: 20..90, round_to: 100",
     "at most 90 is drawn"),
    ("a calendar of no weight", "victim_sleep, weight: 0.5", "victim_sleep, weight: 0", "at a weight of 0"),
    ("a blank reason", "commingle: 0.4, assumption: made up", "commingle: 0.4, assumption: ' '", "without a"),
    ("a share below min", "fraction_of: proceeds, share: 1.0, min: 20",
     "fraction_of: proceeds, share: 0.1, min: 600", "every share of the proceeds in phase 'loan'"),
    ("a series above its max", "draw: 50..500, min: 20, max: 900", "start: {draw: 950}, growth: 2, max: 900",
     "starts above its max 900"),
    ("declines without end", "declines: 4", "declines: 4000", "4,000 declines never happen"),
    ("a fact of the outside", "outside: [lender]", "outside: [lender], where: {age: '>= 20'}",
     "facts of outside"),
    ("a typology twice", "typology: [ring]", "typology: [ring, ring]", "'ring' appears twice"),
]  # fmt: skip

# The fault of these stands at another key than the one that was changed.
ELSEWHERE = {
    "commingling without a pot", "a delay of one payment", "proceeds that nobody pays", "a limit of savings",
    "a role without a phase", "a fact of persons for firms", "growth of one payment", "too many payments",
    "a weight that keeps a kind out", "a cycle that ends elsewhere", "a weight without a calendar",
    "a stop that says nothing",
}  # fmt: skip


@pytest.mark.parametrize(("what", "old", "new", "found"), CASES, ids=[case[0] for case in CASES])
def test_what_cannot_act_is_refused(tmp_path: Path, what: str, old: str, new: str, found: str) -> None:
    more = {
        "a limit of savings": [("draw: 50..500", "fraction_of: limit, share: 0.1")],
        "a limit of nobody": [
            ("  victim: {", "  aside: {select: {shops: [any]}, assumption: x}\n  victim: {"),
            ("    to: shop\n    motif: bipartite", "    to: aside\n    motif: bipartite"),
        ],
    }.get(what, [])  # fmt: skip
    told = problems(tmp_path, (old, new), *more)
    mine = [one for one in told if found in one.found]
    assert mine, [one.found for one in told]
    assert all("ring.yaml:" in one.place and one.remedy for one in mine)
    if what not in ELSEWHERE:
        text = (tmp_path / "ring.yaml").read_text()
        first = text[: text.index(new)].count("\n") + 1
        lines = {int(one.place.split(":")[-2]) for one in mine}
        assert lines & set(range(first, first + new.count("\n") + 1)), lines


def test_all_of_them_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    told = problems(
        tmp_path, ("degree: 2", "degree: 3"), ("posted: 2", "posted: 99"), ("round_to: 10", "round_to: 2000")
    )
    assert [one.found.split(" ")[0] for one in told] == ["`round_to:", "phase", "a"]


@pytest.mark.parametrize(
    "number", [".nan", ".inf", "-.inf", "1e308", "9223372036854775807", "-1", "1" + "0" * 350]
)
@pytest.mark.parametrize(
    "old", ["count: 2..9", "n: 2..4", "share: 0.9", "ticket: 1.1", "delay: 40m", "weight: 2", "value: 0.1",
            "degree: 0.5", "threshold: 3000", "draw: 50..500", "hops: 1", "declines: 4", "min: 20, max"],
)  # fmt: skip
def test_every_quantity_has_bounds(tmp_path: Path, old: str, number: str) -> None:
    key = old.split(":")[0]
    if (key, number) == ("degree", "-1"):
        return  # an exponent may be negative
    told = problems(tmp_path, (old, f"{key}: {number}{', max' if old.endswith('max') else ''}"))
    assert told
    assert all("ring.yaml:" in one.place and one.remedy for one in told)


@pytest.mark.parametrize("key", ["sigma", "k", "mean", "median", "min"])
@pytest.mark.parametrize("number", [".nan", ".inf", "1e9", "-3"])
def test_every_parameter_has_bounds(tmp_path: Path, key: str, number: str) -> None:
    known = {
        "sigma": "lognormal, median: 9",
        "k": "nbinom, mean: 3",
        "mean": "poisson",
        "median": "lognormal, sigma: 1",
    }
    told = problems(
        tmp_path, ("count: 2..9", f"count: {{dist: {known.get(key, 'poisson, mean: 2')}, {key}: {number}}}")
    )
    assert any(f"{key} is" in one.found or "not a number" in one.found for one in told)


def test_a_choice_is_not_empty(tmp_path: Path) -> None:
    for old, new in (("channel: card_present", "channel: {}"), ("accounts: [business]", "accounts: []")):
        assert problems(tmp_path, (old, new))


def test_a_rule_of_a_pack_beside_the_story_may_be_broken(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(
        "finsim-rules: 1\npack: {id: own}\nrules:\n  - {id: structring, level: policy, check: a > 0}\n"
    )
    (tmp_path / "ring.yaml").write_text(STORY.replace("stop:", "breaks: [structring]\nstop:"))
    assert load_narratives([str(tmp_path / "ring.yaml")])


def test_a_pack_beside_the_story_is_read_again_when_it_was_changed(tmp_path: Path) -> None:
    pack = tmp_path / "own.yaml"
    words = "finsim-rules: 1\npack: {id: own}\nrules:\n  - {id: NAME, level: policy, check: a > 0}\n"
    pack.write_text(words.replace("NAME", "another"))
    (tmp_path / "ring.yaml").write_text(STORY.replace("stop:", "breaks: [structring]\nstop:"))
    with pytest.raises(NarrativeError, match="no policy rule"):
        load_narratives([str(tmp_path / "ring.yaml")])
    pack.write_text(words.replace("NAME", "structring"))
    os.utime(pack, ns=(1, pack.stat().st_mtime_ns + 1))  # however coarse the clock of the disk is
    (tmp_path / "gone.yaml").symlink_to(tmp_path / "nowhere.yaml")
    assert load_narratives([str(tmp_path / "ring.yaml")])


@pytest.mark.parametrize(("least", "is_refused"), [(4400, False), (4600, True)])
def test_a_pot_is_at_most_what_was_paid_into_it(tmp_path: Path, least: int, is_refused: bool) -> None:
    # Nine payments of 500 at most, all to one helper: 4,500; commingling may double its share, not the pot.
    changes = [
        (PASS + "    motif: chain\n    hops: 1\n", "    from: helper\n    to: head\n    motif: fan_in\n"),
        ("share: 0.9, min: 5}", f"share: 0.9, min: {least}}}"),
    ]
    if not is_refused:
        (old, new), (share, larger) = changes
        (tmp_path / "ring.yaml").write_text(STORY.replace(old, new).replace(share, larger))
        load_narratives([str(tmp_path / "ring.yaml")])
        return
    (told,) = problems(tmp_path, *changes)
    assert "at most 4,500.00 is there to share" in told.found
    assert told.expected
    assert told.remedy
