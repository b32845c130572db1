"""``finsim stress``: one scenario, at any severity, on a study or on a finished run."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from finsim.cli.options import AsJson, OutputFolder, Seed
from finsim.cli.output import progress, show
from finsim.errors import EXIT_GATE


def stress(
    subject: Annotated[str, typer.Argument(help="Study (name or file), or the folder of a run.")],
    scenario: Annotated[str, typer.Option("--scenario", help="Scenario file, or a shipped name.")],
    output: OutputFolder = None,
    severity: Annotated[
        float, typer.Option("--severity", min=0, max=3, help="0 is the identity, 1 is as written.")
    ] = 1.0,
    expect: Annotated[
        bool, typer.Option("--expect", help="Check the scenario's own expectations; exit 1 if unmet.")
    ] = False,
    seed: Seed = None,
    scale: Annotated[float, typer.Option("--scale", help="As in `finsim run`.")] = 1.0,
    as_json: AsJson = False,
) -> None:
    """Apply one scenario to markets, payments and credit together.

    Example: finsim stress quickstart --scenario covid-2020 --severity 0.8 --expect -o runs/covid
    """
    from finsim.engine import stress as stressing

    with progress() as step:
        done, outcomes = stressing.stress(
            subject,
            scenario,
            severity=severity,
            output=output,
            seed=seed,
            sizes=stressing.Sizes(scale, min(4, os.cpu_count() or 1)),
            progress=step,
        )
    shown = [outcome.to_dict() for outcome in outcomes] if expect else []
    text = [f"data: {done.path}", *(str(outcome) for outcome in outcomes if expect)]
    show({"run": str(done.path), "expect": shown}, "\n".join(text), as_json)
    if expect and any(outcome.met is False for outcome in outcomes):
        raise typer.Exit(EXIT_GATE)
