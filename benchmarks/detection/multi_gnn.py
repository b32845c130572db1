"""A small graph network on payments: updates of edges, messages both ways, ports, ego ids, four aggregators.

The state of a payment is made from its own columns and, layer by layer, from the states of the last payments
before it in each relation of :mod:`detection.payment_graph`. Principal aggregation (mean, largest, spread and
sum; Corso et al. 2020) with edge updates, reverse messages and ports as in Multi-GNN (Egressy et al. 2024).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from detection.payment_graph import BETWEEN, RELATIONS, PaymentGraph
from sklearn.metrics import average_precision_score
from torch import Tensor, nn

NEAR = (24, 8, 8, 8, 3, 12)
"""Earlier payments of each relation that a payment hears from itself."""
FAR = (3, 2, 2, 2, 1, 2)
"""The same for payments that are heard from."""
CHUNK = 4_096


@dataclass(frozen=True)
class Budget:
    """How a network learns: width, layers, passes, payments a step, rate, shares of benign payments."""

    width: int = 32
    layers: int = 1
    epochs: int = 8
    step: int = 512
    rate: float = 3e-3
    benign: float = 0.03
    dropout: float = 0.2
    unheard: float = 0.1
    decay: float = 1e-4
    kept: float = 0.99


class Layer(nn.Module):
    """Hears earlier payments, relation by relation, and changes the state of a payment."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.here = nn.Linear(width, len(RELATIONS) * width)
        self.there = nn.ModuleList(nn.Linear(width + BETWEEN, width) for _ in RELATIONS)
        self.mixed = nn.Sequential(
            nn.Linear(width * (1 + 4 * len(RELATIONS)), 2 * width), nn.ReLU(), nn.Dropout(dropout),
            nn.Linear(2 * width, width),
        )  # fmt: skip
        self.norm = nn.LayerNorm(width)

    def forward(self, own: Tensor, heard: Tensor, between: Tensor, known: Tensor, most: tuple) -> Tensor:
        """Return the new states [n, width]; ``heard`` [n, k, width] from all relations one after another."""
        mine = self.here(own).split(own.shape[1], dim=1)
        found, at = [own], 0
        for k, there in enumerate(self.there):
            part = slice(at, at + most[k])
            told = torch.cat([heard[:, part], between[:, part]], dim=2)
            told = torch.relu(there(told) + mine[k][:, None]) * known[:, part, None]
            count = known[:, part].sum(1).clamp(min=1)[:, None]
            mean = told.sum(1) / count
            spread = (((told - mean[:, None]) * known[:, part, None]) ** 2).sum(1) / count
            found += [mean, told.amax(1), torch.sqrt(spread + 1e-5), told.sum(1) / 4]
            at += most[k]
        state: Tensor = self.norm(own + self.mixed(torch.cat(found, dim=1)))
        return state


class MultiGnn(nn.Module):
    """Scores payments by their own columns and what earlier payments, one or two steps away, tell."""

    def __init__(self, columns: int, budget: Budget) -> None:
        super().__init__()
        width = budget.width
        self.unheard = budget.unheard
        self.register_buffer("centre", torch.zeros(columns))
        self.register_buffer("scale", torch.ones(columns))
        self.first = nn.Sequential(nn.Linear(columns, width), nn.ReLU(), nn.LayerNorm(width))
        self.alone = nn.Sequential(nn.Linear(columns, 2 * width), nn.ReLU(), nn.Dropout(budget.dropout))
        self.layers = nn.ModuleList(Layer(width, budget.dropout) for _ in range(budget.layers))
        self.head = nn.Sequential(
            nn.Linear(3 * width, 2 * width), nn.ReLU(), nn.Dropout(budget.dropout), nn.Linear(2 * width, 1)
        )

    def columns(self, graph: PaymentGraph, rows: np.ndarray) -> Tensor:
        """Return the columns of payments, scaled."""
        scaled: Tensor = ((torch.from_numpy(graph.columns[rows]) - self.centre) / self.scale).clamp(-5, 5)
        return scaled

    def states(self, graph: PaymentGraph, rows: np.ndarray, layer: int) -> Tensor:
        """Return the states of ``rows`` after some layers, from those of the payments that they hear."""
        if layer == 0:
            held: Tensor = self.first(self.columns(graph, rows))
            return held
        most = NEAR if layer == len(self.layers) else FAR
        before = np.concatenate(
            [one.last(rows, k) for one, k in zip(graph.lookups, most, strict=True)], axis=1
        )
        heard = torch.from_numpy((before >= 0).astype(np.float32))
        if self.training:
            heard = heard * (torch.rand(heard.shape) >= self.unheard)
        before = np.maximum(before, 0)
        asked, at = np.unique(np.concatenate([rows, before.ravel()]), return_inverse=True)
        held = self.states(graph, asked, layer - 1)[torch.from_numpy(at)]
        others = held[len(rows) :].reshape(*before.shape, -1)
        between = torch.from_numpy(graph.between(rows, before))
        state: Tensor = self.layers[layer - 1](held[: len(rows)], others, between, heard, most)
        return state

    def forward(self, graph: PaymentGraph, rows: np.ndarray) -> Tensor:
        """Return the logits of ``rows``."""
        top = self.states(graph, rows, len(self.layers))
        alone = self.alone(self.columns(graph, rows))
        logit: Tensor = self.head(torch.cat([alone, top], dim=1))[:, 0]
        return logit


