"""``finsim list``: everything that can be named, one line each."""

from __future__ import annotations

from typing import Annotated, Any

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
    from finsim.generators import kind_of_generator
    from finsim.verbs.names import names

    found: dict[str, Any] = dict(names(kind))
    blocks = []
    for title, items in found.items():
        if title == "generators":
            rows: list[tuple[str, ...]] = [
                (name, kind_of_generator(name), told) for name, told in items.items()
            ]
            blocks.append(f"{title}\n{table(rows, ('name', 'kind', 'what it is'))}")
            found[title] = [{"name": name, "kind": of, "what": told} for name, of, told in rows]
        else:
            blocks.append(f"{title}\n{table(list(items.items()), ('name', 'what it is'))}")
    show("list", found, "\n\n".join(blocks), as_json)
