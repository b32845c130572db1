"""Measured intensity of schemes: rise above the base rate, and counts against the study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from finsim.agents.narratives.narrative import Narrative, load_narratives
from finsim.agents.population.population import Population
from finsim.agents.schemes.start_times import LAYER, PER_LAYER, expected_schemes
from finsim.agents.settings import Settings
from finsim.extras import Later
from finsim.notation import NANOS_PER_DAY, Array
from finsim.records.drivers import Drivers

stats = Later("scipy.stats", "evaluate")

_WEEK = 7
_WINDOW = 4  # weeks; a single week of a small world is mostly noise


def measure(
    patterns: pa.Table, drivers: Drivers, settings: Settings, rates: Mapping[str, float] | None = None
) -> dict[str, float]:
    """Return what a scenario may expect of the transaction world, by name.

    * ``fraud.<typology>.peak_over_base``, ``aml.<typology>.peak_over_base``: schemes that start per week,
      as the largest mean over four weeks, over the base rate. ``rates`` gives the base rate per narrative
      in schemes per week; without it the schemes of layer 0 (those of the unstressed world) stand for it.
    * ``fraud.<typology>.schemes``, ``aml.<typology>.schemes``: how many there are.
    * ``fraud.branching_ratio``: that of the scenario.
    A typology is every name in the file of a narrative that has schemes; of a variant only its own.
    """
    stories = {story.id: story for story in load_narratives([use.name for use in settings.narratives])}
    frame = patterns.select(["instance", "narrative", "typology"]).to_pandas()
    frame["narrative"] = frame["narrative"].astype(str)
    frame["typology"] = frame["typology"].astype(str)
    start = patterns["start"].cast(pa.timestamp("ns", "UTC")).cast(pa.int64()).to_numpy()
    frame["week"] = (start - settings.start_ns) // (_WEEK * NANOS_PER_DAY)
    found = {"fraud.branching_ratio": float(drivers.mules.get("branching_ratio", 0.0))}
    for name, story in stories.items():
        mine = frame[frame["narrative"].eq(name)]
        if story.decoy or mine.empty:
            continue
        groups: dict[str, pd.DataFrame] = dict.fromkeys(story.typology, mine)
        for form in story.variants.values():
            if form.typology:
                groups.setdefault(form.typology, mine[mine["typology"].eq(form.typology)])
        kind = "fraud" if story.labels.fraud else "aml"
        for typology, group in groups.items():
            share = len(group) / len(mine)
            base = share * rates[name] if rates and name in rates else _layer_zero(group, settings)
            found[f"{kind}.{typology}.schemes"] = float(len(group))
            if base > 0:
                found[f"{kind}.{typology}.peak_over_base"] = _peak(group["week"].to_numpy(), settings) / base
    return found


def _layer_zero(group: pd.DataFrame, settings: Settings) -> float:
    """Return the unstressed schemes per week among ``group``."""
    layer = group["instance"] // PER_LAYER % LAYER
    return float(layer.eq(0).sum()) * _WEEK / settings.days


def _peak(week: Array, settings: Settings) -> float:
    """Return the largest mean of weekly counts over four weeks, in whole weeks only."""
    weeks = max(1, settings.days // _WEEK)
    counts = np.bincount(week[week < weeks], minlength=weeks)[:weeks]
    width = min(_WINDOW, weeks)
    return float(np.convolve(counts, np.ones(width) / width, mode="valid").max())


def weekly_rates(
    population: Population, narratives: Sequence[Narrative], settings: Settings
) -> dict[str, float]:
    """Return the study's base rate of each narrative in schemes per week."""
    uses = {use.id: use for use in settings.narratives}
    return {
        story.id: expected_schemes(story, uses[story.id], population, settings) * _WEEK / settings.days
        for story in narratives
        if story.id in uses
    }


def scheme_counts(
    patterns: pa.Table, population: Population, narratives: Sequence[Narrative], settings: Settings
) -> pd.DataFrame:
    """Return per narrative the schemes observed and expected, and the 99 % interval of the latter.

    Columns ``narrative, observed, expected, low, high, inside``. The interval is that of a Poisson count
    whose mean is the rate times the exposure (open account-years and the like) of an unstressed period.
    """
    counts = patterns["narrative"].to_pandas().astype(str).value_counts()
    weekly = weekly_rates(population, narratives, settings)
    rows = []
    for name, rate in weekly.items():
        expected = rate * settings.days / _WEEK
        low, high = (float(stats.poisson.ppf(q, expected)) for q in (0.005, 0.995))
        observed = int(counts.get(name, 0))
        rows.append((name, observed, expected, low, high, low <= observed <= high))
    return pd.DataFrame(rows, columns=["narrative", "observed", "expected", "low", "high", "inside"])
