"""A private fit: its claim, its checkpoints, what it refuses, and what it keeps to itself."""

import dataclasses
import json

import numpy as np
import pytest
from small_generators import FLOW, TIMEGAN, clustered, quiet

from finsim.errors import PrivacyBudgetError, ResumeError
from finsim.generators.flow.flow import Flow
from finsim.generators.generator import Budget, Sequences
from finsim.generators.privacy.claim_words import statement_lines
from finsim.generators.privacy.entity_units import Privacy
from finsim.generators.privacy.ledger import Ledger
from finsim.generators.saved_models import load, save
from finsim.generators.timegan.timegan import TimeGan
from finsim.randomness import Streams

pytestmark = pytest.mark.sweep

SMALL = dataclasses.replace(TIMEGAN, hidden=3, layers=1, batch=6)
FEW = dataclasses.replace(FLOW, batch=6)
KINDS = [(Flow, FEW), (TimeGan, SMALL)]
BUDGET = Budget(steps=20)


def private(base, **changes):
    return dataclasses.replace(base, **{"epsilon": 8.0, **changes})


def many(count=80, steps=20, seed=4):
    values = np.random.default_rng(seed).standard_t(5, (count, steps, 2)) * [0.01, 3.0]
    return Sequences(values)


class Stopped(Exception):
    """Raised by a progress callback to stand for a killed run."""


def stop_at(share):
    def progress(done, text):
        if done >= share:
            raise Stopped

    return progress


@pytest.mark.parametrize(("kind", "settings"), KINDS)
def test_the_claim_is_kept_stored_and_follows_from_what_was_spent(kind, settings, streams, tmp_path):
    model = kind.fit(many(), private(settings), streams, BUDGET, quiet)
    claim = model.report.privacy
    ledger = Ledger.from_list(claim["spent"])
    assert 7.5 < claim["epsilon"] <= 8.0
    assert claim["epsilon"] == ledger.epsilon(1e-5) < claim["epsilon_renyi"] == ledger.renyi(1e-5)
    updates = {Flow: 20, TimeGan: 7 + 7 + 5 * 6}[kind]
    assert claim["updates"] == updates
    assert ledger.uses[(claim["sampling_rate"], claim["sigma"])] == updates
    assert ledger.count == updates + {Flow: 8, TimeGan: 3}[kind]
    assert claim["sampling_rate"] == 6 / 80
    save(model, tmp_path / "model", {})
    assert load(tmp_path / "model")[0].report == model.report
    assert np.isfinite(model.sample(5, 30, streams)).all()
    text = "\n".join(statement_lines(claim))
    for word in ("at delta 1e-05 for one sequence", "counted:", "not counted:", "assumed:", "can be guessed"):
        assert word in text


@pytest.mark.parametrize(("kind", "settings"), KINDS)
def test_no_loss_on_private_data_is_kept(kind, settings, streams):
    report = kind.fit(many(), private(settings, patience=1), streams, BUDGET, quiet).report
    assert report.losses == {}
    assert report.held_out is report.untrained is None
    assert report.stopped_by == "steps"


@pytest.mark.parametrize(("kind", "settings"), KINDS)
def test_a_resumed_fit_adds_up_to_the_same_epsilon_and_bytes(kind, settings, streams, tmp_path):
    save(kind.fit(many(), private(settings), streams, BUDGET, quiet), tmp_path / "whole", {})
    folder = tmp_path / "checkpoint"
    with pytest.raises(Stopped):
        kind.fit(many(), private(settings), streams, BUDGET, stop_at(0.7), folder)
    card = json.loads((folder / "checkpoint.json").read_text())
    made = {Flow: 8 + 10, TimeGan: 3 + 10}[kind]
    assert Ledger.from_list(card["privacy"]).count == made
    model = kind.fit(many(), private(settings), streams, BUDGET, quiet, folder)
    save(model, tmp_path / "resumed", {})
    for file in ("weights.safetensors", "model.json"):
        assert (tmp_path / "whole" / file).read_bytes() == (tmp_path / "resumed" / file).read_bytes()


