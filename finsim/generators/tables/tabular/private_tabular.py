"""The any-order network under differential privacy: columns from noised counts, gradients of whole units."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call

from finsim.errors import PrivacyBudgetError
from finsim.generators.generator import Budget, FitReport, Progress
from finsim.generators.privacy.budget_plan import Plan
from finsim.generators.privacy.entity_gradients import entity_gradients
from finsim.generators.privacy.entity_units import ROW_UNITS, Privacy, steps_of
from finsim.generators.privacy.ledger import Ledger
from finsim.generators.privacy.noised_counts import NAMING, Owners, refuse_hidden
from finsim.generators.privacy.statement import statement
from finsim.generators.settings_parsing import write_settings
from finsim.generators.tables.column_levels import ColumnLevels
from finsim.generators.tables.tabular.private_levels import (
    COUNTED,
    NOT_COUNTED,
    PrivateColumn,
    private_column,
    releases,
)
from finsim.generators.tables.tabular.token_model import UNSEEN, TokenModel
from finsim.generators.tables.tabular.token_network import TokenNetwork, smooth_functions
from finsim.generators.tables.tabular.token_training import TokenRecipe, Tokens, TrainingSizes
from finsim.generators.training.network_weights import begun
from finsim.generators.training.training_interface import Schedule
from finsim.generators.training.training_loop import train
from finsim.notation import Array, Float1D, Int1D
from finsim.randomness import Streams
from finsim.records.mixed_table import MixedTable

ROWS, MASKS = 4, 4
"""Rows of an entity in one update, drawn with replacement; a row that is an entity stands there under so
many masks."""
_CHUNK = 64
Run = tuple[Streams, Budget, Progress, Path | None]


class PrivateTokenRecipe(TokenRecipe):
    """The recipe of the token network with the gradient of every unit: its rows and masks together."""

    def __init__(
        self, network: TokenNetwork, tokens: Tokens, owners: Owners, sizes: TrainingSizes, identity: str
    ) -> None:
        """Learn from ``tokens``; nothing is held out."""
        super().__init__(network, tokens, np.zeros((0, len(tokens.counts)), np.int64), sizes, identity)
        self.entities = owners.count
        self.order_of_rows = np.argsort(owners.owner, kind="stable")
        self.sizes_of = np.bincount(owners.owner, minlength=owners.count)
        self.first_of = np.cumsum(self.sizes_of) - self.sizes_of
        self.row_loss = RowLoss(network)

    def private_parts(self, done: float) -> Sequence[str]:
        """Return the one part."""
        return ("tabular",)

    def gradients(self, part: str, entities: Int1D, draws: Sequence[np.random.Generator]) -> Iterator[Tensor]:
        """Yield float[e, D]; a unit without rows has none."""
        known = [(int(e), draw) for e, draw in zip(entities, draws, strict=True) if self.sizes_of[e]]
        weights: dict[str, Tensor] = dict(self.row_loss.named_parameters())
        for start in range(0, len(known), _CHUNK):
            drawn = [self._drawn(entity, draw) for entity, draw in known[start : start + _CHUNK]]
            batches = [torch.from_numpy(np.stack(parts)) for parts in zip(*drawn, strict=True)]
            yield entity_gradients(self._unit_loss, weights, batches)

    def _drawn(self, entity: int, draw: np.random.Generator) -> tuple[Array, Array]:
        """Return tokens int64[K, D] of all columns together, and which are told, bool[K, D]."""
        size, columns = int(self.sizes_of[entity]), len(self.rank)
        some = draw.integers(size, size=ROWS) if size > 1 else np.zeros(MASKS, dtype=np.int64)
        rows = self.order_of_rows[self.first_of[entity] + some]
        place = (draw.random((len(rows), 1)) * columns).astype(np.int64)
        share, kind = draw.random((len(rows), 1)), draw.random((len(rows), 1))
        kind = kind / max(self.sizes.any_order, 1e-9)
        any_one = draw.random((len(rows), columns)) < share
        behind = self.rank.numpy()[None] < place
        known = np.where(kind < 0.5, any_one, np.where(kind < 1.0, any_one | behind, behind))
        tokens: Array = (self.rows[torch.from_numpy(rows)] + self.first).numpy()
        return tokens, known

    def _unit_loss(self, weights: dict[str, Tensor], tokens: Tensor, known: Tensor) -> Tensor:
        found: Tensor = functional_call(self.row_loss, weights, (tokens, known))
        return found


class RowLoss(nn.Module):
    """The mean loss of a unit's rows in nats, as a module whose weights can be given."""

    def __init__(self, net: TokenNetwork) -> None:
        super().__init__()
        self.net = net

    def forward(self, tokens: Tensor, known: Tensor) -> Tensor:
        """Return the loss of rows [K, D]: hidden cells told from the others, scaled to all columns."""
        net = self.net
        told = known.to(torch.float32)
        hidden = (net.inward_table()[tokens] * told[:, :, None]).sum(dim=1)
        parts = torch.split(net.logits(net.start + hidden), net.counts, dim=1)
        logs = torch.cat([part.log_softmax(dim=1) for part in parts], dim=1)
        losses = -logs.gather(1, tokens)
        open_cells = (1.0 - told).sum(dim=1, keepdim=True).clamp(min=1.0)
        return (losses * (1.0 - told) * (known.shape[1] / open_cells)).sum(dim=1).mean()


