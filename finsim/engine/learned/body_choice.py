"""Which body learns a ledger: the named one, else the one that knows held-out entities best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from finsim.errors import FitError, StudyError
from finsim.generators import EVENT_GENERATORS
from finsim.generators.events.event_generator import EventGenerator, HasEntityLoss
from finsim.generators.generator import Budget, Progress
from finsim.generators.settings_parsing import read_settings
from finsim.randomness import Streams
from finsim.records.event_log import EventLog

HELD_OUT = 0.1
LEAST_HELD_OUT = 10


@dataclass(frozen=True)
class Choice:
    """The generator that the user names, None for the better one; and settings of its own."""

    name: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


def chosen_body(
    log: EventLog, choice: Choice, budget: Budget, streams: Streams, progress: Progress
) -> tuple[EventGenerator, str]:
    """Return the fitted body and why it is this one.

    Raises FitError when no body can learn the log.
    """
    if choice.name is not None:
        return _fitted(choice.name, log, choice.settings, budget, streams, progress), "named"
    able = _able(log)
    if len(able) == 1 or log.count < 2 * LEAST_HELD_OUT:
        name = able[0]
        why = "the only body for it" if len(able) == 1 else "too few entities to hold some out"
        return _fitted(name, log, {}, budget, streams, progress), why
    known, spare = _parts(log, streams)
    losses: dict[str, float] = {}
    for place, name in enumerate(able):
        body = _fitted(name, known, {}, budget, streams, _part_of(progress, name, place, len(able) + 1))
        if isinstance(body, HasEntityLoss):
            losses[name] = _mean_loss(body, spare, streams)
    usable = {name: loss for name, loss in losses.items() if np.isfinite(loss)}
    if not usable:
        raise FitError("no body gives the held-out entities a chance", place="fit", remedy="name a generator")
    best = min(usable, key=lambda name: usable[name])
    told = ", ".join(f"{name} {loss:.3f}" for name, loss in sorted(losses.items(), key=lambda one: one[1]))
    why = f"lowest loss per event on {spare.count:,} held-out entities: {told} nats"
    last = _part_of(progress, best, len(able), len(able) + 1)
    return _fitted(best, log, {}, budget, streams, last), why


def _part_of(progress: Progress, name: str, place: int, parts: int) -> Progress:
    """Return the progress of one of several fits as a stage of its own: each body has a pace of its own."""

    def told(done: float, text: str) -> None:
        progress(done, f"{name} (fit {place + 1} of {parts}), {text}")

    return told


def _able(log: EventLog) -> list[str]:
    """Return the installed bodies that have a loss and do not refuse the log; raises the last refusal."""
    found, refused = [], None
    for name in EVENT_GENERATORS:
        if EVENT_GENERATORS.lacks(name):
            continue
        kind = EVENT_GENERATORS.load(name)
        if not hasattr(kind, "entity_losses"):
            continue
        try:
            kind.refuse(log, kind.Settings())
            found.append(name)
        except FitError as bad:
            refused = bad
    if not found:
        raise refused or FitError("no body of events is installed", place="fit", remedy="pip install finsim")
    return found


def _parts(log: EventLog, streams: Streams) -> tuple[EventLog, EventLog]:
    order = streams.at("held out").permutation(log.count)
    size = max(LEAST_HELD_OUT, int(HELD_OUT * log.count))
    return log.take(np.sort(order[size:])), log.take(np.sort(order[:size]))


def _mean_loss(body: HasEntityLoss, spare: EventLog, streams: Streams) -> float:
    """Return the mean loss per event of held-out entities."""
    losses = np.asarray(body.entity_losses(spare, streams.under("losses")), dtype=np.float64)
    weights = spare.lengths()
    return float((losses * weights).sum() / max(weights.sum(), 1))


def _fitted(
    name: str,
    log: EventLog,
    settings: Mapping[str, Any],
    budget: Budget,
    streams: Streams,
    progress: Progress,
) -> EventGenerator:
    kind = EVENT_GENERATORS.load(name, "generator")
    chosen = read_settings(kind, settings, "generator.settings", StudyError)
    kind.refuse(log, chosen)
    body: EventGenerator = kind.fit(log, chosen, streams.under("fit"), budget, progress)
    return body
