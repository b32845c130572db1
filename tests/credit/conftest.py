"""A small fitted book and hand-made drivers."""

from datetime import date

import pytest
from macro_paths import SEVERE, macro_drivers

from finsim import documents
from finsim.credit.applications import read_applications
from finsim.credit.book import fit_book, loans
from finsim.credit.settings import Settings
from finsim.randomness import Streams
from finsim.records.calendar import Clock
from finsim.records.drivers import identity


@pytest.fixture
def base():
    return identity(Clock(date(2025, 12, 31), 2, 1, 36))


@pytest.fixture
def severe():
    return macro_drivers(SEVERE)


@pytest.fixture(scope="session")
def settings():
    return Settings(shard_loans=1_000, block_draws=2_000)


@pytest.fixture(scope="session")
def applications():
    return read_applications(documents.shipped("data") / "german_credit.csv.gz")


@pytest.fixture(scope="session")
def book(applications, settings):
    return fit_book(applications, settings)


@pytest.fixture(scope="session")
def table(book):
    return loans(book, 4_000, Streams(7))
