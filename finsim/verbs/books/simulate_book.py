"""``simulate_book``: the limit order book of a day whose trades make the day's bar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from finsim.call_errors import public
from finsim.engine.books.scenario_liquidity import Dialled
from finsim.engine.books.simulate_books import MOST_LEVELS, Books, Wanted
from finsim.engine.books.simulate_books import simulate_books as simulated
from finsim.engine.finished_run import Run
from finsim.engine.market_model.fit_and_sample import Body
from finsim.errors import StudyError, did_you_mean
from finsim.markets.books.flow_law import LAWS
from finsim.records.paths import Paths
from finsim.verbs.calling.argument_checks import PRICES, Arguments, as_day
from finsim.verbs.calling.progress import Progress, reporting
from finsim.verbs.handover.fetched import here

__all__ = ["simulate_book"]


@public
def simulate_book(
    source: str | Path | pd.DataFrame | Paths | Run | Body,
    *,
    date: date | str | None = None,
    output: str | Path | None = None,
    levels: int = MOST_LEVELS,
    asset: str | Sequence[str] | None = None,
    path: int | None = None,
    events: int | None = None,
    law: str | None = None,
    tick: float | None = None,
    scenario: str | Path | None = None,
    scenario_start: date | str | None = None,
    severity: float = 1.0,
    seed: int = 0,
    progress: Progress = True,
) -> Books:
    """Simulate the limit order book of a day at event time; its trades make the day's bar to the tick.

    Args:
        source: bars (a file, a frame, Paths), a run, or a fitted model of bars, from which a path is drawn.
        date: the day; must be given.
        output: new folder for ``events.parquet``, ``book.parquet`` and ``quotes.parquet``; must be given.
        levels: levels of the book that are written, 1 to 10.
        asset: one or several assets; all when left out.
        path: number of the path of a run or of bars of many paths; the first when left out.
        events: arrivals of an asset's day, about; those of the law when left out.
        law: shipped law of the flow: ``stock`` or ``coin``; by the hours of the market when left out.
        tick: smallest step of a price; by the tick table of the rule pack, else 0.01, when left out.
        scenario: scenario file or shipped name whose ``liquidity:`` acts on spread and depth.
        scenario_start: first day of the scenario; the day itself when left out.
        severity: of the scenario; 0 changes nothing, 1 is as written.
        seed: root seed.
        progress: True, False, or a function ``(stage, done, total)``.

    Returns:
        Books: the folder, and for every asset events, trades, the bar that they make, and spreads.

    Raises:
        StudyError: for wrong arguments, all at once, and a day or asset that is not there.
        DataError: for bars that no book can show. ScenarioError: for an unknown scenario.

    Example:
        >>> import finsim
        >>> bars = finsim.example_data("wiki_aapl_ibm_2000_2013")
        >>> made = finsim.simulate_book(bars, date="2012-01-03", asset="IBM", events=2_000,
        ...                             output="book", progress=False)
        >>> made.assets[0].high
        159.62

    """
    options = {
        "levels": levels, "path": path, "events": events, "tick": tick, "severity": severity, "seed": seed,
        "date": date, "output": output, "asset": asset, "law": law, "scenario": scenario,
        "scenario_start": scenario_start,
    }  # fmt: skip
    _check(source, options, progress)
    dialled = None if scenario is None else Dialled(str(scenario), as_day(scenario_start), severity)
    names = (asset,) if isinstance(asset, str) else tuple(asset or ())
    day = as_day(date)
    assert day is not None
    wanted = Wanted(day, names, levels, events, law, tick, path, dialled)
    with reporting(progress) as step:
        return simulated(here(source, "simulate_book: source"), wanted, seed, Path(str(output)), step)


_Day = date


def _check(source: Any, given: Mapping[str, Any], progress: Progress) -> None:
    """Raise StudyError for every wrong argument at once, and for a law that is none."""
    numbers = {name: given[name] for name in ("levels", "path", "events", "tick", "severity", "seed")}
    wrong = Arguments("simulate_book").table(
        "source", source, (Paths, Run, Body), PRICES, "write 'prices.csv'"
    )
    wrong.numbers(numbers, "path", "events", "tick").day("date", given["date"]).day(
        "scenario_start", given["scenario_start"]
    )
    wrong.kinds("date", given["date"], (str, _Day), "a day as year-month-day", "write date=2012-01-03")
    wrong.kinds("output", given["output"], (str, Path), "a new folder", "write output='book'")
    wrong.kinds(
        "asset", given["asset"], (str, list, tuple, type(None)), "names of assets", "write asset='IBM'"
    )
    wrong.kinds("law", given["law"], (str, type(None)), f"one of {', '.join(LAWS)}", "write law='stock'")
    wrong.kinds("scenario", given["scenario"], (str, Path, type(None)), "a scenario by name or file",
                "write scenario='covid-2020'")  # fmt: skip
    wrong.needed("scenario", given["scenario"], {"scenario_start": given["scenario_start"]})
    wrong.files({"output": given["output"]}).progress(progress).settle()
    law = given["law"]
    if law is not None and law not in LAWS:
        raise StudyError(
            f"no law is called {law!r}", place="simulate_book: law", expected=", ".join(LAWS),
            remedy=did_you_mean(law, list(LAWS)),
        )  # fmt: skip
