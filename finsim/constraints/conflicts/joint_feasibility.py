"""Which rules of a table can hold together: one solver problem for rules that share columns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Any

from finsim.constraints.language.expression import Node, walk
from finsim.constraints.packs.rule import Rule, Table
from finsim.constraints.solver.exact_simplex import Exhausted
from finsim.constraints.solver.label_encoding import label_sets
from finsim.constraints.solver.node_encoder import Encoder
from finsim.constraints.solver.node_traits import Scene, family
from finsim.constraints.solver.null_encoding import tested_nodes
from finsim.constraints.solver.unknown_bounds import RELATED

MOST_STEPS = 60  # of the search for one end of a range
ZERO, ONE = Fraction(0), Fraction(1)


@dataclass(frozen=True)
class Encoded:
    """A rule to the solver: the literals that a row does not break it and that it speaks; its unknowns."""

    rule: Rule
    holds: int
    applies: int
    unknowns: Mapping[Node, str]


@dataclass(frozen=True)
class End:
    """One end of a range: the limit and whether it is reached; ``value`` None means no limit."""

    value: Fraction | None
    reached: bool = True


def roots(rule: Rule) -> list[Node]:
    """Return the conditions of a rule."""
    return [node for node in (rule.check, rule.when) if node is not None]


def scene(table: Table, rules: Sequence[Rule], params: Mapping[str, Any], is_known: bool = False) -> Scene:
    """Return what the rules of one table have in common.

    Cells may be empty where declared so, and values undefined. With ``is_known`` they are neither, but for
    those whose emptiness a rule asks for.
    """
    nodes = [node for rule in rules for node in roots(rule)]
    strict = [node for rule in rules if not is_known or rule.nulls == "fail" for node in roots(rule)]
    tested = tested_nodes(nodes) | {one for node in strict for one in walk(node)}
    return Scene(table.columns, params, tested, label_sets(nodes, params), is_known)


def components(rules: Sequence[Rule]) -> list[list[Rule]]:
    """Return the rules in groups that share no column and no unknown value."""
    groups: list[tuple[set[Any], list[int]]] = []
    for place, rule in enumerate(rules):
        touched: set[Any] = set().union(*(_touched(node) for node in roots(rule)))
        members = [place]
        apart = []
        for known, others in groups:
            if known & touched:
                touched |= known
                members += others
            else:
                apart.append((known, others))
        groups = [*apart, (touched, members)]
    ordered = sorted(sorted(members) for _, members in groups)
    return [[rules[place] for place in members] for members in ordered]


def _touched(root: Node) -> set[Any]:
    """Return the columns a condition reads in its own row, and the values that come from other rows."""
    found: set[Any] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.op == "column":
            found.add(node.data)
        if family(node) not in ("", "row"):
            found.add(node)
            if node.data[0] not in RELATED:
                continue
        waiting.extend(node.args)
    return found


class Problem:
    """Some rules of one table; every question says which of them are to hold.

    Answers are exact: what is infeasible has no solution in rational (and whole) numbers, and with
    ``rounds`` none in floats, as they are rounded in rows. None means that the budget of work was spent
    without an answer; ``undecided`` then lists the ``topic``.
    """

    def __init__(self, shared: Scene, rules: Sequence[Rule], rounds: bool = False) -> None:
        self.scene = shared
        self.encoder = Encoder(shared, rounds)
        self.encoded = {rule.id: self._encode(rule) for rule in rules}
        self.topic = ""
        self.undecided: list[str] = []
        self._rounding: dict[tuple[str, ...], Problem] = {}
        self._models: list[frozenset[int]] = []

    def _encode(self, rule: Rule) -> Encoded:
        run, forms = self.encoder, self.encoder.forms
        run.begin(rule.order)
        check = run.truth(rule.check)
        fires = forms.true
        holds = check.yes if rule.nulls == "fail" else -check.no
        if rule.when is not None:
            when = run.truth(rule.when)
            fires = when.yes
            quiet = when.no if rule.nulls == "fail" else -when.yes
            holds = forms.any_of((quiet, holds))
        unknowns = dict(run.unknowns)
        applies = fires if rule.antecedent is None else run.truth(rule.antecedent).yes
        return Encoded(rule, holds, applies, unknowns)

    @property
    def columns(self) -> dict[str, Node]:
        """The columns that the rules read."""
        return self.encoder.columns

    def feasible(self, ids: Iterable[str], also: Sequence[int] = (), closed: bool = True) -> bool | None:
        """Return whether some row satisfies these rules and literals.

        ``closed`` says that categories hold no other labels than those declared.
        """
        wanted = [
            *(self.encoder.closed if closed else ()),
            *(self.encoded[name].holds for name in ids),
            *also,
        ]
        if any(model.issuperset(wanted) for model in self._models):
            return True
        return self._asked(wanted)

    def found(self, ids: Iterable[str]) -> bool | None:
        """Like ``feasible``, and the row stands in the solver until the next question.

        A row in which no rounding is a tie is preferred.
        """
        wanted = [*self.encoder.closed, *(self.encoded[name].holds for name in ids)]
        untied = [self.encoder.forms.below(low, high, strict=True) for low, high in self.encoder.ties]
        return (bool(untied) and self._asked([*wanted, *untied])) or self._asked(wanted)

    def _asked(self, assumptions: Sequence[int]) -> bool | None:
        search = self.encoder.forms.search
        try:
            answer = search.solve(assumptions)
        except Exhausted:
            self._give_up()
            return None
        if answer:
            facts = [one for rule in self.encoded.values() for one in (rule.holds, rule.applies)]
            facts += self.encoder.closed
            self._models.append(frozenset(one if search.holds(one) else -one for one in facts))
        return answer

    def _give_up(self) -> None:
        self._note("the budget of work ran out")

    def doubt(self) -> None:
        """Note that only rounding can answer the question."""
        self._note("only the rounding of floats decides")

    def _note(self, reason: str) -> None:
        text = f"{self.topic} ({reason})"
        if text not in self.undecided:
            self.undecided.append(text)

    def rounding(self, ids: Collection[str]) -> Problem:
        """Return some of the rules as a problem in which float arithmetic rounds as it does in rows."""
        key = tuple(name for name in self.encoded if name in ids)
        if key not in self._rounding:
            self._rounding[key] = Problem(self.scene, [self.encoded[name].rule for name in key], rounds=True)
        return self._rounding[key]

    def core(
        self, ids: Sequence[str], also: Sequence[int] = (), closed: bool = True
    ) -> tuple[str, ...] | None:
        """Return a smallest set of rules (no rule can be left out) that cannot hold; None when they can."""
        if self.feasible(ids, also, closed) is not False:
            return None
        left = self._named(ids)
        with self._about_fewer():
            for name in list(left):
                if name not in left:
                    continue
                fewer = [one for one in left if one != name]
                if self.feasible(fewer, also, closed) is False:
                    left = self._named(fewer)
        return tuple(one for one in ids if one in left)

    def is_minimal(self, core: Sequence[str]) -> bool:
        """Whether rules that cannot hold together surely can when any one of them is left out."""
        with self._about_fewer():
            return all(self.feasible([one for one in core if one != name]) for name in core)

    @contextmanager
    def _about_fewer(self) -> Iterator[None]:
        """Name questions on fewer rules as such: what is asked is settled, by some rules too many."""
        asked, self.topic = self.topic, f"whether fewer rules settle {self.topic}"
        yield
        self.topic = asked

    def _named(self, ids: Sequence[str]) -> list[str]:
        """Return the rules among the assumptions that clashed last."""
        core = set(self.encoder.forms.search.core)
        return [name for name in ids if self.encoded[name].holds in core]

    def declared(self, ids: Sequence[str], also: Sequence[int] = ()) -> list[str]:
        """Return the columns whose declared labels are needed for rules to be infeasible."""
        shut = list(self.encoder.closed)
        wanted = [*also, *(self.encoded[name].holds for name in ids)]
        with self._about_fewer():
            for one in list(shut):
                fewer = [other for other in shut if other != one]
                if self._asked([*fewer, *wanted]) is False:
                    shut = fewer
        return [str(self.encoder.closed[one].data) for one in shut]

    def limits(self, ids: Sequence[str], node: Node) -> tuple[End, End] | None:
        """Return the ends between which a column of numbers must lie; None when undecided or infeasible."""
        low, high = (self._end(ids, node, up) for up in (False, True))
        return None if low is None or high is None else (low, high)

    def _end(self, ids: Sequence[str], node: Node, up: bool) -> End | None:
        run = self.encoder
        ((name, _),) = run.numbers[node].terms.items()
        whole = node.type.stored == "i"
        base = [*run.closed, *(self.encoded[one].holds for one in ids)]
        base += [-run.null(node)]
        beyond = self._jumps(base, name, up)
        found: End | None = None
        for _ in range(MOST_STEPS if beyond is not None else 0):
            answer = self._asked([*base, *(beyond or ())])
            if not answer:
                return found if answer is False else None
            try:
                grounds = run.forms.grounds([*base, *(beyond or ())])
                best = run.forms.search.furthest(grounds, name, up)
            except Exhausted:
                self._give_up()
                return None
            if best is None:
                return End(None)
            value, reached = best[0], best[1] == 0
            if whole:
                value = _whole_end(value, best[1], up)
                reached = True
            found = End(value, reached)
            beyond = [self._beyond(name, found, up, whole)]
        self._give_up()
        return None

    def _jumps(self, base: Sequence[int], name: int, up: bool) -> list[int] | None:
        """Return the furthest known limit of a variable that a row can pass, found by halving.

        None when that is undecided.
        """
        atoms = self.encoder.forms.search.atoms.items()
        own = sorted((atom.high, literal) for literal, atom in atoms if atom.name == name)
        steps = [-literal if up else literal for _, literal in own]
        steps = steps if up else steps[::-1]
        low, high = 0, len(steps)
        while low < high:
            middle = (low + high) // 2
            answer = self._asked([*base, steps[middle]])
            if answer is None:
                return None
            low, high = (middle + 1, high) if answer else (low, middle)
        return [steps[low - 1]] if low else []

    def _beyond(self, name: int, end: End, up: bool, whole: bool) -> int:
        """Return the literal that a variable passes an end."""
        search, value = self.encoder.forms.search, end.value or ZERO
        if whole:
            step = value if up else value - 1
            literal = search.atom(name, (step, ZERO), (step + 1, ZERO))
            return -literal if up else literal
        is_low_side = (end.reached and up) or (not end.reached and not up)
        high, low = ((value, ZERO), (value, ONE)) if is_low_side else ((value, -ONE), (value, ZERO))
        literal = search.atom(name, high, low)
        return -literal if up else literal

    def possible_labels(self, ids: Sequence[str], node: Node) -> list[str | None] | None:
        """Return the labels that a category can have (None: another one); None when undecided."""
        found = []
        for label, literal in self.encoder.choices[None, node].items():
            answer = self.feasible(ids, [literal])
            if answer is None:
                return None
            found += [label] if answer else []
        return found


def _whole_end(value: Fraction, shift: Fraction, up: bool) -> Fraction:
    """Return the last whole number at or before an end."""
    signed, drift = (value, shift) if up else (-value, -shift)
    whole = Fraction(floor(signed))
    if whole == signed and drift < 0:
        whole -= 1
    return whole if up else -whole


def reads(node: Node) -> set[str]:
    """Return the columns below a node."""
    return {str(one.data) for one in walk(node) if one.op == "column"}
