"""Macro variables that a scenario moves and that no world of the study reads."""

from __future__ import annotations

from finsim.credit.factors import link
from finsim.credit.reference_parameters import CLASSES
from finsim.engine.study.study_resolution import Plan
from finsim.records.drivers import Drivers


def unread_variables(plan: Plan) -> str:
    """Return a remark on the macro variables that move and that nothing reads, '' where all are read.

    The loan book reads what its links and its collateral name; markets and payments read none of them.
    """
    moved = {name for drivers in plan.drivers.values() for name in drivers.macro}
    if plan.study.credit:
        moved -= {name for drivers in plan.drivers.values() for name in _read(drivers)}
    return f"no world of this study reads macro {', '.join(sorted(moved))}" if moved else ""


def _read(drivers: Drivers) -> set[str]:
    linked = {name for loan_class in CLASSES for name, beta in link(drivers, loan_class).items() if beta}
    return linked | set(drivers.credit.collateral.values())
