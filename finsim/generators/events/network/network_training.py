"""Training recipe of the event network: chunks of entities, a loss for each field, a chance for every day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from finsim.generators.events.network.entity_context import DAY_BLUR, GOAL_BLUR
from finsim.generators.events.network.event_encoding import Encoded
from finsim.generators.events.network.event_fields import EventFields
from finsim.generators.events.network.torch_network import EventNetwork, NetworkShape, folded
from finsim.generators.generator import Budget, FitReport, Progress
from finsim.generators.training.device import one_thread, pick_device, torch_stream, uniform
from finsim.generators.training.network_weights import begun
from finsim.generators.training.training_interface import Schedule
from finsim.generators.training.training_loop import train
from finsim.kernels.events.event_network import (
    AMOUNT_HEAD,
    DAY_HEAD,
    DAY_SLOPES,
    LEVEL_HEAD,
    MAIN,
    Calendar,
    Weights,
)
from finsim.notation import Array, Float2D, Int1D, Int2D
from finsim.randomness import Streams

JUDGED_AT_ONCE = 64


@dataclass(frozen=True)
class Chunks:
    """Stretches of entities that a state runs over: entity, first event and rows of each, by their length.

    The row behind the last event of an entity says that no other follows.
    """

    entity: Int1D
    first: Int1D
    rows: Int1D

    @classmethod
    def of(cls, data: Encoded, entities: Int1D, window: int) -> Chunks:
        """Cut entities into stretches of at most ``window`` rows."""
        size = np.diff(data.starts)[entities] + 1
        count = -(-size // window)
        entity = np.repeat(entities, count)
        number = np.arange(len(entity)) - np.repeat(np.cumsum(count) - count, count)
        rows = np.minimum(np.repeat(size, count) - number * window, window)
        order = np.argsort(rows, kind="stable")
        return cls(entity[order], (number * window)[order], rows[order])

    def take(self, places: Array) -> Chunks:
        """Return some of the stretches."""
        return Chunks(self.entity[places], self.first[places], self.rows[places])


@dataclass(frozen=True)
class Blurs:
    """How much of what the network sees is blurred while it learns: dropout, context, goals."""

    dropout: float
    context: float


class EventRecipe:
    """Mean -log likelihood of an event, all fields, with the days on which nothing came."""

    def __init__(
        self,
        network: EventNetwork,
        data: Encoded,
        told: tuple[Float2D, Float2D, Array],
        calendar: Calendar,
        parts: tuple[Chunks, Chunks | None],
        batch: int,
        blurs: Blurs,
        identity: str,
    ) -> None:
        """Learn from the first chunks, judge on the second; ``told`` : contexts, whole goals, spread."""
        self.network: nn.Module = network
        self.events, self.data, self.calendar = network, data, calendar
        self.contexts, self.goals, self.spread = told
        self.learned, self.judged = parts
        self.batch, self.blurs, self.identity = batch, blurs, identity
        self.before = data.before()
        self.tokens = torch.from_numpy(data.tokens)
        self.device = next(network.parameters()).device

    def parts(self) -> Mapping[str, list[nn.Parameter]]:
        """Return the one optimized part."""
        return {"events": list(self.network.parameters())}

    def losses(self, done: float, draw: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        """Yield the loss of chunks of about one length."""
        count = len(self.learned.entity)
        middle = int(torch.randint(count, (1,), generator=draw))
        first = max(0, min(count - self.batch, middle - self.batch // 2))
        loss, events = self.total(self.learned.take(np.arange(first, min(count, first + self.batch))), draw)
        yield "events", loss / events

    def held_out(self, done: float) -> float | None:
        """Return the loss of an event of held-out entities."""
        if self.judged is None:
            return None
        total, size = 0.0, 0
        with torch.inference_mode():
            for first in range(0, len(self.judged.entity), JUDGED_AT_ONCE):
                places = np.arange(first, min(first + JUDGED_AT_ONCE, len(self.judged.entity)))
                loss, events = self.total(self.judged.take(places), None)
                total, size = total + float(loss), size + events
        return total / max(size, 1)

    def made(self, draw: torch.Generator | None) -> Tensor | None:
        """Return nothing: no penalty on windows of numbers."""
        return None

    def total(self, chunks: Chunks, draw: torch.Generator | None) -> tuple[Tensor, int]:
        """Return the summed loss of chunks and their number of events; ``draw`` None: nothing is blurred."""
        data, longest = self.data, int(chunks.rows.max())
        i = chunks.first[:, None] + np.arange(longest)
        valid = np.arange(longest) < chunks.rows[:, None]
        start = data.starts[chunks.entity][:, None]
        row = np.minimum(start + i, len(data.days) - 1)
        real = valid & (start + i < data.starts[chunks.entity + 1][:, None])
        goals, context = self._told(chunks.entity, draw)
        day_before = np.where(i > 0, data.days[np.maximum(np.minimum(start + i, len(data.days)) - 1, 0)], -1)
        past = data.past[np.minimum(start + i + chunks.entity[:, None], len(data.past) - 1)]
        numbers = torch.from_numpy(
            numbers_before(i, day_before, goals[:, None], len(self.calendar.weekday), past).astype(np.float32)
        )
        there = torch.from_numpy((i > 0).astype(np.float32))
        before = self.tokens[torch.from_numpy(np.maximum(np.minimum(start + i, len(data.days)) - 1, 0))]
        keep = self._kept((len(i), longest, self.events.shape.width), draw)
        state = self.events.states(before, there, numbers, context, keep)
        state = state * self._kept(tuple(state.shape), draw)
        at = np.nonzero(valid)
        tokens = self.tokens[torch.from_numpy(row[at])]
        tokens[:, MAIN] = torch.from_numpy(past[at][:, 3].astype(np.int64))
        told = (state[at], tokens, numbers[at], context[at[0]])
        is_real = real[at]
        loss = self._day_loss(
            told, (i[at], day_before[at], np.where(is_real, data.days[row[at]], -1)), goals[at[0]]
        )
        kept = torch.from_numpy(np.flatnonzero(is_real))
        told = (told[0][kept], told[1][kept], told[2][kept], told[3][kept])
        for head in range(1, len(self.events.shape.heads)):
            loss = loss + self._head_loss(head, told)
        return loss, max(len(kept), 1)

    def _head_loss(self, head: int, told: tuple[Tensor, ...]) -> Tensor:
        kind, place, _ = self.events.shape.heads[head]
        state, tokens, numbers, context = told
        if kind == LEVEL_HEAD:
            amount = next(j for kind, j, _ in self.events.shape.heads if kind == AMOUNT_HEAD)
            rows = torch.nonzero(tokens[:, amount] >= int(self.calendar.sizes[3])).squeeze(1)
            state, tokens, numbers, context = state[rows], tokens[rows], numbers[rows], context[rows]
        out = self.events.outputs(head, state, tokens, numbers, context)
        return nn.functional.cross_entropy(out, tokens[:, place], reduction="sum")

    def _day_loss(self, told: tuple[Tensor, ...], when: tuple[Int1D, Int1D, Int1D], goals: Float2D) -> Tensor:
        """Return -log of the chances of the days; when : number, day before, day (-1: no event)."""
        i, before, day = when
        assert self.events.shape.heads[0][0] == DAY_HEAD
        out = self.events.outputs(0, *told)
        days = len(self.calendar.weekday)
        begin = np.maximum(before, 0)
        size = np.where(day >= 0, day - begin + 1, days - begin)
        row = np.repeat(np.arange(len(i)), size)
        gap = np.arange(len(row)) - np.repeat(np.cumsum(size) - size, size)
        date = begin[row] + gap
        bins = int(self.calendar.sizes[0])
        slopes = torch.from_numpy(slopes_on(i[row], date, goals[row]).astype(np.float32))
        rows = torch.from_numpy(row)
        logit = out[rows, torch.from_numpy(self.calendar.bin[gap])]
        logit = logit + out[rows, torch.from_numpy(bins + self.calendar.weekday[date])]
        acts = torch.from_numpy(((gap > 0) | (i[row] == 0)).astype(np.float32))
        logit = logit + self.events.busy[torch.from_numpy(date)] * acts
        logit = logit + (out[:, bins + 7 : bins + 7 + DAY_SLOPES][rows] * slopes).sum(dim=1)
        came = torch.from_numpy((date == day[row]).astype(np.float32))
        return nn.functional.binary_cross_entropy_with_logits(logit, came, reduction="sum")

    def _told(self, entity: Int1D, draw: torch.Generator | None) -> tuple[Float2D, Tensor]:
        """Return goals and contexts of entities, blurred while learning."""
        goals, context = self.goals[entity], self.contexts[entity]
        if draw is not None:
            noise = (
                torch.randn((len(entity), context.shape[1] + 3), generator=draw).numpy().astype(np.float64)
            )
            days = len(self.calendar.weekday)
            goals = goals * np.exp(noise[:, :1] * np.array([GOAL_BLUR, 0.0, 0.0]))
            goals = goals + noise[:, 1:4] * np.array([0.0, DAY_BLUR, DAY_BLUR]) * days
            context = context + self.blurs.context * self.spread * noise[:, 3:]
        return goals, torch.from_numpy(context.astype(np.float32))

    def _kept(self, size: tuple[int, ...], draw: torch.Generator | None) -> Tensor:
        """Return what dropout multiplies by; ones where nothing is blurred."""
        if draw is None or self.blurs.dropout <= 0.0:
            return torch.ones(size)
        return (uniform(size, draw, self.device) >= self.blurs.dropout).float() / (1.0 - self.blurs.dropout)


def trained(
    fields: EventFields, data: Encoded, told: tuple[Float2D, Float2D, Array], days: Calendar, settings: Any,
    run: tuple[Streams, Budget, Progress, Path | None], identity: str,
) -> tuple[Weights, Array, FitReport]:  # fmt: skip
    """Return folded weights, what each day adds, and what the training did.

    run : streams, budget, progress, and the folder of a checkpoint.
    """
    streams, budget, progress, checkpoint = run
    shape = NetworkShape(
        tuple(fields.field_sizes()), tuple(fields.heads()), tuple(fields.seen_from()),
        told[0].shape[1], fields.days, settings.width, settings.embedding,
    )  # fmt: skip
    network = begun(lambda: EventNetwork(shape), streams, pick_device("cpu"))
    learned, held = held_out_entities(data.count, settings.held_out, streams.word("held out"))
    judged = Chunks.of(data, held, settings.window) if len(held) else None
    parts = (Chunks.of(data, learned, settings.window), judged)
    blurs = Blurs(settings.dropout, settings.blur)
    recipe = EventRecipe(network, data, told, days, parts, settings.batch, blurs, identity)
    schedule = Schedule(settings.learning_rate, settings.warm_up, 0.0, settings.clip, settings.ema,
                        settings.check_every, settings.patience)  # fmt: skip
    report = train(recipe, schedule, budget.or_steps(settings.steps), streams, progress, checkpoint)
    allowed = [np.bincount(data.tokens[:, place], minlength=outputs) > 0 for _, place, outputs in shape.heads]
    with one_thread():
        net, busy = folded(network, allowed)
    return net, busy, report


def numbers_before(i: Int2D, day: Int2D, goals: Array, days: int, past: Array) -> Array:
    """Return ``known_numbers`` of the kernels for arrays of events: float64[..., NUMBERS]."""
    count, since = goals[..., 0], np.maximum(day, 0)
    left = np.maximum(count - i, 0.0)
    first = (i == 0).astype(np.float64)
    parts = (
        np.log1p(i) / 5.0,
        since / days,
        np.minimum(i / np.maximum(count, 1.0), 3.0),
        np.log1p(left) / 5.0,
        np.log((left + 1.0) / (np.maximum(goals[..., 2] - since, 0.0) + 2.0)) / 3.0,
        np.log1p(past[..., 0]) / 4.0,
        past[..., 1],
        first,
        np.log1p(past[..., 2]) / 3.0,
        first * goals[..., 1] / days,
    )
    return np.stack(np.broadcast_arrays(*parts), axis=-1)


def slopes_on(i: Int1D, day: Int1D, goals: Float2D) -> Float2D:
    """Return ``day_slopes`` of the kernels for arrays of events and days: float64[M, DAY_SLOPES]."""
    first = i == 0
    left = np.maximum(goals[:, 0] - i, 0.0)
    pace = np.log((left + 1.0) / (np.maximum(goals[:, 2] - day, 0.0) + 1.0)) / 3.0
    near = np.where(
        first, np.clip((day - goals[:, 1]) / 5.0, -2.0, 2.0), np.clip((day - goals[:, 2]) / 5.0, -2.0, 0.0)
    )
    over = np.where(first, 0.0, day > goals[:, 2])
    begun = np.where(first, day >= goals[:, 1], 0.0)
    return np.stack([np.where(first, 0.0, pace), over, near, begun], axis=1)


def held_out_entities(count: int, share: float, seed: int) -> tuple[Int1D, Int1D]:
    """Return the entities that are learned from and those that are held out (none of fewer than 10)."""
    held = round(share * count) if count >= 10 else 0
    order = torch.randperm(count, generator=torch_stream(seed)).numpy()
    return np.sort(order[held:]), np.sort(order[:held])
