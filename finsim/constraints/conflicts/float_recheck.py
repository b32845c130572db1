"""Re-check exact conflicts under float64 rounding."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from finsim.constraints.conflicts.joint_feasibility import Problem, roots
from finsim.constraints.language.expression import Node, walk
from finsim.constraints.packs.rule import Rule
from finsim.constraints.solver.node_traits import is_constant

Goal = Callable[[Problem], Sequence[int]]
_COMPARED = ("<", "<=", ">", ">=", "=", "!=")
_EXACT = ("column", "const", "param", "neg", "if")


def nothing(problem: Problem) -> Sequence[int]:
    """Ask for nothing but the rules."""
    return ()


def certain_core(
    problem: Problem, ids: Sequence[str], goal: Goal = nothing, about: Iterable[str] = (), closed: bool = True
) -> tuple[str, ...] | None:
    """Return a smallest set of rules that no row satisfies together with a goal; None when there is none.

    ``goal`` gives the literals of a problem; it reads the rules ``about`` besides those of the set. Where
    only the rounding of floats can satisfy them, there is none either; the question is noted as undecided.
    """
    core = problem.core(ids, goal(problem), closed)
    return None if core is None else confirmed(problem, core, ids, goal, about, closed)


def confirmed(
    problem: Problem,
    core: tuple[str, ...],
    ids: Sequence[str],
    goal: Goal = nothing,
    about: Iterable[str] = (),
    closed: bool = True,
) -> tuple[str, ...] | None:
    """Return a set of rules that exact arithmetic refutes if rounding does not save it, else another one.

    The other one is among ``ids``; None when there is none. The rest is as in ``certain_core``.
    """
    concerned = {*core, *about}
    if not any(_rounds(problem.encoded[name].rule) for name in concerned):
        return core
    small = problem.rounding(concerned)
    if small.feasible(core, goal(small), closed) is False:
        return core
    whole = problem.rounding(problem.encoded)
    found = whole.core(ids, goal(whole), closed)
    if found is None:
        problem.doubt()
    return found


def is_certain(problem: Problem, ids: Sequence[str], node: Node, goal: Goal) -> bool:
    """Whether no row satisfies some rules together with a goal for a column, rounding included."""
    about = [name for name, one in problem.encoded.items() if node.data in one.rule.columns]
    return certain_core(problem, ids, goal, about) is not None


def _rounds(rule: Rule) -> bool:
    """Whether a rule computes with floats, so that exact arithmetic is not that of rows."""
    return any(_is_rounded(node) for root in roots(rule) for node in walk(root))


def _is_rounded(node: Node) -> bool:
    if is_constant(node):
        return False
    is_loose = node.op in _COMPARED and node.data is not None
    return is_loose or (node.type.stored == "f" and node.op not in _EXACT)
