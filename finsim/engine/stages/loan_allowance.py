"""What a loan book must set aside under IFRS 9: under one scenario, and weighted over all of a run."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import add
from typing import Any

import numpy as np
import pyarrow as pa

from finsim.credit.expected.capital_path import Quarters, quarters, records
from finsim.credit.expected.expected_credit_loss import (
    CreditLoss,
    by_stage,
    credit_losses,
    opening_stages,
)
from finsim.credit.expected.provisions import by_date, provisions
from finsim.credit.expected.scenario_weights import scenario_weights
from finsim.engine.study.study_resolution import Plan, credit_settings
from finsim.errors import ScenarioError

SUMS = ("ecl_12m", "ecl_lifetime", "allowance")


def own_allowance(book: pa.Table, plan: Plan, label: str) -> list[dict[str, float]]:
    """Return the ECL by stage under one scenario, at the jump-off day, in minor units."""
    settings = credit_settings(plan)
    found = credit_losses(book, plan.drivers[label], settings)
    return by_stage(book, found, opening_stages(found, book["pd"].to_numpy(), settings))


def weights_of(plan: Plan) -> tuple[dict[str, float], str]:
    """Return what the scenarios of a run weigh, and why they weigh nothing where they do not.

    A scenario's ``probability`` holds for it as written: at another severity it has none.
    """
    severity = {choice.label: choice.severity for choice in plan.study.scenarios}
    stated: dict[str, tuple[float, str] | None] = {}
    for label, one in plan.scenarios.items():
        weight = one.probability.weight
        stated[label] = (
            (weight, one.probability.basis) if weight is not None and severity[label] == 1.0 else None
        )
    without = [label for label, one in stated.items() if one is None]
    try:
        weights = scenario_weights(stated)
    except ScenarioError as error:
        return {}, error.problems[0].found
    return weights, f"no probability: {', '.join(without)}" if without else ""


def weighted_allowance(book: pa.Table, plan: Plan) -> dict[str, Any]:
    """Return the ECL weighted over the scenarios of a run, by stage; stages go by the weighted hazard.

    ``weights`` by scenario and ``stages``; or ``why`` there are no weights. Source: IFRS 9 5.5.17 (a).
    """
    weights, why = weights_of(plan)
    if not weights:
        return {"why": why}
    settings, total = credit_settings(plan), np.zeros((4, book.num_rows))
    for label, weight in weights.items():
        one = credit_losses(book, plan.drivers[label], settings)
        total += weight * np.vstack([one.twelve, one.lifetime, one.hazard, one.usual])
    found = CreditLoss(*total)
    stage = opening_stages(found, book["pd"].to_numpy(), settings)
    return {"weights": weights, "stages": by_stage(book, found, stage)}


class Provisions:
    """The provisions of a book under one scenario; fed with the panel shard by shard."""

    def __init__(self, plan: Plan, label: str) -> None:
        self._plan, self._label = plan, label
        self.parts: list[pa.Table] = []
        self._quarters: list[Quarters] = []

    def watch(self, loans: pa.Table, months: pa.Table) -> None:
        """Take the loans of the next shard and their panel."""
        drivers, settings = self._plan.drivers[self._label], credit_settings(self._plan)
        streams = self._plan.streams.under("credit")
        made = provisions(loans, months, drivers, streams, settings)
        self.parts.append(made)
        self._quarters.append(quarters(loans, months, made, drivers, streams, settings))

    def by_date(self) -> list[dict[str, Any]]:
        """Return the sums by reporting date and stage."""
        return by_date(pa.concat_tables(self.parts))

    def capital(self) -> list[dict[str, Any]]:
        """Return the path of the CET1 ratio, one record a quarter end (``credit.expected.capital_path``)."""
        whole = reduce(add, self._quarters)
        return records(whole, self._plan.drivers[self._label], credit_settings(self._plan))


def sums(stages: list[dict[str, float]]) -> Mapping[str, float]:
    """Return 12-month ECL, lifetime ECL and allowance over all stages."""
    return {name: sum(one[name] for one in stages) for name in SUMS}
