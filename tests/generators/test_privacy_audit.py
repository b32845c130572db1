"""One-run audits: the bound against published maxima; a sound training stands, planted faults are caught."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from private_data import EVENTS, TABULAR, ledger, table
from small_generators import FLOW
from torch import nn

from finsim.errors import PrivacyBudgetError
from finsim.generators.auditing.audit_bound import epsilon_lower_bound
from finsim.generators.auditing.canary_audit import audited
from finsim.generators.events.network.private_training import private_recipe as private_event_recipe
from finsim.generators.flow.flow_training import WindowSource
from finsim.generators.flow.private_flow import PrivateFlowRecipe, private_components, private_encoding
from finsim.generators.flow.rollout import Grid
from finsim.generators.generator import Sequences
from finsim.generators.networks import FlowShape, FlowTransformer
from finsim.generators.privacy import private_steps
from finsim.generators.privacy.entity_gradients import entity_gradients
from finsim.generators.privacy.ledger import Ledger
from finsim.generators.privacy.noise_calibration import noise_for
from finsim.generators.privacy.noised_counts import Owners
from finsim.generators.privacy.private_steps import Mechanism
from finsim.generators.tables.tabular.private_tabular import private_recipe
from finsim.generators.training.network_weights import begun
from finsim.generators.training.training_interface import Schedule
from finsim.randomness import Streams

pytestmark = pytest.mark.sweep

DELTA = 1e-5
SCHEDULE = Schedule(learning_rate=0.01, warm_up=1, check_every=100)
# Guesses -> largest epsilon that can be proven with all right, and with 90 % right (delta 0, 95 %).
MAXIMA = {
    50: (2.78, 1.39), 100: (3.49, 1.63), 200: (4.19, 1.80), 500: (5.11, 1.95), 1000: (5.81, 2.02),
    2000: (6.50, 2.07),
}  # fmt: skip


@pytest.mark.parametrize(("guesses", "best"), MAXIMA.items())
def test_reference_maxima(guesses, best):
    assert epsilon_lower_bound(guesses, guesses) == pytest.approx(best[0], abs=0.006)
    assert epsilon_lower_bound(round(0.9 * guesses), guesses) == pytest.approx(best[1], abs=0.006)
    assert epsilon_lower_bound(guesses // 2, guesses) == 0.0


def test_the_bound_by_hand():
    """All of r right: (e^eps / (1 + e^eps))^r = alpha."""
    for guesses, alpha in ((10, 0.05), (75, 0.01)):
        chance = alpha ** (1 / guesses)
        found = epsilon_lower_bound(guesses, guesses, alpha=alpha)
        assert found == pytest.approx(math.log(chance / (1 - chance)), abs=1e-5)


def test_delta_and_more_canaries_weaken_the_bound():
    plain = epsilon_lower_bound(180, 200)
    assert epsilon_lower_bound(180, 200, 1e-4) < plain
    assert epsilon_lower_bound(180, 200, 1e-4, canaries=2000) < epsilon_lower_bound(180, 200, 1e-4)
    assert epsilon_lower_bound(180, 200, alpha=0.01) < plain
    assert epsilon_lower_bound(0, 200) == 0.0


def test_the_bound_is_rarely_above_the_truth():
    """Randomized response at epsilon 1 guesses right with probability e / (1 + e): the worst case."""
    draw = np.random.default_rng(3)
    right = draw.binomial(300, math.e / (1 + math.e), size=400)
    above = sum(epsilon_lower_bound(int(correct), 300) > 1.0 for correct in right)
    assert above <= 32  # 20 expected at most; 32 is its 99.5 % quantile


@pytest.mark.parametrize(
    "wrong",
    [
        (5, 4, 0.0, 0.05, None),
        (-1, 4, 0.0, 0.05, None),
        (4, 9, 0.0, 0.05, 8),
        (4, 4, 1.0, 0.05, None),
        (4, 4, 0.0, 0.0, None),
    ],
)
def test_counts_that_do_not_fit_are_refused(wrong):
    with pytest.raises(PrivacyBudgetError, match="guesses right"):
        epsilon_lower_bound(*wrong)


class Plane:
    """A linear model of 60 x 60 numbers; its entities are noisy pairs."""

    identity = "plane"

    def __init__(self, entities=30):
        draw = np.random.default_rng(1)
        self.network, self.entities = nn.Linear(60, 60, bias=False), entities
        nn.init.zeros_(self.network.weight)
        self.x = torch.from_numpy(draw.standard_normal((entities, 3, 60), dtype=np.float32))
        self.y = torch.roll(self.x, 1, dims=2)

    def parts(self):
        return {"plane": list(self.network.parameters())}

    def private_parts(self, done):
        return ("plane",)

    def gradients(self, part, entities, draws):
        def loss(weights, x, y):
            return (x @ weights["weight"].T - y).square().mean()

        rows = torch.from_numpy(entities)
        yield entity_gradients(loss, {"weight": self.network.weight}, [self.x[rows], self.y[rows]])


def mechanism_for(epsilon, rate, steps, clip=1.0):
    sigma = noise_for(epsilon, DELTA, rate, steps)
    return Mechanism(clip, sigma, rate, Ledger(), Ledger().spend(rate, sigma, steps))


def plane_audit(epsilon=2.0, steps=20, rate=0.3, canaries=300):
    return audited(Plane(), SCHEDULE, steps, mechanism_for(epsilon, rate, steps), Streams(5), DELTA, canaries)


@pytest.mark.parametrize("epsilon", [1.0, 3.0])
def test_a_sound_training_stands(epsilon):
    found = plane_audit(epsilon)
    assert found.holds
    assert 0.9 * epsilon < found.claimed <= epsilon
    # The audit sees something: without power it would prove nothing.
    assert found.correct > 150
    assert found.guesses == found.canaries == 300


def test_missing_noise_is_caught(monkeypatch):
    monkeypatch.setattr(private_steps, "noised", lambda total, clip, sigma, draw: total)
    found = plane_audit()
    assert found.correct >= 298
    assert not found.holds
    assert found.lower > 4.0 > found.claimed


def test_too_little_noise_is_caught(monkeypatch):
    """A tenth of the noise: what is added when ten rows of an entity are clipped one by one."""
    real = private_steps.noised
    monkeypatch.setattr(
        private_steps, "noised", lambda total, clip, sigma, draw: real(total, clip, 0.1 * sigma, draw)
    )
    assert not plane_audit(1.0).holds


def test_a_missing_clip_is_caught(monkeypatch):
    monkeypatch.setattr(
        private_steps,
        "clipped_sum",
        lambda chunks, clip, size: torch.cat(list(chunks)).detach().double().sum(dim=0),
    )
    assert not plane_audit(1.0).holds


def test_a_ledger_that_forgets_is_caught(monkeypatch):
    """A training that counts only its last update claims less than its guesses prove."""

    class Forgetful(Ledger):
        def spend(self, rate, sigma, count=1):
            return Forgetful({(rate, sigma): 1})

    mechanism = mechanism_for(40.0, 1.0, 100)
    forgetful = dataclasses.replace(mechanism, before=Forgetful())
    found = audited(Plane(), SCHEDULE, 100, forgetful, Streams(5), DELTA, 300)
    assert not found.holds


def test_too_many_canaries_for_the_network_are_refused():
    with pytest.raises(PrivacyBudgetError, match="3,601 canaries"):
        audited(Plane(), SCHEDULE, 2, mechanism_for(2.0, 0.3, 2), Streams(5), DELTA, 3601)


def table_recipe(rows=300):
    wide = dataclasses.replace(TABULAR, width=16)
    return private_recipe(table(1, rows), wide, Owners.themselves(rows), (3.0, 1e-6), Streams(11))[1]


def test_rows_of_a_table_are_audited(monkeypatch):
    """A small audit of ``tabular``: its claim stands, and without noise it falls."""
    mechanism = mechanism_for(2.0, 0.2, 12)
    found = audited(table_recipe(), SCHEDULE, 12, mechanism, Streams(5), DELTA, 250)
    assert found.holds
    monkeypatch.setattr(private_steps, "noised", lambda total, clip, sigma, draw: total)
    silent = audited(table_recipe(), SCHEDULE, 12, mechanism, Streams(5), DELTA, 250)
    assert silent.lower > silent.claimed


def ledger_recipe(people=400):
    return private_event_recipe(ledger(1, people), EVENTS, (3.0, 1e-6), Streams(11)).recipe


@pytest.mark.slow
@pytest.mark.parametrize("epsilon", [1.0, 3.0, 5.0])
@pytest.mark.parametrize("recipe", [table_recipe, ledger_recipe])
def test_a_thousand_canaries_in_a_table_and_a_ledger(recipe, epsilon, monkeypatch):
    """White box, one run: below the claim with its noise, at the most that 1,000 guesses prove without."""
    steps, rate = 60, 0.15
    mechanism = mechanism_for(epsilon, rate, steps)
    found = audited(recipe(), SCHEDULE, steps, mechanism, Streams(5), DELTA)
    few = audited(recipe(), SCHEDULE, steps, mechanism, Streams(6), DELTA, 1000, 100)
    monkeypatch.setattr(private_steps, "noised", lambda total, clip, sigma, draw: total)
    silent = audited(recipe(), SCHEDULE, steps, mechanism, Streams(5), DELTA)
    print(f"{recipe.__name__}, {epsilon}: {found.lower:.3f}, {few.lower:.3f}; silent {silent.lower:.3f}")
    assert found.holds
    assert few.holds
    assert silent.lower > silent.claimed


def flow_recipe(entities=400):
    streams = Streams(11)
    values = np.random.default_rng(2).standard_t(5, (entities, 16, 2)) * [0.01, 3.0]
    data, grid = Sequences(values), Grid(2, 8, 8, 4)
    encoding = private_encoding(data, 20.0, (1,), 3.0, streams)
    source = WindowSource(data, private_components(data, encoding, streams.at("atoms")), grid)
    network = begun(lambda: FlowTransformer(FlowShape(8, 4, 16, 1, 2)), streams, torch.device("cpu"))
    return PrivateFlowRecipe(network, source, 0.8, f"flow {FLOW}", entities)


@pytest.mark.slow
@pytest.mark.parametrize("epsilon", [1.0, 3.0, 5.0])
def test_a_thousand_canaries_in_the_flow(epsilon, monkeypatch):
    """White box, one run: below the claim with its noise, at the most that 1,000 guesses prove without."""
    steps, rate = 60, 0.15
    mechanism = mechanism_for(epsilon, rate, steps)
    found = audited(flow_recipe(), SCHEDULE, steps, mechanism, Streams(5), DELTA)
    few = audited(flow_recipe(), SCHEDULE, steps, mechanism, Streams(6), DELTA, 1000, 100)
    print(f"epsilon {epsilon}: lower bound {found.lower:.3f} of 1,000 guesses, {few.lower:.3f} of 100")
    assert found.canaries == 1000
    assert found.holds
    assert few.holds
    monkeypatch.setattr(private_steps, "noised", lambda total, clip, sigma, draw: total)
    silent = audited(flow_recipe(), SCHEDULE, steps, mechanism, Streams(5), DELTA)
    print(f"  without noise {silent.lower:.3f}")
    assert silent.lower > silent.claimed
