"""``finsim narrative``: check a story and show one scheme of it, before it goes into a study."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from finsim.cli.options import AsJson, Seed
from finsim.cli.output import show as show_result
from finsim.cli.parsing.completion import names, offered, yaml_files
from finsim.cli.parsing.number_options import number
from finsim.cli.parsing.panels import OUTPUT, SIZE
from finsim.cli.parsing.verb_classes import Verb, Verbs

Story = Annotated[
    str,
    typer.Argument(
        metavar="FILE_OR_NAME",
        help="Narrative file, or a shipped name.",
        autocompletion=offered(names("narratives"), yaml_files),
    ),
]

app = typer.Typer(
    cls=Verbs,
    help="Stories: check a narrative file; show one scheme as rows, time line and picture.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("check", cls=Verb)
def check(
    narrative: Story,
    accounts: Annotated[
        int, number("narrative_check", "accounts", "Accounts of the small world", SIZE)
    ] = 2_000,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Check a story: what cannot act is refused; remarks, counts by phase, what gives its rows away.

    Example: finsim narrative check account_takeover
    """
    from finsim.verbs.narratives.narrative_check import narrative_check

    found = narrative_check(narrative, accounts=accounts, seed=seed)
    text = f"{found.to_text()}\nnext: finsim narrative show {narrative}"
    show_result("narrative check", found.to_dict(), text, as_json)


@app.command("show", cls=Verb)
def show(
    narrative: Story,
    seed: Seed = 0,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FOLDER",
            help="Folder to create, with rows.csv and scheme.png; nothing is written when left out.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show one scheme of a story: counts by phase, time line and rows; a picture with -o.

    Example: finsim narrative show account_takeover --seed 3
    """
    from finsim.verbs.narratives.narrative_show import narrative_show

    found = narrative_show(narrative, seed=seed, output=output)
    text = found.to_text() if output is None else f"{found.to_text()}\nwritten: {output}"
    show_result("narrative show", found.to_dict(), text, as_json, outputs=[output] if output else [])
