"""A table and a ledger of few values, for private fits, and settings small enough for tests."""

import numpy as np

from finsim.generators.events.network.events_network import Events
from finsim.generators.generator import Budget
from finsim.generators.tables.tabular.tabular import Tabular
from finsim.records.event_log import EventLog, EventRoles
from finsim.records.mixed_table import MixedColumn, MixedTable

DAY = 86_400 * 10**9
ROWS, PEOPLE, DAYS = 401, 211, 60
BUDGET = Budget(steps=6)


def table(seed=1, rows=ROWS):
    """Return rows of few values, so that two tables have the same ones; the label follows the kind."""
    rng = np.random.default_rng(seed)
    kind = rng.integers(3, size=rows)
    columns = {
        "kind": MixedColumn("word", kind.astype(np.int32), ("a", "b", "c")),
        "label": MixedColumn(
            "word", ((kind == 1) ^ (rng.random(rows) < 0.05)).astype(np.int32), ("no", "yes")
        ),
        "size": MixedColumn(
            "number", np.where(rng.random(rows) < 0.1, np.nan, rng.integers(1, 9, rows)), (), 1.0
        ),
        "day": MixedColumn("time", (14_000 + rng.integers(40, size=rows)) * DAY, (), float(DAY)),
    }
    return MixedTable(columns, rows)


def ledger(seed=1, people=PEOPLE, secret=""):
    """Return a ledger of few values; the first of 40 payees are everybody's, the last one entity's own."""
    rng = np.random.default_rng(seed)
    size = 3 + rng.integers(9, size=people)
    rows = int(size.sum())
    starts = np.concatenate([[0], np.cumsum(size)]).astype(np.int64)
    entity = np.repeat(np.arange(people), size)
    day = rng.integers(DAYS, size=rows)
    day = day[np.lexsort((day, entity))]
    payee = np.where(rng.random(rows) < 0.7, rng.integers(4, size=rows), 4 + rng.integers(35, size=rows))
    payee[:3], size_words = 39, (*(f"p{k}" for k in range(39)), f"own{secret}")
    columns = {
        "when": MixedColumn("time", day * DAY, (), float(DAY)),
        "to": MixedColumn("word", payee.astype(np.int32), size_words),
        "kind": MixedColumn("word", (payee % 3).astype(np.int32), ("x", "y", "z")),
        "sum": MixedColumn("number", rng.choice([5.0, 10.0, 20.0, 35.0], rows), (), 0.01),
        "way": MixedColumn("word", rng.integers(2, size=rows).astype(np.int32), ("chip", "web")),
    }
    people_table = {"grade": MixedColumn("word", rng.integers(2, size=people).astype(np.int32), ("g", "h"))}
    return EventLog(MixedTable(columns, rows), starts, MixedTable(people_table, people),
                    EventRoles("when", "sum", "to", "kind"), 0, DAYS * DAY)  # fmt: skip


TABULAR = Tabular.Settings(
    bins=6, functions=2, width=8, blocks=1, batch=60, check_every=2, sampling_batch=64, epsilon=8.0
)
EVENTS = Events.Settings(
    width=8, embedding=3, window=12, amount_bins=6, number_bins=4, ranks=4, popular=6, words=6, batch=30,
    check_every=2, block=16, epsilon=8.0,
)  # fmt: skip
