"""Private fits of a table and of a ledger: claim, resume, refusals; noised sums are all that they read."""

import dataclasses
import json

import numpy as np
import pytest
from private_data import BUDGET, EVENTS, PEOPLE, ROWS, TABULAR, ledger, table
from small_generators import quiet

from finsim.errors import PrivacyBudgetError, ResumeError
from finsim.generators.events.network import private_contexts, private_counterparties, private_start
from finsim.generators.events.network.events_network import Events
from finsim.generators.events.network.private_counterparties import pairs_of
from finsim.generators.generator import Budget
from finsim.generators.privacy import noised_counts, private_numbers, private_steps, private_words
from finsim.generators.privacy.claim_words import statement_lines
from finsim.generators.privacy.ledger import Ledger
from finsim.generators.saved_models import load, save
from finsim.generators.tables.tabular.tabular import Tabular
from finsim.randomness import Streams
from finsim.records.event_log import EventLog

pytestmark = pytest.mark.sweep

KINDS = {"tabular": (Tabular, TABULAR, table), "events": (Events, EVENTS, ledger)}


@pytest.fixture(scope="module", params=list(KINDS))
def fitted(request):
    kind, settings, data = KINDS[request.param]
    return kind, kind.fit(data(), settings, Streams(7), BUDGET, quiet)


def sampled(model, count, first=0):
    made = model.sample(count, Streams(3), first=first)
    return (made.events, made.entities) if isinstance(made, EventLog) else (made,)


def test_the_claim_says_what_was_spent_and_for_whom(fitted):
    kind, model = fitted
    claim = model.report.privacy
    spent = Ledger.from_list(claim["spent"])
    assert 7.5 < claim["epsilon"] <= 8.0
    # A part of delta pays for naming words; the epsilon is that of the rest.
    assert claim["epsilon"] == spent.epsilon(1e-5 - claim["delta_of_names"])
    assert claim["delta_of_names"] == pytest.approx(0.2e-5)
    assert claim["updates"] == 6
    # Two words, and two columns of numbers at three; counts, 2 words, 1 number, payees, tokens and more.
    assert spent.count - 6 == {Tabular: 2 + 2 * 3, Events: 1 + 2 * 2 + 3 + 4 + 1 + 2 + 1}[kind]
    assert claim["unit"] == {Tabular: "one row", Events: "one entity with all of its events"}[kind]
    assert claim["entities"] == {Tabular: ROWS, Events: PEOPLE}[kind]
    assert model.report.losses == {}
    assert model.report.held_out is model.report.untrained is None
    text = "\n".join(statement_lines(claim))
    for word in ("at delta 1e-05 for one", "kinds", "number of entities", "can be guessed"):
        assert word in text


def test_a_model_holds_nothing_of_the_size_of_its_data(fitted, tmp_path):
    model = fitted[1]
    save(model, tmp_path / "model", {})
    for name, array in model.state().arrays.items():
        for size in (ROWS, PEOPLE):
            assert size not in array.shape, name
    again = load(tmp_path / "model", {"tabular": "table", "events": "events"}[model.name])[0]
    assert again.report == model.report
    for left, right in zip(sampled(model, 20), sampled(again, 20), strict=True):
        assert left.digest() == right.digest()


def test_bytes_do_not_depend_on_how_a_sample_is_cut(fitted):
    whole = sampled(fitted[1], 40)
    parts = [sampled(fitted[1], 15), sampled(fitted[1], 25, 15)]
    for place, table_ in enumerate(whole):
        for name, column in table_.columns.items():
            joined = np.concatenate([part[place][name].values for part in parts])
            assert np.array_equal(column.values, joined, equal_nan=column.kind == "number"), name


@pytest.mark.parametrize("changed", [{"epsilon": 4.0}, {"delta": 1e-6}, {"entity_clip": 0.1}])
def test_every_setting_of_privacy_changes_bytes(fitted, changed):
    kind, model = fitted
    _, settings, data = next(one for one in KINDS.values() if one[0] is kind)
    other = kind.fit(data(), dataclasses.replace(settings, **changed), Streams(7), BUDGET, quiet)
    own = model.state().arrays
    assert any(not np.array_equal(array, own[name], equal_nan=True)
               for name, array in other.state().arrays.items())  # fmt: skip


