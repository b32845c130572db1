"""Runs of this room have a page of one line."""

from collections.abc import Iterator

import pytest
from plain_page import plain_pages


@pytest.fixture(autouse=True, scope="module")
def plain() -> Iterator[None]:
    """Let runs have a page of one line; a test that reads the page asks for ``whole_pages``."""
    with plain_pages():
        yield
