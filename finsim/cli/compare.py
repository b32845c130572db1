"""``finsim compare``: the key figures of two runs side by side."""

from __future__ import annotations

from typing import Annotated

import typer

from finsim.cli.options import AsJson
from finsim.cli.output import show
from finsim.cli.parsing.completion import offered, runs


def compare(
    first: Annotated[
        str, typer.Argument(metavar="RUN", help="Folder of a finished run.", autocompletion=offered(runs))
    ],
    second: Annotated[
        str, typer.Argument(metavar="RUN", help="Folder of another run.", autocompletion=offered(runs))
    ],
    as_json: AsJson = False,
) -> None:
    """Compare the key figures of two runs, scenario by scenario.

    Example: finsim compare runs/mine runs/covid
    """
    from finsim.engine.answers.comparison import comparison_lines
    from finsim.verbs.compare import compare as verb
    from finsim.verbs.handover.open_run import open_run

    runs_given = open_run(first), open_run(second)
    rows = verb(*runs_given).reset_index().to_dict("records")
    text = "\n".join(comparison_lines(*runs_given))
    show("compare", {"rows": rows}, text, as_json)
