"""One entity more or less moves an update by at most the clip; entities are drawn one by one."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from small_generators import FLOW, TIMEGAN, quiet
from torch import nn

from finsim.errors import PrivacyBudgetError
from finsim.generators.flow import flow as flow_module
from finsim.generators.flow.flow import Flow
from finsim.generators.flow.private_flow import RELEASES, private_encoding
from finsim.generators.generator import Budget, Sequences
from finsim.generators.privacy import private_marginals as marginals_module
from finsim.generators.privacy.entity_gradients import (
    clipped_sum,
    drawn_entities,
    entity_gradients,
    noised,
    ragged_gradients,
)
from finsim.generators.privacy.ledger import Ledger
from finsim.generators.privacy.private_marginals import private_marginals
from finsim.generators.privacy.private_steps import Mechanism
from finsim.generators.timegan import timegan as timegan_module
from finsim.generators.timegan.timegan import TimeGan
from finsim.randomness import Streams


def slopes_of(entities, weight):
    """Return the gradient of each entity's summed squared error: an entity is (x[n, 3], y[n])."""
    losses = ((torch.tensor(x) @ weight - torch.tensor(y)).square().sum() for x, y in entities)
    return ragged_gradients(losses, [weight])


@st.composite
def ragged(draw):
    seed, rows = draw(st.integers(0, 2**31)), draw(st.lists(st.integers(1, 30), min_size=1, max_size=8))
    heavy = draw(st.integers(0, len(rows) - 1))
    rows[heavy] = 1000
    numbers = np.random.default_rng(seed)
    scale = draw(st.sampled_from([1e-6, 1.0, 1e6]))
    return [(scale * numbers.standard_cauchy((n, 3)), numbers.standard_cauchy(n)) for n in rows], heavy


@settings(max_examples=60, deadline=None)
@given(ragged(), st.integers(0, 7), st.sampled_from([0.01, 1.0, 30.0]))
def test_an_entity_moves_the_sum_by_at_most_the_clip(drawn, which, clip):
    entities, heavy = drawn
    weight = nn.Parameter(torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64))
    whole = clipped_sum(slopes_of(entities, weight), clip, 3)
    for left_out in {which % len(entities), heavy}:  # one with 1,000 rows among them
        rest = clipped_sum(slopes_of(entities[:left_out] + entities[left_out + 1 :], weight), clip, 3)
        assert (whole - rest).norm() <= clip * (1 + 1e-9)


def test_a_small_gradient_is_not_scaled_and_a_large_one_keeps_its_direction():
    rows = torch.tensor([[0.3, 0.0], [30.0, 40.0]])
    assert clipped_sum([rows[:1], rows[1:]], 1.0, 2).tolist() == pytest.approx([0.9, 0.8])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_gradient_that_is_not_finite_counts_as_none(bad):
    rows = torch.tensor([[0.3, 0.4], [bad, 0.0], [1e200, bad]], dtype=torch.float64)
    assert clipped_sum([rows], 1.0, 2).tolist() == pytest.approx([0.3, 0.4])


def test_gradients_at_once_are_those_one_by_one():
    draw = torch.Generator().manual_seed(1)
    x, y = torch.randn(6, 5, 3, generator=draw), torch.randn(6, 5, generator=draw)
    weight = nn.Parameter(torch.tensor([1.0, -2.0, 0.5]))

    def loss(weights, x, y):
        return (x @ weights["w"] - y).square().mean()

    together = entity_gradients(loss, {"w": weight}, [x, y])
    apart = ragged_gradients((loss({"w": weight}, a, b) for a, b in zip(x, y, strict=True)), [weight])
    assert torch.allclose(together, torch.cat(list(apart)), atol=1e-6)


def test_entities_are_drawn_on_their_own(streams):
    """Poisson sampling: the number drawn is binomial, sometimes none, and no two entities go together."""
    count, rate, trials = 40, 0.05, 4000
    taken = np.zeros((trials, count), dtype=bool)
    for trial in range(trials):
        taken[trial, drawn_entities(count, rate, streams.at(trial))] = True
    sizes = np.bincount(taken.sum(axis=1), minlength=9)
    expected = trials * stats.binom.pmf(np.arange(8), count, rate)
    expected = np.append(expected, trials - expected.sum())
    assert stats.chisquare(np.append(sizes[:8], sizes[8:].sum()), expected).pvalue > 1e-3
    assert sizes[0] > 0
    share = taken.mean(axis=0)
    assert abs(share - rate).max() < 5 * np.sqrt(rate / trials)
    pairs = np.corrcoef(taken.T.astype(float))[np.triu_indices(count, 1)]
    assert abs(pairs).max() < 5 / np.sqrt(trials)


