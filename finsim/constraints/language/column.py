"""``Column``: what a pack declares of one column."""

from __future__ import annotations

from dataclasses import dataclass

from finsim.constraints.language.types import Type


@dataclass(frozen=True)
class Column:
    """What a pack says of one column; ``default`` is the value of every row when it is absent."""

    type: Type
    null: bool = False
    optional: bool = False
    default: bool | int | float | str | None = None
    alias: tuple[str, ...] = ()
