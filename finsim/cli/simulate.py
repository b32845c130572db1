"""``finsim simulate``: transactions with fraud and laundering stories, without any input data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from finsim.cli.options import (
    AsJson,
    NewFolder,
    Quiet,
    Seed,
    day_option,
    named_numbers,
    nowhere,
    scenario_option,
)
from finsim.cli.output import show
from finsim.cli.parsing.completion import names, offered, yaml_files
from finsim.cli.parsing.number_options import number
from finsim.cli.parsing.panels import SIZE
from finsim.errors import StudyError
from finsim.verbs.calling.argument_checks import RATE, SCHEMES

Schemes = Annotated[
    list[str] | None,
    typer.Option(
        "--schemes",
        metavar="NAME=COUNT",
        help="Exact number of schemes of a narrative; may be repeated; by rate when left out.",
        autocompletion=offered(lambda word: [f"{name}=" for name in names("narratives")(word)]),
        rich_help_panel=SIZE,
    ),
]
Evade = Annotated[
    float, number("simulate", "evade", "How far every scheme hides: 0 is as its file says", SIZE)
]
Blocking = Annotated[
    float, number("simulate", "blocking", "Share of the accounts that banks find which they block", SIZE)
]
Observed = Annotated[
    list[str] | None,
    typer.Option(
        "--observed",
        metavar="PART.RATE=NUMBER",
        help="What banks come to know and when: of card, transfer, screening or monitoring; may be repeated; "
        "usual rates when left out.",
        rich_help_panel=SIZE,
    ),
]


def simulate(
    output: NewFolder = None,
    accounts: Annotated[int, number("simulate", "accounts", "Customer accounts", SIZE)] = 2_000,
    days: Annotated[int, number("simulate", "days", "Calendar days", SIZE)] = 30,
    start: Annotated[
        str,
        day_option("--start", "First day, year-month-day."),
    ] = "2026-01-01",
    narrative: Annotated[
        list[str] | None,
        typer.Option(
            "--narrative",
            metavar="NAME[=RATE]",
            help="Narrative or its file, with a rate in the unit of its file, such as 0.02 schemes a person "
            "and year; may be repeated; the standard ones at their own rates when left out.",
            autocompletion=offered(names("narratives"), yaml_files),
            rich_help_panel=SIZE,
        ),
    ] = None,
    schemes: Schemes = None,
    evade: Evade = 0.0,
    scenario: Annotated[
        str | None,
        scenario_option("Scenario that acts on the days: a file or shipped name; none when left out."),
    ] = None,
    severity: Annotated[
        float,
        number("simulate", "severity", "Of the scenario: 0 changes nothing, 1 or 100% is as written", SIZE),
    ] = 1.0,
    observed: Observed = None,
    blocking: Blocking = 0.0,
    seed: Seed = 0,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Simulate bank transactions with fraud and laundering narratives and decoys.

    Example: finsim simulate --accounts 2000 --days 30 --schemes account_takeover=50 --seed 7 -o world
    """
    from finsim.engine.answers.world_answer import world_dict, world_lines
    from finsim.verbs.simulate import simulate as verb

    if output is None:
        raise nowhere("finsim simulate", "folder", "world")
    world = verb(
        accounts=accounts,
        days=days,
        start=start,
        narrative=named_numbers(narrative, "finsim simulate: --narrative", RATE, optional=True) or None,
        schemes=named_numbers(schemes, "finsim simulate: --schemes", SCHEMES, optional=False) or None,
        evade=evade,
        scenario=scenario,
        severity=severity,
        observed=_rates(observed),
        blocking=blocking,
        seed=seed,
        output=output,
        progress=not quiet,
    )
    facts = {**world_dict(world), "output": str(output)}
    lines = [*world_lines(facts), f"data: {output}", f"next: finsim check {output} --rules retail-tx"]
    show("simulate", facts, "\n".join(lines), as_json, outputs=[output])


def _rates(texts: list[str] | None) -> dict[str, Mapping[str, float | str]] | None:
    """Return ``PART.RATE=NUMBER`` texts as part -> rate -> number as written; None without any."""
    found: dict[str, dict[str, str]] = {}
    for text in texts or []:
        name, _, value = text.partition("=")
        part, _, rate = (word.strip() for word in name.partition("."))
        if not (part and rate and value.strip()):
            raise StudyError(
                f"{text!r}",
                place="finsim simulate: --observed",
                expected="PART.RATE=NUMBER",
                remedy="write --observed card.found=70%",
            )
        found.setdefault(part, {})[rate] = value.strip()
    return {**found} or None
