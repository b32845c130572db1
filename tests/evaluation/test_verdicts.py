"""Verdicts of a use: Holm by hand, required metrics, no power, one line a table."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finsim.evaluation import METRICS
from finsim.evaluation.metric import Score, above
from finsim.evaluation.scorecard import Scorecard
from finsim.evaluation.uses import (
    BACKTEST,
    DETECTOR,
    FAIL,
    NO_POWER,
    NOT_COMPUTED,
    PASS,
    SHARE,
    STRESS,
    USES,
    WARN,
)
from finsim.evaluation.verdicts import judged_together, use_verdicts


def score(metric, verdict, *, use=BACKTEST, p=None, table="bars", subject="A", n=10):
    value = None if verdict == NOT_COMPUTED else 1.0
    reason = "" if verdict == PASS else "because"
    figures = (value, None, None, n if value else 0, None, None, 0.5)
    return Score(metric, subject, *figures, verdict, use, "points", reason, p=p, table=table)


def needed(use, *, table="bars", verdict=PASS):
    """Return scores of all metrics that a use requires of prices."""
    return [score(name, verdict, use=use, table=table) for name in METRICS.required({"hill"}, use)]


def test_holm_by_hand():
    # Four p-values at 5 %: .05/4 = .0125 holds .01, .05/3 = .0167 holds .015, .05/2 = .025 does not hold .03.
    chances = (0.03, 0.01, 0.04, 0.015)
    found = judged_together([score("hill", WARN, p=p) for p in chances])
    assert [one.verdict for one in found] == [WARN, FAIL, WARN, FAIL]
    assert "0.015 is at most the 0.017" in found[3].reason
    assert "0.03 is above the 0.025" in found[0].reason


def test_a_large_p_before_smaller_allowances_stops_the_procedure():
    # .04 > .05/2 stops it, although .045 <= .05/1 would be allowed alone.
    found = judged_together([score("hill", WARN, p=0.04), score("hill", WARN, p=0.045)])
    assert [one.verdict for one in found] == [WARN, WARN]


@pytest.mark.parametrize(("lead", "verdict"), [("all assets, per year", FAIL), ("A", WARN)])
def test_a_first_score_of_all_assets_has_half_of_its_metric(lead, verdict):
    # .05 x 1/2 = .025 holds .02; shared by three it would be .0167.
    others = [score("mean_return", PASS, p=0.6, subject=name) for name in "AB"]
    first = judged_together([score("mean_return", WARN, p=0.02, subject=lead), *others])[0]
    assert first.verdict == verdict
    # The others share the other half: .05 x 1/4 = .0125 does not hold .014, which .05 / 3 would.
    found = judged_together([score("mean_return", PASS, p=0.6, subject="all assets"), *others[:1],
                             score("mean_return", WARN, p=0.014, subject="B")])  # fmt: skip
    assert found[2].verdict == WARN


def test_the_other_half_of_a_metric_is_shared_evenly_by_its_assets():
    # .05 x 1/2 x 1/2 = .0125 holds .0115.
    rest = [score("mean_return", PASS, p=0.6, subject=name) for name in ("all assets, per year", "B")]
    one = judged_together([rest[0], score("mean_return", WARN, p=0.0115, subject="A"), rest[1]])[1]
    assert one.verdict == FAIL
    assert "0.011 is at most the 0.013 that Holm" in one.reason


def test_each_use_is_a_family_of_its_own():
    many = [score("hill", WARN, use=STRESS, p=0.02) for _ in range(5)]
    found = judged_together([*many, score("clustering", WARN, p=0.02)])
    assert [one.verdict for one in found] == [WARN] * 5 + [FAIL]


def test_scores_that_pass_count_in_the_family_and_are_never_failed():
    passing = [score("hill", PASS, p=0.5) for _ in range(9)]
    assert judged_together([*passing, score("hill", WARN, p=0.006)])[-1].verdict == WARN
    assert judged_together([*passing, score("hill", WARN, p=0.004)])[-1].verdict == FAIL
    assert judged_together([score("hill", PASS, p=0.001)])[0].verdict == PASS


def test_scores_without_a_chance_keep_their_verdict():
    found = judged_together([score("bar_copies", FAIL, use=SHARE), score("bar_copies", WARN, use=SHARE)])
    assert [one.verdict for one in found] == [FAIL, WARN]


@given(st.lists(st.integers(0, 10**6).map(lambda n: n / 1e6), min_size=1, max_size=30), st.randoms())
def test_judging_twice_or_in_another_order_changes_nothing(chances, shuffler):
    scores = [score("hill", WARN, p=p, subject=str(k)) for k, p in enumerate(chances)]
    once = judged_together(scores)
    assert judged_together(once) == once
    shuffler.shuffle(scores)
    again = {one.subject: one.verdict for one in judged_together(scores)}
    ties = len(set(chances)) < len(chances)
    assert ties or again == {one.subject: one.verdict for one in once}


def test_familywise_error_of_uniform_chances_is_at_most_five_percent():
    rng = np.random.default_rng(5)
    failed = 0
    for _ in range(2_000):
        scores = [score("hill", WARN, p=p) for p in rng.random(12)]
        failed += any(one.verdict == FAIL for one in judged_together(scores))
    assert 0.035 <= failed / 2_000 <= 0.062


@pytest.mark.parametrize("use", [BACKTEST, STRESS, SHARE])
def test_a_use_passes_only_with_every_metric_that_it_requires(use):
    full = needed(use)
    assert full
    assert use_verdicts(full)[use].verdict == PASS
    for k, gone in enumerate(full):
        rest = [*full[:k], *full[k + 1 :], score("hill", PASS, use=use)]
        found = use_verdicts(rest)[use]
        assert found.verdict == NOT_COMPUTED
        assert found.tables[0].lacks == (gone.metric,)
        assert f"{gone.metric} of bars: no verdict without it" in found.reasons[0]
        unsaid = [*full[:k], score(gone.metric, NOT_COMPUTED, use=use), *full[k + 1 :]]
        assert use_verdicts(unsaid)[use].verdict == NOT_COMPUTED


def test_a_required_metric_that_cannot_see_is_no_power_and_another_one_is_not():
    full = needed(BACKTEST)
    blind = [*full[1:], score(full[0].metric, NO_POWER)]
    assert use_verdicts(blind)[BACKTEST].verdict == NO_POWER
    assert use_verdicts([*full, score("leverage", NO_POWER)])[BACKTEST].verdict == PASS
    assert use_verdicts([*full, score("leverage", NOT_COMPUTED)])[BACKTEST].verdict == PASS


@pytest.mark.parametrize(("seen", "blind", "verdict"), [(1, 1, NO_POWER), (2, 1, PASS), (1, 2, NO_POWER)])
def test_half_of_the_scores_of_a_required_metric_without_power_are_too_many(seen, blind, verdict):
    first, *others = needed(STRESS)
    words = [PASS] * seen + [NO_POWER] * blind
    mixed = [replace(first, verdict=word, subject=str(k)) for k, word in enumerate(words)]
    assert use_verdicts([*mixed, *others])[STRESS].verdict == verdict


def test_the_worst_table_decides_and_each_has_its_line():
    good, bad = needed(SHARE), needed(SHARE, table="loans")
    bad = [*bad[1:], score(bad[0].metric, FAIL, use=SHARE, table="loans")]
    found = use_verdicts([*good, *bad])[SHARE]
    assert found.verdict == FAIL
    assert [(one.table, one.verdict) for one in found.tables] == [("bars", PASS), ("loans", FAIL)]
    assert found.to_dict()["tables"][1]["table"] == "loans"


def test_a_fail_is_told_even_where_something_lacks():
    found = use_verdicts([score("clustering", FAIL)])[BACKTEST]
    assert found.verdict == FAIL
    assert found.reasons[0].startswith("fail: clustering")
    assert found.reasons[-1].startswith("not computed: two_sample")


def test_more_than_a_tenth_of_warnings_warns():
    full = needed(BACKTEST)
    passing = [score("leverage", PASS, subject=str(k)) for k in range(10 - len(full))]
    assert use_verdicts([*full, *passing, score("leverage", WARN)])[BACKTEST].verdict == PASS
    two = [score("leverage", WARN), score("leverage", WARN, subject="B")]
    assert use_verdicts([*full, *passing, *two])[BACKTEST].verdict == WARN


def test_a_table_rests_on_its_smallest_required_n_and_names_its_weakest_score():
    full = needed(BACKTEST)
    small = score(full[0].metric, WARN, n=3, p=0.2, subject="B")
    table = use_verdicts([*full, small, score("leverage", WARN, p=0.4, n=1)])[BACKTEST].tables[0]
    assert (table.n, table.weakest) == (3, f"{full[0].metric} of B")


def test_every_use_has_a_required_metric_and_every_case_belongs_to_one():
    files = METRICS.files()
    assert {one.use for one in files.values() if one.required} == set(USES)
    assert METRICS.required({"detector"}, DETECTOR) == ("detector", "shortcuts")


def test_a_scorecard_judges_its_scores_and_survives_its_file(tmp_path):
    card = Scorecard((score("clustering", WARN, p=0.001), score("two_sample", PASS, p=0.6)))
    assert [one.verdict for one in card.scores] == [FAIL, PASS]
    assert Scorecard.from_dict(card.to_dict()) == card
    # More metrics and tables in the family make it harder to fail; more subjects of one metric do not.
    subjects = Scorecard((*card.scores, *(score("leverage", PASS, p=0.9) for _ in range(60))))
    assert subjects.scores[0].verdict == FAIL
    tables = (score("leverage", PASS, p=0.9, table=f"bars, {k}") for k in range(120))
    assert Scorecard((*card.scores, *tables)).scores[0].verdict == WARN


def test_every_metric_has_an_equal_part_of_the_level_on_each_table():
    # Two metrics: .025 each. The one with five subjects holds .005 for each, the other .025 for its one.
    crowd = [score("leverage", PASS, p=0.9, subject=str(k)) for k in range(4)]
    found = judged_together([*crowd, score("leverage", WARN, p=0.006), score("drift", WARN, p=0.024)])
    assert [one.verdict for one in found[-2:]] == [FAIL, FAIL]
    # By hand: .006 / .2 = .03 comes after .024 / 1; then .05 x .2 / .2 = .05 of its own .2 is .01.
    assert "0.024 is at most the 0.025" in found[-1].reason
    late = judged_together([*crowd, score("leverage", WARN, p=0.011), score("clustering", WARN, p=0.024)])
    assert [one.verdict for one in late[-2:]] == [WARN, FAIL]


def test_a_metric_without_which_there_is_no_verdict_has_two_parts_of_the_level():
    # Three parts: .05 x 2/3 = .0333 holds .033 for the required one, .05 / 3 = .0167 for the other.
    for chance, verdict in ((0.033, FAIL), (0.034, WARN)):
        found = judged_together([score("clustering", WARN, p=chance), score("drift", PASS, p=0.9)])
        assert found[0].verdict == verdict
    # The other alone is left with .05 x 1/3, not with a half.
    found = judged_together([score("clustering", PASS, p=0.9), score("drift", WARN, p=0.018)])
    assert found[1].verdict == WARN
    found = judged_together([score("clustering", PASS, p=0.9), score("drift", WARN, p=0.016)])
    assert found[1].verdict == FAIL


def test_the_first_reason_is_one_for_the_verdict():
    full = needed(BACKTEST)
    blind = [*full[1:], score(full[0].metric, NO_POWER), score("leverage", NOT_COMPUTED)]
    found = use_verdicts([*blind, score("hill", WARN)])[BACKTEST]
    assert found.verdict == NO_POWER
    assert found.reasons[0].startswith(f"no power: {full[0].metric}")


def test_figures_that_look_alike_get_more_digits():
    assert above(0.020004, 0.02) == "0.020004 is above the goal 0.02"
    assert above(0.5, 0.25) == "0.5 is above the goal 0.25"
    (found,) = judged_together([replace(score("hill", WARN, p=0.001), value=0.020004, goal=0.02)])
    assert "0.020004 is above the goal 0.02: because; p " in found.reason


def test_the_text_begins_with_verdicts_then_failing_scores():
    card = Scorecard((score("hill", PASS, subject="fine"), score("hill", FAIL, subject="broken")))
    lines = card.table().splitlines()
    assert lines[0].endswith(": fail")
    rows = [line for line in lines if line.startswith("hill")]
    assert "broken" in rows[0]
    assert "fine" in rows[1]
