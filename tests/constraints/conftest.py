"""What tests of rules share."""

import pytest

from finsim.constraints.compiled import breach_examples as context
from finsim.constraints.compiled import table_feed as feeding


@pytest.fixture
def small_pieces(monkeypatch):
    monkeypatch.setattr(feeding, "CHUNK", 64)
    monkeypatch.setattr(feeding, "BLOCK", 13)
    monkeypatch.setattr(feeding, "TEXT_BLOCK", 17)
    monkeypatch.setattr(feeding, "FIRST", 3)
    monkeypatch.setattr(context, "_BLOCK", 11)