@pytest.mark.parametrize("damage", ["reset", "shortened", "none"])
def test_a_checkpoint_that_forgot_what_it_spent_is_refused(damage, streams, tmp_path):
    with pytest.raises(Stopped):
        Flow.fit(many(), private(FEW), streams, BUDGET, stop_at(0.7), tmp_path)
    path = tmp_path / "checkpoint.json"
    card = json.loads(path.read_text())
    if damage == "none":
        del card["privacy"]
    else:
        card["privacy"] = [] if damage == "reset" else [{**row, "count": 1} for row in card["privacy"]]
    path.write_text(json.dumps(card))
    with pytest.raises(ResumeError, match=r"are counted|damaged"):
        Flow.fit(many(), private(FEW), streams, BUDGET, quiet, tmp_path)


def test_a_checkpoint_of_another_noise_or_without_is_another_fit(streams, tmp_path):
    with pytest.raises(Stopped):
        Flow.fit(many(), private(FEW), streams, BUDGET, stop_at(0.7), tmp_path)
    for settings in (private(FEW, epsilon=4.0), private(FEW, entity_clip=2.0), FEW):
        with pytest.raises(ResumeError, match="another fit"):
            Flow.fit(many(), settings, streams, BUDGET, quiet, tmp_path)


def test_the_seed_is_nowhere_in_what_is_written(tmp_path):
    seed = 2**61 + 987_654_321
    folder = tmp_path / "checkpoint"
    model = Flow.fit(many(), private(FEW), Streams(seed), BUDGET, quiet, folder)
    save(model, tmp_path / "model", {})
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) == 5
    assert not any(str(seed).encode() in content for content in written)
    assert not model.report.privacy["seed_guessable"]
    assert "warning" not in "\n".join(statement_lines(model.report.privacy))


def test_the_seed_moves_noise_and_entities(streams):
    one, two = (Flow.fit(many(), private(FEW), Streams(seed), BUDGET, quiet) for seed in (7, 7 + 2**32))
    assert not np.allclose(
        one.state().arrays["network/inward.weight"], two.state().arrays["network/inward.weight"]
    )


def test_an_update_that_is_not_planned_is_refused(streams, monkeypatch):
    monkeypatch.setattr(
        "finsim.generators.flow.private_flow.PrivateFlowRecipe.private_parts",
        lambda self, done: ("flow", "flow"),
    )
    with pytest.raises(PrivacyBudgetError, match="21 updates"):
        Flow.fit(many(), private(FEW), streams, BUDGET, quiet)


def test_a_block_of_a_history_is_an_entity(streams):
    data = clustered(1005)
    blocks = Privacy(8.0, unit="10 days").entities(data)
    assert blocks.values.shape == (100, 10, 3)
    assert (blocks.values.reshape(1000, 3) == data.values[0, 5:]).all()
    model = Flow.fit(data, private(FEW, unit="10 days"), streams, Budget(5), quiet)
    assert model.report.privacy["unit"] == "one block of 10 consecutive steps"
    assert model.report.privacy["entities"] == 100
    assert model.sample(2, 40, streams, history=data.values[0]).shape == (2, 40, 3)


@pytest.mark.parametrize(("kind", "settings"), KINDS)
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"epsilon": 0.0, "delta": 0.5, "entity_clip": -1.0, "unit": "asset"},
            ["epsilon", "delta", "entity_clip", "unit"],
        ),
        ({"epsilon": float("nan")}, ["settings.epsilon"]),
        ({"rule_weight": 1.0}, ["settings.rule_weight"]),
        ({"unit": "0 days"}, ["settings.unit"]),
        ({"unit": "30 days"}, ["0 entities", "at least 50"]),
    ],
)  # fmt: skip
def test_what_cannot_be_private_is_refused_before_anything_is_read(kind, settings, changes, words, streams):
    asked = private(settings, **changes)
    with pytest.raises(PrivacyBudgetError) as refused:
        kind.refuse(many(), asked)
    for word in words:
        assert word in str(refused.value)


@pytest.mark.parametrize(("kind", "settings"), KINDS)
def test_few_entities_and_a_budget_in_seconds_are_refused(kind, settings, streams):
    with pytest.raises(PrivacyBudgetError, match="1 entities"):
        kind.fit(clustered(), private(settings), streams, BUDGET, quiet)
    with pytest.raises(PrivacyBudgetError, match="CPU seconds"):
        kind.fit(many(), private(settings), streams, Budget(cpu_seconds=5.0), quiet)
