"""Narrative files: what is refused, where, with which remedy; and what the shipped ones promise."""

from pathlib import Path

import pytest
import yaml

from finsim.agents.narratives.narrative import load_narratives
from finsim.agents.settings import DEFAULT_NARRATIVES
from finsim.documents import shipped
from finsim.errors import NarrativeError

GOOD = """\
finsim: narrative/1
id: story
title: A story
story: Somebody pays somebody.
family: test
typology: [test_scam]
rate: {per: person_year, value: 0.1, assumption: made up}
roles:
  victim:
    select: {accounts: [current], where: {age: ">= 60", account_days: ">= 30"}}
    assumption: made up
  thief:
    select: {accounts: [current]}
    n: 2..3
    assumption: made up
phases:
  - name: take
    from: victim
    to: thief
    channel: instant
    count: {dist: geometric, mean: 2.0}
    amount: {draw: {dist: lognormal, median: 50, sigma: 1.0}, min: 5}
    timing: {delay: {dist: exp, mean: 25m}}
    on_decline: {halve: 0.5, abandon: 0.2}
    until: posted >= 3
    assumption: made up
  - name: hide
    from: thief
    to: victim
    channel: {ach: 0.5, wire: 0.5}
    amount: {fraction_of: pot, share: 0.9}
    needs: {phase: take, posted: 1}
    assumption: made up
evade:
  - {mimic_hours: 0.5, assumption: made up}
labels: {fraud: [take], laundering: [hide]}
"""


def write(tmp_path: Path, text: str) -> str:
    path = tmp_path / "story.yaml"
    path.write_text(text)
    return str(path)


def complaint(tmp_path: Path, *changes: tuple[str, str]) -> str:
    text = GOOD
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    with pytest.raises(NarrativeError) as caught:
        load_narratives([write(tmp_path, text)])
    return str(caught.value)


def test_a_good_file_loads(tmp_path):
    (story,) = load_narratives([write(tmp_path, GOOD)])
    assert story.phases[0].payer == "victim"
    assert story.phases[0].until == 3
    assert story.phases[0].timing.delay.mean == 1_500.0
    assert story.roles["thief"].n.dist == "integers"
    assert story.level("mimic_hours") == 0.5
    assert story.level("commingle") == 0.0


@pytest.mark.parametrize(
    ("old", "new", "place", "message"),
    [
        ("title:", "titel:", ":3:1", "did you mean 'title'"),
        ("from: victim", "from: victims", ":18:5", "did you mean 'victim'"),
        ("channel: instant", "channel: instnat", ":20", "did you mean 'instant'"),
        ("fraud: [take]", "fraud: [taken]", ":36", "did you mean 'take'"),
        ("phase: take, posted", "phase: tke, posted", ":32", "did you mean 'take'"),
        ("per: person_year", "per: persn_year", ":7", "did you mean 'person_year'"),
        ("mean: 25m", "mean: 25", ":23", "is not a duration"),
        ("mean: 25m", "mean: 25 parsecs", ":23", "is not a duration"),
        ("n: 2..3", "n: 3..2", ":14", "runs backwards"),
        ("dist: lognormal, median: 50", "dist: lognormal", ":22", "either median or mean"),
        ("dist: lognormal, median", "dist: lgnormal, median", ":22", "unknown distribution"),
        ("sigma: 1.0", "sigma: -1.0", ":22", "sigma is -1; expected a number above 0"),
        ("sigma: 1.0", "sigma: 1.0, a: 2", ":22", "has no parameter a"),
        ("halve: 0.5", "halve: 0.9", ":24", "add up to 1.1; expected at most 1"),
        ("until: posted >= 3", "until: spent > 3", ":25", "is no condition; expected a number"),
        ('age: ">= 60"', "age: old", ":10", "is not a filter"),
        ('age: ">= 60"', 'aeg: ">= 60"', ":10", "did you mean 'age'"),
        ("accounts: [current]}", "accounts: [curent]}", ":13", "did you mean 'current'"),
        ("mimic_hours: 0.5", "mimic_huors: 0.5", ":35", "did you mean 'mimic_hours'"),
        ("mimic_hours: 0.5", "mimic_hours: 1.5", ":35", "evade.0.level: 1.5; expected a share"),
        ("    to: thief", "    to: thief\n    motif: chain", "", "motif chain without `via:`"),
        ("    to: thief", "    to: thief\n    motif: rign", "", "unknown motif 'rign'"),
        ("rate: {per: person_year, value: 0.1, assumption: made up}",
         "rate: {per: person_year, value: 0.1}", ":7", "expected a `source:` or an `assumption:`"),
        ("share: 0.9}", "share: 0.9, draw: 5}", ":31", "exactly one of"),
        ("fraction_of: pot, share: 0.9", "fraction_of: proceeds, share: 0.9", ":31", "no proceeds"),
        ("labels: {fraud: [take], laundering: [hide]}", "decoy: false", "", "no phase is labeled"),
        ("labels:", "decoy: true\nlabels:", "", "a decoy with fraud or laundering labels"),
        ("name: hide", "name: take", ":27", "appears twice"),
        ("id: story", "id: other", ":2:1", "id is 'other' in a file called 'story'"),
        ("select: {accounts: [current]}", "create: {type: account}", "", "select: missing"),
    ],
)  # fmt: skip
def test_mistakes_are_refused_at_their_place(tmp_path, old, new, place, message):
    text = complaint(tmp_path, (old, new))
    assert message in text
    assert f"story.yaml{place}" in text


