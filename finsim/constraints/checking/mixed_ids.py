"""Ids that are text in one place and whole numbers in another: where rules compare them, all are text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from finsim.constraints.language.expression import Node, walk
from finsim.constraints.language.table_links import is_match, link_of
from finsim.constraints.packs.rule import Rule
from finsim.constraints.tables.typed_columns import Source

_LABELS = {"cat", "id"}


def unite_ids(rules: Iterable[Rule], sources: Mapping[str, Source]) -> None:
    """Have columns of whole numbers read as text where a rule compares them with text.

    ``007`` stays another id than 7, which is the text of the number 7.
    """
    groups = [group for rule in rules if rule.table in sources for group in _compared(rule, sources)]
    is_new = True
    while is_new:  # a column that becomes text makes those text that are compared with it
        is_new = False
        for columns, beside_label in groups:
            if beside_label or any(source.is_text(name) for source, name in columns):
                numbers = [(source, name) for source, name in columns if not source.is_text(name)]
                for source, name in numbers:
                    source.labels.texts_of.add((source.name, name))
                is_new = is_new or bool(numbers)


Compared = tuple[list[tuple[Source, str]], bool]


def _compared(rule: Rule, sources: Mapping[str, Source]) -> Iterator[Compared]:
    """Yield the id columns that a rule compares with one another, and whether a label is among them."""
    own = sources[rule.table]
    for node in (one for root in (rule.check, rule.when) if root is not None for one in walk(root)):
        if is_match(node):
            link = link_of(node)
            other = sources.get(link.table)
            for key, value in zip(link.keys, node.args, strict=True) if other is not None else ():
                assert other is not None
                if {value.type.kind, other.columns[key].type.kind} <= _LABELS:
                    kinds = {value.type.kind, other.columns[key].type.kind}
                    yield [*_ids([value], own), *_there([(other, key)])], "cat" in kinds
            if link.where is not None and other is not None:
                yield from _inside(link.where, other)
        elif node.type.kind == "bool":
            yield from _one(node, own)


def _inside(root: Node, source: Source) -> Iterator[Compared]:
    for node in walk(root):
        if node.type.kind == "bool":
            yield from _one(node, source)


def _one(node: Node, source: Source) -> Iterator[Compared]:
    """Yield what one comparison compares, where it compares ids."""
    sides = [arg for arg in node.args if arg.type.kind in _LABELS]
    if len(sides) > 1 and any(side.type.kind == "id" for side in sides):
        yield _ids(sides, source), any(side.type.kind == "cat" for side in sides)


def _ids(nodes: Iterable[Node], source: Source) -> list[tuple[Source, str]]:
    names = {str(one.data): None for node in nodes for one in walk(node) if one.op == "column"}
    return _there([(source, name) for name in names if name in source.columns])


def _there(columns: Iterable[tuple[Source, str]]) -> list[tuple[Source, str]]:
    """Return the id columns that a table has."""
    return [
        (source, name)
        for source, name in columns
        if name in source.headers and source.columns[name].type.kind == "id"
    ]
