"""Rules in the training of a market model: a pack applied to a generator's output as bars."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from finsim.constraints.checking.check_preparation import settled
from finsim.constraints.checking.given_tables import table_name
from finsim.constraints.language.column_declaration import Column
from finsim.constraints.language.expression import Node, walk
from finsim.constraints.packs.rule import Rule
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.tables.group_layout import layout
from finsim.constraints.tables.label_codes import Labels
from finsim.constraints.training.margin_frame import NUMPY, Cells, Frame, Space
from finsim.constraints.training.rule_margins import Margins, flat_parts, obstacles, scales_of
from finsim.engine.market_model.differentiable_bars import MADE, soft_bars
from finsim.errors import RuleError
from finsim.markets.encoding import Encoding
from finsim.markets.session_move import split_returns
from finsim.notation import Float2D

_NUMBERED = ("path", "asset")


@dataclass(frozen=True)
class TrainingRules:
    """A rule pack, by name or file, that a body learns with, and the weight of breaking it.

    A weight of 1 makes a miss by one standard deviation as bad as an error of one of the network.
    """

    pack: str
    weight: float = 1.0


@dataclass(frozen=True, eq=False)
class BarPenalty:
    """By how much windows of features break the rules on bars: what a generator's ``penalty`` wants.

    ``used`` are the rules in it; ``left_out`` says why the others are not; ``flat`` what of the used ones
    has no slope.
    """

    pack: RuleSet
    used: tuple[Rule, ...]
    left_out: Mapping[str, str]
    encoding: Encoding
    columns: Mapping[str, Column]
    scales: Mapping[Node, float] = field(default_factory=dict)
    labels: Labels = field(default_factory=Labels)

    def __call__(self, values: Any) -> Any:
        """Return float[B, T] for a generator's tensor float64[B, T, C] (gap and session's move apart)."""
        from finsim.generators.training.rule_penalty import tensor_arrays

        return self.amounts(values, Space(*tensor_arrays()))

    def amounts(self, values: Any, space: Space) -> Any:
        """Return the sum over rules and assets of the amounts of each step, float[B, T]."""
        windows, steps = values.shape[:2]
        shape = (windows, len(self.encoding.assets), steps)
        run = Margins(self._frame(values, space), space)
        total = sum(run.amount(rule) for rule in self.used)
        return total.reshape(shape).sum(1) if self.used else space.xp.zeros_like(values[..., 0])

    def _frame(self, values: Any, space: Space) -> Frame:
        windows, steps = values.shape[:2]
        series = windows * len(self.encoding.assets)
        bars = soft_bars(space, _joined(space, values, self.encoding), self.encoding)
        labels, rows = self.labels, series * steps
        codes = np.tile(np.repeat(labels.encoded(self.encoding.assets), steps), windows)
        numbered = {"asset": codes, "path": np.repeat(np.arange(windows), rows // max(windows, 1))}
        bars |= {name: Cells(space.lift(column)) for name, column in numbered.items()}

        def column(name: str) -> Cells:
            if name not in bars:
                plain = self.columns[name].default
                number = labels.code(plain) if isinstance(plain, str) else plain
                bars[name] = Cells(space.lift(np.asarray(number)))
            return bars[name]

        slots = np.repeat(np.arange(series), steps)
        params = settled(self.pack, None).values
        return Frame(rows, column, params, labels, layout(slots, series, True), self.scales)

    def to_dict(self, weight: float) -> dict[str, Any]:
        """Return what a model card says of it."""
        flat = {rule.id: list(parts) for rule in self.used if (parts := flat_parts(rule))}
        return {
            "pack": self.pack.id,
            "sha256": self.pack.digest,
            "weight": weight,
            "rules": [rule.id for rule in self.used],
            "left_out": dict(self.left_out),
            "without_slope": flat,
        }

    def __repr__(self) -> str:
        """Return what makes two fits with rules the same fit."""
        return f"BarPenalty({self.pack.digest}, {[rule.id for rule in self.used]})"


def bar_penalty(rules: RuleSet, features: Float2D, encoding: Encoding) -> BarPenalty:
    """Return the penalty of a pack for bodies of an encoding; ``features`` float64[T, C] are the history's.

    Distances are measured in standard deviations of the history. Raises RuleError when no rule of the
    pack can act on bars.
    """
    if encoding.series:
        raise RuleError(
            f"series of {', '.join(sorted(set(encoding.series)))} cannot be trained with rules",
            expected="prices",
            remedy="leave generator.rules out; the bars are checked after sampling all the same",
        )
    name = table_name(encoding.schema, rules)
    made = {*MADE[encoding.kind], *_NUMBERED}
    columns = rules.tables[name].columns
    made |= {one for one, column in columns.items() if column.default is not None}
    own = [rule for rule in rules.rules if rule.table == name and "." not in rule.id]
    left_out = {rule.id: reason for rule in own for reason in list(_reasons(rule, made))[:1]}
    used = tuple(rule for rule in own if rule.id not in left_out)
    if not used:
        raise RuleError(
            f"no rule of pack {rules.id} can be trained with",
            place=f"table {name}",
            expected=f"a rule that reads {', '.join(MADE[encoding.kind])} only",
            remedy="; ".join(f"{rule}: {reason}" for rule, reason in left_out.items()),
        )
    plain = BarPenalty(rules, used, left_out, encoding, columns)
    history = split_returns(features, encoding)[None]
    scales = scales_of(used, Margins(plain._frame(history, NUMPY)))
    return BarPenalty(rules, used, left_out, encoding, columns, scales)


def _reasons(rule: Rule, made: set[str]) -> Iterator[str]:
    """Yield why a rule cannot act on what a body makes."""
    yield from obstacles(rule)
    roots = [root for root in (rule.check, rule.when) if root is not None]
    read = {str(node.data) for root in roots for node in walk(root) if node.op == "column"}
    if read - made:
        yield f"reads {', '.join(sorted(read - made))}, which a body does not make"
    if rule.order is not None and not set(rule.order.group) <= set(_NUMBERED):
        yield f"groups by {', '.join(rule.order.group)}"
    if rule.expect is not None and rule.expect[1] < 1.0:
        yield "expects that some rows break it"


def _joined(space: Space, values: Any, encoding: Encoding) -> Any:
    """Return ``join_returns`` in any array library."""
    if "gap" not in encoding.fields:
        return values
    parts = values.reshape(*values.shape[:2], len(encoding.assets), len(encoding.fields))
    at, gap = encoding.fields.index("return"), encoding.fields.index("gap")
    columns = [parts[..., i] + parts[..., gap] if i == at else parts[..., i] for i in range(parts.shape[-1])]
    return space.xp.stack(columns, -1).reshape(values.shape)
