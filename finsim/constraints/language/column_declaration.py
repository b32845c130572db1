"""``Column``: what a pack declares of one column."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

from finsim.constraints.language.types import Type
from finsim.tables import Field


@dataclass(frozen=True)
class Column:
    """What a pack says of one column; ``default`` is the value of every row when it is absent.

    ``reading`` says how its cells are written or stored (unit, format, zone, words).
    """

    type: Type
    null: bool = False
    optional: bool = False
    default: bool | int | float | str | None = None
    alias: tuple[str, ...] = ()
    reading: Field = field(default_factory=lambda: Field(""))

    @cached_property
    def declared(self) -> Field:
        """The column as the reader of tables takes it."""
        scale = self.type.scale if self.type.kind == "money" else None
        return replace(
            self.reading, type=self.type.kind, ccy=self.type.ccy, scale=scale, null=self.null,
            optional=self.optional, default=self.default, alias=self.alias,
        )  # fmt: skip
