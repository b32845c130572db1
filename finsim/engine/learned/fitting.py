"""Fit a model of events or of a table: read as declared, learned by the named body or the best one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from finsim.engine.learned.body_choice import Choice
from finsim.engine.learned.event_model import LearnedEvents, fit_events
from finsim.engine.learned.reading import read_to_learn
from finsim.engine.learned.table_model import LearnedTable, fit_table
from finsim.errors import FitError
from finsim.evaluation.reading.guessed_roles import Named
from finsim.evaluation.reading.kinds import EVENTS
from finsim.generators import TABLE_DEFAULT
from finsim.generators.generator import Budget, Progress
from finsim.randomness import Streams
from finsim.tables import Schema

FIT = ("learned", "fit")


@dataclass(frozen=True)
class Learning:
    """What is learned (events or table), by which generator with which settings, and how data are read."""

    kind: str
    generator: str | None = None
    named: Named = field(default_factory=Named)
    schema: Schema | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)
    seed: int = 0


def learned(data: Any, how: Learning, progress: Progress) -> LearnedEvents | LearnedTable:
    """Return the fitted model. Raises StudyError, DataError and FitError as reading and fitting do."""
    declared = how.schema if how.schema is not None and how.schema.fields else None
    dialect = None if how.schema is None else how.schema.dialect
    found = read_to_learn(data, how.kind, how.named, declared, dialect)
    streams = Streams(how.seed).under(*FIT)
    if how.kind == EVENTS:
        return fit_events(found, Choice(how.generator, how.settings), how.budget, streams, progress)
    name = how.generator or TABLE_DEFAULT
    try:
        return fit_table(found, name, how.settings, how.budget, streams, progress)
    except FitError as bad:
        if not isinstance(data, str | Path) or any(one.place != "table" for one in bad.problems):
            raise
        raise FitError.of(replace(one, place=str(data)) for one in bad.problems) from None
