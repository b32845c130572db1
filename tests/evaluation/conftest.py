"""Real bars and a good synthetic twin of them."""

from pathlib import Path

import pytest
from price_stand_ins import resampled

from finsim.evaluation.columns import between
from finsim.evaluation.settings import Settings
from finsim.markets.prices import read_prices
from finsim.records.paths import Paths

DATA = Path(__file__).resolve().parents[2] / "data"
QUICK = Settings(bootstrap=100, judge_refits=0)


@pytest.fixture(scope="session")
def quick() -> Settings:
    return QUICK


@pytest.fixture(scope="session")
def real() -> Paths:
    """AAPL and IBM, 2000 to 2013, adjusted: one path of 3,270 bars."""
    prices = read_prices(DATA / "wiki_aapl_ibm_2000_2013.csv.gz")
    return Paths(prices.assets, prices.dates, dict(prices.columns))


@pytest.fixture(scope="session")
def halves(real: Paths) -> tuple[Paths, Paths]:
    middle = len(real.dates) // 2
    return between(real, 0, middle), between(real, middle, len(real.dates))


@pytest.fixture(scope="session")
def twin(real: Paths) -> Paths:
    """Forty jittered paths of six years."""
    return resampled(real, 40, 6 * 252, seed=5)
