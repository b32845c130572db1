"""Encode labels: a category is exactly one of the labels it is compared with, or another one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from finsim.constraints.language.expression import Node, walk
from finsim.constraints.solver.encoder_state import Encoding
from finsim.constraints.solver.node_traits import why_unknown


def label_sets(roots: Iterable[Node], params: Mapping[str, Any]) -> dict[Node, tuple[str, ...]]:
    """Return for each category the labels it meets, directly or through others it is compared with."""
    parent: dict[Node, Node] = {}
    labels: dict[Node, set[str]] = {}

    def top(node: Node) -> Node:
        while parent[node] is not node:
            node = parent[node]
        return node

    def join(nodes: list[Node], texts: set[str]) -> None:
        for node in nodes:
            if node not in parent:
                parent[node], labels[node] = node, set(node.type.values or ())
        if nodes:
            first = top(nodes[0])
            labels[first] |= texts
            for node in nodes[1:]:
                other = top(node)
                if other is not first:
                    parent[other] = first
                    labels[first] |= labels.pop(other)

    for root in roots:
        for node in walk(root):
            if node.op in ("=", "!=", "in") and node.args[0].type.kind == "cat":
                sides = [one for arg in node.args for one in _leaves(arg)]
                texts = {str(one.data) for one in sides if one.op == "const"}
                texts |= {str(params[str(one.data)]) for one in sides if one.op == "param"}
                texts |= set(map(str, params[node.data[1]])) if node.op == "in" else set()
                join([one for one in sides if one.op not in ("const", "param")], texts)
    return {node: tuple(sorted(labels[top(node)])) for node in parent}


def _leaves(node: Node) -> list[Node]:
    """Return the nodes that a label may come from."""
    if node.op == "if":
        return [*_leaves(node.args[1]), *_leaves(node.args[2])]
    if node.op == "call" and node.data[0] == "coalesce":
        return [one for arg in node.args for one in _leaves(arg)]
    return [node]


def label_is(run: Encoding, node: Node, label: str) -> int:
    """Return the literal that a category is a label."""
    forms = run.forms
    if node.op in ("const", "param"):
        value = node.data if node.op == "const" else run.scene.params[str(node.data)]
        return forms.true if str(value) == label else -forms.true
    if node.op == "if":
        condition, first, second = node.args
        return forms.either(
            run.truth(condition).yes, label_is(run, first, label), label_is(run, second, label)
        )
    if node.op == "call" and node.data[0] == "coalesce":
        result = label_is(run, node.args[-1], label)
        for arg in reversed(node.args[:-1]):
            result = forms.either(-run.null(arg), label_is(run, arg, label), result)
        return result
    return _choices(run, node).get(label, -forms.true)


def same_label(run: Encoding, left: Node, right: Node) -> int:
    """Return the literal that two categories are equal."""
    for one, other in ((left, right), (right, left)):
        if one.op in ("const", "param"):
            value = one.data if one.op == "const" else run.scene.params[str(one.data)]
            return label_is(run, other, str(value))
    if left is right:
        return run.forms.true
    if any(one.op == "if" or one not in run.scene.labels for one in (left, right)):
        return _same_anywhere(run, left, right)
    ours, theirs = _choices(run, left), _choices(run, right)
    same = run.forms.flag()
    for label in run.scene.labels[left]:
        a, b = ours[label], theirs[label]
        run.forms.fact(-same, -a, b)
        run.forms.fact(-same, a, -b)
        run.forms.fact(same, -a, -b)
    return same


def _same_anywhere(run: Encoding, left: Node, right: Node) -> int:
    """Return equality of categories of which one is chosen by a condition."""
    for one, other in ((left, right), (right, left)):
        if one.op == "if":
            condition, first, second = one.args
            sides = same_label(run, first, other), same_label(run, second, other)
            return run.forms.either(run.truth(condition).yes, *sides)
    for one, other in ((left, right), (right, left)):
        if one.op == "call" and one.data[0] == "coalesce":
            result = same_label(run, one.args[-1], other)
            for arg in reversed(one.args[:-1]):
                result = run.forms.either(-run.null(arg), same_label(run, arg, other), result)
            return result
    return run.forms.flag()


def _choices(run: Encoding, node: Node) -> dict[str | None, int]:
    """Return label -> literal of a category; under None the literal that it is none of them."""
    key = run.key(node)
    if node.op != "column":
        run.unknowns[node] = why_unknown(node)
    if key not in run.choices:
        labels: list[str | None] = [*run.scene.labels.get(node, ()), None]
        literals = {label: run.forms.flag() for label in labels}
        run.forms.fact(*literals.values())
        _at_most_one(run, list(literals.values()))
        if node.type.values is not None:
            closed = run.forms.flag()
            run.closed[closed] = node
            for label, literal in literals.items():
                if label is None or label not in node.type.values:
                    run.forms.fact(-closed, -literal)
        run.choices[key] = literals
    return run.choices[key]


def _at_most_one(run: Encoding, literals: list[int]) -> None:
    """State that no two literals are true, by a ladder (Sinz 2005)."""
    before = literals[0]
    for literal in literals[1:]:
        run.forms.fact(-before, -literal)
        if literal != literals[-1]:
            step = run.forms.flag()
            run.forms.fact(-before, step)
            run.forms.fact(-literal, step)
            before = step
