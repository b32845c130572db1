"""GraphSAGE on payments: two layers of means over each account's last payments; both ends score an edge.

Hamilton, Ying and Leskovec (2017), with messages that know the payment (amount, channel, time since). Causal:
payments of a stretch of days are scored from what lies before the stretch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from finsim.records.fixed_words import CHANNELS, KINDS, PAYMENT_STATUSES

STRETCH, MEMORY = 15, 30
"""Days that are scored at once, and days before them that accounts are known by."""
WIDTH, EPOCHS, RATE, HONEST = 32, 60, 0.01, 0.06


@dataclass(frozen=True)
class Stretch:
    """Payments to score and payments before them: ends (accounts by number), what each is, and the label."""

    accounts: Tensor
    before: tuple[Tensor, Tensor, Tensor]
    payer: Tensor
    payee: Tensor
    payment: Tensor
    label: Tensor
    place: np.ndarray


def stretches(shown: pd.DataFrame, accounts: pd.DataFrame, label: np.ndarray) -> list[Stretch]:
    """Return the stretches of one world, in time order."""
    number = pd.Series(np.arange(len(accounts)), accounts["account_id"])
    sides = [number[shown[name]].to_numpy() for name in ("from_account", "to_account")]
    ends = [torch.from_numpy(side.copy()) for side in sides]
    day = (shown["ts"] - shown["ts"].iloc[0].floor("D")).dt.total_seconds().to_numpy() / 86_400
    kinds = _one_hot(accounts["kind"], KINDS)
    what = _payment(shown)
    repeats = shown.groupby(["from_account", "to_account"], sort=False).cumcount().to_numpy()
    what = np.column_stack([what, np.log1p(repeats)]).astype(np.float32)
    found = []
    for first in range(0, int(day.max()) + 1, STRETCH):
        old = np.flatnonzero((day >= first - MEMORY) & (day < first))
        now = np.flatnonzero((day >= first) & (day < first + STRETCH))
        age = ((first - day[old]) / MEMORY).astype(np.float32)
        known = torch.from_numpy(np.column_stack([what[old], age]))
        found.append(
            Stretch(
                torch.from_numpy(kinds), (ends[0][old], ends[1][old], known), ends[0][now], ends[1][now],
                torch.from_numpy(what[now]), torch.from_numpy(label[now].astype(np.float32)), now,
            )
        )  # fmt: skip
    return found


def _payment(shown: pd.DataFrame) -> np.ndarray:
    """Return the raw columns of payments as numbers."""
    hour = (shown["ts"].dt.hour + shown["ts"].dt.minute / 60).to_numpy() * np.pi / 12
    words = [_one_hot(shown["channel"], CHANNELS), _one_hot(shown["status"], PAYMENT_STATUSES)]
    size = np.log1p(shown["amount"].to_numpy(dtype=float))
    balance = shown["from_balance_after"].to_numpy(dtype=float)
    return np.column_stack([
        size / 10, np.cos(hour), np.sin(hour), *words, shown["device_id"] >= 0, shown["card_id"] >= 0,
        np.sign(balance) * np.log1p(np.abs(balance)) / 10,
    ])  # fmt: skip


def _one_hot(words: pd.Series, known: tuple[str, ...]) -> np.ndarray:
    found: np.ndarray = (words.astype(str).to_numpy()[:, None] == np.array(known)).astype(np.float32)
    return found


class GraphSage(nn.Module):
    """Scores payments from their own columns and the states of payer and payee."""

    def __init__(self, kinds: int, columns: int) -> None:
        super().__init__()
        self.first = nn.Linear(kinds, WIDTH)
        self.message = nn.ModuleList(nn.Linear(WIDTH + columns + 1, WIDTH) for _ in range(4))
        self.state = nn.ModuleList(nn.Linear(3 * WIDTH + 2, WIDTH) for _ in range(2))
        self.head = nn.Sequential(
            nn.Linear(2 * WIDTH + columns, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1)
        )

    def forward(self, one: Stretch, rows: Tensor) -> Tensor:
        """Return the logit of the payments at ``rows`` of a stretch."""
        payer, payee, known = one.before
        held = torch.relu(self.first(one.accounts))
        for layer in range(2):
            parts = [held]
            for side, (here, there) in enumerate(((payer, payee), (payee, payer))):
                told = torch.relu(self.message[2 * layer + side](torch.cat([held[there], known], dim=1)))
                count = torch.zeros(len(held)).index_add(0, here, torch.ones(len(here)))
                mean = torch.zeros(len(held), WIDTH).index_add(0, here, told) / count.clamp(min=1)[:, None]
                parts += [mean, torch.log1p(count)[:, None]]
            held = torch.relu(self.state[layer](torch.cat(parts, dim=1)))
        both = torch.cat([held[one.payer[rows]], held[one.payee[rows]], one.payment[rows]], dim=1)
        logit: Tensor = self.head(both)[:, 0]
        return logit


def trained(worlds: list[list[Stretch]], spared: list[np.ndarray], seed: int = 0) -> GraphSage:
    """Return a network trained on all labelled payments and a share of others; ``spared`` are left out."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    one = worlds[0][0]
    network = GraphSage(one.accounts.shape[1], one.payment.shape[1])
    optimizer = torch.optim.Adam(network.parameters(), lr=RATE)
    parts = [(part, skip) for world, skip in zip(worlds, spared, strict=True) for part in world]
    for _ in range(EPOCHS):
        for at in rng.permutation(len(parts)):
            part, skip = parts[at]
            kept = (part.label.numpy() > 0) | (rng.random(len(part.label)) < HONEST)
            rows = torch.from_numpy(np.flatnonzero(kept & ~skip[part.place]))
            logit = network(part, rows)
            loss = nn.functional.binary_cross_entropy_with_logits(logit, part.label[rows])
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
    return network


def graph_scores(network: GraphSage, world: list[Stretch]) -> np.ndarray:
    """Return the score of every payment of a world."""
    found = np.empty(sum(len(part.place) for part in world))
    with torch.no_grad():
        for part in world:
            found[part.place] = network(part, torch.arange(len(part.place))).numpy()
    return found
