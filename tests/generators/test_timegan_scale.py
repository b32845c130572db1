"""TimeGAN's own scale: windows come back, levels lie apart from daily changes, moments are as named."""

import dataclasses
import itertools

import numpy as np
import pytest
import torch
from small_generators import TIMEGAN, clustered, fitted

from finsim.generators.generator import Budget
from finsim.generators.networks import TimeGanNetworks, TimeGanShape
from finsim.generators.timegan.direct_recipe import DirectRecipe
from finsim.generators.timegan.level_scale import LevelScale
from finsim.generators.timegan.timegan import TimeGan
from finsim.generators.timegan.timegan_training import Phases
from finsim.generators.timegan.window_moments import LAGS, moments
from finsim.generators.timegan.window_shares import RangeShares, ScoreShares
from finsim.generators.training.device import drawn, torch_stream
from finsim.generators.training.training_windows import cut
from finsim.randomness import Streams


def levels(steps=900, seed=4):
    """Return windows of a price that trends, whose moves grow with it, and of a volume against the price."""
    draw = np.random.default_rng(seed)
    price = np.exp(np.cumsum(0.002 + 0.02 * draw.standard_normal(steps)))
    volume = 0.3 * draw.standard_normal(steps) - 0.5 * np.log(price)
    rows = np.stack([price, price + 0.01 * price * np.abs(draw.standard_normal(steps)), volume], axis=1)
    return np.lib.stride_tricks.sliding_window_view(rows, 12, axis=0).transpose(0, 2, 1).copy()


def windows_of(kind):
    return levels() if kind == "levels" else cut(clustered(500), 12)


@pytest.mark.parametrize("kind", ["levels", "returns"])
def test_windows_come_back_in_numpy_and_in_torch(kind):
    real = windows_of(kind)
    scale = ScoreShares.fit(real, kind == "returns", np.random.default_rng(0))
    shares = scale.forward(real)
    assert shares.min() > 0.0
    assert shares.max() < 1.0
    back = scale.inverse(scale.opened(shares))
    near = np.abs(back - real) < 1e-6 * real.std(axis=(0, 1))
    assert near.all(axis=(1, 2)).mean() > 0.7  # the farthest values are cut to four deviations
    assert np.allclose(scale.lifted(torch.from_numpy(shares)).numpy(), back, rtol=1e-9, atol=1e-9)
    touched = scale.touched(np.random.default_rng(1).beta(2.0, 1.0, (800, 12, scale.components)))
    again = ScoreShares.from_arrays(touched.arrays())
    odd = np.random.default_rng(2).beta(2.0, 1.0, (700, 12, scale.components))
    assert np.array_equal(again.inverse(again.opened(odd)), touched.inverse(touched.opened(odd)))
    # What is made with another law gets that of the data.
    made, seen = touched.opened(odd)[:, 0], touched.known(real)[:, 0]
    assert np.quantile(made, 0.5, axis=0) == pytest.approx(np.quantile(seen, 0.5, axis=0), abs=0.15)
    assert np.quantile(scale.opened(odd)[:, 0], 0.5, axis=0) != pytest.approx(
        np.quantile(seen, 0.5, axis=0), abs=0.15
    )


def test_a_level_lies_apart_from_what_changes_daily_and_returns_have_none():
    real = levels()
    scale = ScoreShares.fit(real, False, np.random.default_rng(0))
    assert scale.slow.tolist() == [True, False, False]
    changes = np.diff(scale.known(real), axis=1).reshape(-1, 3)
    assert np.abs(np.corrcoef(changes.T) - np.eye(3)).max() < 0.02
    assert np.all(np.diff(changes.std(axis=0)) > 0.0)
    assert not ScoreShares.fit(cut(clustered(500), 12), True, np.random.default_rng(0)).slow.any()


def test_steps_are_as_large_at_every_level():
    real = levels()
    scale = ScoreShares.fit(real, False, np.random.default_rng(0))
    split = scale.known(real)
    split[:, 1:] = np.where(scale.slow, np.diff(scale.known(real), axis=1), split[:, 1:])
    level = LevelScale.fit(split, scale.slow)
    order = np.argsort(split[:, 0, 0])
    low, high = order[:200], order[-200:]

    def ratio(values):
        return np.abs(values[high, 1:, 0]).mean() / np.abs(values[low, 1:, 0]).mean()

    assert ratio(split) > 1.5
    assert ratio(level.standard(split, scale.slow)) == pytest.approx(1.0, abs=0.2)
    assert np.allclose(level.restored(level.standard(split, scale.slow), scale.slow), split)


