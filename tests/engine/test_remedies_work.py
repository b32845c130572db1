"""What a message tells people to write is taken when they write it: every key of every file."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from test_words_of_every_field import ALL, KEYS, WRONG, problems

from finsim.agents.narratives.narrative import Narrative
from finsim.document_shapes import field_options, fields
from finsim.document_words import Place, describe
from finsim.documents import parse
from finsim.engine.study.study_file import load_study
from finsim.errors import FinsimError, NarrativeError

pytestmark = pytest.mark.sweep

_TOLD = re.compile(r"(?:write|add) `([\w-]+): (.*)`$", re.S)
_MORE = {
    "off": "off", "none as a word": "none", "percent": "1%", "basis points": "25bp", "one number": "5",
    "a range": "3..18", "a duration": "9h", "no": "no",
}  # fmt: skip


def _at(dotted: str, data: Any, key: str, value: Any) -> Any:
    """Return data with a value set at a dotted place whose last part is ``key``."""
    parts: list[Any] = dotted.split(".")
    if key not in parts and not parts[-1].isdigit():
        parts.append(key)  # the remedy speaks of a key inside
    return _set(copy.deepcopy(data), parts, value)


def _set(data: Any, parts: list[Any], value: Any) -> Any:
    if not parts:
        return value
    first, *rest = parts
    if isinstance(data, list) and str(first).isdigit():
        data[int(first)] = _set(data[int(first)], rest, value)
        return data
    if str(first).isdigit():  # one that stands for a list of one
        return _set(data, rest, value)
    inside = data if isinstance(data, dict) else {}
    return {**inside, first: _set(inside.get(first), rest, value)}


def _text(data: Any) -> str:
    return json.dumps(data, default=str)


def _followed(model: type[BaseModel], text: str) -> None:
    """Do what each remedy of a text says; what stood there is no problem any more."""
    data = parse(text, "f.yaml").data
    for problem in problems(model, text):
        told = _TOLD.search(problem.remedy)
        dotted = re.match(r"[\w.<>-]+(?=: )", problem.found)
        if told is None or dotted is None or "`" in told[2]:
            continue
        value = parse(f"v: {told[2]}", "told.yaml").data["v"]
        mended = _at(dotted[0], data, told[1], value)
        left = [
            p
            for p in problems(model, _text(mended))
            if p.found.startswith((f"{dotted[0]}: ", f"{dotted[0]}."))
        ]
        assert not left, (problem, left)


@pytest.mark.parametrize(("model", "key"), KEYS, ids=[f"{b.__name__}.{k}" for b, k in KEYS])
def test_the_example_of_a_key_is_taken(model: type[BaseModel], key: str) -> None:
    field = fields(model)[key]
    _, example = describe(Place((key,), None, field_options(field), field.get_default()))
    assert example
    texts = [field_options(field)[0], *field_options(field)[0].items]
    assert "some words" not in example or any(one.kind is str or one.reads_itself for one in texts)
    assert ".." not in re.sub(r"[0-9a-z]\.\.[0-9]", "", example), example
    text = f"{key}: {example}\n"
    left = [p for p in problems(model, text) if re.match(rf"{re.escape(key)}[:.]", p.found)]
    assert not left, (text, left)


@pytest.mark.parametrize(("model", "key"), KEYS, ids=[f"{b.__name__}.{k}" for b, k in KEYS])
def test_what_a_remedy_says_is_taken(model: type[BaseModel], key: str) -> None:
    for value in (WRONG | _MORE).values():
        _followed(model, f"{key}: {value}\n")


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.__name__)
def test_what_is_told_of_a_missing_key_is_taken(model: type[BaseModel]) -> None:
    _followed(model, "zzzz: 2\n")


NARRATIVE = """\
finsim: narrative/1
id: mine
title: Tests of stolen cards
story: Small amounts first.
family: card
typology: [card_testing]
rate: {value: 0.01, per: account_year, assumption: ours}
roles:
  thief: {select: {outside: [merchant]}, assumption: ours}
  victim: {select: {accounts: [current]}, assumption: ours}
phases:
- {name: test, from: victim, to: thief, amount: {start: {draw: 1..5}, growth: 2}, channel: instant, source: x,
   count: 3}
