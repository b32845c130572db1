"""A few rows kept apart from their table, from which findings are put into words when somebody reads them.

Kept are copies of the cells that the rules read, so what is told is what was judged: a table that its owner
changes or lets go after the check makes no difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from threading import Lock

import pyarrow as pa

from finsim.constraints.codegen.precomputed_calls import roots_of
from finsim.constraints.evaluating.broken_rows import Finding, Words
from finsim.constraints.evaluating.evaluator_interface import Block, Evaluator, World
from finsim.constraints.evaluating.interpreter import Interpreter
from finsim.constraints.evaluating.rule_counts import filled_findings, keys_at
from finsim.constraints.evaluating.whole_table_functions import whole_calls
from finsim.constraints.language.expression import Node, walk
from finsim.constraints.packs.rule import Rule
from finsim.constraints.tables.arrow_to_numpy import taken
from finsim.constraints.tables.label_codes import Labels
from finsim.constraints.tables.typed_columns import Source
from finsim.notation import Int1D

Asked = tuple[int, Rule, int]  # the place of a rule, the rule, the number of a row that breaks it


class KeptRows:
    """Broken rows and those before them as a block; ``places`` are those of the broken ones in it."""

    def __init__(self, asked: Sequence[Asked], block: Block, world: World, places: Sequence[int]) -> None:
        self._asked, self._block, self._world, self._places = asked, block, world, places
        self._found: list[Words] | None = None
        self._lock = Lock()

    def findings(self) -> list[Finding]:
        """Return the findings of the broken rows."""
        return [Finding(row, partial(self.words, at)) for at, (_, _, row) in enumerate(self._asked)]

    def words(self, at: int) -> Words:
        """Return what is told of one broken row; that of all is worked out once."""
        with self._lock:
            if self._found is None:
                run = Interpreter(self._world)
                run.begin(self._block)
                told = told_by_rule(self._asked, run, self._places)
                self._found = [Words(one.key, one.operands, one.text) for one in told]
            return self._found[at]


def told_by_rule(asked: Sequence[Asked], run: Evaluator, places: Sequence[int]) -> list[Finding]:
    """Return the findings of rows at some places of a block; those of a rule stand together."""
    found: list[Finding] = []
    keys = keys_at(asked[0][1].table, run, places)
    for _, some in groupby(zip(asked, places, keys, strict=True), key=lambda one: one[0][0]):
        several = list(some)
        rule, rows = several[0][0][1], [row for (_, _, row), _, _ in several]
        found += filled_findings(
            rule, run, [place for _, place, _ in several], rows, [key for _, _, key in several]
        )
    return found


def is_judged_alone(rule: Rule) -> bool:
    """Whether rows of a rule can be judged apart from all others: it reads no table, no whole column."""
    return not rule.others and not whole_calls(rule)


def small_world(world: World, source: Source) -> World:
    """Return what rules see besides their rows, without a hold on tables or their texts."""
    return replace(world, labels=source.labels, joins={}, others={}, whole={}, totals={})


def few_rows(source: Source, rows: Int1D, rules: Sequence[Rule], world: World) -> Source:
    """Return copies of the cells that rules read in some rows, and of their keys, with texts of their own.

    Raises DataError where a cell of a key is not of its declared type: all others were read before.
    """
    keys = [name for name in world.keys.get(rules[0].table, ()) if name in source.headers]
    read = {str(node.data) for root in _nodes(rules) for node in walk(root) if node.op == "column"}
    names = [name for name in (*keys, *sorted(read)) if name in source.headers]
    few = taken(source.table.select(list(dict.fromkeys(source.headers[name] for name in names))), rows)
    labels = Labels()
    labels.texts_of |= source.labels.texts_of
    small = Source(
        source.name, _without_dictionaries(few), source.columns, labels, source.headers, source.first_row,
        dialect=source.dialect,
    )  # fmt: skip
    for name in keys:
        if small.is_plain_text(name):
            small.column(name)
        else:
            small.whole(name)
    return small


def _nodes(rules: Sequence[Rule]) -> list[Node]:
    """Return the conditions of rules and what is told of them."""
    spans = [span.node for rule in rules for span in (*rule.when_spans, *rule.check_spans)]
    return [*roots_of(rules), *spans]


def _without_dictionaries(few: pa.Table) -> pa.Table:
    """Return labels as plain text: a dictionary may hold as many texts as the whole table."""
    for at, field in enumerate(few.schema):
        if pa.types.is_dictionary(field.type) and pa.types.is_string(field.type.value_type):
            few = few.set_column(at, field.name, few.column(at).cast(field.type.value_type))
    return few
