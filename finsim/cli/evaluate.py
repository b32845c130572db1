"""``finsim evaluate``: how good a synthetic set is beside the real one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from finsim.cli.options import AsJson, CsvDialect, NoFail, Quiet, SchemaFile, Seed
from finsim.cli.output import gate, remark, show
from finsim.cli.parsing.completion import offered, tables
from finsim.cli.parsing.panels import DATA, OUTPUT
from finsim.errors import Problem

if TYPE_CHECKING:
    from finsim.evaluation.metric import Score
    from finsim.evaluation.scorecard import Scorecard


def _column(name: str, text: str) -> Any:
    return typer.Option(f"--{name}", metavar="COLUMN", help=text, rich_help_panel=DATA)


def problem_of_score(score: Score) -> Problem:
    """Return what failed, the goal that it should have met, and why it did not."""
    from finsim.evaluation.metric import HIGHER

    words = "at least" if score.direction == HIGHER else "at most"
    goal = "" if score.goal is None else f"{words} {score.goal:.6g}"
    remedy = f"see {score.metric} in docs/reference/metrics.md: {score.reason}" if score.reason else ""
    value = "" if score.value is None else f" ({score.value:.6g})"
    return Problem("finsim evaluate", f"{score.metric} of {score.subject}{value}", goal, remedy)


def _told(card: Scorecard, output: Path | None, as_json: bool) -> bool:
    """Print the scores and the answer; return whether no score failed."""
    from finsim.engine.answers.card_answer import card_text

    failed = [problem_of_score(score) for score in card.scores if score.verdict == "fail"]
    facts = {**card.to_dict(), "remarks": list(card.remarks)}
    outputs = [] if output is None else [output]
    show("evaluate", facts, card_text(card, output), as_json, outputs=outputs, ok=not failed, problems=failed)
    return not failed


def evaluate(
    real: Annotated[
        Path, typer.Argument(help="Real data: CSV, CSV.gz, Parquet...", autocompletion=offered(tables))
    ],
    synthetic: Annotated[
        Path,
        typer.Argument(help="Synthetic data of the same columns.", autocompletion=offered(tables)),
    ],
    holdout: Annotated[
        Path | None,
        typer.Option(
            "--holdout",
            metavar="FILE",
            help="Real data that the generator has not seen; of prices the last part of REAL when left out.",
            autocompletion=offered(tables),
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            "--kind",
            metavar="KIND",
            help="bars, table or events; guessed when left out.",
            rich_help_panel=DATA,
        ),
    ] = None,
    id: Annotated[str | None, _column("id", "Entity of a row; guessed when left out.")] = None,
    time: Annotated[str | None, _column("time", "Time of a row; guessed when left out.")] = None,
    label: Annotated[str | None, _column("label", "What a model predicts; guessed when left out.")] = None,
    secret: Annotated[
        list[str] | None, _column("secret", "What an attacker wants to know, repeatable; none when left out.")
    ] = None,
    group: Annotated[
        list[str] | None, _column("group", "Group of people, repeatable; none when left out.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="DATE",
            help="Day from which real rows are new: do they differ? Not asked when left out.",
            rich_help_panel=DATA,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="JSON file of the scorecard; none when left out.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    seed: Seed = 0,
    schema: SchemaFile = None,
    csv: CsvDialect = None,
    no_fail: NoFail = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Score synthetic data against real ones; exit 1 when a metric fails.

    --schema and --csv say how the real side is read; the synthetic side is read by the same types.

    Example: finsim evaluate loans.csv synthetic.csv --label default --json
    """
    from finsim.verbs.evaluate import evaluate as verb

    card = verb(
        real, synthetic, holdout=holdout, kind=kind, id=id, time=time, label=label, secret=secret,
        group=group, since=since, output=output, seed=seed, schema=schema, csv=csv, progress=not quiet,
    )  # fmt: skip
    remark(card.remarks)
    gate(_told(card, output, as_json), no_fail)
