"""``finsim simulate``: transactions with fraud and laundering stories, without any input data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from finsim.cli.options import AsJson, Quiet, Seed, named_numbers
from finsim.cli.output import show


def simulate(
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Folder to create.")] = None,
    accounts: Annotated[int, typer.Option("--accounts", min=200, help="Customer accounts.")] = 2_000,
    days: Annotated[int, typer.Option("--days", min=1, help="Calendar days.")] = 30,
    start: Annotated[str, typer.Option("--start", metavar="DATE", help="First day.")] = "2026-01-01",
    narrative: Annotated[
        list[str] | None,
        typer.Option(
            "--narrative", metavar="NAME[=RATE]", help="Narrative or its file; may be repeated; else all."
        ),
    ] = None,
    schemes: Annotated[
        list[str] | None,
        typer.Option("--schemes", metavar="NAME=COUNT", help="Exact number of schemes; may be repeated."),
    ] = None,
    scenario: Annotated[
        str | None, typer.Option("--scenario", help="Scenario that acts on the days: a file or shipped name.")
    ] = None,
    severity: Annotated[
        float, typer.Option("--severity", min=0, max=3, help="0 is the identity, 1 is as written.")
    ] = 1.0,
    seed: Seed = 0,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Simulate bank transactions with fraud and laundering narratives and decoys.

    Example: finsim simulate --accounts 2000 --days 30 --schemes account_takeover=50 --seed 7 -o world
    """
    from finsim.engine.answers.world_answer import world_dict, world_lines
    from finsim.errors import StudyError
    from finsim.verbs.simulate import simulate as verb

    if output is None:
        raise StudyError("no folder to write to", place="finsim simulate", remedy="name one: -o world")
    world = verb(
        accounts=accounts,
        days=days,
        start=start,
        narrative=named_numbers(narrative, "--narrative", float) or None,
        schemes=named_numbers(schemes, "--schemes", int) or None,
        scenario=scenario,
        severity=severity,
        seed=seed,
        output=output,
        progress=not quiet,
    )
    facts = {**world_dict(world), "output": str(output)}
    lines = [*world_lines(facts), f"data: {output}", f"next: finsim check {output} --rules retail-tx"]
    show("simulate", facts, "\n".join(lines), as_json, outputs=[output])
