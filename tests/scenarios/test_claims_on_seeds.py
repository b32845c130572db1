"""Every claim of every shipped file holds on the data of many seeds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

import pytest

from finsim import documents
from finsim.credit.measures import measure as measured_of_credit
from finsim.engine.market_model.body import complete_prices
from finsim.engine.market_model.fit_and_sample import FIT, SAMPLE, Body, Learner, learn
from finsim.markets.features import encode
from finsim.markets.measures import measure as measured_of_market
from finsim.markets.shard import bars
from finsim.randomness import Streams
from finsim.records.calendar import Clock
from finsim.scenarios import check_expectations, drivers, load, measure, names
from finsim.scenarios.expectations import unmoved

SEEDS, PATHS = range(100, 150), 16
FEW = ("ltcm-1998", "dotcom-2000", "euro-crisis-2011")
# Sessions hold the longest file (five years), days and months are those of the quickstart study.
CLOCK = Clock(date(2025, 12, 31), 1300, 90, 36)


@pytest.fixture(scope="module")
def body() -> Body:
    """A bootstrap of the two bundled stocks: cheap to fit, and noisier than an index."""
    prices, _ = complete_prices(documents.shipped("data") / "wiki_aapl_ibm_2000_2013.csv.gz", None)
    features, encoding = encode(prices)
    return learn(Learner("bootstrap"), features, encoding, {}, Streams(7).under(*FIT))


def clock_of(name: str) -> Clock:
    """Return a clock that ends shortly after the last level of a file: what comes later is not claimed."""
    last = max((anchor.session for anchor in drivers(load(name), CLOCK).anchors), default=0)
    return replace(CLOCK, sessions=min(last + 70, CLOCK.sessions))


def unmet(body: Body, seeds: range, chosen: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Return (file, claim) for each claim about the market, on each seed, that its data do not meet.

    Other claims are about the drivers and the reference book: no seed moves them.
    """
    files = {name: load(name) for name in chosen}
    moved = {name: drivers(one, clock_of(name)) for name, one in files.items()}
    for seed in seeds:
        features = body.features(PATHS, CLOCK.sessions, Streams(seed).under(*SAMPLE), 0)
        for name, driver in moved.items():
            if not any(claim.metric.startswith("equity.") for claim in files[name].expect):
                continue
            shown = features[:, : driver.clock.sessions]
            found = measured_of_market(bars(shown, body.encoding, driver), driver)
            for outcome in check_expectations(files[name], found):
                if outcome.metric.startswith("equity.") and outcome.met is not True:
                    yield name, str(outcome)


@pytest.mark.parametrize("name", names())
def test_claims_that_no_seed_moves_are_judged_and_met_in_the_time_of_the_quickstart(name):
    driver = drivers(load(name), CLOCK)
    found = unmoved(driver) | measure(driver) | measured_of_credit(driver)
    outcomes = check_expectations(load(name), found, CLOCK)
    still = [o for o in outcomes if not o.metric.startswith("equity.")]
    assert [str(o) for o in still if o.met is not True] == []
    assert [o.reason for o in outcomes if o.reason not in ("", "not measured")] == []


@pytest.mark.parametrize("name", [name for name in names() if name != "base"])
def test_a_file_claims_something_of_markets_payments_and_credit(name):
    begin = {claim.metric.partition(".")[0] for claim in load(name).expect}
    assert begin & {"driver", "equity"}
    assert begin & {"behaviour", "fraud", "aml"}
    assert "credit" in begin


def test_a_claim_about_the_market_is_met_and_one_that_is_wrong_is_not(body, write, clock):
    assert [said for _, said in unmet(body, range(100, 101), FEW)] == []
    path = write("wrong", "extends: ltcm-1998\nexpect: [{metric: equity.max_drawdown, at_least: 0.6}]\n")
    driver = drivers(load(path), clock)
    features = body.features(PATHS, clock.sessions, Streams(1).under(*SAMPLE), 0)
    found = measured_of_market(bars(features, body.encoding, driver), driver)
    assert [o.met for o in check_expectations(load(path), found, clock)] == [False]


@pytest.mark.slow
def test_every_file_meets_its_claims_on_fifty_seeds(body):
    missed = Counter((name, said.split(" = ")[0]) for name, said in unmet(body, SEEDS, names()))
    assert missed == Counter()
