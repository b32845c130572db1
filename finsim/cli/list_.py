"""``finsim list``: everything that can be named, one line each."""

from __future__ import annotations

from typing import Annotated

import typer

from finsim.cli.options import AsJson
from finsim.cli.output import show, table
from finsim.cli.parsing.completion import kinds, offered


def list_(
    kind: Annotated[
        str | None,
        typer.Argument(
            help="generators, metrics, exports, scenarios, narratives, studies, rules or data; "
            "all when left out.",
            autocompletion=offered(kinds),
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List generators, metrics, exports, scenarios, narratives, studies, rule packs, bundled data.

    Example: finsim list scenarios
    """
    from finsim.verbs.names import names

    found = names(kind)
    blocks = [
        f"{name}\n{table(list(items.items()), ('name', 'what it is'))}" for name, items in found.items()
    ]
    show("list", found, "\n\n".join(blocks), as_json)
