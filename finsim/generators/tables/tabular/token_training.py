"""Training recipe of the any-order network: hide cells of a row, tell them from the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, embedding_bag

from finsim.generators.generator import Budget, FitReport, Progress
from finsim.generators.tables.tabular.token_model import UNSEEN, TokenModel
from finsim.generators.tables.tabular.token_network import TokenNetwork, smooth_functions
from finsim.generators.training.network_weights import begun
from finsim.generators.training.training_interface import Schedule
from finsim.generators.training.training_loop import train
from finsim.notation import Float1D, Int1D, Int2D
from finsim.randomness import Streams

_JUDGED_ROWS = 1_024


@dataclass(frozen=True)
class Tokens:
    """Rows as tokens int[N, D], how many each column has, the order of the columns, places of numbers."""

    rows: Int2D
    counts: Int1D
    order: Int1D
    places: list[Float1D]

    def log_shares(self) -> Float1D:
        """Return the log share of every token in its column, float32[V]."""
        parts = [
            np.bincount(self.rows[:, column], minlength=int(count)) / len(self.rows)
            for column, count in enumerate(self.counts)
        ]
        shares = np.concatenate(parts)
        return np.where(shares > 0, np.log(np.maximum(shares, 1e-30)), UNSEEN).astype(np.float32)


@dataclass(frozen=True)
class TrainingSizes:
    """The sizes of network and batches; see ``Tabular.Settings``."""

    width: int
    blocks: int
    functions: int
    batch: int
    dropout: float
    any_order: float
    ridge: float
    held_out: float


class TokenRecipe:
    """Order-agnostic density estimation (Uria, Murray & Larochelle 2014; Hoogeboom et al. 2022, eq. 4).

    A part of the batches hides all columns behind a random place of the drawing order, the rest any
    columns; every hidden cell is told from the cells that are not hidden.
    """

    def __init__(
        self, network: TokenNetwork, tokens: Tokens, judged: Int2D, sizes: TrainingSizes, identity: str
    ) -> None:
        """Learn from ``tokens``; judge rows int[M, D] in the drawing order."""
        self.network: nn.Module = network
        self.net, self.sizes, self.identity = network, sizes, identity
        self.rows = torch.from_numpy(tokens.rows.astype(np.int64))
        counts = tokens.counts
        self.first = torch.from_numpy(np.cumsum(counts) - counts)
        self.rank = torch.from_numpy(np.argsort(tokens.order))
        self.order = tokens.order
        self.judged = judged

    def parts(self) -> Mapping[str, list[nn.Parameter]]:
        """Return the one optimised part."""
        return {"tabular": list(self.network.parameters())}

    def losses(self, done: float, draw: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        """Yield the loss of one batch: nats of a row."""
        size = self.sizes
        rows = self.rows[torch.randint(len(self.rows), (size.batch,), generator=draw)]
        known = self._known(len(rows), draw)
        kept = None
        if size.dropout > 0.0:
            share = 1.0 - size.dropout
            kept = [
                (torch.rand((len(rows), size.width), generator=draw) < share) / share
                for _ in range(size.blocks)
            ]
        yield "tabular", self._loss(rows, known, kept)

    def _known(self, rows: int, draw: torch.Generator) -> Tensor:
        """Return bool[B, D], true where a cell is told: a part of the order, and any others."""
        columns = len(self.rank)
        place = (torch.rand((rows, 1), generator=draw) * columns).long()
        share = torch.rand((rows, 1), generator=draw)
        kind = torch.rand((rows, 1), generator=draw) / max(self.sizes.any_order, 1e-9)
        any_one = torch.rand((rows, columns), generator=draw) < share
        behind = self.rank[None] < place
        # Half of the any-order rows have a part of the order told as well: as when cells are given.
        return torch.where(kind < 0.5, any_one, torch.where(kind < 1.0, any_one | behind, behind))

    def _loss(self, rows: Tensor, known: Tensor, kept: list[Tensor] | None) -> Tensor:
        net = self.net
        index = torch.where(known, rows + self.first, 0)
        hidden = embedding_bag(
            index, net.inward_table(), per_sample_weights=known.to(torch.float32), mode="sum"
        )
        parts = torch.split(net.logits(net.start + hidden, kept), net.counts, dim=1)
        losses = torch.stack(
            [cross_entropy(part, rows[:, column], reduction="none") for column, part in enumerate(parts)],
            dim=1,
        )
        hidden_cells = (~known).sum(dim=1, keepdim=True).clamp(min=1)
        nats = (losses * ~known * (known.shape[1] / hidden_cells)).sum(dim=1).mean()
        return nats + self.sizes.ridge / len(self.rows) * net.size()

    def held_out(self, done: float) -> float | None:
        """Return the mean negative log likelihood of the judged rows, in nats; None when there are none."""
        if not len(self.judged):
            return None
        with torch.no_grad():
            return -float(self.net.plain(self.order).log_chances(self.judged).mean())

    def made(self, draw: torch.Generator | None) -> Tensor | None:
        """Return nothing: rows of words cannot be judged by a penalty."""
        return None


def train_tokens(
    tokens: Tokens,
    sizes: TrainingSizes,
    schedule: Schedule,
    budget: Budget,
    streams: Streams,
    progress: Progress,
    identity: str,
    checkpoint: Path | None = None,
) -> tuple[TokenModel, FitReport]:
    """Return the trained network as arrays, and what training did; a random part is held out."""
    count = len(tokens.rows)
    mixed = streams.at("held out").permutation(count)
    spared = min(_JUDGED_ROWS, round(count * sizes.held_out))
    judged, learned = tokens.rows[mixed[:spared]], tokens.rows[mixed[spared:]]
    smooth = smooth_functions(tokens.counts, tokens.places, sizes.functions)
    shares = torch.from_numpy(tokens.log_shares())
    network = begun(
        lambda: TokenNetwork(tokens.counts, sizes.width, sizes.blocks, smooth, shares),
        streams,
        torch.device("cpu"),
    )
    part = Tokens(learned, tokens.counts, tokens.order, tokens.places)
    recipe = TokenRecipe(network, part, judged, sizes, identity)
    report = train(recipe, schedule, budget, streams, progress, checkpoint)
    with torch.no_grad():
        return network.plain(tokens.order), report
