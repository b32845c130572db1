"""Every claim of every shipped scenario file, on many seeds and on several bodies of prices.

    python benchmarks/claims.py [--bodies stocks ..] [--seeds 50] [--first 100] [--paths 16] [--only FILE ..]
                                [--prices TABLE]

Claims about the macro path, behaviour, intensities and credit are judged once, on the drivers and the
reference book: no seed moves them. Claims about the market (``equity.``) are judged on the bars of each seed
as a run judges them, medians over its paths. The clock is that of the quickstart study and holds each file
to its end. Bodies: ``stocks`` (bootstrap of the two bundled stocks), ``garch`` and ``daily_flow`` (of the
same), ``one`` (IBM alone), ``panel`` (bootstrap of ``--prices``). Printed are how many claims are met, and of
each claim that is not the least and the largest number found. Ends with 1 where one is not met or not judged
(one about assets together is left out where there is one asset).
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd

from finsim import documents
from finsim.credit.measures import measure as measured_of_credit
from finsim.engine.market_model.body import Body, complete_prices
from finsim.engine.market_model.fit_and_sample import FIT, SAMPLE, Learner, learn
from finsim.markets.features import encode
from finsim.markets.measures import measure as measured_of_market
from finsim.markets.shard import bars
from finsim.randomness import Streams
from finsim.records.calendar import Clock
from finsim.scenarios import Outcome, check_expectations, drivers, load, measure, names
from finsim.scenarios.expectations import unmoved

CLOCK = Clock(date(2025, 12, 31), 1300, 90, 36)
BODIES = {"stocks": "bootstrap", "garch": "garch", "daily_flow": "daily_flow", "one": "bootstrap"}
TOGETHER = "equity.corr63_peak"


def fitted(name: str, prices: str) -> Body:
    """Return a body of prices by its name."""
    source: Any = documents.shipped("data") / "wiki_aapl_ibm_2000_2013.csv.gz" if name in BODIES else prices
    if name == "one":
        table = pd.read_csv(source)
        source = table[table["Ticker"] == "IBM"]
    complete, _ = complete_prices(source, None)
    features, encoding = encode(complete)
    return learn(Learner(BODIES.get(name, "bootstrap")), features, encoding, {}, Streams(7).under(*FIT))


def unswayed(chosen: Sequence[str]) -> Iterator[tuple[str, Outcome]]:
    """Yield (file, outcome) of each claim that no seed moves."""
    for name in chosen:
        scenario, moved = load(name), drivers(load(name), CLOCK)
        for outcome in check_expectations(
            scenario, unmoved(moved) | measure(moved) | measured_of_credit(moved), CLOCK
        ):
            if not outcome.metric.startswith("equity."):
                yield name, outcome


def by_seed(body: Body, seeds: range, paths: int, chosen: Sequence[str]) -> Iterator[tuple[str, Outcome]]:
    """Yield (file, outcome) of each claim about the market on each seed.

    Bars end shortly after the last level of a file, since what comes later is not claimed.
    """
    files = {name: load(name) for name in chosen}
    files = {
        name: one for name, one in files.items() if any(c.metric.startswith("equity.") for c in one.expect)
    }
    clocks = {
        name: max(anchor.session for anchor in drivers(one, CLOCK).anchors) for name, one in files.items()
    }
    moved = {
        name: drivers(files[name], replace(CLOCK, sessions=min(last + 70, CLOCK.sessions)))
        for name, last in clocks.items()
    }
    for seed in seeds:
        features = body.features(paths, CLOCK.sessions, Streams(seed).under(*SAMPLE), 0)
        for name, driver in moved.items():
            shown = bars(features[:, : driver.clock.sessions], body.encoding, driver)
            for outcome in check_expectations(files[name], measured_of_market(shown, driver)):
                if outcome.metric.startswith("equity."):
                    yield name, outcome


def told(outcomes: Iterator[tuple[str, Outcome]], alone: bool = False) -> bool:
    """Print how many claims are met and which are not; return whether all are."""
    judged: dict[str, dict[str, list[Outcome]]] = defaultdict(lambda: defaultdict(list))
    for name, outcome in outcomes:
        if not (alone and outcome.metric == TOGETHER):
            judged[name][outcome.metric].append(outcome)
    good = True
    every = [o for claims in judged.values() for some in claims.values() for o in some]
    print(f"  {len(judged)} files, {sum(o.met is True for o in every)} of {len(every)} claims met")
    for name, claims in judged.items():
        for key, some in claims.items():
            missed = [o for o in some if o.met is not True]
            found = [o.found for o in some if o.found is not None]
            if missed:
                reach = f"{min(found):.4g} to {max(found):.4g}" if found else missed[0].reason
                print(
                    f"    {name}: {key} {len(missed)} of {len(some)}: {reach}, expected {missed[0].expected}"
                )
                good = False
    return good


def main() -> int:
    """Judge all claims and print what is not met."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bodies", nargs="+", default=["stocks"], choices=[*BODIES, "panel"])
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--first", type=int, default=100)
    parser.add_argument("--paths", type=int, default=16)
    parser.add_argument("--only", nargs="+", default=names(), choices=names())
    parser.add_argument("--prices", default="")
    given = parser.parse_args()
    if "panel" in given.bodies and not given.prices:
        parser.error("panel: say --prices TABLE")
    print("drivers and reference book, claims that no seed moves:")
    good = told(unswayed(given.only))
    for name in given.bodies:
        begun = time.process_time()
        body = fitted(name, given.prices)
        assets = body.encoding.assets
        print(f"{name}: {', '.join(assets)}; {given.paths} paths, {given.seeds} seeds")
        seeds = range(given.first, given.first + given.seeds)
        good &= told(by_seed(body, seeds, given.paths, given.only), len(assets) == 1)
        print(f"  {time.process_time() - begun:.0f} CPU s")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
