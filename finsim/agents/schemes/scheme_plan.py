"""``SchemePlan``: what the ledger and the labels need to know of each scheme payment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from finsim.agents.payment_orders import Orders
from finsim.kernels.ledger import BY_ABANDON, BY_DECLINES, BY_SUCCESS, RUNNING, Plan, State
from finsim.kernels.taint import CLEAN, MIXED, SOURCE
from finsim.notation import Array, Bool1D, Int1D, Int2D
from finsim.records.fixed_words import STOPS as STOPS

# Order ids of schemes lie above those of any shard: 2**62 + instance * 2**20 + running number.
SCHEME_BLOCK, PER_SCHEME = 1 << 62, 1 << 20
_BY_CODE = {RUNNING: 0, BY_DECLINES: 1, BY_ABANDON: 2, BY_SUCCESS: 3}
TIMEOUT, PERIOD_END = STOPS.index("timeout"), STOPS.index("period_end")


@dataclass(frozen=True)
class Step:
    """One planned payment of a scheme; slots are numbers within the scheme, -1 for none.

    ``amount`` cents (for fixed amounts); the other numbers are those of ``kernels.ledger.Plan``.
    """

    ts: int
    payer: int
    payee: int
    merchant: int
    amount: int
    channel: int
    purpose: int
    phase: int
    role: int
    mode: int
    share: float
    low: int
    high: int
    step: int
    attempt: int
    retry: bool
    tally: int
    until: int
    gate: int
    gate_count: int
    abandon: bool
    pot_from: int
    pot_to: int
    fraud: bool
    laundering: bool
    unreported: bool = False


@dataclass(frozen=True)
class Gear:
    """What the steps of a scheme are ordered from: ``device`` of the scheme, -1 for the payer's own.

    ``adds_payee`` marks the payer's first transfer to somebody that the payer's bank did not know;
    ``devices`` is the number of devices. Empty: everybody uses the own device, and no payee is added.
    """

    device: tuple[int, ...] = ()
    adds_payee: tuple[bool, ...] = ()
    devices: int = 0


@dataclass(frozen=True)
class Scheme:
    """One scheme: its identity, its labels, its limits, and how many slots of each sort it uses.

    ``planned`` counts the payments by word of the phase, without retries, with those that time cuts off.
    """

    id: int
    narrative: int
    typology: int
    decoy: bool
    start: int
    max_declines: int
    spent_limit: int
    cut: int
    planned: tuple[tuple[int, int], ...]
    attempts: int
    tallies: int
    pots: int
    steps: tuple[Step, ...] = field(repr=False, default=())
    gear: Gear = Gear()


@dataclass(frozen=True)
class SchemePlan:
    """All schemes of a world: words, per-scheme arrays [S], per-step arrays [R], and slot counts.

    ``narratives``, ``typologies``, ``phases``, ``roles`` are the vocabularies of the label columns, fixed
    by the study's narratives. ``cut`` is the position in ``STOPS`` of what the plan itself cut off.
    ``device`` int64[R] is a position among the E devices of all schemes, -1 for the payer's own;
    ``device_scheme`` int64[E] is the scheme of each, ``device_place`` its number there.
    ``planned`` int64[narratives, phases] counts payments without retries; ``remarks`` tell what could not be
    made as asked.
    """

    narratives: tuple[str, ...]
    typologies: tuple[str, ...]
    phases: tuple[str, ...]
    roles: tuple[str, ...]
    id: Int1D
    narrative: Int1D
    typology: Int1D
    decoy: Bool1D
    start: Int1D
    max_declines: Int1D
    spent_limit: Int1D
    cut: Int1D
    phase: Array
    role: Array
    fraud: Bool1D
    laundering: Bool1D
    unreported: Bool1D
    taint: Array
    device: Int1D
    adds_payee: Bool1D
    device_scheme: Int1D
    device_place: Int1D
    steps: Plan
    slots: tuple[int, int, int]
    planned: Int2D
    remarks: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Return the number of schemes."""
        return len(self.id)

    def fresh_state(self) -> State:
        """Return the ledger's memory before the first payment."""
        attempts, tallies, pots = self.slots
        schemes = len(self)

        def cents(size: int) -> Int1D:
            return np.zeros(size, dtype=np.int64)

        return State(
            stopped=np.zeros(schemes, dtype=np.uint8),
            declines=cents(schemes),
            spent=cents(schemes),
            max_declines=self.max_declines,
            spent_limit=self.spent_limit,
            outcome=np.zeros(attempts, dtype=np.uint8),
            tried=cents(attempts),
            posted=cents(tallies),
            last=cents(tallies),
            pot=cents(pots),
        )

    def stopped_by(self, stopped: Array) -> Int1D:
        """Return why each scheme ended, as positions in ``STOPS``, from the ledger's codes."""
        known = np.array([_BY_CODE[code] for code in range(len(_BY_CODE))])[stopped]
        return np.where(known == 0, self.cut, known).astype(np.int64)


def _planned(schemes: Sequence[Scheme], shape: tuple[int, int]) -> Int2D:
    """Return the planned payments by narrative and phase."""
    found: Int2D = np.zeros(shape, dtype=np.int64)
    for scheme in schemes:
        for phase, count in scheme.planned:
            found[scheme.narrative, phase] += count
    return found


