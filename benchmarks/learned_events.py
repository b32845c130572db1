"""Ledgers: finsim's learned events beside SDV PAR, gretel DGAN, mostlyai-engine and a noisy resampler.

Run: ``python benchmarks/learned_events.py [--ledgers cards cdnow] [--tools habits par] [--cap 300]``.

Every tool learns the rows of a random half of the entities and makes as many entities; they are judged
against the other half: AUC of events and of entities (finsim's judges, and plain boosted trees with features
of their own), whether the entities learned from can be told (membership, beside its null), the shape of the
ledger with its deviation from the unseen half, and what it cost. ``real half`` is the floor: the real
training entities.

Each peer runs with its default settings in an environment of its own, made on first use under ``--cache``,
one process a ledger, one thread, memory as ``--memory`` allows. A fit is cut after ``--cap`` CPU seconds, and
PAR learns at most 500 entities; the table says where. To the peers the counterparties beyond the 100 most met
ones are one level, for which real ones are drawn again; without that they do not end, or make one name of
them. What a peer made is kept under ``--cache`` and judged again without training.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
from side_by_side import Column, Contest, Found, arguments, held, one_thread  # noqa: E402

one_thread()
from learned_data import LEDGERS, Frame, ledger_halves  # noqa: E402
from learned_tables import PEERS as TABLE_PEERS  # noqa: E402
from peer_environments import Peer  # noqa: E402

GRETEL = (
    "numpy<2", "pandas<2.3", "pyarrow<22", "scikit-learn<1.6", "category-encoders", "rdt<1.13", "packaging",
    "tqdm", "scipy",
)  # fmt: skip
PEERS = {
    "sdv": Peer("par_peer.py", TABLE_PEERS["sdv"].packages, torch=True),
    "gretel": Peer("dgan_peer.py", GRETEL, ("gretel-synthetics==0.22.20",), torch=True),
    "mostlyai-engine": TABLE_PEERS["mostlyai-engine"],
}
OWN = ("habits", "events", "resample")
TOOLS = {
    **{name: ("finsim", name) for name in OWN},
    "noise": ("noise", ""), "par": ("sdv", ""), "dgan": ("gretel", ""),
    "mostlyai-engine": ("mostlyai-engine", ""),
}  # fmt: skip


def judged(name: str, train: Frame, unseen: Frame, own: Frame) -> Found:
    """Return every figure of synthetic rows."""
    from event_judges import membership, own_judges, plain_judges, prepared, shape

    ledger = LEDGERS[name]
    sides = [prepared(ledger, side) for side in (train, unseen, own)]
    return {
        **own_judges(ledger, unseen, own),
        **plain_judges(sides[1], sides[2]),
        **membership(*sides),
        "shape": shape(sides[2]),
    }


def shapes(name: str, unseen: Frame, results: dict[str, Found]) -> str:
    """Return the shape table: the unseen half, and each tool with its deviation in percent."""
    from event_judges import prepared, shape

    real = shape(prepared(LEDGERS[name], unseen))
    done = {tool: one["shape"] for tool, one in results.items() if "shape" in one}
    lines = ["shape".ljust(18) + "unseen half".rjust(12) + "".join(tool.rjust(22) for tool in done)]
    for key, value in real.items():
        cells = []
        for own in done.values():
            off = f"{100 * (own[key] / value - 1):+.0f} %" if value else ""
            cells.append(f"{own[key]:.4g} {off:>8}".rjust(22))
        lines.append(key.ljust(18) + f"{value:.4g}".rjust(12) + "".join(cells))
    return "\n".join(lines)


def job(name: str, train: Frame) -> Found:
    """Return how many entities are made, and which column plays which part."""
    ledger = LEDGERS[name]
    return {"count": int(train[ledger.entity].nunique()), "roles": ledger.roles()}


def main() -> None:
    from finsim.generators import EVENT_GENERATORS

    contest = Contest(
        data={name: ledger.file for name, ledger in LEDGERS.items()},
        tools=TOOLS, peers=PEERS, scripts=HERE / "event_peers", own=list(EVENT_GENERATORS),
        halves=ledger_halves, judged=judged, judges=(HERE / "event_judges.py",), job=job,
        columns=tuple(
            Column(key, key)
            for key in ("event", "entity", "plain event", "plain entity", "member", "member null")
        ),
        head=lambda name, train: f"halves of {job(name, train)['count']:,} entities, {len(train):,} rows",
        tail=shapes,
    )  # fmt: skip
    held(contest, arguments(__doc__, "ledgers", LEDGERS, TOOLS))


if __name__ == "__main__":
    main()
