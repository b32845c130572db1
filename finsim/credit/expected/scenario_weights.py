"""What the scenarios of a run weigh when an expectation is taken over them."""

from __future__ import annotations

from collections.abc import Mapping

from finsim.errors import ScenarioError

RESIDUAL = "residual"


def scenario_weights(stated: Mapping[str, tuple[float, str] | None]) -> dict[str, float]:
    """Return the weight of each scenario, 1 in sum; none where a scenario states no probability.

    ``stated``: label -> (weight, basis). Those with basis ``residual`` share what the others leave, and the
    whole is scaled to 1. Raises ScenarioError where the others weigh more than 1, or all weigh nothing.
    """
    if not stated or any(one is None for one in stated.values()):
        return {}
    known = {label: one for label, one in stated.items() if one is not None}
    given = {label: weight for label, (weight, basis) in known.items() if basis != RESIDUAL}
    rest = [label for label in known if label not in given]
    total = sum(given.values())
    if total > 1.0 + 1e-9:
        raise ScenarioError(
            f"the scenarios weigh {total:g}", place="probability", expected="at most 1 together"
        )
    weights = {**given, **dict.fromkeys(rest, max(1.0 - total, 0.0) / max(len(rest), 1))}
    whole = sum(weights.values())
    if whole <= 0.0:
        raise ScenarioError("the scenarios weigh nothing", place="probability", expected="a weight above 0")
    return {label: weights[label] / whole for label in known}
