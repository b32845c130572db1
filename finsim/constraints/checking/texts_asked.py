"""Identifiers that rules compare with a few texts alone: only these have to be told apart.

A column of ids that are whole numbers is read as text where a rule writes ``card_id != '-1'``. To give each
number the code of its digits would keep a text for every id of a stream.
"""

from __future__ import annotations

from collections.abc import Iterable

from finsim.constraints.language.expression import Node, walk
from finsim.constraints.packs.rule import Rule


def texts_asked(rules: Iterable[Rule]) -> dict[Node, tuple[str, ...]]:
    """Return the texts with which rules compare an id read as text, by node; none that serve otherwise."""
    asked: dict[Node, dict[str, None]] = {}
    others: set[Node] = set()
    for rule in rules:
        spans = [span.node for span in (*rule.check_spans, *rule.when_spans)]
        others.update(node for node in spans if node.op == "text")
        roots = [root for root in (rule.check, rule.when, rule.antecedent, *spans) if root is not None]
        for node in dict.fromkeys(one for root in roots for one in walk(root)):
            for place, arg in enumerate(node.args):
                text = _other_side(node, place)
                if arg.op == "text" and text is None:
                    others.add(arg)
                elif arg.op == "text" and text is not None:
                    asked.setdefault(arg, {})[text] = None
    return {node: tuple(texts) for node, texts in asked.items() if node not in others}


def _other_side(node: Node, place: int) -> str | None:
    """Return the literal text with which a comparison compares one of its sides; None for all else."""
    if node.op not in ("=", "!="):
        return None
    other = node.args[1 - place]
    return other.data if other.op == "const" and isinstance(other.data, str) else None