def gnn_scores(network: MultiGnn, graph: PaymentGraph, rows: np.ndarray) -> np.ndarray:
    """Return the logits of payments, some at a time."""
    network.eval()
    with torch.no_grad():
        parts = [network(graph, rows[at : at + CHUNK]).numpy() for at in range(0, len(rows), CHUNK)]
    return np.concatenate(parts)


@dataclass
class Learnable:
    """A world to learn from: payments to fit, payments to choose by with the weight that each has."""

    graph: PaymentGraph
    label: np.ndarray
    told: np.ndarray
    """Rows of schemes to fit, always shown."""
    benign: np.ndarray
    chosen: np.ndarray
    weight: np.ndarray


def untrained(columns: np.ndarray, budget: Budget, seed: int) -> MultiGnn:
    """Return the network before any step, its columns scaled."""
    torch.manual_seed(seed)
    network = MultiGnn(columns.shape[1], budget)
    network.centre.copy_(torch.from_numpy(columns.mean(0)))
    network.scale.copy_(torch.from_numpy(np.maximum(columns.std(0), 0.05)))
    return network


def trained(worlds: list[Learnable], budget: Budget, seed: int = 0, say=None) -> MultiGnn:
    """Return the network of the epoch that is best on the rows that choose; weights are running means."""
    rng = np.random.default_rng(seed)
    network = untrained(worlds[0].graph.columns, budget, seed)
    optimizer = torch.optim.AdamW(network.parameters(), lr=budget.rate, weight_decay=budget.decay)
    steps = budget.epochs * sum(
        (len(one.told) + int(budget.benign * len(one.benign))) // budget.step + 1 for one in worlds
    )
    plan = torch.optim.lr_scheduler.OneCycleLR(optimizer, budget.rate, total_steps=steps + 1, pct_start=0.15)
    smooth = {name: value.clone() for name, value in network.state_dict().items()}
    best, kept, seen = -1.0, smooth, 0
    for epoch in range(budget.epochs):
        network.train()
        batches = []
        for at, one in enumerate(worlds):
            some = rng.choice(one.benign, int(budget.benign * len(one.benign)), replace=False)
            rows = rng.permutation(np.concatenate([one.told, some]))
            batches += [(at, part) for part in np.array_split(rows, len(rows) // budget.step + 1)]
        total = 0.0
        for pick in rng.permutation(len(batches)):
            at, rows = batches[pick]
            one = worlds[at]
            logit = network(one.graph, rows)
            label = torch.from_numpy(one.label[rows].astype(np.float32))
            loss = nn.functional.binary_cross_entropy_with_logits(logit, label)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            plan.step()
            seen += 1
            total += float(loss.detach())
            with torch.no_grad():
                for name, value in network.state_dict().items():
                    smooth[name].lerp_(value, 1 - min(budget.kept, seen / (seen + 10)))
        now = {name: value.clone() for name, value in network.state_dict().items()}
        network.load_state_dict(smooth)
        value = chosen_by(network, worlds)
        if say:
            say(f"epoch {epoch} loss {total / len(batches):.4f} AP {value:.3f}")
        if value > best:
            best, kept = value, {name: one.clone() for name, one in smooth.items()}
        network.load_state_dict(now)
    network.load_state_dict(kept)
    return network


def chosen_by(network: MultiGnn, worlds: list[Learnable]) -> float:
    """Return average precision on the payments to choose by, each as it weighs."""
    label = np.concatenate([one.label[one.chosen] for one in worlds])
    score = np.concatenate([gnn_scores(network, one.graph, one.chosen) for one in worlds])
    weight = np.concatenate([one.weight for one in worlds])
    return float(average_precision_score(label, score, sample_weight=weight))
