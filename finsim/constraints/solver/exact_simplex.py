"""Exact feasibility of linear inequalities: the simplex of SMT solvers, in rational numbers.

Dutertre and de Moura (2006), A fast linear-arithmetic solver for DPLL(T), sections 3 and 4. A bound is a
pair (c, k) that stands for c + k * epsilon with epsilon infinitesimal, so that ``x < 5`` is ``x <= (5, -1)``.
No rounding happens anywhere: an answer is a proof.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

Near = tuple[Fraction, Fraction]
ZERO, ONE = Fraction(0), Fraction(1)


class Exhausted(Exception):
    """The budget of work is spent without an answer."""


class Simplex:
    """Variables with bounds, some of them (``sums``) defined as linear forms of others.

    Every bound carries a reason (an integer); a conflict is the list of reasons that cannot hold together.
    """

    def __init__(self) -> None:
        self.value: list[Near] = []
        self.low: list[Near | None] = []
        self.high: list[Near | None] = []
        self.pivots = 0
        self._reasons: tuple[list[int], list[int]] = ([], [])
        self.sums: dict[int, dict[int, Fraction]] = {}
        self._rows: dict[int, dict[int, Fraction]] = {}
        self._users: list[set[int]] = []
        self._suspects: set[int] = set()
        self._trail: list[tuple[int, bool, Near | None, int]] = []

    def variable(self) -> int:
        """Return a new variable without bounds."""
        self.value.append((ZERO, ZERO))
        self.low.append(None)
        self.high.append(None)
        self._reasons[0].append(0)
        self._reasons[1].append(0)
        self._users.append(set())
        return len(self.value) - 1

    def form(self, terms: Mapping[int, Fraction]) -> int:
        """Return a new variable that equals a sum of others."""
        row: dict[int, Fraction] = {}
        for name, factor in terms.items():
            for one, inner in self._rows.get(name, {name: ONE}).items():
                row[one] = row.get(one, ZERO) + factor * inner
        row = {one: factor for one, factor in row.items() if factor}
        new = self.variable()
        self.sums[new] = dict(terms)
        self._rows[new] = row
        for one in row:
            self._users[one].add(new)
        self.value[new] = self._computed(row)
        return new

    def _computed(self, row: Mapping[int, Fraction]) -> Near:
        pairs = [(factor, self.value[one]) for one, factor in row.items()]
        return sum((f * v[0] for f, v in pairs), ZERO), sum((f * v[1] for f, v in pairs), ZERO)

    def mark(self) -> int:
        """Return the present state of the bounds, for ``undo``."""
        return len(self._trail)

    def undo(self, mark: int) -> None:
        """Take back every bound set since the mark."""
        while len(self._trail) > mark:
            name, is_high, old, reason = self._trail.pop()
            (self.high if is_high else self.low)[name] = old
            self._reasons[is_high][name] = reason

    def bound(self, name: int, is_high: bool, limit: Near, reason: int) -> list[int] | None:
        """Set a bound; return the reasons of a conflict with the opposite bound, if there is one."""
        mine, other = (self.high, self.low) if is_high else (self.low, self.high)
        old, against = mine[name], other[name]
        if old is not None and (old <= limit if is_high else old >= limit):
            return None
        if against is not None and (limit < against if is_high else limit > against):
            return [reason, self._reasons[not is_high][name]]
        self._trail.append((name, is_high, old, self._reasons[is_high][name]))
        mine[name] = limit
        self._reasons[is_high][name] = reason
        if name in self._rows:
            self._suspects.add(name)
        elif self.value[name] > limit if is_high else self.value[name] < limit:
            self._move(name, limit)
        return None

    def check(self, budget: int) -> list[int] | None:
        """Find values within all bounds; return the reasons of a conflict when there are none.

        Raises Exhausted after ``budget`` pivots in all.
        """
        while self._suspects:
            name = min(self._suspects)
            value, low, high = self.value[name], self.low[name], self.high[name]
            if name not in self._rows:
                self._suspects.discard(name)
            elif low is not None and value < low:
                conflict = self._repair(name, low, True)
                if conflict is not None:
                    return conflict
            elif high is not None and value > high:
                conflict = self._repair(name, high, False)
                if conflict is not None:
                    return conflict
            else:
                self._suspects.discard(name)
            if self.pivots > budget:
                raise Exhausted
        return None

    def _repair(self, name: int, target: Near, rises: bool) -> list[int] | None:
        """Bring a basic variable to its bound by Bland's rule, or explain why that is impossible."""
        row = self._rows[name]
        partner = min((one for one in row if self._can_move(one, (row[one] > 0) == rises)), default=None)
        if partner is None:
            reasons = [self._reasons[not rises][name]]
            reasons += [self._reasons[(factor > 0) == rises][one] for one, factor in row.items()]
            return reasons
        factor = row[partner]
        step = (target[0] - self.value[name][0]) / factor, (target[1] - self.value[name][1]) / factor
        old = self.value[partner]
        self._move(partner, (old[0] + step[0], old[1] + step[1]))
        self._pivot(name, partner)
        return None

    def _can_move(self, name: int, up: bool) -> bool:
        limit = self.high[name] if up else self.low[name]
        return limit is None or (self.value[name] < limit if up else self.value[name] > limit)

    def _move(self, name: int, target: Near) -> None:
        old = self.value[name]
        first, second = target[0] - old[0], target[1] - old[1]
        self.value[name] = target
        for user in self._users[name]:
            factor, was = self._rows[user][name], self.value[user]
            self.value[user] = (was[0] + factor * first, was[1] + factor * second if second else was[1])
            self._suspects.add(user)

    def _pivot(self, leaving: int, entering: int) -> None:
        """Exchange a basic variable with one of its row."""
        self.pivots += 1
        row = self._rows.pop(leaving)
        for one in row:
            self._users[one].discard(leaving)
        factor = row.pop(entering)
        new = {one: -other / factor for one, other in row.items()}
        new[leaving] = ONE / factor
        for user in sorted(self._users[entering]):
            self._substitute(user, entering, new)
        self._users[entering] = set()
        self._rows[entering] = new
        for one in new:
            self._users[one].add(entering)
        self._suspects.add(entering)

    def _substitute(self, user: int, name: int, row: Mapping[int, Fraction]) -> None:
        target = self._rows[user]
        factor = target.pop(name)
        for one, other in row.items():
            changed = target.get(one, ZERO) + factor * other
            if changed:
                target[one] = changed
                self._users[one].add(user)
            else:
                del target[one]
                self._users[one].discard(user)

    def extreme(self, name: int, up: bool, budget: int) -> Near | None:
        """Return the largest (or smallest) value of a variable within the bounds; None when it has no limit.

        The bounds must be feasible (``check`` found values). Raises Exhausted.
        """
        while True:
            if self.pivots > budget:
                raise Exhausted
            row = self._rows.get(name, {name: ONE})
            moving = min((one for one in row if self._can_move(one, (row[one] > 0) == up)), default=None)
            if moving is None:
                return self.value[name]
            step = self._longest(moving, (row[moving] > 0) == up)
            if step is None:
                return None
            blocker, target = step
            self._move(moving, target)
            if blocker != moving:
                self._pivot(blocker, moving)

    def _longest(self, name: int, up: bool) -> tuple[int, Near] | None:
        """Return the variable that stops a move first, and where it stops; None when nothing does."""
        own = self.high[name] if up else self.low[name]
        found: tuple[int, Near] | None = None if own is None else (name, own)
        for user in sorted(self._users[name]):
            factor, value = self._rows[user][name], self.value[user]
            limit = self.high[user] if (factor > 0) == up else self.low[user]
            if limit is None:
                continue
            here = self.value[name]
            stop = (here[0] + (limit[0] - value[0]) / factor, here[1] + (limit[1] - value[1]) / factor)
            if found is None or (stop < found[1] if up else stop > found[1]):
                found = (user, stop)
        return found

    def plain(self) -> list[Fraction]:
        """Return the values as ordinary numbers: epsilon small enough for every bound."""
        epsilon = ONE
        for value, low, high in zip(self.value, self.low, self.high, strict=True):
            if low is not None and value[0] > low[0] and value[1] < low[1]:
                epsilon = min(epsilon, (value[0] - low[0]) / (low[1] - value[1]) / 2)
            if high is not None and value[0] < high[0] and value[1] > high[1]:
                epsilon = min(epsilon, (high[0] - value[0]) / (value[1] - high[1]) / 2)
        return [value[0] + value[1] * epsilon for value in self.value]
