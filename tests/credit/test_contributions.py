"""Euler contributions to the expected shortfall: sums, a naive twin, and a concentrated book."""

import numpy as np
import pyarrow as pa
import pytest

from finsim.credit.losses import losses
from finsim.credit.risk import expected_shortfall
from finsim.credit.tail.contributions import shortfall_contributions, tail_weights
from finsim.randomness import Streams


@pytest.mark.parametrize("stressed", [False, True])
def test_contributions_add_up_to_the_shortfall_of_the_same_draws(table, base, severe, settings, stressed):
    drivers, book = severe if stressed else base, table.slice(0, 1_500)
    drawn = losses(book, drivers, 5_000, Streams(3), settings)
    for level in (0.99, 0.9971):  # the second has half a draw at its quantile
        parts = shortfall_contributions(book, drivers, 5_000, level, Streams(3), settings)
        assert parts.sum() == pytest.approx(expected_shortfall(drawn, level).value, rel=1e-9)
        assert (parts >= 0).all()
        assert 20 < (parts > 0).sum() < len(parts)


def test_a_contribution_is_the_slope_of_the_shortfall_in_the_size_of_a_sector(table, base, settings):
    """Euler: exposures of one sector times 1 + h, same draws; the slope at h = 0 is its contribution."""
    book = table.slice(0, 800)
    sector = np.array(book["sector"].to_pylist())
    parts = shortfall_contributions(book, base, 10_000, 0.99, Streams(5), settings)
    owed, at = book["balance"].to_numpy(), book.schema.get_field_index("balance")

    def shortfall(name, step):
        moved = pa.array(np.rint(np.where(sector == name, owed * (1 + step), owed)).astype(np.int64))
        grown = book.set_column(at, book.schema.field(at), moved)
        return expected_shortfall(losses(grown, base, 10_000, Streams(5), settings), 0.99).value

    for name in ("auto", "business"):
        slope = (shortfall(name, 0.01) - shortfall(name, -0.01)) / 0.02
        assert parts[sector == name].sum() == pytest.approx(slope, rel=0.02)


def test_loans_of_one_obligor_share_what_they_lose_together(table, base, settings):
    book = table.slice(0, 300)
    owner = np.arange(300) // 2 * 2
    for name, values in (("obligor_id", owner), ("pd", np.full(300, 0.1)), ("rho", np.full(300, 0.1))):
        at = book.schema.get_field_index(name)
        book = book.set_column(at, book.schema.field(at), pa.array(values, book.schema.field(at).type))
    parts = shortfall_contributions(book, base, 5_000, 0.99, Streams(2), settings)
    drawn = losses(book, base, 5_000, Streams(2), settings)
    assert parts.sum() == pytest.approx(expected_shortfall(drawn, 0.99).value, rel=1e-9)
    kind = np.array(
        [f"{s} {c}" for s, c in zip(book["sector"].to_pylist(), book["loan_class"].to_pylist(), strict=True)]
    )
    owed = book["balance"].to_numpy() * book["lgd"].to_numpy()
    together = (kind[::2] == kind[1::2]) & (parts[::2] > 0)
    assert together.sum() > 20
    np.testing.assert_allclose((parts[::2] / parts[1::2])[together], (owed[::2] / owed[1::2])[together])


def test_weights_of_the_tail_are_those_of_the_shortfall():
    drawn = np.random.default_rng(1).permutation(np.arange(1.0, 21.0))
    for level in (0.75, 0.725):
        weight = tail_weights(drawn, level)
        assert weight.sum() == pytest.approx(1.0)
        assert (weight * drawn).sum() == pytest.approx(expected_shortfall(drawn, level).value)
