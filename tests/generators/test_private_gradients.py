"""Events and rows of one unit touch its own gradient alone, once the noised sums are given.

An audit with canaries cannot see this: it knows the gradients of the others.
"""

import numpy as np
import pytest
import torch
from private_data import EVENTS, TABULAR, ledger, table
from test_private_learned import replayed

from finsim.generators.events.network.private_training import private_recipe as private_event_recipe
from finsim.generators.privacy.noised_counts import Owners
from finsim.generators.tables.tabular.private_tabular import private_recipe
from finsim.randomness import Streams

CHANGED, OTHERS = 9, (2, 5, 40)
NOISE = (3.0, 1e-6)


def table_of(changed):
    data = table()
    if not changed:
        return data
    values = {name: data[name].values.copy() for name in ("kind", "label", "size")}
    values["kind"][CHANGED] = (values["kind"][CHANGED] + 1) % 3
    values["label"][CHANGED] = 1 - values["label"][CHANGED]
    values["size"][CHANGED] = 1.0 if np.isnan(values["size"][CHANGED]) else np.nan
    return data.with_columns({name: data[name].with_values(one) for name, one in values.items()})


def ledger_of(changed):
    """Return a ledger; one entity pays others, other sums, another way, in another order."""
    log = ledger()
    if not changed:
        return log
    rows = slice(int(log.starts[CHANGED]), int(log.starts[CHANGED + 1]))
    values = {name: log.events[name].values.copy() for name in ("to", "kind", "sum", "way")}
    values["to"][rows] = (values["to"][rows] + 1) % 4
    values["kind"][rows] = (values["kind"][rows] + 1) % 3
    values["sum"][rows] = np.where(values["sum"][rows] == 10.0, 35.0, 10.0)
    values["way"][rows] = 1 - values["way"][rows]
    return log.__class__(
        log.events.with_columns({name: log.events[name].with_values(one) for name, one in values.items()}),
        log.starts, log.entities, log.roles, log.begin, log.end,
    )  # fmt: skip


def table_recipe(changed):
    data = table_of(changed)
    return private_recipe(data, TABULAR, Owners.themselves(data.rows), NOISE, Streams(11))[1]


def event_recipe(changed):
    return private_event_recipe(ledger_of(changed), EVENTS, NOISE, Streams(11)).recipe


@pytest.mark.parametrize("made", [table_recipe, event_recipe])
def test_the_rows_of_one_unit_touch_its_own_gradient_alone(made, monkeypatch):
    recipes = replayed(monkeypatch, lambda number: made(number == 2))
    assert recipes[0].entities == recipes[1].entities
    found = []
    for recipe in recipes:
        for weight in recipe.network.parameters():  # leave the start, where many slopes are 0
            with torch.no_grad():
                weight += 0.05 * torch.sin(torch.arange(weight.numel(), dtype=weight.dtype)).view_as(weight)
        (part,) = recipe.private_parts(0.0)
        chosen = np.array([*OTHERS[:2], CHANGED, OTHERS[2]])
        draws = [Streams(3).at("entity", int(entity)) for entity in chosen]
        found.append(torch.cat(list(recipe.gradients(part, chosen, draws))))
    assert found[0].shape == found[1].shape
    moved = (found[0] - found[1]).abs().amax(dim=1) > 0.0
    assert moved.tolist() == [False, False, True, False]
