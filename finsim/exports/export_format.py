"""``Export``: what a file says of a data format, so that the catalogue finds it there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Export:
    """A data format: its name, one sentence, the function that writes its files, and what acts on it.

    * ``write(source, folder)``: writes the files of the format into an empty folder; ``source`` is
      ``Payments`` in the room of payments, ``Bars`` in the room of bars, ``BookTables`` in
      that of books.
    * ``options``: the keywords of ``finsim.export`` that act on it; every other one is refused.
    * ``extra``: the extra of the installation that it needs.
    * ``label``: of payments: what the format's label means, and what a prevalence counts: ``is_fraud``,
      ``is_laundering``, or ``illicit`` (either).
    * ``rows``: of payments: ``posted``, ``cards`` (posted purchases by card) or ``all`` (a format with a
      status).
    """

    name: str
    summary: str
    write: Callable[[Any, Path], None]
    options: tuple[str, ...] = ()
    extra: str = ""
    label: str = "illicit"
    rows: str = "posted"
