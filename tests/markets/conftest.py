from pathlib import Path

import pytest
from by_hand import CLOCK, blocks

from finsim.markets.features import encode
from finsim.markets.prices import read_prices
from finsim.randomness import Streams


@pytest.fixture(scope="session")
def history():
    return read_prices(Path(__file__).parents[2] / "data" / "wiki_aapl_ibm_2000_2013.csv.gz")


@pytest.fixture(scope="session")
def encoded(history):
    return encode(history)


@pytest.fixture(scope="session")
def sampled(encoded):
    """60 ten-year feature paths of the real body."""
    return blocks(encoded[0], 60, CLOCK.sessions, Streams(7).at("test", "blocks"))
