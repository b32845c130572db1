"""What one entity is, and the part of a generator's settings that asks for privacy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from finsim.errors import PrivacyBudgetError, Problem
from finsim.generators.generator import Budget, Sequences

SEQUENCE = "sequence"
FEWEST_ENTITIES = 50
"""assumption: with fewer, the noise of any useful epsilon is larger than what there is to learn."""
UNITS = "'sequence', or a number of consecutive steps such as '21 steps'"
ROW_UNITS = {"row": "one row", "entity": "one entity with all of its rows"}
EVENT_UNITS = {"entity": "one entity with all of its events"}
_STEPS = re.compile(r"\s*(\d{1,6})\s*(?:steps?|days?|weeks?|months?|minutes?|bars?|sessions?)?\s*")


def is_unit_of_steps(text: str) -> bool:
    """Whether a text names what is protected in a panel: a sequence, or a block of steps."""
    return _block(text) != 0


@dataclass(frozen=True)
class Privacy:
    """A wanted guarantee: epsilon at delta for one ``unit`` more or less, gradients clipped to ``clip``.

    unit : "sequence", each of the N sequences; "21 steps", each block of so many steps of a history; or a
    word of the generator's own, which ``told`` describes.
    """

    epsilon: float
    delta: float = 1e-5
    unit: str = SEQUENCE
    clip: float = 1.0
    told: str = ""

    @classmethod
    def of(cls, settings: Any, units: Mapping[str, str] | None = None) -> Privacy | None:
        """Return what the settings of a generator ask for; None: no privacy.

        units : the generator's own units and what each is in words; None: sequences and blocks of steps.
        Raises PrivacyBudgetError for what cannot be asked for.
        """
        if settings.epsilon is None:
            return None
        told = "" if units is None else units.get(settings.unit, "")
        asked = cls(settings.epsilon, settings.delta, settings.unit, settings.entity_clip, told)
        weight = getattr(settings, "rule_weight", 0.0)
        problems = [
            Problem(f"settings.{name}", f"found {value:g}", words)
            for name, value, fine, words in (
                ("epsilon", asked.epsilon, 0.0 < asked.epsilon <= 100.0, "above 0, up to 100"),
                ("delta", asked.delta, 1e-10 <= asked.delta < 1e-2, "from 1e-10 to below 0.01"),
                ("entity_clip", asked.clip, 0.0 < asked.clip < np.inf, "above 0"),
                ("rule_weight", weight, weight == 0.0, "0 with an epsilon"),
            )
            if not fine
        ]
        if not told and (units is not None or _block(asked.unit) == 0):
            expected = UNITS if units is None else " or ".join(units)
            problems.append(Problem("settings.unit", f"found {asked.unit!r}", expected))
        if problems:
            raise PrivacyBudgetError.of(problems)
        return asked

    @property
    def words(self) -> str:
        """The unit in words."""
        if self.told:
            return self.told
        block = _block(self.unit)
        return "one sequence" if block is None else f"one block of {block:,} consecutive steps"

    def refuse_few(self, count: int) -> None:
        """Raise PrivacyBudgetError for too few units, and a delta that gives one away."""
        if count < FEWEST_ENTITIES:
            raise PrivacyBudgetError(
                f"{count:,} units ({self.words})",
                place="settings.unit",
                expected=f"at least {FEWEST_ENTITIES}",
                remedy="give more data, or leave epsilon out",
            )
        if self.delta * count >= 1.0:
            raise PrivacyBudgetError(
                f"delta {self.delta:g} for {count:,} units: publishing one of them whole would keep it",
                place="settings.delta",
                expected=f"below {1.0 / count:.2g}, one in the number of units",
                remedy=f"give a delta of {0.1 / count:.0e} or less",
            )

    def entities(self, data: Sequences) -> Sequences:
        """Return the entities as sequences; the oldest steps that fill no block are left out.

        Raises PrivacyBudgetError for fewer than ``FEWEST_ENTITIES``.
        """
        block, (count, steps) = _block(self.unit), data.values.shape[:2]
        if block is None:
            found = data
        else:
            rest, rows = steps % block, count * (steps // block)
            values = data.values[:, rest:].reshape(rows, block, data.values.shape[2])
            mask = None if data.mask is None else data.mask[:, rest:].reshape(rows, block)
            found = Sequences(values, mask) if rows else data
        if len(found.values) < FEWEST_ENTITIES or (block is not None and block > steps):
            raise PrivacyBudgetError(
                f"{0 if block is not None and block > steps else len(found.values)} entities "
                f"({self.words}) in {count:,} {'history' if count == 1 else 'sequences'} of {steps:,} steps",
                place="settings.unit",
                expected=f"at least {FEWEST_ENTITIES}",
                remedy="protect a smaller unit, such as '21 steps', or give more data",
            )
        return found


def steps_of(budget: Budget) -> int:
    """Return the steps of a budget that has them; raises PrivacyBudgetError for one in CPU seconds."""
    if budget.steps is None or budget.cpu_seconds is not None:
        raise PrivacyBudgetError(
            "the budget is in CPU seconds",
            place="fit: cpu_seconds",
            expected="steps, since the noise is set for a known number of updates",
            remedy="give steps instead",
        )
    return budget.steps


def _block(unit: str) -> int | None:
    """Return the steps of a block, None for whole sequences, 0 for what is neither."""
    if unit == SEQUENCE:
        return None
    found = _STEPS.fullmatch(unit)
    return int(found[1]) if found else 0
