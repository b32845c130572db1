"""The model card: headings of the rules, what was attacked with n and bound, and words that it never says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from planted_scores import score

import finsim
from finsim.exports import model_card
from finsim.exports.privacy_attacks import NOT_ATTACKED, attacks, not_looked_at, other_checks
from finsim.exports.run_facts import RunFacts

Facts = Callable[..., RunFacts]
HEADINGS = (
    "## Conceptual soundness (SR 26-2 / OCC 2026-13)",
    "## Outcomes analysis (SR 26-2 / OCC 2026-13)",
    "## Monitoring (SR 26-2 / OCC 2026-13)",
    "## Governance (SR 26-2 / OCC 2026-13)",
    "## Data governance (EU AI Act, art. 10)",
    "### Examination for bias",
    "### Representativeness",
    "## Identifiability (GDPR, recital 26)",
    "### Singling out",
    "### Linkability",
    "### Inference",
    "## Cost",
)
VERDICT = {"verdict": "fail", "counts": {"fail": 1, "pass": 2}}


def card(own: RunFacts) -> tuple[str, dict[str, Any]]:
    files = model_card.documents(own)
    return files[model_card.TEXT], json.loads(files[model_card.DATA])


def section(text: str, heading: str) -> str:
    return text.split(f"### {heading}\n\n")[1].split("\n\n#")[0]


def test_the_headings_stand_in_order_and_a_person_signs(facts: Facts) -> None:
    text, data = card(facts())
    places = [text.index(f"{heading}\n") for heading in HEADINGS]
    assert places == sorted(places)
    assert f"Approved by: {model_card.LEFT}" in text
    assert data["approved_by"] is None


@pytest.mark.parametrize("verdict", ["pass", "fail"])
def test_it_never_calls_data_anonymous_or_certified(facts: Facts, verdict: str) -> None:
    scores = [score("singling_out", value=0.0, low=0.0, high=1e-4, n=29_956, verdict=verdict)]
    for file in model_card.documents(facts(scores, {"share": {**VERDICT, "verdict": verdict}})).values():
        for word in ("anonym", "certif", "guarantee", "compliant", "safe to"):
            assert word not in file.lower()


def test_an_attack_is_told_with_its_number_and_bound(facts: Facts) -> None:
    made = score("singling_out", value=0.002, low=0.0001, high=0.0073, n=500, verdict="warn")
    text, data = card(facts([made, score("near_copies", n=136, value=0.01)]))
    told = section(text, "Singling out")
    assert "| singling_out | - | loans | 0.002 | 0.0001 | 0.0073 | 500 |" in told
    assert data["identifiability"]["attacks"]["singling out"][0]["high"] == 0.0073
    for head in ("Linkability", "Inference", "Membership"):
        assert section(text, head) == NOT_ATTACKED
    assert "near_copies" in section(text, "Other checks (no attack)")
    assert "near_copies" not in told


def test_an_attack_that_could_not_be_made_is_no_attack(facts: Facts) -> None:
    own = facts([score("attribute_inference", verdict="not computed", reason="no secret column was named")])
    assert attacks(own)["inference"] == "not attacked: no secret column was named"
    assert other_checks(own) == []


def test_scores_of_other_uses_are_no_attacks(facts: Facts) -> None:
    own = facts([score("linkage", use="backtest", value=0.1)])
    assert attacks(own)["linkability"] == NOT_ATTACKED
    assert other_checks(own) == []


def test_learned_tables_and_models_that_no_score_names_are_listed(facts: Facts) -> None:
    made = {"months", "provisions", "recoveries", "losses", "model of market"}
    assert set(not_looked_at(facts())) == {"bars", "loans", *made}
    own = facts([score("bar_copies", subject="bars", value=0.0), score("reuse", value=0.12)])
    assert set(not_looked_at(own)) == made


def test_a_metric_is_an_attack_of_one_head(facts: Facts) -> None:
    own = facts([score("membership_inference", value=0.6), score("attribute_inference", value=0.1)])
    found = {
        head: [one["metric"] for one in told] for head, told in attacks(own).items() if told != NOT_ATTACKED
    }
    assert found == {"membership": ["membership_inference"], "inference": ["attribute_inference"]}


def test_a_check_that_was_not_computed_says_why(facts: Facts) -> None:
    text, _ = card(facts([score("k_map", verdict="not computed", reason="no quasi-identifier is declared")]))
    assert "| not computed | no quasi-identifier is declared |" in section(text, "Other checks (no attack)")


def test_a_score_that_was_not_computed_has_looked_at_nothing(facts: Facts) -> None:
    own = facts(
        [
            score("row_copies", verdict="not computed", table="loans"),
            score("row_copies", table="months", subject="rows", value=0.0),
        ]
    )
    assert "loans" in not_looked_at(own)
    assert "months" not in not_looked_at(own)


def test_verdicts_by_table_are_told_where_there_are_any(facts: Facts) -> None:
    one = {
        "table": "loans",
        "verdict": "not computed",
        "n": 0,
        "weakest": "",
        "lacks": ["membership"],
        "counts": {},
    }
    text, _ = card(facts((), {"share": {**VERDICT, "tables": [one]}}))
    assert "| share | loans | not computed | 0 | - | membership |" in section(text, "By table")
    assert "### By table" not in card(facts((), {"share": VERDICT}))[0]


def test_what_no_score_can_say_is_listed(facts: Facts) -> None:
    def told(*scores: Any) -> str:
        return section(card(facts(scores))[0], "Not tested")

    assert "everything else: nothing was judged" in told()
    of_base = score("row_copies", value=0.0, table="loans")
    assert "tables under gfc-2008@0.5: no score is of them" in told(of_base)
    assert "nothing was judged" not in told(of_base)
    assert "gfc-2008" not in told(of_base, score("row_copies", value=0.0, table="loans, gfc-2008@0.5"))


def test_what_was_not_judged_is_said(facts: Facts) -> None:
    text, _ = card(facts())
    assert "Nothing was judged" in text
    assert section(text, "Scores that do not pass").strip() == "Nothing was judged."
    assert "not examined: the scorecard has no score by group" in text
    judged = [score("subgroup_coverage", use="stress a portfolio", value=0.9, n=40)]
    text, data = card(facts(judged, {"share": VERDICT}))
    assert "| share | fail | 1 fail, 2 pass |" in text
    assert data["data_governance"]["representativeness"][0]["metric"] == "subgroup_coverage"


@pytest.mark.parametrize("verdict", ["warn", "fail", "not computed", "no power"])
def test_every_score_that_does_not_pass_is_listed_with_its_reason(facts: Facts, verdict: str) -> None:
    text, _ = card(
        facts([score("hill", "backtest", verdict=verdict, reason="because"), score("fine", "backtest")])
    )
    told = section(text, "Scores that do not pass")
    assert f"| {verdict} | because |" in told
    assert "fine" not in told


def test_parts_say_what_they_were_learned_from_and_how_many_rows(facts: Facts) -> None:
    text, data = card(facts())
    parts = {part["part"]: part for part in data["conceptual_soundness"]["parts"]}
    assert parts["market"]["made_by"] == "generator bootstrap"
    assert parts["market"]["rows"] == 2615
    assert parts["credit"]["rows"] == 1000
    assert parts["credit"]["made_by"] == "generator bayes"
    assert parts["transactions"]["learned_from"] == "no input data"
    own = facts()
    real = {**own.manifest["statement"], "real_records": ("loans",)}
    kept = {part["part"]: part for part in card(facts(statement=real))[1]["conceptual_soundness"]["parts"]}
    assert kept["credit"]["made_by"] == "loans: real records"
    assert "A world \\| to hand over" not in text.splitlines()[0]
    assert text.splitlines()[0] == "# Model card: A world | to hand over"


CLAIM = {
    "epsilon": 7.9131, "epsilon_renyi": 8.7, "delta": 1e-5, "unit": "one block of 10 consecutive steps",
    "updates": 120, "entities": 326, "sampling_rate": 0.19, "clip": 1.0, "sigma": 6.7,
    "counted": ["every noised sum", "every update"], "not_counted": ["the number of entities"],
    "assumed": ["the seed is secret"], "seed_guessable": False,
}  # fmt: skip
NONE = "not trained with differential privacy"


def test_the_privacy_section_tells_the_claim_of_each_world_that_learned(facts: Facts) -> None:
    plain = [line.strip("- *") for line in section(card(facts())[0], "Differential privacy").splitlines()]
    # Payments of simulated people were learned from nobody: they have no line.
    assert plain == [f"market: {NONE}", f"credit: {NONE}"]
    (model,) = facts().models()
    told = {**model, "training": {**model["training"], "privacy": CLAIM}}
    text, data = card(facts(models=[told]))
    lines = [line.strip("- *") for line in section(text, "Differential privacy").splitlines()]
    assert lines == data["identifiability"]["differential_privacy"]
    assert lines[0].startswith("market: privacy: epsilon 7.913 at delta 1e-05 for one block of 10 consec")
    assert "(8.7 by the Renyi accountant)" in lines[0]
    assert lines[1].startswith("market: 120 updates, each of 326 units with probability 0.19, clip 1, noise")
    assert lines[2:] == [
        "market: counted: every noised sum; every update",
        "market: not counted: the number of entities",
        "market: assumed: the seed is secret",
        f"credit: {NONE}",
    ]
    known = {**told, "training": {"privacy": {**CLAIM, "seed_guessable": True}}}
    assert "this seed can be guessed" in section(card(facts(models=[known]))[0], "Differential privacy")


def test_rare_rows_are_no_breaches(facts: Facts) -> None:
    rules = {
        "hard": {"level": "invariant", "violations": 5, "after": 1, "repaired": 4},
        "soft": {"level": "plausible", "violations": 7, "after": 7, "repaired": 0},
    }
    text, _ = card(facts(rules={"credit/base": {"pack": "loans", "sha256": "a", "rules": rules}}))
    assert "| credit/base | loans | 5 | 1 | 7 |" in section(text, "Rules")


def test_the_head_of_the_log_is_one_that_verify_takes(folder: Path, tmp_path: Path) -> None:
    finsim.export(folder, "model-card", output=tmp_path / "out")
    told = json.loads((tmp_path / "out" / model_card.DATA).read_text())["identification"]["audit log head"]
    assert finsim.verify(folder, head=told).ok
    assert "verdicts" not in finsim.verify(folder).run.again  # the run was never judged