def _gear(schemes: Sequence[Scheme], sizes: Int1D) -> tuple[Int1D, Bool1D, Int1D, Int1D]:
    """Return the devices of all steps, numbered over all schemes, and the scheme and place of each device."""
    counts = np.array([scheme.gear.devices for scheme in schemes], dtype=np.int64)
    before = np.cumsum(counts) - counts
    device = np.full(int(sizes.sum()), -1, dtype=np.int64)
    adds = np.zeros(len(device), dtype=np.bool_)
    for scheme, begin, base in zip(
        schemes, (np.cumsum(sizes) - sizes).tolist(), before.tolist(), strict=True
    ):
        if scheme.gear.device:
            own = np.array(scheme.gear.device)
            device[begin : begin + len(own)] = np.where(own < 0, -1, own + base)
            adds[begin : begin + len(own)] = scheme.gear.adds_payee
    owner = np.repeat(np.arange(len(schemes)), counts)
    return device, adds, owner, np.arange(len(owner)) - before[owner]


def _sources(orders: Orders, owner: Int1D, labels: tuple[Bool1D, Bool1D]) -> Array:
    """Return what each step does to the illicit money of the world: uint8[R], codes of ``kernels.taint``.

    A fraud brings all that it pays; so does a laundering payment of an account that its scheme does not pay
    before. Other laundering passes on what the account has, or brings it from outside. ``labels``: fraud and
    laundering of each step.
    """
    fraud, laundering = labels
    both = np.concatenate([orders.payee, orders.payer]).astype(np.int64) + (np.tile(owner, 2) << 32)
    known, place = np.unique(both, return_inverse=True)
    paid, pays = np.split(place, 2)
    first = np.full(len(known), np.iinfo(np.int64).max)
    np.minimum.at(first, paid, orders.ts)
    mixed = np.where(first[pays] < orders.ts, MIXED, SOURCE)
    found: Array = np.where(fraud, SOURCE, np.where(laundering, mixed, CLEAN)).astype(np.uint8)
    return found


Words = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]]
"""The vocabularies of narratives, typologies, phases and roles."""


def lay_plan(schemes: Sequence[Scheme], words: Words) -> tuple[Orders, SchemePlan]:
    """Return the orders of all schemes sorted by (ts, order_id), and the plan behind them; for ``words``."""
    steps = [step for scheme in schemes for step in scheme.steps]
    sizes = np.array([len(scheme.steps) for scheme in schemes], dtype=np.int64)
    owner = np.repeat(np.arange(len(schemes)), sizes)

    def column(name: str, kind: type) -> Array:
        return np.array([getattr(step, name) for step in steps], dtype=kind)

    def scheme_column(name: str, kind: type = np.int64) -> Array:
        return np.array([getattr(scheme, name) for scheme in schemes], dtype=kind)

    def slots(name: str, total: str) -> tuple[Array, int]:
        """Return slots numbered over all schemes, and their count."""
        counts = scheme_column(total)
        base = (np.cumsum(counts) - counts)[owner]
        local = column(name, np.int64)
        return np.where(local < 0, -1, local + base), int(counts.sum())

    attempt, attempts = slots("attempt", "attempts")
    tally, tallies = slots("tally", "tallies")
    pot_from, pots = slots("pot_from", "pots")
    kernel_plan = Plan(
        scheme=owner,
        mode=column("mode", np.uint8),
        share=column("share", np.float64),
        low=column("low", np.int64),
        high=column("high", np.int64),
        step=column("step", np.int64),
        attempt=attempt,
        retry=column("retry", np.bool_),
        tally=tally,
        until=column("until", np.int64),
        gate=slots("gate", "tallies")[0],
        gate_count=column("gate_count", np.int64),
        abandon=column("abandon", np.bool_),
        pot_from=pot_from,
        pot_to=slots("pot_to", "pots")[0],
    )
    device, adds, device_scheme, device_place = _gear(schemes, sizes)
    plan = SchemePlan(
        *words,
        id=scheme_column("id"),
        narrative=scheme_column("narrative"),
        typology=scheme_column("typology"),
        decoy=scheme_column("decoy", np.bool_),
        start=scheme_column("start"),
        max_declines=scheme_column("max_declines"),
        spent_limit=scheme_column("spent_limit"),
        cut=scheme_column("cut"),
        phase=column("phase", np.int32),
        role=column("role", np.int32),
        fraud=column("fraud", np.bool_),
        laundering=column("laundering", np.bool_),
        unreported=column("unreported", np.bool_),
        taint=np.zeros(0, dtype=np.uint8),
        device=device,
        adds_payee=adds,
        device_scheme=device_scheme,
        device_place=device_place,
        steps=kernel_plan,
        slots=(attempts, tallies, pots),
        planned=_planned(schemes, (len(words[0]), len(words[2]))),
    )
    running = np.arange(len(steps)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    orders = Orders(
        ts=column("ts", np.int64),
        payer=column("payer", np.int32),
        payee=column("payee", np.int32),
        amount=column("amount", np.int64),
        channel=column("channel", np.int8),
        purpose=column("purpose", np.int8),
        merchant=column("merchant", np.int32),
        order_id=SCHEME_BLOCK + scheme_column("id")[owner] * PER_SCHEME + running,
        plan_row=np.arange(len(steps), dtype=np.int32),
    )
    plan = replace(plan, taint=_sources(orders, owner, (plan.fraud, plan.laundering)))
    return orders.take(np.lexsort((orders.order_id, orders.ts))), plan