def test_moments_are_mean_products_of_places_and_sizes():
    shares = torch.rand((7, 6, 2), generator=torch_stream(1), dtype=torch.float64)
    found = moments(shares).numpy()
    place = np.sqrt(12.0) * (shares.numpy() - 0.5)
    seen = np.concatenate([place, 2.0 * np.abs(place) - np.sqrt(3.0)], axis=2)
    for at, lag in enumerate(lag for lag in LAGS if lag < 5):
        for i, j in itertools.product(range(4), repeat=2):
            pairs = [seen[b, t, i] * seen[b, t + lag, j] for b in range(7) for t in range(1, 6 - lag)]
            assert found[at, i, j] == pytest.approx(np.mean(pairs))
    assert np.allclose(found[-2], seen[:, 0].T @ seen[:, 1:3].mean(axis=1) / 7)
    assert np.allclose(found[-1], seen[:, 0].T @ seen[:, 3:].mean(axis=1) / 7)


def test_even_noise_has_no_moments_but_its_own():
    found = moments(torch.rand((20_000, 8, 2), generator=torch_stream(2))).numpy()
    assert np.abs(found[0] - np.eye(4)).max() < 0.02
    assert np.abs(found[1:4]).max() < 0.02


def recipe_of(phases=None):
    networks = drawn(lambda: TimeGanNetworks(TimeGanShape(2, 4, 1, direct=True)), torch_stream(3))
    windows = torch.rand((64, 6, 2), generator=torch_stream(4))
    phases = phases or Phases(0.2, 0.4, 1.0, 0.0, 8)
    scale = ScoreShares.fit(windows.numpy().astype(float), False, np.random.default_rng(0))
    return DirectRecipe(networks, windows, None, phases, "x", scale, 20.0)


def test_the_generator_begins_as_the_embedder_and_its_latents_know_the_past_alone():
    recipe = recipe_of()
    nets = recipe.nets
    assert not torch.equal(nets.generator.head.weight, nets.embedder.head.weight)
    list(recipe.losses(0.3, torch_stream(1)))
    for one, other in zip(nets.generator.parameters(), nets.embedder.parameters(), strict=True):
        assert torch.equal(one, other)
    raw = torch.rand((1, 6, 4), generator=torch_stream(5))
    assert torch.equal(nets.latents(raw), raw)  # the gate is shut at first
    with torch.no_grad():
        nets.gate.fill_(0.5)
    changed = raw.clone()
    changed[:, 3] += 1.0
    moved = (nets.latents(changed) - nets.latents(raw)).abs().amax(dim=(0, 2))
    assert (moved > 1e-6).tolist() == [False, False, False, True, True, True]
    assert torch.allclose((nets.latents(changed) - nets.latents(raw))[:, 3], torch.ones(4))


def test_moments_lead_alone_before_there_is_a_discriminator():
    recipe = recipe_of()
    parts = {done: [part for part, _ in recipe.losses(done, torch_stream(7))] for done in (0.1, 0.3, 0.5)}
    assert parts == {0.1: ["autoencoder"], 0.3: ["supervisor"], 0.5: ["generator"]}
    later = {part for seed in range(20) for part, _ in recipe.losses(0.9, torch_stream(seed))}
    assert later == {"generator", "supervisor", "embedder", "discriminator"}
    recipe.weight = 0.0
    alone = next(loss for part, loss in recipe.losses(0.5, torch_stream(7)) if part == "generator")
    both = next(loss for part, loss in recipe.losses(0.9, torch_stream(7)) if part == "generator")
    assert alone.item() == 0.0
    assert both.item() > 0.5


def test_the_faithful_fit_has_the_published_scale_networks_and_last_weights(streams):
    data = clustered(200)
    settings = dataclasses.replace(TIMEGAN, faithful=True, layers=None, held_out=0.0)
    model = fitted(TimeGan, streams, data, settings, Budget(6))
    assert isinstance(model.scale, RangeShares)
    assert model.networks.generator.body.num_layers == 3
    assert model.networks.generator.squash
    assert model.networks.generator.beside is None
    made = model.sample(5, 30, streams)
    low, high = data.values.min(axis=(0, 1)), data.values.max(axis=(0, 1))
    assert ((made >= low) & (made <= high + 1e-6)).all()
    parts = {"autoencoder", "discriminator", "embedder", "generator", "supervisor"}
    assert set(model.report.losses) == parts
    assert model.report.held_out is None
    usual = fitted(TimeGan, streams, data, dataclasses.replace(settings, faithful=False), Budget(6))
    assert isinstance(usual.scale, ScoreShares)
    assert usual.networks.generator.body.num_layers == 1


@pytest.mark.slow
def test_a_trained_timegan_beats_noise_of_the_same_laws():
    """Volume whose level stays: independent steps are told at once, trained windows hardly."""
    draw, level, rows = np.random.default_rng(3), 0.0, []
    for _ in range(1_500):
        level = 0.8 * level + draw.standard_normal()
        rows.append([level, draw.standard_normal() * np.exp(0.3 * level)])
    data = dataclasses.replace(clustered(), values=np.array(rows)[None])
    settings = TimeGan.Settings(window=8, hidden=12, batch=64)
    found = fitted(TimeGan, Streams(3), data, settings, Budget(500)).report.diagnosis
    assert found["beats_noise"]
    assert not found["collapsed"]
