"""The page of ``finsim inject`` lists what each shipped narrative needs, as the files say it."""

from __future__ import annotations

from pathlib import Path

import pytest

from finsim import documents
from finsim.agents.narratives.narrative import load_narratives
from finsim.agents.narratives.narrative_needs import Known, carried, needs_table
from finsim.agents.vocabulary import CATEGORIES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "guide" / "inject.md"
SHIPPED = sorted(path.stem for path in documents.shipped("scenarios/narratives").glob("*.yaml"))
EVERYTHING = Known(
    frozenset(["current", "savings", "card", "business", "merchant"]),
    frozenset(["exchange", "remitter", "person", "cash", "supplier"]),
    frozenset(["exchange", "remitter", "person", "cash", "supplier"]),
    True,
    True,
    frozenset(CATEGORIES),
    frozenset(
        ["age", "account_days", "income", "opening", "limit", "degree", "segment", "online", "turnover"]
    ),
    frozenset(["ticket", "online", "popularity"]),
)


def test_the_page_has_the_needs_that_the_files_have() -> None:
    assert needs_table(load_narratives(SHIPPED)) in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SHIPPED)
def test_a_table_that_knows_everything_carries_a_narrative_as_it_is(name: str) -> None:
    story = load_narratives([name])[0]
    found = carried(story, EVERYTHING)
    assert found.narrative == story
    assert not found.lacks
    assert not found.left_out


def test_a_table_that_knows_nothing_carries_nothing() -> None:
    for story in load_narratives(SHIPPED):
        assert carried(story, Known()).lacks
