"""What a prediction counts of habits: pairs of a log, swaps that a fit offers to their links."""

import numpy as np
import pytest
from event_logs import cards, single

from finsim.generators.events.habits import Habits, link_reach
from finsim.generators.events.habits.link_reach import expected_swaps
from finsim.generators.generator import Budget
from finsim.randomness import Streams


def test_links_are_the_pairs_of_a_log():
    log = cards(60, rows=30)
    pairs = set(zip(log.entity().tolist(), log.part("partner").tolist(), strict=True))
    assert log.links() == len(pairs) < log.events.rows
    assert single().part("partner") is None
    assert single().links() == single().count


@pytest.mark.parametrize("entities", [40, 300])
def test_swaps_are_about_those_of_a_fit(entities, monkeypatch):
    """The search halves what is left: a whole number of steps, and one more where only the widest will do."""
    offered, real = [], link_reach.deal

    def counted(links, streams, sweeps):
        offered.append(sweeps * len(links.dealt))
        return real(links, streams, sweeps)

    monkeypatch.setattr(link_reach, "deal", counted)
    log = cards(entities, rows=30)
    Habits.fit(log, Habits.Settings(), Streams(1), Budget(), lambda share, text: None)
    steps = sum(offered) / offered[0]
    assert offered[0] == link_reach.SWEEPS * log.links()
    assert abs(expected_swaps(log.links(), log.count) / offered[0] - steps) <= 1.0
    twice = expected_swaps(2 * log.links(), log.count)
    assert twice == pytest.approx(2.0 * expected_swaps(log.links(), log.count))
    assert np.isfinite(expected_swaps(0, 1))
