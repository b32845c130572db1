"""What a private fit may claim: epsilon with its unit, what was counted, and what was not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from finsim.generators.privacy.budget_plan import Plan
from finsim.generators.privacy.claim_words import GUESSABLE
from finsim.generators.privacy.ledger import Ledger

NOT_COUNTED = (
    "the number of entities, and which settings were chosen (tuning on the same data)",
    "whether training was refused or broken off, and the time it took",
)
ASSUMED = (
    "the seed is secret and cannot be guessed: who has it can take the noise away",
    "the noise is drawn in floating point (Mironov 2012)",
)


def statement(
    plan: Plan, ledger: Ledger, counted: Sequence[str], seed: int, not_counted: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the claim of a fit as plain data; of the seed only whether it is easily guessed.

    epsilon : by the tight accountant at ``delta``, for one unit added or removed; epsilon_renyi : by the
    looser one. spent : every use of the mechanism, from which both follow. delta_of_names : the part of
    delta that is spent on naming undeclared words; the epsilon is that of the rest.
    """
    privacy, mechanism = plan.privacy, plan.mechanism
    delta = privacy.delta - plan.naming
    return {
        "epsilon": ledger.epsilon(delta),
        "epsilon_renyi": ledger.renyi(delta),
        "epsilon_asked": privacy.epsilon,
        "delta": privacy.delta,
        **({"delta_of_names": plan.naming} if plan.naming else {}),
        "unit": privacy.words,
        "relation": "one unit added or removed",
        "entities": plan.entities,
        "clip": mechanism.clip,
        "sigma": mechanism.sigma,
        "sampling_rate": mechanism.rate,
        "updates": ledger.count - plan.prepared.count,
        "preparation_sigma": plan.sigma,
        "spent": ledger.to_list(),
        "counted": list(counted),
        "not_counted": [*NOT_COUNTED, *not_counted],
        "assumed": list(ASSUMED),
        "seed_guessable": seed < GUESSABLE,
    }
