"""A small world with one story in it, to look at the story."""

from __future__ import annotations

from dataclasses import dataclass, replace

from finsim.agents.narratives.narrative import Narrative, load_narratives
from finsim.agents.population.population import build_population
from finsim.agents.schemes.scheme_generation import scheme_orders
from finsim.agents.settings import NarrativeUse, Settings
from finsim.agents.simulate import simulate, unstressed
from finsim.randomness import Streams
from finsim.records.transactions import Transactions

_TRIES = 12


@dataclass(frozen=True)
class StoryWorld:
    """A story, the world that was simulated with it, and its size."""

    story: Narrative
    settings: Settings
    world: Transactions


def story_world(name: str, accounts: int, days: int, count: int, seed: int) -> StoryWorld:
    """Return a world with ``count`` schemes of one story, by shipped name or file.

    Raises NarrativeError for a wrong file with all its problems, StudyError where the world is too small.
    """
    (story,) = load_narratives([name])
    settings = Settings(accounts=accounts, days=days, narratives=(NarrativeUse(name, count=count),))
    return StoryWorld(story, settings, simulate(settings, Streams(seed).under("story", story.id)))


def early_scheme(name: str, accounts: int, days: int, seed: int) -> StoryWorld:
    """Return a world with one scheme that starts in the first half of the period, so that it can end.

    Worlds are tried one after the other, a dozen at most; only the schemes of a try are planned.
    """
    (story,) = load_narratives([name])
    settings = Settings(accounts=accounts, days=days, narratives=(NarrativeUse(name, count=1),))
    middle = (settings.start_ns + settings.end_ns) // 2
    for number in range(_TRIES):
        streams = Streams(seed).under("story", story.id, number)
        population = build_population(settings, streams)
        _, plan = scheme_orders(population, [story], settings, streams, unstressed(settings))
        if len(plan) and int(plan.start[0]) < middle:
            break
    return StoryWorld(story, replace(settings), simulate(settings, streams))
