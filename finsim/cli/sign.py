"""``finsim sign``: put an ed25519 signature on the manifest and the log head of a finished run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from finsim.cli.options import AsJson, RunFolder
from finsim.cli.output import show
from finsim.cli.parsing.panels import DATA, OUTPUT


def sign(
    run: RunFolder,
    key: Annotated[
        Path,
        typer.Option(
            "--key",
            metavar="FILE",
            help="Ed25519 private key in PEM, outside the run; "
            "`openssl genpkey -algorithm ed25519 -out FILE` makes one.",
            rich_help_panel=DATA,
        ),
    ],
    new_key: Annotated[
        bool,
        typer.Option(
            "--new-key", help="Make FILE first, and its public half in FILE.pub.", rich_help_panel=OUTPUT
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Sign a run that verifies; the signature goes into its folder.

    Example: finsim sign runs/demo --key keys/mine.pem
    """
    from finsim.verbs.sign import sign as verb

    done = verb(run, key=key, new_key=new_key)
    show("sign", done.to_dict(), done.to_text(), as_json, outputs=[done.path])
