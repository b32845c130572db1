"""Which real row lends its cells: the payer's own nearest in amount, else one of anybody of the same kind."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.engine.injection.row_templates import Group, Templates

SIZE = np.array([100, 10_000, 120, 9_000, 400])
NOBODY = np.zeros(0, dtype=np.int64)


def test_a_row_is_lent_by_one_of_the_kind() -> None:
    """Entity 0 has rows 0 and 1 without a shop, entity 1 row 4; rows 2 and 3 are of shops, of entity 1."""
    own = np.array([0, 0, 3, 3, 2])
    none = Group.of(NOBODY, NOBODY, SIZE, 2)
    every = Group.of(np.arange(5), np.array([0, 0, 1, 1, 0]), SIZE, 2)
    mine = Group.of(np.arange(5), own, SIZE, 6)
    currency = np.array([0, 1, 0, 1, 1])
    told = Group.of(np.arange(5), currency, SIZE, 8)
    lent = Templates(mine, every, none, none, none, told, none, none, (), (), np.ones(5, int), currency)
    rng = np.random.default_rng(0)
    assert {lent.outgoing(0, True, 110, rng) for _ in range(40)} == {2, 3}
    assert {lent.outgoing(0, False, 110, rng) for _ in range(40)} == {0, 1}
    assert {lent.outgoing(2, True, 110, rng) for _ in range(40)} == {2, 3}
    assert {lent.outgoing(-1, False, 110, rng) for _ in range(60)} == {0, 1, 4}
    assert lent.incoming(0, 110, rng) == -1
    assert {lent.outgoing(0, False, 110, rng, 1) for _ in range(40)} == {1}
    assert {lent.outgoing(2, True, 110, rng, 0) for _ in range(40)} == {2}
    assert lent.outgoing(0, False, 110, rng, 7) >= 0
    far = replace(lent, own=Group.of(np.array([0]), own, SIZE, 6), all_rows=none)
    assert {lent_row for _ in range(40) if (lent_row := far.outgoing(0, False, 110, rng, 1)) >= 0} == {
        1,
        3,
        4,
    }
