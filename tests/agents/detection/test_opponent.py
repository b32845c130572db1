"""The opponent: which arm is played, what a stopped payment stops, and what the bank may know."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from finsim.agents.narratives.narrative import load_narratives
from finsim.agents.settings import DEFAULT_NARRATIVES
from finsim.randomness import Streams

BENCHMARKS = Path(__file__).resolve().parents[3] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))
from bandit import RULES, Bandit  # noqa: E402
from opponent import ARMS, NEVER, Bank, Period, hiding, money  # noqa: E402

sys.path.remove(str(BENCHMARKS))


def plays(rule: str, means: list[list[float]], rounds: int, seed: int = 3) -> np.ndarray:
    """Return the arms that a rule plays where means change half way."""
    bandit, rng, found = Bandit(len(means[0]), rule, Streams(seed)), np.random.default_rng(seed), []
    for number in range(rounds):
        arm = bandit.choose()
        mean = means[number * len(means) // rounds][arm]
        bandit.learn(arm, float(np.clip(mean + 0.1 * rng.standard_normal(), 0, 1)))
        found.append(arm)
    return np.array(found)


@pytest.mark.parametrize("rule", ["ucb", "thompson"])
def test_the_best_arm_is_found_and_found_again_after_it_changes(rule: str) -> None:
    found = plays(rule, [[0.2, 0.3, 0.8, 0.1], [0.2, 0.9, 0.1, 0.1]], 400)
    assert set(found[:4]) == {0, 1, 2, 3}  # each is tried
    assert (found[100:200] == 2).mean() > 0.7
    assert (found[300:] == 1).mean() > 0.7
    assert np.array_equal(found, plays(rule, [[0.2, 0.3, 0.8, 0.1], [0.2, 0.9, 0.1, 0.1]], 400))


def test_any_arm_is_any_arm() -> None:
    counts = np.bincount(plays("uniform", [[0.1, 0.9, 0.5]], 600), minlength=3)
    assert counts.min() > 150
    assert RULES == ("ucb", "thompson", "uniform")
    with pytest.raises(ValueError, match="expected one of ucb"):
        Bandit(3, "greedy", Streams(1))


def test_an_arm_raises_its_own_evasions_alone() -> None:
    for story in load_narratives([use.name for use in DEFAULT_NARRATIVES]):
        for arm, kinds in ARMS.items():
            made = hiding(story, arm)
            before, after = ({one.kind: one.level for one in told.evade} for told in (story, made))
            changed = {kind for kind in after if after[kind] != before.get(kind)}
            assert changed <= set(kinds)
            assert set(before) <= set(after)
            assert all(after[kind] == 1.0 for kind in changed)
            assert story.decoy is False or made == story
        if not story.decoy:
            assert {one.kind for one in hiding(story, "slow").evade} >= {one.kind for one in story.evade}
            assert all(phase.device == {"own": 1.0} for phase in hiding(story, "own device").phases)


def period(known: list[int], stopped_by: list[float]) -> Period:
    facts = pd.DataFrame({
        "is_fraud": [True, True, True, False, True], "is_laundering": False, "instance": [7, 7, 8, -1, 7],
        "phase": ["a", "a", "b", None, "spend"],
        "status": ["posted", "posted", "declined", "posted", "posted"],
        "amount": [1_000, 2_000, 5_000, 9_000, 800],
    })  # fmt: skip
    return Period(np.zeros((5, 2), np.float32), np.array(stopped_by), facts, np.array(known))


def test_what_follows_a_stopped_payment_is_stopped() -> None:
    one = period([NEVER] * 5, [0.0] * 5)
    assert money(one, np.array([False] * 5)) == (30.0, 0.0)
    assert money(one, np.array([True, False, False, False, False])) == (0.0, 30.0)
    assert money(one, np.array([False, True, True, True, True])) == (10.0, 20.0)


def test_a_bank_learns_from_what_it_knows_by_then() -> None:
    bank = Bank(Namespace(days=30, budget=0.4))
    assert not bank.stops(period([0] * 5, [9.0] * 5)).any()
    bank.learn(0, period([30, 31, 29, NEVER, 60], [1.0, 2.0, 3.0, 4.0, 5.0]))
    assert bank.known == 2  # by day 30
    assert bank.stops(period([0] * 5, [1.0, 4.9, 5.0, 0.0, 4.2])).tolist() == [False, True, True, False, True]
    bank.learn(1, period([30, 31, 29, NEVER, NEVER], [0.0] * 5))
    assert bank.known == 4 + 2  # by day 60
