"""Which scenarios of a study share their ordinary payments."""

from __future__ import annotations

from finsim.agents.everyday.ordinary_payments import order_key
from finsim.engine.stages.customers_with_loans import are_customers, loan_part
from finsim.engine.stages.payment_world import is_learned, ledger_of_plan
from finsim.engine.study.study_resolution import Plan
from finsim.records.storage import canonical_json, digest_text


def order_keys(plan: Plan) -> dict[str, str]:
    """Return for each scenario the key of its ordinary orders; equal behaviour gives one key.

    Where borrowers are customers, what the loan panel reads belongs to it.
    """
    if is_learned(plan):
        from finsim.engine.learned_payments.scenario_moves import moved_key

        ledger = ledger_of_plan(plan)
        return {label: moved_key(drivers, ledger) for label, drivers in plan.drivers.items()}
    keys = {label: order_key(drivers) for label, drivers in plan.drivers.items()}
    if not are_customers(plan):
        return keys
    loans = {label: loan_part(drivers) for label, drivers in plan.drivers.items()}
    return {label: digest_text(canonical_json([key, loans[label]]))[:32] for label, key in keys.items()}