def test_all_mistakes_are_told_at_once(tmp_path):
    text = complaint(
        tmp_path, ("title:", "titel:"), ("mean: 25m", "mean: 25"), ("channel: instant", "channel: instnat")
    )
    assert text.count("remedy:") >= 3


def test_mistakes_of_several_files_are_told_together(tmp_path):
    other = tmp_path / "other.yaml"
    other.write_text(GOOD.replace("family:", "familiy:"))
    with pytest.raises(NarrativeError) as caught:
        load_narratives([write(tmp_path, GOOD.replace("title:", "titel:")), str(other), "card_testing"])
    text = str(caught.value)
    assert "story.yaml" in text
    assert "other.yaml" in text
    assert "did you mean 'card_testing_escalation'" in text


SHIPPED = sorted(shipped("scenarios/narratives").glob("*.yaml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_files_load_and_bear_their_own_name(path):
    (story,) = load_narratives([path.stem])
    assert story.id == path.stem
    assert len(story.story.split()) > 12


def unsourced(data, inherited=False, where=""):
    """Yield the place of every number that has no source or assumption in its block or one above it."""
    if isinstance(data, dict):
        said = inherited or bool(data.get("source") or data.get("assumption"))
        for key, value in data.items():
            told = said or bool(data.get(f"{key}_from"))
            yield from unsourced(value, told, f"{where}.{key}")
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from unsourced(value, inherited, f"{where}[{index}]")
    elif not isinstance(data, bool) and not inherited:
        text = str(data)
        if isinstance(data, int | float) or (text and text[0].isdigit()):
            yield where


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_number_says_where_it_comes_from(path):
    assert list(unsourced(yaml.safe_load(path.read_text()))) == []


def test_the_lint_itself_finds_a_bare_number():
    assert list(unsourced({"rate": {"value": 3}})) == [".rate.value"]
    assert list(unsourced({"wait": "9h"})) == [".wait"]


def test_the_default_study_uses_shipped_stories():
    assert {use.name for use in DEFAULT_NARRATIVES} <= {path.stem for path in SHIPPED}
    stories = load_narratives([use.name for use in DEFAULT_NARRATIVES])
    assert [story.decoy for story in stories] == [False] * 5 + [True] * 2 + [False]


def test_published_anchors_are_in_the_files():
    """UK Finance: 2.04 payments per APP case, mean losses; ECB and issuers give no test-to-spend time."""
    (app,) = load_narratives(["app_scam_mule_chain"])
    hit = next(phase for phase in app.phases if phase.name == "hit")
    assert hit.count.mean == 2.04
    means = {name: form.proceeds.draw.mean for name, form in app.variants.items()}
    assert (means["purchase"], means["investment"]) == (661, 15_098)
    weight = {name: form.weight for name, form in app.variants.items()}
    assert sum(weight.values()) == pytest.approx(1.0)
    overall = sum(weight[name] * means[name] for name in means)
    assert overall == pytest.approx(2_325, rel=0.02)
