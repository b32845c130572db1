"""What names mean in the rules of one table: columns, parameters, other tables, the order of rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from finsim.constraints.language.expanded_size import WrittenOut
from finsim.constraints.language.expression import Expr
from finsim.constraints.language.grammar import Misread
from finsim.constraints.language.lookup_table import Lookup
from finsim.constraints.language.row_order import Order
from finsim.constraints.language.types import Type


@dataclass(frozen=True)
class Scope:
    """What names mean in one table's rules.

    ``lets`` are written expressions, bound when used; ``ordered`` says whether sequence functions may be
    used, ``group`` names the columns that make a group, ``by`` those that sort it, ``time`` the column that
    windows run on (only when rows are sorted by it); ``others`` has columns and key columns of the other
    tables, ``lookups`` the lookup tables (None: one that is wrong, reported where it is written).
    """

    columns: Mapping[str, Type]
    params: Mapping[str, Type] = field(default_factory=dict)
    lets: Mapping[str, Expr] = field(default_factory=dict)
    ordered: bool = False
    group: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    is_sorted: bool = True
    time: str | None = None
    others: Mapping[str, tuple[Mapping[str, Type], tuple[str, ...]]] = field(default_factory=dict)
    lookups: Mapping[str, Lookup | None] = field(default_factory=dict)

    @cached_property
    def _sizes(self) -> WrittenOut:
        return WrittenOut(self.lets)

    def endless(self, expr: Expr) -> tuple[bool, Misread | None]:
        """Return whether an expression is too long with every `let` in it written out, and the problem."""
        is_endless = self._sizes.is_endless(expr)
        return is_endless, self._sizes.fault(expr) if is_endless else None

    def ordered_by(self, order: Order | None) -> Scope:
        """Return the scope with the row order of a table, or of one rule."""
        if order is None:
            return self
        times = [name for name in order.by if self.columns[name].kind in ("date", "ts")]
        time = times[0] if times else None
        ordered = replace(
            self, ordered=True, group=order.group, by=order.by, is_sorted=order.is_sorted, time=time
        )
        ordered.__dict__["_sizes"] = self._sizes  # the same `let` names, measured once
        return ordered
