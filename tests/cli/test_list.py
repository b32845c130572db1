"""``finsim list``: every item has a description; data sets say what they are and under which terms."""

from __future__ import annotations

import pytest

import finsim


@pytest.mark.parametrize("kind", sorted(finsim.names()))
def test_every_item_is_described(kind: str) -> None:
    for name, text in finsim.names(kind)[kind].items():
        assert len(text.split()) >= 2, name
        assert "\n" not in text


def test_data_sets_say_what_they_are_and_their_terms() -> None:
    data = finsim.names("data")["data"]
    assert "daily bars" in data["wiki_aapl_ibm_2000_2013"]
    assert "public domain" in data["wiki_aapl_ibm_2000_2013"]
    assert "CC BY 4.0" in data["german_credit"]
    assert not [name for name, text in data.items() if "terms unknown" in text]
