"""``finsim simulate-book``: the limit order book of a day whose trades make the day's bar."""

from __future__ import annotations

from finsim.cli.books import book_options as option
from finsim.cli.options import AsJson, Quiet, Seed, nowhere
from finsim.cli.output import show


def simulate_book(
    source: option.Source,
    date: option.Day = None,
    output: option.Output = None,
    levels: option.Levels = 10,
    asset: option.Asset = None,
    path: option.PathNumber = None,
    events: option.Events = None,
    law: option.LawName = None,
    tick: option.Tick = None,
    scenario: option.Scenario = None,
    scenario_start: option.ScenarioStart = None,
    severity: option.Severity = 1.0,
    seed: Seed = 0,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Simulate the limit order book of a day; its trades make the day's bar to the tick.

    Example: finsim simulate-book prices.csv --date 2012-01-03 --levels 5 --seed 7 -o book
    """
    from finsim.verbs.books.simulate_book import simulate_book as verb

    if output is None:
        raise nowhere("finsim simulate-book", "folder", "book")
    made = verb(
        source,
        date=date,
        output=output,
        levels=levels,
        asset=asset,
        path=path,
        events=events,
        law=law,
        tick=tick,
        scenario=scenario,
        scenario_start=scenario_start,
        severity=severity,
        seed=seed,
        progress=not quiet,
    )
    told = f"{made.to_text()}\ndata: {output}\nnext: finsim check {output}/quotes.parquet --rules quotes-lob"
    show("simulate-book", made.to_dict(), told, as_json, outputs=[output])