def owners_of(data: MixedTable, unit: str, owner: Int1D | None) -> Owners:
    """Return whose each row is. Raises PrivacyBudgetError where entities are asked for and there are none."""
    if unit == "row":
        return Owners.themselves(data.rows)
    if owner is None:
        raise PrivacyBudgetError(
            "the unit is an entity, and no column says whose a row is",
            place="settings.unit",
            expected="row, or the entity of every row",
            remedy="name the column of the entity (--id COLUMN), or protect one row",
        )
    return Owners.of(owner, int(owner.max(initial=-1)) + 1)


def fit_privately(
    data: MixedTable, settings: Any, owner: Int1D | None, run: Run
) -> tuple[dict[str, ColumnLevels], TokenModel, FitReport]:
    """Return levels, trained network and report with the claim; see ``Tabular.fit``.

    run : streams, budget, progress, and the folder of a checkpoint.
    """
    streams, budget, progress, checkpoint = run
    owners, privacy = owners_of(data, settings.unit, owner), Privacy.of(settings, ROW_UNITS)
    assert privacy is not None
    privacy.refuse_few(owners.count)
    limit = budget.or_steps(settings.steps)
    count, naming = releases(data, owners)
    plan = Plan.of(privacy, owners.count, settings.batch, steps_of(limit), count, NAMING)
    refuse_hidden(owners.count, plan.sigma)
    noise = (plan.sigma, plan.naming / naming)
    levels, recipe = private_recipe(data, settings, owners, noise, streams)
    schedule = Schedule(
        settings.learning_rate, settings.warm_up, 0.0, settings.clip, settings.ema, settings.check_every, 0
    )
    report = train(recipe, schedule, limit, streams, progress, checkpoint, private=plan.mechanism)
    claim = statement(plan, Ledger.of_report(report), COUNTED, streams.seed, NOT_COUNTED)
    with torch.no_grad():
        model = recipe.net.plain(recipe.order)
    return levels, model, FitReport(report.losses, report.steps, 0.0, report.stopped_by, privacy=claim)


def private_recipe(
    data: MixedTable, settings: Any, owners: Owners, noise: tuple[float, float], streams: Streams
) -> tuple[dict[str, ColumnLevels], PrivateTokenRecipe]:
    """Return the levels of the columns from noised counts, and the recipe of a new network on them."""
    found = {
        name: private_column(column, settings.bins, owners, noise, streams.under("columns", place))
        for place, (name, column) in enumerate(data.columns.items())
    }
    tokens = _tokens(found)
    sizes = TrainingSizes(
        settings.width, settings.blocks, settings.functions, settings.batch, 0.0, settings.any_order, 0.0, 0.0
    )
    smooth = smooth_functions(tokens.counts, tokens.places, sizes.functions)
    shares = torch.from_numpy(_log_shares(found))
    network = begun(
        lambda: TokenNetwork(tokens.counts, sizes.width, sizes.blocks, smooth, shares),
        streams,
        torch.device("cpu"),
    )
    identity = f"{data.digest()} {write_settings(settings)}"
    recipe = PrivateTokenRecipe(network, tokens, owners, sizes, identity)
    return {name: one.levels for name, one in found.items()}, recipe


def _tokens(found: dict[str, PrivateColumn]) -> Tokens:
    """Return the cells as tokens; columns of few levels are drawn first."""
    counts = np.array([one.levels.count for one in found.values()], np.int64)
    rows = np.stack([one.levels.levels(one.cells) for one in found.values()], axis=1)
    order = np.argsort(counts, kind="stable")
    return Tokens(rows, counts, order, [one.levels.places() for one in found.values()])


def _log_shares(found: dict[str, PrivateColumn]) -> Float1D:
    shares = np.concatenate([one.shares for one in found.values()])
    logs = np.log(np.maximum(shares, 1e-30))
    return np.where(shares > 0.0, logs, UNSEEN).astype(np.float32)
