"""``Events``: payments of entities from a network that draws event after event, field after field."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from finsim.errors import FitError, Problem
from finsim.generators.events.network.entity_context import EntityContexts, whole_goals
from finsim.generators.events.network.event_encoding import Encoded, calendar, encoded
from finsim.generators.events.network.event_fields import DAY, EventFields, Sizes
from finsim.generators.events.network.event_sampling import decoded, entity_table, walked
from finsim.generators.events.network.log_facts import log_facts, log_from_facts, log_like
from finsim.generators.events.network.private_attributes import PrivateAttributes
from finsim.generators.events.network.private_contexts import PrivateContexts
from finsim.generators.events.network.told_log import read_as_told
from finsim.generators.events.requests import check_sample
from finsim.generators.generator import Budget, FitReport, Progress, State
from finsim.generators.privacy.entity_units import EVENT_UNITS, Privacy
from finsim.generators.settings_parsing import read_settings, write_settings
from finsim.kernels.events.event_network import FIRST_FREE, Weights
from finsim.kernels.events.event_walk import weigh_entity
from finsim.notation import Array, Float1D, Float2D, Int1D
from finsim.randomness import Streams
from finsim.records.event_log import EventLog
from finsim.records.mixed_table import MixedTable, joined

Run = tuple[Streams, Budget, Progress, Path | None]
FEWEST_EVENTS, FEWEST_ENTITIES = 20, 2
CONTEXTS_TRIED = 4
WORST = 20.0


class Events:
    """A recurrent network over the events of an entity that is told the entity's goals and a summary of it.

    Source: own; gated recurrent unit, Cho et al. 2014. Kernels use the weights: sampling needs no torch.
    """

    name: ClassVar[str] = "events"

    @dataclass(frozen=True)
    class Settings:
        """Sizes of the network, of its tokens and of its training; the defaults are assumptions.

        width, embedding : of the state and of tokens; context : numbers that an entity is summarized by;
        window : events after which the state begins anew; dropout, blur : of the state, and of contexts in
        their own spread (in training and in sampling). amount_bins, number_bins, ranks (counterparties of an
        entity by number of events), popular (counterparties with tokens of their own), words (of a column) :
        how finely a log is cut. steps, batch (stretches of entities a step), learning_rate, warm_up, clip,
        ema, check_every, patience, held_out (share of the entities, for the early stop) : see ``Schedule``.
        block : entities that are sampled together, part of the bytes. epsilon, delta, unit, entity_clip :
        differential privacy (docs/reference/differential-privacy.md) of one entity with all of its events;
        batch is then the expected number of entities, and dropout, held_out and patience are not used.
        ``PRIVATE`` has sizes that suit noise.
        """

        width: int = 64
        embedding: int = 20
        context: int = 24
        window: int = 128
        dropout: float = 0.25
        blur: float = 0.15
        amount_bins: int = 48
        number_bins: int = 24
        ranks: int = 20
        popular: int = 64
        words: int = 40
        steps: int = 1_200
        batch: int = 24
        learning_rate: float = 3e-3
        warm_up: int = 30
        clip: float = 1.0
        ema: float = 0.98
        check_every: int = 50
        patience: int = 15
        held_out: float = 0.1
        block: int = 64
        epsilon: float | None = None
        delta: float = 1e-5
        unit: str = "entity"
        entity_clip: float = 1.0

    PRIVATE: ClassVar[Mapping[str, Any]] = {
        "width": 16, "embedding": 4, "window": 48, "amount_bins": 32, "number_bins": 16, "ranks": 8,
        "popular": 24, "steps": 80, "batch": 128, "learning_rate": 5e-3, "warm_up": 5, "ema": 0.95,
    }  # fmt: skip

    def __init__(
        self, settings: Settings, fields: EventFields, contexts: EntityContexts | PrivateContexts,
        net: Weights, busy: Float1D, like: EventLog, attributes: PrivateAttributes | None = None,
    ) -> None:  # fmt: skip
        """Hold the fitted parts; ``like``: no events, the entities' attributes, the period.

        A private model knows no entity: ``contexts`` are a law, and so are ``attributes``.
        """
        self.settings, self.fields, self.contexts = settings, fields, contexts
        self.net, self.busy, self.like, self.attributes = net, busy, like, attributes
        self.report = FitReport()

    @classmethod
    def refuse(cls, data: EventLog, settings: Settings) -> None:
        """Raise FitError for settings or a log that no training can begin with."""
        least = ("width", "embedding", "context", "window", "amount_bins", "number_bins", "ranks", "popular",
                 "words", "batch", "check_every", "block")  # fmt: skip
        problems = [
            Problem(f"settings.{name}", f"found {getattr(settings, name)}", "at least 1")
            for name in least
            if getattr(settings, name) < 1
        ]
        problems += [
            Problem(f"settings.{name}", f"found {getattr(settings, name)}", "at least 0 and below 1")
            for name in ("dropout", "held_out")
            if not 0.0 <= getattr(settings, name) < 1.0
        ]
        if data.count < FEWEST_ENTITIES or data.events.rows < FEWEST_EVENTS:
            found = f"{data.events.rows} events of {data.count} entities"
            problems.append(Problem("events", found, f"{FEWEST_EVENTS} events of {FEWEST_ENTITIES} entities"))
        if data.partner_is_entity:
            found = "counterparties that are entities"
            problems.append(Problem("events", found, "counterparties of their own", "use habits or resample"))
        if problems:
            raise FitError.of(problems)
        privacy = Privacy.of(settings, EVENT_UNITS)
        if privacy is not None:
            privacy.refuse_few(data.count)

    @classmethod
    def fit(
        cls, data: EventLog, settings: Settings, streams: Streams, budget: Budget, progress: Progress,
        checkpoint: Path | None = None,
    ) -> Self:  # fmt: skip
        """Learn how entities live; see the contract. ``checkpoint``: a folder to save to and resume from."""
        from finsim.generators.events.network.network_training import trained

        cls.refuse(data, settings)
        started = time.process_time()
        if settings.epsilon is not None:
            return cls._fit_privately(data, settings, started, (streams, budget, progress, checkpoint))
        sizes = Sizes(
            settings.amount_bins, settings.number_bins, settings.ranks, settings.popular, settings.words
        )
        fields = EventFields.fit(data, sizes, streams.under("fields"))
        tokens = encoded(data, fields)
        contexts = EntityContexts.fit(tokens, data.entities, fields.days, settings.context)
        goals = whole_goals(contexts.goals, fields.days, fields.days)
        days = calendar(fields, data.begin, fields.days, np.zeros(fields.days), settings.window)
        identity = f"events {data.digest()} {settings}"
        net, busy, report = trained(
            fields, tokens, (contexts.contexts, goals, contexts.spread), days, settings,
            (streams, budget, progress, checkpoint), identity,
        )  # fmt: skip
        model = cls(settings, fields, contexts, net, busy, log_like(data))
        model.report = replace(report, cpu_seconds=time.process_time() - started)
        return model

    @classmethod
    def _fit_privately(cls, data: EventLog, settings: Settings, started: float, run: Run) -> Self:
        """Learn with differential privacy: see ``private_training``."""
        from finsim.generators.events.network.private_training import fit_privately

        found = fit_privately(data, settings, run)
        model = cls(
            settings, found.fields, found.contexts, found.net, found.busy, found.like, found.attributes
        )
        model.report = replace(found.report, cpu_seconds=time.process_time() - started)
        return model

    def sample(
        self, count: int, streams: Streams, first: int = 0, days: int | None = None, total: int | None = None
    ) -> EventLog:
        """Return ``count`` new entities from entity ``first`` on; see the contract.

        Blocks of ``block`` entities are made whole, so calls that cut one cost as much as the block.
        """
        period = self.fields.days if days is None else days
        check_sample(count, first, days, total)
        end = self.like.end if days is None else self.like.begin // DAY * DAY + period * DAY
        size, parts = self.settings.block, []
        for block in range(first // size, -(-(first + count) // size) if count else first // size):
            whole = self._block(block, period, end, streams)
            low, high = (
                max(first, block * size) - block * size,
                min(first + count, (block + 1) * size) - block * size,
            )
            parts.append(whole.take(np.arange(low, high)))
        if not parts:
            none = np.zeros(0, dtype=np.int64)
            return EventLog(self.like.events, np.zeros(1, dtype=np.int64), self.like.entities.take(none),
                            self.like.roles, self.like.begin, end)  # fmt: skip
        starts = np.concatenate([[0], np.cumsum(np.concatenate([one.lengths() for one in parts]))])
        return EventLog(
            joined([one.events for one in parts]), starts.astype(np.int64),
            joined([one.entities for one in parts]), self.like.roles, self.like.begin, end,
        )  # fmt: skip

    def _block(self, block: int, period: int, end: int, streams: Streams) -> EventLog:
        """Return the whole log of a block of entities."""
        size = self.settings.block
        contexts, goals, entities = self._told(block, streams)
        streams = streams.under("block", block)
        goals = whole_goals(goals, self.fields.days, period)
        seeds = np.array([streams.word("events", e) for e in range(size)], dtype=np.uint64)
        days = calendar(self.fields, self.like.begin, period, self.busy, self.settings.window)
        popular = 0 if self.fields.partner is None else len(self.fields.partner.popular)
        found = walked(self.net, days, contexts, goals, seeds, popular)
        events = decoded(found, self.fields, self.like, (block, size), streams)
        return _within(events, found.starts, entities, self.like, end)

    def _told(self, block: int, streams: Streams) -> tuple[Float2D, Float2D, MixedTable]:
        """Return contexts, goals and attributes of the entities of a block."""
        size, under = self.settings.block, streams.under("block", block)
        if isinstance(self.contexts, PrivateContexts):
            assert self.attributes is not None
            told = self.contexts.drawn(size, self.fields.days, under)
            return (*told, self.attributes.drawn(size, under.at("attributes")))
        made = [
            self.contexts.drawn(int(like), under.at("context", e), self.settings.blur, self.fields.days)
            for e, like in enumerate(self._likes(block, streams))
        ]
        parents = np.array([one[2] for one in made])
        entities = entity_table(self.like.entities, parents, np.array([one[3] for one in made]))
        return np.array([one[0] for one in made]), np.array([one[1] for one in made]), entities

    def _likes(self, block: int, streams: Streams) -> Int1D:
        """Return the training entity that each of a block is like: all in turn, in a drawn order.

        Drawn freely, a few of the largest entities more or less would change every total.
        """
        count, size = self.like.count, self.settings.block
        number = np.arange(block * size, (block + 1) * size)
        turn = number // count
        orders = {one: streams.at("turn", int(one)).permutation(count) for one in np.unique(turn)}
        return np.array([orders[one][k % count] for one, k in zip(turn, number, strict=True)], dtype=np.int64)

    def entity_losses(self, log: EventLog, streams: Streams) -> Float1D:
        """Return -log of the likelihood per event of every entity, float64[E]; see ``HasEntityLoss``.

        A bound from above: the likelihood is summed over the four training contexts with the nearest goals,
        each as likely as one among all training entities (of a private model: among 512 drawn ones). Draws
        nothing.
        """
        fields = self.fields
        if isinstance(self.contexts, PrivateContexts):
            log, fields = read_as_told(log, self.fields, self.like)
        tokens = encoded(log, fields)
        near, contexts, goals = self.contexts.nearest(tokens, self.fields.days, CONTEXTS_TRIED)
        days = calendar(self.fields, log.begin, self.fields.days, self.busy, self.settings.window)
        cells = _cell_losses(log, tokens, self.fields)
        found = np.zeros(log.count)
        for e in range(log.count):
            rows = slice(int(tokens.starts[e]), int(tokens.starts[e + 1]))
            past = np.ascontiguousarray(tokens.past[rows.start + e : rows.stop + e + 1])
            tried = []
            for k in near[e]:
                shared = self.net.bias + (contexts[k].astype(np.float32)[:, None] * self.net.context).sum(
                    axis=0
                )
                losses = np.zeros((rows.stop - rows.start + 1, len(self.net.kinds)))
                given = (tokens.tokens[rows], tokens.days[rows], past)
                weigh_entity(self.net, days, shared, goals[k], given, losses)
                tried.append(-np.minimum(losses, WORST).sum())
            total = np.log(len(contexts)) - np.logaddexp.reduce(tried) + cells[rows].sum()
            found[e] = total / max(rows.stop - rows.start, 1)
        return found

    def state(self) -> State:
        """Return folded weights (float32), fields, contexts, attributes of the entities, settings."""
        arrays, facts = self.fields.state()
        arrays |= self.contexts.state() | {"busy": self.busy}
        arrays |= {} if self.attributes is None else self.attributes.state()
        arrays |= {f"network.{name}": array for name, array in self.net._asdict().items()}
        more, like = log_facts(self.like)
        arrays |= more
        return State(arrays, {"settings": write_settings(self.settings), "fields": facts, "like": like})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore a model; torch is not needed."""
        arrays = state.arrays
        like, attributes = log_from_facts(arrays, state.facts["like"]), None
        contexts: EntityContexts | PrivateContexts
        if "context.scores" in arrays:
            contexts = PrivateContexts.from_state(arrays)
            attributes = PrivateAttributes.from_state(like.entities, arrays)
        else:
            contexts = EntityContexts.from_state(arrays)
        net = Weights(*(np.ascontiguousarray(arrays[f"network.{name}"]) for name in Weights._fields))
        return cls(
            read_settings(cls, state.facts["settings"]),
            EventFields.from_state(arrays, state.facts["fields"]),
            contexts, net, arrays["busy"], like, attributes,
        )  # fmt: skip


def _within(events: MixedTable, starts: Int1D, entities: MixedTable, like: EventLog, end: int) -> EventLog:
    """Return a log; instants before the period's first moment or after its last are moved onto these."""
    times = np.clip(events[like.roles.time].values, like.begin, end - 1)
    events = events.with_columns({like.roles.time: events[like.roles.time].with_values(times)})
    return EventLog(events, starts, entities, like.roles, like.begin, end)


def _cell_losses(log: EventLog, tokens: Encoded, fields: EventFields) -> Array:
    """Return -log of what tokens leave open, float64[n]: which rare counterparty, where in a bin."""
    found: Float2D = np.zeros((log.events.rows, 2))
    if fields.amount is not None and log.roles.amount is not None:
        place = FIRST_FREE + fields.names().index("amount")
        found[:, 0] = fields.amount.density_loss(tokens.tokens[:, place], log.events[log.roles.amount].values)
    if fields.partner is not None:
        found[:, 1] = fields.partner.open_loss(tokens.tokens, fields.ranks)
    return np.asarray(found.sum(axis=1))
