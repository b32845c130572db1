"""A small ledger of known law, and an event network small enough for tests."""

import numpy as np

from finsim.generators.events.network.events_network import Events
from finsim.generators.generator import Budget
from finsim.randomness import Streams
from finsim.records.event_log import EventLog, EventRoles
from finsim.records.mixed_table import MixedColumn, MixedTable

DAY = 86_400 * 10**9
SMALL = Events.Settings(
    width=24, embedding=8, context=6, window=24, batch=12, check_every=20, block=8, popular=6, ranks=4,
    amount_bins=8, number_bins=6, words=6,
)  # fmt: skip
STAY = 0.9


def quiet(share, text):
    pass


def two_states(entities=60, days=70, seed=1, clock=False, partners=True):
    """Return a ledger whose word keeps its state with chance .9; amounts are 10 in one, else 100 to 200.

    Every day has an event with chance .4; three counterparties are everybody's, others are an entity's own.
    """
    rng = np.random.default_rng(seed)
    rows, sizes = [], []
    for entity in range(entities):
        state, size = int(rng.integers(2)), 0
        for day in np.flatnonzero(rng.random(days) < 0.4):
            state = state if rng.random() < STAY else 1 - state
            amount = 10.0 if state == 0 else np.round(rng.uniform(100, 200), 2)
            partner = int(rng.integers(3)) if rng.random() < 0.7 else 3 + 2 * entity + int(rng.integers(2))
            rows.append((day * DAY + clock * int(rng.integers(24)) * DAY // 24, state, amount, partner))
            size += 1
        sizes.append(size)
    when, state, amount, partner = (np.array(one) for one in zip(*rows, strict=True))
    columns = {
        "when": MixedColumn("time", when.astype(np.int64), (), 1.0 if clock else float(DAY)),
        "state": MixedColumn("word", state.astype(np.int32), ("calm", "busy")),
        "amount": MixedColumn("number", amount, (), 0.01),
    }
    columns["weight"] = MixedColumn("number", rng.gamma(2.0, 3.0, len(when)))
    columns["kind"] = MixedColumn("word", rng.integers(4, size=len(when)).astype(np.int32), tuple("klmn"))
    if partners:
        words = tuple(f"p{k}" for k in range(3 + 2 * entities))
        columns["to"] = MixedColumn("word", partner.astype(np.int32), words)
        columns["city"] = MixedColumn("word", (partner % 5).astype(np.int32), tuple("abcde"))
    attributes = {"grade": MixedColumn("word", rng.integers(2, size=entities).astype(np.int32), ("x", "y"))}
    return EventLog(
        MixedTable(columns, len(when)), np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        MixedTable(attributes, entities), EventRoles("when", "amount", "to" if partners else None),
        0, days * DAY,
    )  # fmt: skip


def fitted(log=None, settings=SMALL, steps=4, seed=5, **more):
    log = two_states() if log is None else log
    return Events.fit(log, settings, Streams(seed), Budget(steps=steps), quiet, **more)
