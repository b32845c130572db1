"""The event network under differential privacy: it begins with noised counts, entities are clipped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from finsim.generators.events.network.entity_context import goals_of, whole_goals
from finsim.generators.events.network.event_encoding import Encoded, calendar, encoded
from finsim.generators.events.network.event_fields import EventFields, Sizes
from finsim.generators.events.network.log_facts import log_like
from finsim.generators.events.network.network_training import Blurs, Chunks, EventRecipe
from finsim.generators.events.network.private_attributes import PrivateAttributes, attribute_releases
from finsim.generators.events.network.private_contexts import (
    CONTEXT_RELEASES,
    PrivateContexts,
    figures_of,
)
from finsim.generators.events.network.private_fields import PrivateFields, field_releases, private_fields
from finsim.generators.events.network.private_start import TOKEN_RELEASES, begin, noised_shares
from finsim.generators.events.network.torch_network import EventNetwork, NetworkShape, folded
from finsim.generators.generator import Budget, FitReport, Progress
from finsim.generators.privacy.budget_plan import Plan
from finsim.generators.privacy.entity_gradients import ragged_gradients
from finsim.generators.privacy.entity_units import EVENT_UNITS, Privacy, steps_of
from finsim.generators.privacy.ledger import Ledger
from finsim.generators.privacy.noised_counts import NAMING, refuse_hidden
from finsim.generators.privacy.statement import statement
from finsim.generators.training.device import one_thread, pick_device, torch_stream
from finsim.generators.training.network_weights import begun
from finsim.generators.training.training_interface import Schedule
from finsim.generators.training.training_loop import train
from finsim.kernels.events.event_network import Calendar, Weights
from finsim.notation import Array, Float2D, Int1D
from finsim.randomness import Streams
from finsim.records.event_log import EventLog

COUNTED = (
    "words, named counterparties, common values, ranges, laws and roundings of columns, numbers of events, "
    "shares of tokens, attributes, and the law of what entities are like, from noised counts",
    "every update of the network",
    "contexts of training entities, early stop, held-out entities and loss curves: there are none",
)
NOT_COUNTED = (
    "names, kinds, grids and roles of the columns, which are attributes, and whether times have an hour",
    "the first and the last day of the period",
)
PREPARING = 0.7
"""assumption: what a small network can learn is less than what noised counts tell."""
Run = tuple[Streams, Budget, Progress, Path | None]


class PrivateEventRecipe(EventRecipe):
    """The recipe of the event network with the gradient of every entity: of one stretch in an update."""

    def __init__(
        self, network: EventNetwork, data: Encoded, told: tuple[Float2D, Float2D, Array], days: Calendar,
        chunks: Chunks, blurs: Blurs, identity: str,
    ) -> None:  # fmt: skip
        """Learn from all entities; nothing is held out."""
        super().__init__(network, data, told, days, (chunks, None), 1, blurs, identity)
        self.entities = data.count
        self.order = np.argsort(chunks.entity, kind="stable")
        self.counts = np.bincount(chunks.entity, minlength=data.count)
        self.first = np.cumsum(self.counts) - self.counts

    def private_parts(self, done: float) -> Sequence[str]:
        """Return the one part."""
        return ("events",)

    def gradients(self, part: str, entities: Int1D, draws: Sequence[np.random.Generator]) -> Iterator[Tensor]:
        """Yield float[1, D] of every entity."""
        losses = (self._entity_loss(int(entity), draw) for entity, draw in zip(entities, draws, strict=True))
        yield from ragged_gradients(losses, list(self.network.parameters()))

    def _entity_loss(self, entity: int, draw: np.random.Generator) -> Tensor:
        """Return the mean loss of an event of one stretch of the entity."""
        place = self.order[self.first[entity] + draw.integers(self.counts[entity])]
        blur = torch_stream(int(draw.integers(2**62)))
        loss, events = self.total(self.learned.take(np.array([place])), blur)
        return loss / events


@dataclass(frozen=True)
class PrivateParts:
    """What a private fit leaves in the model, and what training did."""

    fields: EventFields
    contexts: PrivateContexts
    attributes: PrivateAttributes
    net: Weights
    busy: Array
    like: EventLog
    report: FitReport


def fit_privately(log: EventLog, settings: Any, run: Run) -> PrivateParts:
    """Return the parts of a model with the claim; see ``Events.fit``.

    run : streams, budget, progress, and the folder of a checkpoint.
    """
    streams, budget, progress, checkpoint = run
    privacy = Privacy.of(settings, EVENT_UNITS)
    assert privacy is not None
    privacy.refuse_few(log.count)
    limit = budget.or_steps(settings.steps)
    (count, naming), (more, names) = field_releases(log), attribute_releases(log)
    count += more + CONTEXT_RELEASES + TOKEN_RELEASES
    plan = Plan.of(privacy, log.count, settings.batch, steps_of(limit), count, NAMING, PREPARING)
    refuse_hidden(log.count, plan.sigma)
    noise = (plan.sigma, plan.naming / max(naming + names, 1))
    made = private_recipe(log, settings, noise, streams)
    network = made.recipe.events
    schedule = Schedule(settings.learning_rate, settings.warm_up, 0.0, settings.clip, settings.ema,
                        settings.check_every, 0)  # fmt: skip
    report = train(made.recipe, schedule, limit, streams, progress, checkpoint, private=plan.mechanism)
    # Which tokens stand in the log is not looked at: all may be drawn.
    allowed = [np.ones(outputs, dtype=np.bool_) for _, _, outputs in network.shape.heads]
    with one_thread():
        net, busy = folded(network, allowed)
    claim = statement(plan, Ledger.of_report(report), COUNTED, streams.seed, NOT_COUNTED)
    like = _like(made.found.log, made.found.words, made.attributes)
    return PrivateParts(
        made.found.fields, made.contexts, made.attributes, net, busy, like, replace(report, privacy=claim)
    )


@dataclass(frozen=True)
class Prepared:
    """What noised counts tell of a log, and the recipe of a new network on it."""

    found: PrivateFields
    attributes: PrivateAttributes
    contexts: PrivateContexts
    recipe: PrivateEventRecipe


def private_recipe(log: EventLog, settings: Any, noise: tuple[float, float], streams: Streams) -> Prepared:
    """Return fields, attributes and contexts from noised counts, and the recipe that learns the rest."""
    sizes = Sizes(
        settings.amount_bins, settings.number_bins, settings.ranks, settings.popular, settings.words
    )
    found = private_fields(log, sizes, noise, streams.under("fields"))
    fields = found.fields
    attributes = PrivateAttributes.fit(log.entities, noise, streams.under("attributes"))
    data = encoded(found.log, found.reading())
    figures = figures_of(data, fields, fields.days)
    contexts = PrivateContexts.fit(figures, found.counts, noise[0], streams.under("contexts"))
    shares = noised_shares(data, fields, found.owners, noise[0], streams.under("start"))
    days = calendar(fields, log.begin, fields.days, np.zeros(fields.days), settings.window)
    shape = NetworkShape(
        tuple(fields.field_sizes()), tuple(fields.heads()), tuple(fields.seen_from()), contexts.size,
        fields.days, settings.width, settings.embedding,
    )  # fmt: skip
    network = begun(lambda: EventNetwork(shape), streams, pick_device("cpu"))
    begin(network, fields, shares, np.bincount(days.bin, minlength=len(fields.gap_edges)))
    told = (
        contexts.scored(figures),
        whole_goals(goals_of(data, fields.days), fields.days, fields.days),
        np.ones(contexts.size),
    )
    chunks = Chunks.of(data, np.arange(data.count), settings.window)
    identity = f"events {log.digest()} {settings}"
    recipe = PrivateEventRecipe(network, data, told, days, chunks, Blurs(0.0, settings.blur), identity)
    return Prepared(found, attributes, contexts, recipe)


def _like(log: EventLog, words: Any, attributes: PrivateAttributes) -> EventLog:
    """Return a log without events or entities, whose words are those that come out."""
    none = log_like(log)
    events = none.events.with_columns(
        {name: replace(none.events[name], words=told) for name, told in words.items()}
    )
    return EventLog(events, np.zeros(1, dtype=np.int64), attributes.empty(), log.roles, log.begin, log.end)
