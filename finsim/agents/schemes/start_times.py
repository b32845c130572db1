"""Start times of schemes: a point process per narrative, thinned with common random numbers.

Layers of unit base intensity are drawn once; a scheme of layer 0 starts wherever its uniform mark lies
below the multiplier, further layers fill what exceeds 1. Schemes of an unstressed world therefore keep
their id, time, members and amounts under any multiplier of 1 or more. Under self-excitation only the
excess is clustered: it consists of immigrants at (1 - n) times the excess intensity and of their
offspring, so the stated total intensity holds (Hawkes 1971; the split is own).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.agents.narratives.narrative import Narrative
from finsim.agents.population.population import Population
from finsim.agents.scenario_effects import on_days
from finsim.agents.settings import NarrativeUse, Settings
from finsim.agents.vocabulary import BUSINESS, CARD, CURRENT, EXTERNAL, MERCHANT
from finsim.errors import ScenarioError, StudyError
from finsim.notation import NANOS_PER_DAY, Bool1D, Float1D
from finsim.randomness import Streams
from finsim.records.drivers import Drivers

_MAX_LAYERS = 49
LAYER = 100
PER_LAYER = 1_000_000
_KINDS = {
    "person_year": (CURRENT,),
    "card_year": (CARD,),
    "firm_year": (BUSINESS, MERCHANT),
    "merchant_year": (MERCHANT,),
}


@dataclass(frozen=True)
class Arrival:
    """One scheme: stable id, first instant in ns, and the variant of the story ('' when it has none)."""

    id: int
    start: int
    variant: str


def exposure(per: str, population: Population, settings: Settings) -> float:
    """Return the years of exposure of a rate: open account-years of the kinds it counts, or bank-years."""
    if per == "bank_year":
        return settings.banks * settings.days / 365.0
    accounts = population.accounts
    counted: Bool1D = accounts.kind != EXTERNAL
    if per != "account_year":
        counted = np.isin(accounts.kind, _KINDS[per])
    first = np.datetime64(settings.start)
    late = np.clip((accounts.opened[counted] - first).astype(np.int64), 0, settings.days)
    return float((settings.days - late).sum() / 365.0)


def expected_schemes(
    narrative: Narrative, use: NarrativeUse, population: Population, settings: Settings
) -> float:
    """Return the expected number of schemes of an unstressed period."""
    if use.count is not None:
        return float(use.count)
    rate = narrative.rate.value if use.rate is None else use.rate
    return rate * exposure(narrative.rate.per, population, settings)


def mean_factor(narrative: Narrative, settings: Settings, drivers: Drivers) -> float:
    """Return what a scenario multiplies the expected number of schemes by, on average over the days."""
    names = list(narrative.variants) or [""]
    weights = [narrative.variants[name].weight if name else 1.0 for name in names]
    means = [float(_factor(narrative, name, settings, drivers).mean()) for name in names]
    return float(np.average(means, weights=weights))


def arrivals(
    narrative: Narrative,
    position: int,
    expected: tuple[float, bool],
    settings: Settings,
    streams: Streams,
    drivers: Drivers,
) -> list[Arrival]:
    """Return the schemes of one narrative, sorted by id.

    ``expected`` is the base number of schemes and whether it is exact. ``streams`` belong to the
    narrative. Raises ScenarioError for a multiplier above 49, StudyError for a million schemes.
    """
    factors = {name: _factor(narrative, name, settings, drivers) for name in narrative.variants or ("",)}
    top = max(float(series.max()) for series in factors.values())
    if top > _MAX_LAYERS:
        raise ScenarioError(
            f"{narrative.id} would run at {top:.1f} times its base intensity",
            place=f"{drivers.scenario}: intensity",
            expected=f"at most {_MAX_LAYERS}",
            remedy="lower the multiplier or raise the study's own rate",
        )
    ratio = _branching(narrative, drivers)
    found: list[Arrival] = []
    for layer in range(max(1, int(np.ceil(top - 1e-9)))):
        rng = streams.at("arrivals", layer)
        size = int(expected[0]) if expected[1] else int(rng.poisson(expected[0]))
        starts = np.sort(rng.integers(0, settings.days * NANOS_PER_DAY // 1_000_000, size)) * 1_000_000
        marks = rng.random(size)
        variants = _variants(narrative, rng, size)
        refuse_number(narrative, size)
        block = (position + 1) * LAYER * PER_LAYER + layer * PER_LAYER
        kept = []
        for index in range(size):
            factor = factors[variants[index]][starts[index] // NANOS_PER_DAY]
            keep = (
                marks[index] < factor if layer == 0 else layer - 1 + marks[index] < (factor - 1) * (1 - ratio)
            )
            kept.append(bool(keep))
            if keep:
                found.append(Arrival(block + index, settings.start_ns + int(starts[index]), variants[index]))
        if layer > 0 and ratio > 0:
            roots = list(zip(starts.tolist(), variants, kept, strict=True))
            found += _offspring(
                roots, block + 50 * PER_LAYER, ratio, settings, streams.at("offspring", layer), drivers
            )
    return sorted(found, key=lambda arrival: arrival.id)


def refuse_number(narrative: Narrative, schemes: float) -> None:
    """Raise StudyError for a million schemes or more of one narrative."""
    if schemes >= PER_LAYER:
        raise StudyError(
            f"{narrative.id} has {schemes:.0f} schemes",
            place="narratives",
            expected=f"fewer than {PER_LAYER:,}",
            remedy="lower its rate",
        )


def _variants(narrative: Narrative, rng: np.random.Generator, size: int) -> list[str]:
    if not narrative.variants:
        return [""] * size
    names = list(narrative.variants)
    weight = np.array([narrative.variants[name].weight for name in names])
    return [names[int(i)] for i in rng.choice(len(names), size=size, p=weight / weight.sum())]


def _factor(narrative: Narrative, variant: str, settings: Settings, drivers: Drivers) -> Float1D:
    """Return the multiplier per day: of all names that fit the story, the one farthest from 1."""
    names = list(narrative.typology)
    if variant and narrative.variants[variant].typology:
        names.append(str(narrative.variants[variant].typology))
    factor = np.ones(settings.days)
    if narrative.decoy:
        return factor
    for name in names:
        for kind in ("fraud", "aml"):
            key = f"{kind}:{name}"
            if key in drivers.intensity:
                series = on_days(drivers.intensity[key], drivers, settings)
                farther = np.abs(np.log(np.maximum(series, 1e-9))) > np.abs(np.log(np.maximum(factor, 1e-9)))
                factor = np.where(farther, series, factor)
    return factor


def mule_settings(drivers: Drivers) -> dict[str, float]:
    """Return what a scenario says of mule networks; nothing at severity 0."""
    return dict(drivers.mules) if drivers.severity > 0 else {}


def _branching(narrative: Narrative, drivers: Drivers) -> float:
    ratio = mule_settings(drivers).get("branching_ratio", 0.0)
    if not 0.0 <= ratio < 1.0:
        raise ScenarioError(
            f"branching_ratio is {ratio}",
            place=f"{drivers.scenario}: fraud.self_excitation",
            expected="0 or more and below 1",
            remedy="at 1 the process explodes",
        )
    return 0.0 if narrative.decoy else ratio


def _offspring(
    roots: list[tuple[int, str, bool]],
    block: int,
    ratio: float,
    settings: Settings,
    rng: np.random.Generator,
    drivers: Drivers,
) -> list[Arrival]:
    """Return the offspring of kept roots; trees of unkept roots are drawn too, so that ids stay put."""
    mean = mule_settings(drivers).get("excitation_half_life_hours", 18.0) * 3.6e12 / np.log(2.0)
    found: list[Arrival] = []
    number = 0
    for root_start, variant, kept in roots:
        waiting = [root_start]
        while waiting and number < PER_LAYER:
            parent = waiting.pop()
            for _ in range(int(rng.poisson(ratio))):
                start = parent + int(rng.exponential(mean)) // 1_000_000 * 1_000_000
                if kept and start < settings.days * NANOS_PER_DAY:
                    found.append(Arrival(block + number, settings.start_ns + start, variant))
                waiting.append(start)
                number += 1
    return found
