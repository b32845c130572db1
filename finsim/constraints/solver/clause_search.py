"""Clause-learning search for a truth assignment whose inequalities are feasible (DPLL(T)).

Literals are integers: ``v`` says variable v is true, ``-v`` that it is false. Some variables stand for
a bound (an atom). Sources: Marques-Silva and Sakallah (1999), GRASP, section 4 (learning at the first
unique implication point); Een and Soerensson (2003), An extensible SAT-solver (assumptions and the final
conflict); Barrett et al. (2006), Splitting on demand in SAT modulo theories (whole numbers).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from finsim.constraints.solver.exact_simplex import Exhausted, Near, Simplex
from finsim.constraints.solver.whole_number_point import whole_point

ZERO, HALF = Fraction(0), Fraction(1, 2)
MOST_PIVOTS, MOST_CONFLICTS, MOST_SPLITS = 20_000, 4_000, 400  # of one question; beyond it is undecided
ROUND_EVERY = 8  # splits: to split often ends sooner, to round helps where splits go on and on


@dataclass(frozen=True)
class Atom:
    """What a variable says of a simplex variable: true is ``<= high``, false is ``>= low``."""

    name: int
    high: Near
    low: Near


class Search:
    """Clauses, atoms, and questions under assumptions.

    ``whole`` are the simplex variables that must be whole numbers, ``steps`` those of them that count the
    steps of a rounding.
    """

    def __init__(self) -> None:
        self.simplex = Simplex()
        self.whole: dict[int, None] = {}
        self.steps: set[int] = set()
        self.atoms: dict[int, Atom] = {}
        self.core: list[int] = []
        self._known: dict[tuple[int, Near], int] = {}
        self._truth: dict[int, int] = {}  # of each literal: 1 true, -1 false, 0 open
        self._levels: list[int] = [0]
        self._causes: list[Sequence[int] | None] = [None]
        self._watches: dict[int, list[list[int]]] = {}
        self._trail: list[int] = []
        self._cuts: list[tuple[int, int]] = []
        self._read = 0
        self._told = 0
        self._next = 1
        self._broken = False
        self._rounded: list[Fraction] = []
        self._splits: set[int] = set()
        self._last: int | None = None
        self._assumed: list[int] = []

    def variable(self) -> int:
        """Return a new truth variable."""
        self._levels.append(0)
        self._causes.append(None)
        new = len(self._levels) - 1
        self._truth[new] = self._truth[-new] = 0
        self._watches[new], self._watches[-new] = [], []
        return new

    def atom(self, name: int, high: Near, low: Near) -> int:
        """Return the variable that is true for ``name <= high`` and false for ``name >= low``."""
        if (name, high) not in self._known:
            new = self.variable()
            self._known[name, high] = new
            self.atoms[new] = Atom(name, high, low)
        return self._known[name, high]

    def require(self, literals: Iterable[int]) -> None:
        """Add a clause: one of the literals must be true. It forgets the assignment found last."""
        self.reset()
        clause = list(dict.fromkeys(literals))
        if any(-one in clause for one in clause) or any(self._truth[one] > 0 for one in clause):
            return
        clause = [one for one in clause if not self._truth[one]]
        if not clause:
            self._broken = True
        elif len(clause) == 1:
            self._assign(clause[0], None)
        else:
            self._watch(clause)

    def holds(self, literal: int) -> bool:
        """Return the truth of a literal in the assignment found last."""
        return self._truth[literal] > 0

    def solve(self, assumptions: Sequence[int]) -> bool:
        """Return whether the clauses can hold with the assumptions.

        When they can, the assignment stands until ``reset``; else ``core`` has the assumptions that clash.
        Raises Exhausted when the budget is spent.
        """
        self._restart(assumptions)
        try:
            return self._answer(assumptions)
        except Exhausted:
            self.reset()  # a conflict may be left that nobody looked into
            raise

    def _answer(self, assumptions: Sequence[int]) -> bool:
        budget = self.simplex.pivots + MOST_PIVOTS
        conflicts = splits = 0
        while not self._broken:
            conflict = self._propagated(budget)
            if conflict is not None:
                conflicts += 1
                if conflicts > MOST_CONFLICTS:
                    raise Exhausted
                self._learn(conflict)
                continue
            choice = self._choice(assumptions)
            if choice is None and self.core:
                return False
            if choice is None:
                choice = self._split()
                if choice is None or (splits % ROUND_EVERY == ROUND_EVERY // 2 and self._round(budget)):
                    return True
                splits += 1
                if splits > MOST_SPLITS:
                    raise Exhausted
            self._cuts.append((len(self._trail), self.simplex.mark()))
            self._assign(choice, None)
        return False

    def furthest(self, grounds: Sequence[int], name: int, up: bool) -> Near | None:
        """Return the last value of a simplex variable that agrees with some atoms; None for no limit.

        The atoms must be part of the assignment found last, which is forgotten. Raises Exhausted.
        """
        self.reset()
        simplex = self.simplex
        mark, budget = simplex.mark(), simplex.pivots + MOST_PIVOTS
        try:
            for literal in grounds:
                atom = self.atoms[abs(literal)]
                simplex.bound(atom.name, literal > 0, atom.high if literal > 0 else atom.low, literal)
            simplex.check(budget)
            return simplex.extreme(name, up, budget)
        finally:
            simplex.undo(mark)

    def reset(self) -> None:
        """Forget the assignment found last."""
        self._rounded = []
        self._back(0)

    def _restart(self, assumptions: Sequence[int]) -> None:
        """Go back to where these assumptions part from those of the last question."""
        shared = 0
        for old, new in zip(self._assumed, assumptions, strict=False):
            if old != new:
                break
            shared += 1
        self._rounded = []
        self._back(shared)
        self.core, self._last, self._assumed = [], None, list(assumptions)

    def _assign(self, literal: int, cause: Sequence[int] | None) -> None:
        name = abs(literal)
        self._truth[literal], self._truth[-literal] = 1, -1
        self._levels[name] = len(self._cuts)
        self._causes[name] = cause
        self._trail.append(literal)

    def _watch(self, clause: list[int]) -> None:
        self._watches[clause[0]].append(clause)
        self._watches[clause[1]].append(clause)

    def _back(self, level: int) -> None:
        if len(self._cuts) <= level:
            return
        length, mark = self._cuts[level]
        for literal in self._trail[length:]:
            self._truth[literal] = self._truth[-literal] = 0
            self._next = min(self._next, abs(literal))
        del self._trail[length:], self._cuts[level:]
        self._read = min(self._read, length)
        self._told = min(self._told, length)
        self.simplex.undo(mark)

    def _propagated(self, budget: int) -> Sequence[int] | None:
        """Draw every consequence; return a clause that is false, if there is one."""
        conflict = self._units()
        if conflict is not None:
            return conflict
        while self._told < len(self._trail):
            literal = self._trail[self._told]
            self._told += 1
            atom = self.atoms.get(abs(literal))
            if atom is not None:
                limit = atom.high if literal > 0 else atom.low
                reasons = self.simplex.bound(atom.name, literal > 0, limit, literal)
                if reasons is not None:
                    return [-one for one in dict.fromkeys(reasons)]
        reasons = self.simplex.check(budget)
        return None if reasons is None else [-one for one in dict.fromkeys(reasons)]

    def _units(self) -> Sequence[int] | None:
        truth = self._truth
        while self._read < len(self._trail):
            false = -self._trail[self._read]
            self._read += 1
            watching, self._watches[false] = self._watches[false], []
            for place, clause in enumerate(watching):
                if clause[0] == false:
                    clause[0], clause[1] = clause[1], clause[0]
                first = clause[0]
                if truth[first] > 0 or not self._rewatched(clause):
                    self._watches[false].append(clause)
                    if truth[first] < 0:
                        self._watches[false].extend(watching[place + 1 :])
                        return clause
                    if not truth[first]:
                        self._assign(first, clause)
        return None

    def _rewatched(self, clause: list[int]) -> bool:
        """Watch another literal in place of the second, which is false; say whether there was one."""
        for place in range(2, len(clause)):
            if self._truth[clause[place]] >= 0:
                clause[1], clause[place] = clause[place], clause[1]
                self._watches[clause[1]].append(clause)
                return True
        return False

    def _learn(self, conflict: Sequence[int]) -> None:
        """Go back to where the conflict could have been foreseen, with the clause that foresees it."""
        level = max((self._levels[abs(one)] for one in conflict), default=0)
        if level == 0:
            self._broken = True
            return
        self._back_to_level(level)
        seen: set[int] = set()
        learned: list[int] = []
        open_paths, place, clause = 0, len(self._trail), conflict
        while True:
            for one in clause:
                name = abs(one)
                if name in seen or self._levels[name] == 0:
                    continue
                seen.add(name)
                if self._levels[name] == level:
                    open_paths += 1
                else:
                    learned.append(one)
            place -= 1
            while abs(self._trail[place]) not in seen:
                place -= 1
            literal = self._trail[place]
            seen.discard(abs(literal))
            open_paths -= 1
            if open_paths == 0:
                break
            cause = self._causes[abs(literal)]
            clause = [one for one in cause if one != literal] if cause is not None else ()
        self._jump(-literal, learned)

    def _back_to_level(self, level: int) -> None:
        if len(self._cuts) > level:
            self._back(level)

    def _jump(self, asserting: int, others: list[int]) -> None:
        others.sort(key=lambda one: -self._levels[abs(one)])
        self._back(self._levels[abs(others[0])] if others else 0)
        clause = [asserting, *others]
        if others:
            self._watch(clause)
        self._assign(asserting, clause if others else None)

    def _choice(self, assumptions: Sequence[int]) -> int | None:
        """Return the next literal to try: the assumptions first; None when all is decided or they clash."""
        for literal in assumptions[len(self._cuts) :]:
            value = self._truth[literal]
            if value == 0:
                return literal
            if value < 0:
                self.core = self._clash(literal, set(assumptions))
                return None
            self._cuts.append((len(self._trail), self.simplex.mark()))
        while self._next in self._truth and (self._truth[self._next] or self._next in self._splits):
            self._next += 1
        if self._next not in self._truth:
            return None
        atom = self.atoms.get(self._next)
        fits = atom is not None and self.simplex.value[atom.name] <= atom.high
        return self._next if fits else -self._next

    def _clash(self, literal: int, assumptions: set[int]) -> list[int]:
        """Return the assumptions that force one of them to be false, and that one."""
        core, seen, waiting = {literal}, {abs(literal)}, [-literal]
        while waiting:
            one = waiting.pop()
            cause = self._causes[abs(one)]
            if self._levels[abs(one)] == 0:
                continue
            if cause is None:
                core.add(one)
                continue
            for other in cause:
                if abs(other) not in seen:
                    seen.add(abs(other))
                    waiting.append(-other)
        return [one for one in core if one in assumptions]

    def values(self) -> list[Fraction]:
        """Return the numbers of the assignment found last, by simplex variable."""
        return self._rounded or self.simplex.plain()

    def _round(self, budget: int) -> bool:
        """Look for a point so far inside all bounds that it can be rounded to whole numbers."""
        for pinned in ((), self.steps) if self.steps else ((),):
            self._rounded = whole_point(self.simplex, self.whole, pinned, budget) or []
            if self._rounded:
                return True
        return False

    def _split(self) -> int | None:
        """Return a bound to try for a whole number that has a fraction; None when there is none.

        The number split last is held at its whole value first: two that depend on each other would else
        push each other on for ever.
        """
        broken = next((name for name in self.whole if not self._is_whole(name)), None)
        if broken is None:
            return None
        held = None if self._last is None else self._held(self._last)
        if held is not None:
            return held
        self._last = broken
        value, shift = self.simplex.value[broken]
        whole = Fraction(floor(value))
        whole -= 1 if whole == value and shift < 0 else 0
        choice = self._bound(broken, whole)
        return choice if value - whole <= HALF else -choice

    def _is_whole(self, name: int) -> bool:
        value, shift = self.simplex.value[name]
        return value.denominator == 1 and not shift

    def _held(self, name: int) -> int | None:
        """Return a bound that keeps a number where it is; None when it cannot move or is not whole."""
        value = self.simplex.value[name]
        if not self._is_whole(name):
            return None
        if self.simplex.high[name] != value:
            return self._bound(name, value[0])
        return -self._bound(name, value[0] - 1) if self.simplex.low[name] != value else None

    def _bound(self, name: int, whole: Fraction) -> int:
        """Return the literal of ``name <= whole``, which is not decided unless some split asks for it."""
        known = len(self._levels)
        choice = self.atom(name, (whole, ZERO), (whole + 1, ZERO))
        if choice == known:
            self._splits.add(choice)
        return choice
