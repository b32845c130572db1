"""From which device each payment of a scheme is ordered: the payer's own, a new one, or the herder's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from finsim.agents.narratives.narrative import Narrative
from finsim.agents.narratives.narrative_blocks import Phase
from finsim.agents.schemes.scheme_plan import Gear, Scheme
from finsim.agents.vocabulary import CHANNEL, DEVICES, NEW, ONLINE, OWN
from finsim.notation import Bool1D

Mix = Mapping[str, float]
# assumption, all shares: who takes an account over, or has a stolen card, comes with an own device, or steers
# the holder's from afar; a victim who is talked into paying uses the own one; a made identity is one of a
# ring's.
FRAUD_DEVICES: Mapping[str, Mix] = MappingProxyType(
    {
        "takeover": {"new": 0.7, "own": 0.3},
        "card": {"new": 1.0},
        "insider": {"new": 1.0},
        "elder": {"own": 0.7, "new": 0.3},
        "credit": {"shared": 0.6, "own": 0.4},
    }
)
"""Family of a story -> what its frauds are ordered from; other families act from the payer's own device."""
MULE_DEVICES: Mix = MappingProxyType({"own": 0.7, "shared": 0.3})
"""What laundering is ordered from (assumption: three schemes in ten have a herder who holds the access)."""
_ONLINE = frozenset(CHANNEL[name] for name in ONLINE)
_TRANSFERS = frozenset(CHANNEL[name] for name in ("instant", "ach", "wire"))
_ADDED = 0.4
"""assumption: share of a story's first transfers between two accounts before which the payee is saved."""


def devices_of(narrative: Narrative, phase: Phase) -> Mix:
    """Return the mix of devices of a phase: its own, else that of the family and the label."""
    if phase.device is not None:
        return phase.device
    if phase.name in narrative.labels.fraud:
        return FRAUD_DEVICES.get(narrative.family, {"own": 1.0})
    return MULE_DEVICES if phase.name in narrative.labels.laundering else {"own": 1.0}


def with_devices(
    scheme: Scheme, narrative: Narrative, words: tuple[tuple[str, ...], tuple[str, ...]], external: Bool1D,
    rng: np.random.Generator,
) -> Scheme:  # fmt: skip
    """Return a scheme that says what its steps are ordered from; nothing else of it changes.

    ``words`` are the names of phases and roles by code, ``external`` bool[A] the accounts outside. One draw a
    role decides for all phases in which it pays.
    """
    phases = {phase.name: phase for phase in narrative.phases}
    luck = {name: float(rng.random()) for name in narrative.roles}
    known: dict[tuple[str, int], int] = {}
    met: set[tuple[int, int]] = set()
    used, added = [], []
    for step in scheme.steps:
        device, adds = -1, False
        if not external[step.payer]:
            mix = devices_of(narrative, phases[words[0][step.phase]])
            kind = _picked(mix, luck[words[1][step.role]])
            if kind != OWN and step.channel in _ONLINE:
                key = (DEVICES[kind], step.payer if kind == NEW else -1)
                device = known.setdefault(key, len(known))
            pair = (step.payer, step.payee)
            if step.channel in _TRANSFERS and step.merchant < 0 and pair not in met:
                met.add(pair)
                adds = bool(rng.random() < _ADDED)
        used.append(device)
        added.append(adds)
    return replace(scheme, gear=Gear(tuple(used), tuple(added), len(known)))


def _picked(mix: Mix, u: float) -> int:
    """Return the code of a device by one uniform draw, the words in the order of ``DEVICES``."""
    left = u * sum(mix.values())
    for code, name in enumerate(DEVICES):
        left -= mix.get(name, 0.0)
        if name in mix and left < 0:
            return code
    return DEVICES.index([name for name in DEVICES if name in mix][-1])
