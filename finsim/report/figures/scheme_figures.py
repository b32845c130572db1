"""Figures of one injected scheme: its accounts as a graph and its payments on a time line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from finsim.extras import Later
from finsim.notation import NANOS_PER_DAY
from finsim.records.graph import Edge, edges
from finsim.report.colors import SERIES, drawn
from finsim.report.figures.payment_data import NANOS_PER_HOUR, Scheme
from finsim.report.number_text import count, listing, money, number, plural, spoken
from finsim.report.page_elements import Figure, Key, Panel
from finsim.report.svg_figure import Frame, panel

patches = Later("matplotlib.patches", "report")

MOST_NODES = 60


@dataclass(frozen=True)
class Node:
    """One account of the drawing: its place (layer, height from 0 to 1) and its role."""

    account: int
    layer: int
    height: float
    role: str


@dataclass(frozen=True)
class Flow:
    """All payments between two accounts in one phase, joined to one arrow."""

    payer: int
    payee: int
    phase: str
    payments: int
    amount: int


def scheme_figure(scheme: Scheme, kinds: dict[int, str], currency: str) -> Figure:
    """Return the drawing of a scheme; ``kinds`` is the kind of each account, for those that only receive."""
    payments = edges(scheme.rows)
    frame = scheme.rows.to_pandas()
    nodes = layout(payments, roles_of(frame, kinds))
    flows = flows_of(payments)
    phases = list(dict.fromkeys(frame["phase"].astype(str)))
    colours = {phase: SERIES[k % len(SERIES)] for k, phase in enumerate(phases)}
    pattern = scheme.pattern
    name = spoken(str(pattern["narrative"]))
    panels = [_graph_panel(nodes, flows, colours, name), _timeline_panel(frame, colours, name, currency)]
    keys = [Key(colours[phase], "line", spoken(phase)) for phase in phases]
    keys.append(Key("ink", "ring", "account, with its role"))
    if pattern["declined_rows"]:
        keys.append(Key("quiet", "cross", "declined payment"))
    label = "laundering" if pattern["is_laundering"] and not pattern["is_fraud"] else "fraud"
    both = pattern["is_laundering"] and pattern["is_fraud"]
    says = (
        f"Scheme {pattern['instance']}, {name} (typology {spoken(str(pattern['typology']))}, labelled "
        f"{'fraud and laundering' if both else label}): {plural(_whole(pattern['posted_rows']), 'payment')} "
        f"of {money(_whole(pattern['amount']), currency)} between {plural(len(nodes), 'account')} in "
        f"{_span(frame)}, {plural(_whole(pattern['declined_rows']), 'declined attempt')}. It ended as: "
        f"{spoken(str(pattern['stopped_by']))}. Money flows from left to right; an account stands one layer "
        "to the right of the last account that paid it before it paid on. Arrows are wider for more money."
    )
    data = {
        "pattern": {k: str(v) if hasattr(v, "isoformat") else v for k, v in pattern.items()},
        "nodes": [vars(node) for node in nodes],
        "flows": [vars(flow) for flow in flows],
        "payments": [
            {"tx_id": int(row.tx_id), "ts": int(pd.Timestamp(row.ts).value), "phase": str(row.phase),
             "amount": int(row.amount), "status": str(row.status)}
            for row in frame.itertuples(index=False)
        ],
    }  # fmt: skip
    notes = []
    if len(nodes) >= MOST_NODES:
        notes.append(f"Only {MOST_NODES} of the accounts with the most money are drawn.")
    return Figure("scheme", "One injected scheme", says, panels, data, keys, notes, columns=1)


def _whole(value: object) -> int:
    return int(str(value))


def _span(frame: pd.DataFrame) -> str:
    moments = frame["ts"].astype("int64")
    nanos = int(moments.max() - moments.min())
    if nanos < 3 * NANOS_PER_DAY:
        return f"{number(nanos / NANOS_PER_HOUR, 2)} hours"
    return f"{number(nanos / NANOS_PER_DAY, 2)} days"


def roles_of(frame: pd.DataFrame, kinds: dict[int, str]) -> dict[int, str]:
    """Return the role of each account: that of its first payment, else what kind of account receives."""
    roles: dict[int, str] = {}
    for account, role in zip(frame["from_account"], frame["role"].astype(str), strict=True):
        roles.setdefault(int(account), spoken(role))
    for account in frame["to_account"]:
        kind = kinds.get(int(account), "account")
        roles.setdefault(int(account), f"payee, {kind}")
    return roles


def layout(payments: Iterable[Edge], roles: dict[int, str]) -> list[Node]:
    """Place accounts in layers along the flow of money, from the payments and their times.

    In order of time a payee is moved one layer to the right of its payer, unless it has already paid
    itself; so payments back to the left stay visible as such. Deterministic: within a layer by role,
    then by first payment, then by number.
    """
    in_time = _in_time(payments)
    moved: dict[int, int] = defaultdict(int)
    for payer, payee, facts in in_time:
        moved[payer] += facts["amount"]
        moved[payee] += facts["amount"]
    kept = set(sorted(moved, key=lambda a: (-moved[a], a))[:MOST_NODES])
    layer: dict[int, int] = {}
    seen: dict[int, int] = {}
    paid: set[int] = set()
    for order, (payer, payee, _) in enumerate(in_time):
        for account in (payer, payee):
            layer.setdefault(account, 0)
            seen.setdefault(account, order)
        if payee not in paid and payee != payer:
            layer[payee] = max(layer[payee], layer[payer] + 1)
        paid.add(payer)
    levels = {level: k for k, level in enumerate(sorted({layer[a] for a in kept}))}
    columns: dict[int, list[int]] = defaultdict(list)
    for account in sorted(kept, key=lambda a: (roles.get(a, ""), seen[a], a)):
        columns[levels[layer[account]]].append(account)
    return [
        Node(account, column, (k + 0.5) / len(accounts), roles.get(account, "account"))
        for column, accounts in sorted(columns.items())
        for k, account in enumerate(accounts)
    ]


def _in_time(payments: Iterable[Edge]) -> list[Edge]:
    return sorted(payments, key=lambda one: (one[2]["ts"], one[2]["tx_id"]))


def flows_of(payments: Iterable[Edge]) -> list[Flow]:
    """Join the payments by payer, payee and phase, in order of the first payment."""
    joined: dict[tuple[int, int, str], list[int]] = {}
    for payer, payee, facts in _in_time(payments):
        cell = joined.setdefault((payer, payee, str(facts["phase"])), [0, 0])
        cell[0] += 1
        cell[1] += int(facts["amount"])
    return [Flow(*key, count, amount) for key, (count, amount) in joined.items()]


def _graph_panel(nodes: list[Node], flows: list[Flow], colours: dict[str, str], name: str) -> Panel:
    layers = max((node.layer for node in nodes), default=0) + 1
    tallest = max(sum(node.layer == k for node in nodes) for k in range(layers))
    high = int(np.clip(34 * tallest + 40, 200, 560))

    def draw(axes: Any) -> None:
        draw_graph(axes, nodes, flows, colours)

    roles = _by_role(nodes)
    text = (
        f"Graph of {plural(len(nodes), 'account')} in {plural(layers, 'layer')} of {name}: "
        f"{listing(roles, 8)}; {plural(len(flows), 'arrow')}."
    )
    frame = Frame(width=900, height=high, left=6, right=6, top=4, bottom=4)
    return panel("scheme-graph", "Accounts and flows", text, draw, frame)


def draw_graph(
    axes: Any, nodes: list[Node], flows: list[Flow], colours: dict[str, str], size: float = 9.0
) -> None:
    """Draw accounts as rings with their roles, and flows as arrows coloured by phase."""
    place = {node.account: (node.layer, 1.0 - node.height) for node in nodes}
    layer = {node.account: node.layer for node in nodes}
    most = max((flow.amount for flow in flows), default=1)
    for k, flow in enumerate(flows):
        if flow.payer not in place or flow.payee not in place:
            continue
        forward = layer[flow.payee] > layer[flow.payer]
        bend = 0.07 * (1 if k % 2 else -1) if forward else -0.35
        axes.add_patch(
            patches.FancyArrowPatch(
                place[flow.payer],
                place[flow.payee],
                arrowstyle="-|>",
                mutation_scale=8,
                shrinkA=7,
                shrinkB=8,
                connectionstyle=f"arc3,rad={bend}",
                color=drawn(colours[flow.phase]),
                alpha=0.85,
                linewidth=0.7 + 2.3 * (flow.amount / most) ** 0.5,
            )
        )
    for node in nodes:
        x, y = place[node.account]
        axes.plot(x, y, "o", ms=9, mfc=drawn("page"), mec=drawn("ink"), mew=1.3, zorder=4)
        axes.annotate(
            node.role,
            (x, y),
            xytext=(0, -8),
            textcoords="offset points",
            ha="center",
            va="top",
            fontsize=size,
            color=drawn("quiet"),
            bbox={"facecolor": drawn("page"), "edgecolor": "none", "alpha": 0.8, "pad": 0.6},
            zorder=5,
        )
    last = max((node.layer for node in nodes), default=1)
    axes.set_xlim(-0.45, last + 0.45)
    axes.set_ylim(-0.06, 1.04)
    axes.axis("off")


def _by_role(nodes: list[Node]) -> list[str]:
    counts: dict[str, int] = defaultdict(int)
    for node in nodes:
        counts[node.role] += 1
    return [f"{count(size)} {role}" for role, size in counts.items()]


def _timeline_panel(frame: pd.DataFrame, colours: dict[str, str], name: str, currency: str) -> Panel:
    start = frame["ts"].min()
    nanos = (frame["ts"] - start).to_numpy().astype("timedelta64[ns]").astype(np.int64)
    in_hours = int(nanos.max()) < 3 * NANOS_PER_DAY
    when = nanos / (NANOS_PER_HOUR if in_hours else NANOS_PER_DAY)
    phases = list(colours)
    level = frame["phase"].astype(str).map(phases.index).to_numpy()
    amount = frame["amount"].to_numpy().astype(np.float64)
    declined = (frame["status"].astype(str) == "declined").to_numpy()

    def draw(axes: Any) -> None:
        size = 12 + 130 * np.sqrt(amount / max(amount.max(), 1.0))
        for k, phase in enumerate(phases):
            axes.axhline(k, color=drawn("faint"), lw=1.0, zorder=0)
            ours, lost = (level == k) & ~declined, (level == k) & declined
            shade = drawn(colours[phase])
            axes.scatter(when[ours], level[ours], s=size[ours], color=shade, alpha=0.55, linewidths=0)
            axes.scatter(when[lost], level[lost], s=26, color=drawn("quiet"), marker="x", linewidths=1.1)
        axes.set_yticks(range(len(phases)), [spoken(phase) for phase in phases])
        axes.set_ylim(len(phases) - 0.4, -0.6)
        axes.set_xlabel(
            f"{'hours' if in_hours else 'days'} after the first payment, {start:%Y-%m-%d %H:%M} UTC"
        )
        axes.grid(visible=False, axis="y")
        axes.spines["left"].set_visible(False)
        span = max(float(when.max()), 1e-9)
        axes.set_xlim(-0.02 * span, 1.02 * span)

    parts = [
        f"{spoken(phase)} from {number(float(when[level == k].min()), 2)} to "
        f"{number(float(when[level == k].max()), 2)}, "
        f"{money(float(amount[(level == k) & ~declined].sum()), currency)}"
        for k, phase in enumerate(phases)
    ]
    unit = "hours" if in_hours else "days"
    text = f"Time line of {name} in {unit} after the first payment: {'; '.join(parts)}."
    widest = max(len(spoken(phase)) for phase in phases)
    frame_ = Frame(width=900, height=64 + 34 * len(phases), left=24 + int(6.2 * widest), right=14, bottom=42)
    return panel("scheme-timeline", "Payments over time (area shows the amount)", text, draw, frame_)


def kinds_of(accounts: pa.Table, wanted: set[int]) -> dict[int, str]:
    """Return the kind of each wanted account."""
    table = accounts.select(["account_id", "kind"])
    number_, kind = table["account_id"].to_pylist(), table["kind"].cast(pa.string()).to_pylist()
    return {a: k for a, k in zip(number_, kind, strict=True) if a in wanted}
