"""Rows that come with others: found where planted, not where words are dealt out, drawn beside rows."""

from functools import cache

import numpy as np
import pytest
from companion_ledgers import AUTO, BACK, BUY, HOLD, ledger, shares

from finsim.generators.events.habits import habits
from finsim.generators.events.habits.echoes import learned_echoes
from finsim.generators.events.habits.echoes.companion_rows import facts_of
from finsim.generators.events.habits.echoes.learned_companions import paid_of
from finsim.generators.events.habits.echoes.learned_echoes import NO_ECHOES, learn_echoes
from finsim.generators.events.habits.habits import Habits
from finsim.generators.generator import Budget
from finsim.randomness import Streams

CHANCE = 0.2


@cache
def fitted():
    return Habits.fit(ledger(), Habits.Settings(), Streams(3), Budget(), lambda share, text: None)


def test_facts_are_those_planted():
    log = ledger()
    ordinary, echoes = learn_echoes(log)
    assert echoes.remarks(log) == (
        "98% of rows with kind=PREAUTH are followed within 10 min at the same payee by kind=COMPLETION",
        *(
            f"{share} of rows with answer={word} are followed within 10 min at the same payee, "
            "with the same sum, by answer=00"
            for share, word in (("79%", "05"), ("78%", "91"))
        ),
        "100% of rows with kind=REVERSAL are preceded within 6 h at the same payee, with the same sum, "
        "by kind=PURCHASE",
    )
    # What is left alone is what was planted alone: some holds, and what machines declined.
    kind, answer, mode = (ordinary.events[name].values for name in ("kind", "answer", "mode"))
    assert (kind != BACK).all()
    assert set(mode[answer > 0]) == {AUTO}
    assert 0 < (kind == HOLD).sum() <= 0.03 * (log.events["kind"].values == HOLD).sum()
    chains = np.diff(echoes.companions[1].starts)
    assert set(chains) == {1, 2}
    assert 0.35 < (chains == 2).mean() < 0.65


@pytest.mark.parametrize("more", [{}, {"coded": True}])
def test_two_words_tell_what_one_does_not(more):
    """Most declines are by machine and are never tried again: the mode tells, beside the answer."""
    log = ledger(auto=0.7, **more)
    found = [(fact, one) for fact, one, _ in facts_of(paid_of(log)) if len(fact.columns) == 2]
    assert len(found) == 1
    assert set(found[0][0].columns) == {"answer", "mode"}
    assert (log.events["mode"].values[found[0][1]] != AUTO).all()
    one = [fact for fact, _, _ in facts_of(paid_of(log)) if len(fact.columns) == 1]
    assert all("answer" not in fact.columns for fact in one)


def test_nothing_is_found_by_chance():
    for seed in range(5):
        log = ledger(count=30, seed=seed, told=False)
        found, echoes = learn_echoes(log)
        assert found is log
        assert echoes is NO_ECHOES


def test_sampled_rows_come_as_the_planted_do(monkeypatch):
    body, planted = fitted(), shares(ledger())
    sample = shares(body.sample(80, Streams(5)))
    for name, (often, beside) in planted.items():
        assert sample[name][0] == pytest.approx(often, rel=0.25), name
        assert sample[name][1] >= beside - 0.08, name
    monkeypatch.setattr(learned_echoes, "learn_companions", lambda log, kept: ())
    twin = habits.Habits.fit(ledger(), Habits.Settings(), Streams(3), Budget(), lambda share, text: None)
    naive = shares(twin.sample(80, Streams(5)))
    assert max(beside for _, beside in naive.values()) <= CHANCE
    # Held-out cards are known better by who knows which rows come together.
    new = ledger(seed=9)
    assert body.entity_losses(new, Streams(1)).mean() < twin.entity_losses(new, Streams(1)).mean() - 0.2


def test_machines_are_declined_for_good():
    log = fitted().sample(80, Streams(5))
    kind, answer, mode = (log.events[name].values for name in ("kind", "answer", "mode"))
    bought = kind == BUY
    for is_auto in (False, True):
        own = bought & ((mode == AUTO) == is_auto)
        assert (answer[own] > 0).mean() == pytest.approx(0.2 if is_auto else 0.125, abs=0.05)
    assert (answer[kind != BUY] > 0).mean() <= 0.01


def test_parts_and_a_restored_model_give_the_same_rows():
    body = fitted()
    whole = body.sample(12, Streams(5))
    again = Habits.from_state(body.state())
    assert again.remarks() == body.remarks()
    assert len(body.remarks()) == 4
    part = again.sample(5, Streams(5), first=7, total=12)
    assert part.digest() == whole.take(np.arange(7, 12)).digest()
    begin, end = whole.begin, whole.end
    assert ((whole.times >= begin) & (whole.times < end)).all()