def test_noise_has_the_stated_size_and_the_whole_seed():
    total = torch.zeros(40_000, dtype=torch.float64)
    found = noised(total, 0.5, 3.0, Streams(7).at("noise")).numpy()
    assert stats.kstest(found / 1.5, "norm").pvalue > 1e-3
    # A torch generator on the CPU takes 32 bits of its seed.
    other = noised(total, 0.5, 3.0, Streams(7 + 2**32).at("noise")).numpy()
    assert abs(np.corrcoef(found, other)[0, 1]) < 0.03


class Counted:
    """A recipe whose every entity has gradient 1 on its own coordinate."""

    entities = 20

    def private_parts(self, done):
        return ("part",)

    def gradients(self, part, entities, draws):
        rows = torch.zeros(len(entities), 20)
        rows[torch.arange(len(entities)), torch.from_numpy(entities)] = 1.0
        yield rows


def test_the_sum_is_divided_by_the_expected_number(streams):
    weights = [nn.Parameter(torch.zeros(4, 5))]
    sizes = set()
    for step in range(30):
        seen = []
        mechanism = Mechanism(
            1.0, 0.0, 0.2, Ledger(), Ledger(), lambda part, entities, total, seen=seen: seen.append(entities)
        )
        (slope,) = mechanism.slopes(Counted(), "part", weights, streams, (step, 0))
        sizes.add(len(seen[0]))
        assert slope.flatten().nonzero()[:, 0].tolist() == seen[0].tolist()
        assert slope.sum().item() == pytest.approx(len(seen[0]) / 4.0)
    assert len(sizes) > 3


class Silent(Counted):
    """A recipe whose every gradient is 0: what is released is noise."""

    def gradients(self, part, entities, draws):
        yield torch.zeros(len(entities), 2000)


def test_the_noise_of_an_update_has_the_whole_seed():
    weights = [nn.Parameter(torch.zeros(40, 50))]
    mechanism = Mechanism(1.0, 1.0, 0.1, Ledger(), Ledger())
    one, two = (
        mechanism.slopes(Silent(), "part", weights, Streams(seed), (0, 0))[0].detach().flatten().numpy()
        for seed in (7, 7 + 2**32)
    )
    assert one.std() > 0.0
    assert abs(np.corrcoef(one, two)[0, 1]) < 0.1


def private(base, **changes):
    return dataclasses.replace(base, **{"epsilon": 8.0, **changes})


def many(count=80, steps=20, seed=4):
    values = np.random.default_rng(seed).standard_t(5, (count, steps, 2)) * [0.01, 3.0]
    return Sequences(values)


def recipe_of(kind, module, data, monkeypatch):
    """Return the recipe that a private fit trains with."""
    kept = []

    def train(recipe, *rest, **more):
        kept.append(recipe)
        raise InterruptedError

    monkeypatch.setattr(module, "train", train)
    # The preparation is fixed, so that only the gradients can carry data from one entity to another.
    settings = private({Flow: FLOW, TimeGan: TIMEGAN}[kind])
    with pytest.raises(InterruptedError):
        kind.fit(data, settings, Streams(3), Budget(10), quiet)
    return kept[0]


@pytest.mark.parametrize(("kind", "module"), [(Flow, flow_module), (TimeGan, timegan_module)])
def test_the_rows_of_one_entity_touch_its_own_gradient_alone(kind, module, monkeypatch, streams):
    data = many()
    with torch.random.fork_rng():
        recipe = recipe_of(kind, module, data, monkeypatch)
    for weight in recipe.network.parameters():  # leave the start, where many slopes are 0
        with torch.no_grad():
            weight += 0.05 * torch.sin(torch.arange(weight.numel(), dtype=weight.dtype)).view_as(weight)
    chosen = np.array([2, 5, 9, 40])
    parts = {part for done in (0.0, 0.5, 0.9) for part in recipe.private_parts(done)}
    assert len(parts) == {Flow: 1, TimeGan: 5}[kind]

    def gradients():
        return {
            part: torch.cat(
                list(recipe.gradients(part, chosen, [streams.at("entity", int(e)) for e in chosen]))
            )
            for part in parts
        }

    before = gradients()
    if kind is Flow:
        recipe.source.components[9] *= -3.0
    else:
        recipe.windows[recipe.first[9] : recipe.first[9] + recipe.counts[9]] = 0.9
    after = gradients()
    for part in parts:
        assert before[part].shape[0] == 4
        moved = (before[part] - after[part]).abs().amax(dim=1) > 0.0
        assert moved.tolist() == [False, False, True, False], part
        # An entity's gradient is the same whoever else is drawn.
        (alone,) = recipe.gradients(part, chosen[2:3], [streams.at("entity", 9)])
        assert torch.allclose(alone[0], after[part][2], atol=1e-5), part


