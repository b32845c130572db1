"""Days of many payments belong to the entities that have them, and to the payees that bring them."""

import numpy as np
import pytest
from event_logs import DAYS, plain

from finsim.generators.events.habits import Habits
from finsim.generators.events.habits.days.crowded_days import crowded_lives, on_big_days
from finsim.generators.events.habits.ledger import Ledger
from finsim.generators.events.habits.restaurant import Runs
from finsim.generators.generator import Budget
from finsim.randomness import Streams

COUNT, POST, BIG = 300, 0, 8
SENDERS = 40


def log_of_senders(senders=SENDERS, count=COUNT, seed=4):
    """Entities that pay once or twice a day; ``senders`` of them post ten to thirty things at times."""
    rng = np.random.default_rng(seed)
    rows = []
    for one in range(count):
        homes = 1 + rng.choice(400, 6, replace=False)
        for day in np.sort(rng.choice(DAYS // 2, 40, replace=False)):
            if one < senders and rng.random() < 0.5:
                many, payee = int(rng.integers(10, 31)), POST
                rows += [(one, day, 3.62 if rng.random() < 0.5 else rng.integers(200, 900) / 100, payee)] * 1
                rows += [(one, day, 3.62, payee)] * (many - 1)
            else:
                many = 1 + int(rng.random() < 0.2)
                rows += [
                    (one, day, rng.integers(100, 90_000) / 100, homes[rng.integers(6)]) for _ in range(many)
                ]
    entity, day, amount, payee = (np.array(one) for one in zip(*rows, strict=True))
    return plain(entity, day * 2, amount.astype(np.float64), payee)


def figures(log):
    """Return of big days: how many, the share of their payments by post, of entities by post, per entity."""
    entity, payee = log.entity(), log.part("partner")
    name = np.array(log.events["to"].words)[payee]
    day = log.times // (86_400 * 10**9)
    key = np.unique(entity * 10**6 + day, return_inverse=True)[1]
    size = np.bincount(key)[key]
    post = name == f"p{POST}"
    many = size >= BIG
    whose = np.unique(entity[many])
    return {
        "rows": many.mean(),
        "by post": post[many].mean(),
        "post on them": many[post].mean(),
        "entities": len(whose) / (entity.max() + 1),
    }


def test_senders_are_a_class_and_the_post_brings_their_days():
    ledger = Ledger.read(log_of_senders())
    runs = Runs.read(ledger)
    busy, brings = on_big_days(ledger, runs)
    assert brings[POST] == 1
    assert brings.sum() == 1
    assert busy[POST] == busy.max()
    assert crowded_lives(ledger, runs).tolist() == [1] * SENDERS + [0] * (COUNT - SENDERS)


@pytest.mark.parametrize("senders", [12, COUNT - 12])
def test_few_lives_are_no_class(senders):
    ledger = Ledger.read(log_of_senders(senders))
    assert crowded_lives(ledger, Runs.read(ledger)).sum() == 0


def test_a_payee_of_one_big_day_brings_none():
    entity = np.repeat(np.arange(60), 20)
    day, payee = np.tile(np.arange(20), 60), 1 + np.arange(1_200) % 37
    once = np.zeros(9, np.int64)
    log = plain(
        np.concatenate([once, entity]), np.concatenate([once, day]), np.arange(1_209) / 100,
        np.concatenate([once, payee]),
    )  # fmt: skip
    ledger = Ledger.read(log)
    busy, brings = on_big_days(ledger, Runs.read(ledger))
    assert busy[0] >= 3.0
    assert brings.sum() == 0


def test_new_entities_have_big_days_where_learned_ones_have_them():
    log = log_of_senders()
    real = figures(log)
    assert real["by post"] == 1.0
    body = Habits.fit(log, Habits.Settings(), Streams(1), Budget(), lambda share, text: None)
    found = figures(body.sample(COUNT, Streams(2)))
    assert found["by post"] > 0.97
    assert found["post on them"] > 0.93
    assert found["rows"] == pytest.approx(real["rows"], rel=0.2)
    assert found["entities"] == pytest.approx(real["entities"], rel=0.35)
