"""``finsim curriculum``: a study that makes more of what a detector misses in a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from finsim.cli.options import AsJson, RunFolder, nowhere
from finsim.cli.output import show
from finsim.cli.parsing.completion import offered, tables
from finsim.cli.parsing.number_options import number
from finsim.cli.parsing.panels import OUTPUT, SIZE
from finsim.errors import StudyError


def curriculum(
    run: RunFolder,
    detector: Annotated[
        Path | None,
        typer.Option(
            "--detector",
            metavar="SCORES",
            help="Parquet file with tx_id and score of every payment; must be given.",
            autocompletion=offered(tables),
            rich_help_panel=SIZE,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="STUDY", help="Study file to write; must be given.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    budget: Annotated[
        float, number("curriculum", "budget", "Share of all payments that is alerted", SIZE)
    ] = 0.005,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Write a study that makes more of what a detector misses: stories by the share of their rows missed.

    Example: finsim curriculum runs/mine --detector scores.parquet -o next.yaml
    """
    from finsim.verbs.narratives.curriculum import curriculum as verb

    if detector is None:
        raise StudyError(
            "no scores", place="finsim curriculum: --detector", expected="a Parquet file of tx_id and score",
            remedy="write --detector scores.parquet",
        )  # fmt: skip
    if output is None:
        raise nowhere("finsim curriculum", "study file", "next.yaml")
    made = verb(run, detector=detector, output=output, budget=budget)
    text = f"{made.to_text()}\nstudy: {output}\nnext: finsim plan {output}"
    show("curriculum", made.to_dict(), text, as_json, outputs=[output])