def test_an_entity_without_a_window_has_no_gradient(monkeypatch, streams):
    data = many()
    mask = np.ones((80, 20), dtype=bool)
    mask[7, 10] = mask[7, 5] = mask[7, 15] = False
    recipe = recipe_of(Flow, flow_module, Sequences(data.values, mask), monkeypatch)
    assert recipe.entities == 80
    draws = [streams.at(e) for e in (6, 7)]
    assert sum(len(chunk) for chunk in recipe.gradients("flow", np.array([6, 7]), draws)) == 1


def released_totals(data, monkeypatch):
    """Return (total before noise, bound, sigma) of every noised sum of the preparation of a flow."""
    found = []

    def spy(total, clip, sigma, draw):
        found.append((total.clone(), clip, sigma))
        return noised(total, clip, sigma, draw)

    with monkeypatch.context() as patch:
        patch.setattr(marginals_module, "noised", spy)
        private_encoding(data, 20.0, (1, 2), 2.0, Streams(5))
    return found


def test_the_preparation_reads_the_data_through_noised_sums_alone(monkeypatch):
    data = many(200)
    data.values[0] = 1e6  # an entity that wants to be seen
    whole = released_totals(data, monkeypatch)
    rest = released_totals(Sequences(data.values[1:]), monkeypatch)
    assert len(whole) == len(rest) == RELEASES
    assert {sigma for _, _, sigma in whole} == {2.0}
    # Later rounds answer to what earlier ones released; the first can be compared.
    assert (whole[0][0] - rest[0][0]).norm() <= whole[0][1] * (1 + 1e-9) == np.sqrt(2.0) * (1 + 1e-9)


def test_equal_noised_sums_give_an_equal_encoding_whatever_the_data(monkeypatch):
    """Nothing but the sums is read: with the sums of one data set, another gives the same encoding."""
    kept = []

    def record(total, clip, sigma, draw):
        kept.append(noised(total, clip, sigma, draw))
        return kept[-1]

    def replay(total, clip, sigma, draw):
        return kept.pop(0)

    monkeypatch.setattr(marginals_module, "noised", record)
    one = private_encoding(many(200, seed=4), 20.0, (1, 2), 2.0, Streams(5)).arrays()
    monkeypatch.setattr(marginals_module, "noised", replay)
    data = many(200, seed=99)
    two = private_encoding(Sequences(3.0 * data.values + 1.0), 20.0, (1, 2), 2.0, Streams(5)).arrays()
    assert not kept
    assert one.keys() == two.keys()
    assert all((one[name] == two[name]).all() for name in one)


def test_the_preparation_finds_the_laws_of_many_entities():
    data = many(4000, 32)
    marginals = private_marginals(data, 20.0, 3.0, Streams(5))
    draws = np.random.default_rng(1).standard_normal((100_000, 2))
    made = marginals.values(draws)
    assert made.std(axis=0) == pytest.approx(data.values.std(axis=(0, 1)), rel=0.1)
    for level in (0.01, 0.25, 0.75, 0.99):
        assert np.quantile(made, level, axis=0) == pytest.approx(
            np.quantile(data.values, level, axis=(0, 1)), rel=0.15
        )


def test_the_preparation_finds_memory_and_dependence():
    """Volatility that lasts and a second channel that answers to the size of the first."""
    draw = np.random.default_rng(2)
    size, values = np.ones(4000), np.empty((4000, 32, 2))
    for step in range(32):
        values[:, step, 0] = np.sqrt(size) * draw.standard_normal(4000)
        size = 0.1 + 0.5 * size + 0.4 * values[:, step, 0] ** 2
        values[:, step, 1] = np.log(0.1 + values[:, step, 0] ** 2) + draw.standard_normal(4000)
    encoding = private_encoding(Sequences(values), 20.0, (1, 2, 4), 3.0, Streams(5))
    assert (encoding.dynamics.log_scale[1:, 0] > 0.03).any()
    assert encoding.coupling.location[3, 1] > 0.4  # channel 1 on the log square of channel 0
    assert (encoding.coupling.location[1:, 0] == 0.0).all()
    nothing = private_encoding(Sequences(values[:400]), 20.0, (1, 2, 4), 30.0, Streams(5))
    assert not nothing.coupling.location[1:].any()
    with pytest.raises(PrivacyBudgetError, match=r"60 entities of 2 channels are hidden.*at least 312"):
        private_encoding(Sequences(values[:60]), 20.0, (1, 2, 4), 30.0, Streams(5))
