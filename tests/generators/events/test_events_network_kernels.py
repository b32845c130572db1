"""Kernels of the event network against plain twins and against torch."""

import numpy as np
import pytest
import torch
from naive.event_memory import read_entity
from small_networks import SMALL, two_states

from finsim.generators.events.network.entity_context import EntityContexts, whole_goals
from finsim.generators.events.network.event_encoding import calendar, encoded
from finsim.generators.events.network.event_fields import EventFields, Sizes
from finsim.generators.events.network.network_training import (
    Blurs,
    Chunks,
    EventRecipe,
    numbers_before,
    slopes_on,
)  # fmt: skip
from finsim.generators.events.network.torch_network import EventNetwork, NetworkShape, folded
from finsim.generators.training.network_weights import begun
from finsim.kernels.events.event_memory import read_events
from finsim.kernels.events.event_network import DAY_SLOPES, NUMBERS, day_slopes, known_numbers, softmax_draw
from finsim.kernels.events.event_walk import weigh_entity
from finsim.randomness import Streams


@pytest.mark.parametrize("seed", range(6))
def test_memory_is_that_of_the_plain_twin(seed):
    rng = np.random.default_rng(seed)
    starts = np.concatenate([[0], np.cumsum(rng.integers(0, 40, 9))])
    n, ranks = int(starts[-1]), 3
    partners = rng.integers(-1, 7, n)
    amounts = np.stack([rng.integers(-1, 3, n), rng.integers(3, 9, n)], axis=1)
    identity = np.append(rng.integers(1, 5, 7), 0)
    out = [np.zeros(n, dtype=np.int64) for _ in range(6)]
    past = np.zeros((n + 9, 4))
    read_events(starts, partners, amounts, identity, ranks, (*out, past))
    for e in range(9):
        part = slice(starts[e], starts[e + 1])
        lines, before = read_entity(partners[part], *amounts[part].T, identity, ranks)
        found = np.stack(out, axis=1)[part]
        assert found.tolist() == [list(line) for line in lines]
        assert np.allclose(past[starts[e] + e : starts[e + 1] + e + 1, :2], before)


def test_numbers_of_the_kernels_are_those_of_the_training():
    rng = np.random.default_rng(0)
    for _ in range(50):
        i, day = int(rng.integers(0, 5)), int(rng.integers(-1, 9))
        goal, past = rng.uniform(0, 9, 3), rng.uniform(0, 3, 3)
        found, slopes = np.zeros(NUMBERS), np.zeros(DAY_SLOPES)
        known_numbers(found, i, day, goal, 9, past)
        day_slopes(slopes, i, max(day, 0), goal)
        assert np.allclose(found, numbers_before(np.array(i), np.array(day), goal, 9, past))
        there = slopes_on(np.array([i]), np.array([max(day, 0)]), goal[None])
        assert np.allclose(slopes, there[0])


def test_draws_follow_the_softmax_and_never_what_is_forbidden():
    logits = np.log(np.array([0.2, 0.5, 0.3], dtype=np.float32))
    drawn = [softmax_draw(logits, 3, u) for u in (np.arange(1000) + 0.5) / 1000]
    assert np.allclose(np.bincount(drawn) / 1000, [0.2, 0.5, 0.3], atol=0.002)
    logits[1] = -np.inf
    assert {softmax_draw(logits, 3, u) for u in (np.arange(99) + 0.5) / 99} == {0, 2}


@pytest.mark.parametrize("clock", [False, True])
@pytest.mark.parametrize("partners", [False, True])
def test_kernels_weigh_events_as_torch_does(clock, partners):
    log = two_states(entities=9, clock=clock, partners=partners)
    fields = EventFields.fit(log, Sizes(8, 6, 4, 6, 6), Streams(1))
    data = encoded(log, fields)
    contexts = EntityContexts.fit(data, log.entities, fields.days, 6)
    goals = whole_goals(contexts.goals, fields.days, fields.days)
    days = calendar(fields, log.begin, fields.days, np.zeros(fields.days), 10)
    shape = NetworkShape(tuple(fields.field_sizes()), tuple(fields.heads()), tuple(fields.seen_from()), 6,
                         fields.days, SMALL.width, SMALL.embedding)  # fmt: skip
    network = begun(lambda: EventNetwork(shape), Streams(1), torch.device("cpu"))
    with torch.no_grad():
        for weight in network.parameters():
            weight += 0.1 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(3))
    everybody = Chunks.of(data, np.arange(9), 10)
    recipe = EventRecipe(network, data, (contexts.contexts, goals, contexts.spread), days,
                         (everybody, everybody), 4, Blurs(0.0, 0.0), "")  # fmt: skip
    allowed = [np.ones(outputs, dtype=bool) for _, _, outputs in shape.heads]
    net, busy = folded(network, allowed)
    days = days._replace(busy=busy)
    total = 0.0
    for e in range(9):
        rows = slice(int(data.starts[e]), int(data.starts[e + 1]))
        shared = net.bias + contexts.contexts[e].astype(np.float32) @ net.context
        losses = np.zeros((rows.stop - rows.start + 1, len(net.kinds)))
        past = data.past[rows.start + e : rows.stop + e + 1]
        weigh_entity(net, days, shared, goals[e], (data.tokens[rows], data.days[rows], past), losses)
        total += losses.sum()
    assert np.isclose(total / log.events.rows, recipe.held_out(0.0), rtol=1e-4)