@pytest.mark.parametrize("name", ["tabular", pytest.param("events", marks=pytest.mark.slow)])
def test_a_resumed_fit_adds_up_to_the_same_epsilon_and_bytes(name, tmp_path):
    kind, settings, data = KINDS[name]

    class Stopped(Exception):
        pass

    def stop(done, text):
        if done >= 0.6:
            raise Stopped

    folder = tmp_path / "checkpoint"
    with pytest.raises(Stopped):
        kind.fit(data(), settings, Streams(7), BUDGET, stop, folder)
    card = json.loads((folder / "checkpoint.json").read_text())
    resumed = kind.fit(data(), settings, Streams(7), BUDGET, quiet, folder)
    claim = resumed.report.privacy
    before = Ledger.from_list(card["privacy"])
    assert before.count == Ledger.from_list(claim["spent"]).count - 2
    whole = kind.fit(data(), settings, Streams(7), BUDGET, quiet)
    assert claim == whole.report.privacy
    for key, array in whole.state().arrays.items():
        assert np.array_equal(array, resumed.state().arrays[key], equal_nan=True), key
    card = json.loads((folder / "checkpoint.json").read_text()) | {"privacy": []}
    (folder / "checkpoint.json").write_text(json.dumps(card))
    with pytest.raises(ResumeError, match="are counted"):
        kind.fit(data(), settings, Streams(7), BUDGET, quiet, folder)


def replayed(monkeypatch, fit):
    """Return the fit of one data set, and that of another whose noised sums are those of the first."""
    told, names = [], []

    def patch(sum_of, name_of):
        for module in (noised_counts, private_counterparties, private_contexts, private_start):
            monkeypatch.setattr(module, "with_noise", sum_of(noised_counts_with_noise))
        monkeypatch.setattr(private_steps, "noised", sum_of(steps_noised))
        for module in (private_numbers, private_words, private_counterparties):
            monkeypatch.setattr(module, "named", name_of)

    noised_counts_with_noise, steps_noised = noised_counts.with_noise, private_steps.noised
    found = noised_counts.named

    def keep_sum(real):
        def keep(*args):
            told.append(real(*args))
            return told[-1]

        return keep

    def keep_names(*args):
        with monkeypatch.context() as inside:  # what a naming adds up stays inside it
            inside.setattr(noised_counts, "with_noise", noised_counts_with_noise)
            names.append(found(*args))
        return names[-1]

    patch(keep_sum, keep_names)
    first = fit(1)
    sums, keys = iter(list(told)), iter(list(names))
    patch(lambda real: lambda *args: next(sums), lambda *args: next(keys))
    second = fit(2)
    assert next(sums, None) is next(keys, None) is None
    return first, second


@pytest.mark.parametrize("name", list(KINDS))
def test_a_model_is_a_function_of_its_noised_sums(name, monkeypatch):
    """Another table of the same columns, values and size, with the first one's sums, gives its model."""
    kind, settings, data = KINDS[name]
    first, second = replayed(
        monkeypatch, lambda seed: kind.fit(data(seed), settings, Streams(7), BUDGET, quiet)
    )
    one, two = first.state(), second.state()
    assert one.facts == two.facts
    assert one.arrays.keys() == two.arrays.keys()
    for key, array in one.arrays.items():
        assert np.array_equal(array, two.arrays[key], equal_nan=True), key
    assert first.report.privacy == second.report.privacy


def test_a_payee_of_one_entity_leaves_no_name(tmp_path):
    model = Events.fit(ledger(secret="-of-one"), EVENTS, Streams(7), Budget(steps=1), quiet)
    save(model, tmp_path / "model", {})
    for file in (tmp_path / "model").iterdir():
        assert b"own-of-one" not in file.read_bytes()
    words = model.like.events["to"].words
    assert {f"p{k}" for k in range(4)} <= set(words)
    assert all(word.startswith("new-") for word in words if word not in {f"p{k}" for k in range(39)})


def test_what_an_entity_met_is_read_from_its_own_events_alone():
    """The class of an unnamed payee is its kind as the entity met it, whatever it was to others."""
    codes, owner = np.array([5, 5, 6, 5, 5, -1]), np.array([0, 0, 0, 1, 1, 1])
    place = np.array([-1, -1, -1, -1, -1, -1, 0, -1])
    kinds = np.array([1, 0, 1, 2, 2, 2])
    pairs, _, token = pairs_of(codes, place, kinds, owner, (1, 4))
    assert pairs.tolist() == [0, 0, 1, 2, 2, -1]
    assert token.tolist() == [1 + 1 + 1, 1, 1 + 1 + 2, 0]
    alone = pairs_of(codes[:3], place, kinds[:3], owner[:3], (1, 4))[2]
    assert alone[:2].tolist() == token[:2].tolist()


