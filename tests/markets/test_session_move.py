"""Splitting returns into gap and session move is exact, and touches the return channels alone."""

import numpy as np
import pytest

from finsim import documents
from finsim.markets.features import encode
from finsim.markets.prices import prices_from_pandas, read_prices
from finsim.markets.session_move import join_returns, split_returns


@pytest.fixture(scope="module")
def encoded():
    return encode(read_prices(documents.shipped("data") / "wiki_aapl_ibm_2000_2013.csv.gz"))


def test_the_split_return_is_the_move_after_the_open(encoded):
    features, encoding = encoded
    prices = read_prices(documents.shipped("data") / "wiki_aapl_ibm_2000_2013.csv.gz")
    move = np.log(prices.columns["close"] / prices.columns["open"])[0, 1:]
    split = split_returns(features, encoding)
    np.testing.assert_allclose(split[:, :: len(encoding.fields)], move, atol=1e-12)
    others = [c for c in range(features.shape[1]) if c % len(encoding.fields)]
    np.testing.assert_array_equal(split[:, others], features[:, others])


def test_join_undoes_split(encoded):
    features, encoding = encoded
    back = join_returns(split_returns(features, encoding), encoding)
    np.testing.assert_allclose(back, features, atol=1e-15)
    cube = features[None, :500]
    np.testing.assert_allclose(join_returns(split_returns(cube, encoding), encoding), cube, atol=1e-15)


def test_a_panel_of_closes_has_nothing_to_split():
    prices = read_prices(documents.shipped("data") / "wiki_aapl_ibm_2000_2013.csv.gz")
    frame = prices.to_pandas().pivot_table(index="date", columns="asset", values="close", observed=True)
    features, encoding = encode(prices_from_pandas(frame))
    assert split_returns(features, encoding) is features