labels: {fraud: [test]}
"""
STUDY = "finsim: study/1\nid: s\ntransactions: {accounts: 500, days: 10, narratives: [mine.yaml]}\n"
# old text, new text, place, found, expected, remedy
SLIPS = [
    (", channel: instant", "", "12:3", "phases.0.channel: missing", "one of card_present,",
     "add `channel: card_present`"),
    ("channel: instant", "channel: instnat", "12:83", "unknown channel 'instnat'", "one of card_present,",
     "did you mean 'instant'?"),
    ("{draw: 1..5}", "5", "12:50", "phases.0.amount.start: 5", "one of draw,", "write `start: {draw: 5}`"),
    ("{draw: 1..5}", "1..5", "12:50", "phases.0.amount.start: '1..5'", "one of draw,",
     "write `start: {draw: 1..5}`"),
    ("{value: 0.01, per: account_year, assumption: ours}", "1%", "7:1", "rate: '1%'", "a mapping, such as",
     "write `rate: {value: 0.01, per: account_year, assumption: our own estimate}`"),
    ("{value: 0.01, per: account_year, assumption: ours}", "0.3", "7:1", "rate: 0.3", "a mapping, such as",
     "write `rate: {value: 0.3, per: account_year, assumption: our own estimate}`"),
    ("value: 0.01", "value: 2.5%", "7:8", "rate.value: '2.5%'", "per unit of `per`", "write 0.025"),
    ("value: 0.01", "value: 2k", "7:8", "rate.value: '2k'", "per unit of `per`", "write 2000"),
    ("value: 0.01", "value: 3pa", "7:8", "rate.value: '3pa'", "per unit of `per`",
     "write a number without 'pa', such as 0.01"),
    ("per: account_year, ", "", "7:1", "rate.per: missing", "one of account_year,",
     "add `per: account_year`"),
    ("select: {accounts: [current]}", "select: savings", "10:12", "roles.victim.select: 'savings'",
     "one of accounts,", "write `select: {accounts: savings}`"),
    ("select: {accounts: [current]}, ", "", "10:3", "roles.victim.select: missing", "one of accounts,",
     "add `select: {accounts: [current]}`"),
    ("channel: instant", "channel: instant, timing: 9h", "12:101", "phases.0.timing: '9h'", "a mapping",
     "write `timing: {wait: 9h}`"),
    ("channel: instant", "channel: instant, needs: test", "12:101", "phases.0.needs: 'test'", "a mapping",
     "write `needs: {phase: test}`"),
    ("channel: instant", "channel: instant, on_decline: off", "12:101", "phases.0.on_decline: 'off'",
     "a mapping", "leave out `on_decline:`"),
]  # fmt: skip


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(NARRATIVE)
    (tmp_path / "s.yaml").write_text(STUDY)
    return tmp_path


@pytest.mark.parametrize(("old", "new", "place", "found", "expected", "remedy"), SLIPS)
def test_a_slip_in_a_narrative_is_answered(
    here: Path, old: str, new: str, place: str, found: str, expected: str, remedy: str
) -> None:
    Narrative.load("mine.yaml")
    assert NARRATIVE.count(old) == 1
    (here / "mine.yaml").write_text(NARRATIVE.replace(old, new))
    with pytest.raises(NarrativeError) as told:
        Narrative.load("mine.yaml")
    problem = told.value.problems[0]
    assert problem.place == f"mine.yaml:{place}"
    assert found in problem.found
    assert expected in problem.expected
    assert remedy in problem.remedy


@pytest.mark.parametrize("word", ["off", "no", "false", "No", "{enabled: off}"])
def test_the_judging_is_left_out_by_one_word(here: Path, word: str) -> None:
    (here / "s.yaml").write_text(f"{STUDY}evaluation: {word}\n")
    assert load_study("s.yaml") == load_study_of(STUDY, here).without_evidence()


@pytest.mark.parametrize("word", ["on", "yes", "true"])
def test_the_judging_is_asked_for_by_one_word(here: Path, word: str) -> None:
    (here / "s.yaml").write_text(f"{STUDY}evaluation: {word}\n")
    assert load_study("s.yaml").evaluation.enabled


def load_study_of(text: str, folder: Path) -> Any:
    """Return the study of a text."""
    (folder / "other.yaml").write_text(text)
    return load_study("other.yaml")


OFF = {
    "market: WORD": "leave out `market:`",
    "credit: WORD": "leave out `credit:`",
    "scenarios: WORD": "leave out `scenarios:`",
    "market: {data: wiki_aapl_ibm_2000_2013, rules: WORD}": "write `rules: null`",
    "market: {data: wiki_aapl_ibm_2000_2013, generator: {rules: WORD}}": "leave out `rules:`",
    "market: {data: wiki_aapl_ibm_2000_2013, schema: WORD}": "leave out `schema:`",
    "market: {data: wiki_aapl_ibm_2000_2013, betas: WORD}": "leave out `betas:`",
    "credit: {data: german_credit, target_pd: WORD}": "leave out `target_pd:`",
    "credit: {data: german_credit, rules: WORD}": "write `rules: null`",
    "credit: {data: german_credit, read: WORD}": "leave out `read:`",
}


@pytest.mark.parametrize("word", ["off", "none", "No", "false"])
@pytest.mark.parametrize("line", OFF)
def test_off_where_there_is_no_switch_says_how_to_go_without(here: Path, line: str, word: str) -> None:
    (here / "s.yaml").write_text(f"{STUDY}{line.replace('WORD', word)}\n")
    with pytest.raises(FinsimError) as told:
        load_study("s.yaml")
    problem = next(p for p in told.value.problems if p.place.startswith("s.yaml:4:"))
    assert OFF[line] in problem.remedy, problem
    for words in ("leave out `(.*):`", "write `(.*): (.*)`"):
        named = re.search(words, problem.remedy)
        if named:
            assert f"{named[1]}: " in line


@pytest.mark.parametrize("word", ["off", "none"])
def test_a_word_that_is_a_name_is_no_switch(here: Path, word: str) -> None:
    (here / "s.yaml").write_text(f"{STUDY}market: {{data: {word}, generator: {word}x}}\n")
    with pytest.raises(FinsimError) as told:
        load_study("s.yaml")
    assert not any("go without" in problem.remedy for problem in told.value.problems)
