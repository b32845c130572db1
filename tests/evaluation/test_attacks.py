"""Attacks find what is planted, people outside training are no finding, and a claim has its words earned."""

import numpy as np
import pandas as pd
import pytest
from people_stand_ins import CARD, PERSON, as_case, cards, noisy, people

from finsim.errors import StudyError
from finsim.evaluation.attacks import attribute_inference, linkability, membership, singling_out
from finsim.evaluation.attacks.claims import claim, required_attacks
from finsim.evaluation.attacks.intervals import clopper_pearson, excess_risk
from finsim.evaluation.privacy import k_map, l_diversity, rare_values


@pytest.fixture(scope="module")
def sides():
    return people(2_500, 1), people(2_500, 2), people(2_500, 3)


def by_subject(scores):
    return {score.subject: score for score in scores}


def test_a_row_test_passes_what_a_card_test_fails():
    train, spare = cards(250, 30, 1), cards(250, 30, 2, 1_000)
    train, spare = (part.drop(columns="day") for part in (train, spare))
    leak = noisy(train, 0.2, 4, ("amount", "hour"))
    fresh = cards(250, 30, 3, 5_000).drop(columns="day")
    roles = CARD.__class__(id="card")
    null, found = (by_subject(membership.measure(as_case(train, own, spare, roles))) for own in (fresh, leak))
    assert not {score.verdict for score in null.values()} & {"fail"}
    rows, people_ = (found[f"{level}, nearest distance"] for level in ("rows", "entities"))
    assert (rows.verdict, people_.verdict) == ("pass", "fail")
    assert people_.value > rows.value + 0.05
    assert rows.n == 7_500
    assert people_.n == 250


def test_members_are_told_from_copies_and_not_from_their_law(sides):
    train, spare, own = sides
    for made, verdicts in ((own, {"pass"}), (noisy(train, 0.02), {"fail"})):
        scores = by_subject(membership.measure(as_case(train, made, spare)))
        assert set(scores) == {
            "rows, nearest distance",
            "rows, nearest distance, at 1 % false positives",
            "rows, calibrated distance",
            "rows, calibrated distance, at 1 % false positives",
        }
        assert {score.verdict for score in scores.values()} == verdicts
        assert all((one.p > 0.2) == (verdicts == {"pass"}) for one in scores.values())
    (none,) = membership.measure(as_case(train, own))
    assert (none.verdict, none.reason) == (
        "not computed",
        "no real rows that the generator never saw: give --holdout",
    )
    assert len(membership.measure(as_case(cards(60, 9, 1), cards(60, 9, 2), None, CARD))) == 2


def test_a_hold_out_of_other_people_gives_no_power_rather_than_a_fail_or_a_pass(sides):
    train, spare, own = sides
    wide = spare.copy()
    for name in ("income", "amount", "dti", "age"):
        wide[name] = wide[name].mean() + 1.5 * (wide[name] - wide[name].mean())
    found = membership.measure(as_case(train, own, wide))
    assert {score.verdict for score in found if "at 1 %" not in score.subject} == {"no power"}
    assert not {score.verdict for score in found} & {"fail", "pass"}
    assert any("differ without a leak" in score.reason for score in found)
    copied = by_subject(membership.measure(as_case(train, noisy(train, 0.02), wide)))
    assert copied["rows, nearest distance"].verdict != "pass"


@pytest.mark.parametrize("metric", [attribute_inference, linkability, singling_out])
def test_copies_are_attacked_with_success_and_the_same_law_is_not(metric, sides):
    train, spare, own = sides
    null = metric.measure(as_case(train, own, spare, PERSON))
    assert not {score.verdict for score in null} & {"fail", "warn"}
    leaky = metric.measure(as_case(train, train, spare, PERSON))
    assert any(score.verdict == "fail" for score in leaky)
    assert all("control group" in score.note for score in leaky)
    for score in metric.measure(as_case(train, own, None, PERSON)):
        assert score.verdict == "not computed"
        assert "--holdout" in score.reason


def test_reused_values_fail_with_and_without_a_hold_out(sides):
    train, spare, own = sides
    stolen = own.copy()
    stolen["income"] = np.random.default_rng(1).permutation(train["income"].to_numpy())
    for held in (spare, None):
        clean, *alone = rare_values.measure(as_case(train, own, held))
        assert clean.verdict == "pass"
        assert not alone
        total, *columns = rare_values.measure(as_case(train, stolen, held))
        assert total.verdict == "fail"
        assert [score.subject for score in columns] == ["income"]
        assert columns[0].value > 0.45


def test_release_figures_of_declared_columns(sides):
    train, spare, own = sides
    (k,) = k_map.measure(as_case(train, own, spare, PERSON))
    assert 0 <= k.low <= k.value <= k.high
    assert k.verdict != "fail"
    diverse = l_diversity.measure(as_case(train, own, spare, PERSON))
    assert {score.metric for score in diverse} == {"l_diversity"}
    lonely = train.assign(age=np.arange(len(train)) % 900)
    roles = PERSON.__class__(secrets=("job",), groups=("age", "state", "home", "purpose"))
    (few,) = k_map.measure(as_case(lonely, lonely, None, roles))
    assert few.value > 0.5


def test_the_words_of_a_claim_need_the_attacks():
    assert required_attacks(0.0001) == 29_956
    assert claim(0.0001, 0, 29_956).startswith("at most 0.01 %")
    for hits, attacks in ((0, 29_955), (0, 500), (1, 29_956)):
        assert claim(0.0001, hits, attacks).startswith("no claim of at most 0.01 %")
    assert "it needs 29,956 attacks" in claim(0.0001, 0, 500)
    assert "refute" in claim(0.0001, 40, 50_000)
    with pytest.raises(StudyError):
        claim(0.0001, 3, 2)


def test_intervals_are_exact_and_cover():
    assert clopper_pearson(0, 0) == (0.0, 1.0)
    assert clopper_pearson(7, 100) == pytest.approx((0.0286, 0.1389), abs=1e-4)
    rng = np.random.default_rng(2)
    inside = 0
    for _ in range(400):
        train, control = rng.binomial(400, 0.3), rng.binomial(400, 0.2)
        risk = excess_risk((train, 400), (control, 400))
        inside += risk.low <= 0.1 / 0.8 <= risk.high
    assert inside >= 372
    assert excess_risk((5, 100), (20, 100)).value == 0.0


def test_attacks_on_odd_columns_are_sentences():
    train, spare, own = (people(400, seed) for seed in (1, 2, 3))
    for part in (train, spare, own):
        part["void"], part["one"] = np.nan, 1.0
    roles = PERSON.__class__(label="bad", secrets=("void", "nowhere", "job"), groups=("one",))
    case = as_case(train, own, spare, roles)
    found = [
        s for metric in (attribute_inference, linkability, singling_out, k_map) for s in metric.measure(case)
    ]
    assert all(score.verdict == "pass" or score.reason for score in found)
    assert any(score.subject.startswith("nowhere") and score.verdict == "not computed" for score in found)
    single = pd.DataFrame({"a": np.arange(200)})
    for metric in (linkability, singling_out):
        assert all(s.verdict == "not computed" for s in metric.measure(as_case(single, single, single)))
