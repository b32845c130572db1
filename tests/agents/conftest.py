"""One small world, built once, that many tests look at."""

from dataclasses import dataclass

import pandas as pd
import pytest

from finsim.agents.narratives.narrative import load_narratives
from finsim.agents.population.population import build_population
from finsim.agents.settings import Settings
from finsim.agents.simulate import simulate
from finsim.randomness import Streams


@dataclass(frozen=True)
class World:
    """A world of 2,000 accounts over 90 days, as tables and as pandas frames."""

    settings: Settings
    tables: object
    population: object
    narratives: tuple
    rows: pd.DataFrame
    accounts: pd.DataFrame
    patterns: pd.DataFrame


@pytest.fixture(scope="session")
def world() -> World:
    settings = Settings(accounts=2_000, shard_accounts=700)
    tables = simulate(settings, Streams(7))
    return World(
        settings,
        tables,
        build_population(settings, Streams(7)),
        load_narratives([use.name for use in settings.narratives]),
        tables.to_pandas(internal=True),
        tables.accounts.to_pandas(),
        tables.patterns.to_pandas(),
    )
