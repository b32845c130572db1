"""Fixtures shared by all tests."""

from pathlib import Path

import pytest

from finsim.randomness import Streams


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of data that may not be shipped, or skip the test."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the shared data folder is not beside the project")
    return folder


@pytest.fixture
def streams() -> Streams:
    return Streams(7)
