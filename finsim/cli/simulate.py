"""``finsim simulate``: transactions with fraud and laundering stories, without any input data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from finsim.cli.options import AsJson, Seed
from finsim.cli.output import progress, show


def simulate(
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder to create.")],
    accounts: Annotated[int, typer.Option("--accounts", min=200, help="Customer accounts.")] = 2_000,
    days: Annotated[int, typer.Option("--days", min=1, help="Calendar days.")] = 30,
    seed: Seed = None,
    as_json: AsJson = False,
) -> None:
    """Simulate bank transactions with all shipped narratives and decoys.

    Example: finsim simulate --accounts 2000 --days 30 --seed 7 -o world
    """
    from finsim.engine.simulate_transactions import simulate_transactions

    with progress() as step:
        facts = simulate_transactions(output, accounts=accounts, days=days, seed=seed or 0, progress=step)
    text = (
        f"{facts['rows']:,} rows, {facts['schemes']} schemes, illicit share "
        f"{facts['illicit_share']:.4%}, declined {facts['declined_share']:.2%}\ndata: {output}"
    )
    show(facts, text, as_json)