def test_training_ties_columns_that_noised_counts_do_not():
    """The label follows the kind; what the private network has learned of that beats its first step."""
    data = table(3, 900)
    settings = dataclasses.replace(TABULAR, epsilon=20.0, batch=180, learning_rate=0.03, warm_up=1, ema=0.9)
    loss = {
        steps: Tabular.fit(data, settings, Streams(7), Budget(steps=steps), quiet)
        .row_losses(data, Streams(0)).mean()
        for steps in (1, 40)
    }  # fmt: skip
    assert loss[40] < loss[1] - 0.15


def tied(seed, people):
    """Return a ledger whose channel follows the kind of payee, which no noised count of one column tells."""
    log, rng = ledger(seed, people), np.random.default_rng(seed + 100)
    kind = log.events["kind"].values
    way = ((kind == 1) ^ (rng.random(len(kind)) < 0.05)).astype(np.int32)
    return dataclasses.replace(
        log, events=log.events.with_columns({"way": log.events["way"].with_values(way)})
    )


def share_of_web(log, is_of_kind):
    """Return the share of payments by web among those of kind y, or of another."""
    words = {name: np.array(log.events[name].words)[log.events[name].values] for name in ("kind", "way")}
    return (words["way"][(words["kind"] == "y") == is_of_kind] == "web").mean()


def first_and_last(batch, steps):
    """Return private networks of the ledger whose channel follows the kind: after one update, and trained."""
    settings = dataclasses.replace(EVENTS, batch=batch, learning_rate=0.05, warm_up=1, ema=0.9)
    models = [Events.fit(tied(3, 400), settings, Streams(7), Budget(steps=one), quiet) for one in (1, steps)]
    assert all(model.report.privacy["epsilon"] <= 8.0 for model in models)
    return models


def loss_of_unseen(model):
    return model.entity_losses(tied(4, 100), Streams(0)).mean()


@pytest.mark.slow
def test_a_private_network_of_events_beats_its_own_first_step():
    """At epsilon 8, on entities that it never saw."""
    first, last = first_and_last(40, 15)
    assert loss_of_unseen(last) < loss_of_unseen(first) - 0.15


@pytest.mark.slow
def test_training_ties_fields_that_noised_counts_do_not():
    """At epsilon 8 the channel begins to follow the kind, as it does not before training."""
    first, last = first_and_last(60, 30)
    more = [
        share_of_web(made, True) - share_of_web(made, False)
        for made in (model.sample(400, Streams(5)) for model in (first, last))
    ]
    assert abs(more[0]) < 0.06
    assert more[1] > more[0] + 0.12
    assert loss_of_unseen(last) < loss_of_unseen(first) - 0.3


def test_rows_of_an_entity_are_one_unit():
    data, owner = table(), np.arange(ROWS) // 2
    settings = dataclasses.replace(TABULAR, unit="entity")
    model = Tabular.fit(data, settings, Streams(7), BUDGET, quiet, owner=owner)
    claim = model.report.privacy
    assert claim["unit"] == "one entity with all of its rows"
    assert claim["entities"] == 201
    # Shares of words are counts of their own where an entity has several.
    assert Ledger.from_list(claim["spent"]).count - 6 == 2 * 2 + 2 * 3
    with pytest.raises(PrivacyBudgetError, match="no column says"):
        Tabular.fit(data, settings, Streams(7), BUDGET, quiet)


@pytest.mark.parametrize("name", list(KINDS))
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"epsilon": 0.0}, ["settings.epsilon", "above 0"]),
        ({"epsilon": float("nan")}, ["settings.epsilon"]),
        ({"delta": 0.0}, ["settings.delta"]),
        ({"delta": 0.009}, ["settings.delta", "publishing one of them", "or less"]),
        ({"unit": "10 steps", "entity_clip": -1.0}, ["settings.unit", "entity", "settings.entity_clip"]),
    ],
)  # fmt: skip
def test_what_cannot_be_private_is_refused_with_a_remedy(name, changes, words):
    kind, settings, data = KINDS[name]
    with pytest.raises(PrivacyBudgetError) as refused:
        kind.refuse(data(), dataclasses.replace(settings, **changes))
    for word in words:
        assert word in str(refused.value)


@pytest.mark.parametrize("name", list(KINDS))
def test_too_small_an_epsilon_and_too_few_are_refused(name):
    kind, settings, data = KINDS[name]
    with pytest.raises(PrivacyBudgetError, match=r"hidden by the noise.*at least"):
        kind.fit(data(), dataclasses.replace(settings, epsilon=0.05), Streams(7), BUDGET, quiet)
    with pytest.raises(PrivacyBudgetError, match="at least 50"):
        kind.fit(data(1, 40), settings, Streams(7), BUDGET, quiet)
    with pytest.raises(PrivacyBudgetError, match="CPU seconds"):
        kind.fit(data(), settings, Streams(7), Budget(cpu_seconds=5.0), quiet)
