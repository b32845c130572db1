"""``Body``: a fitted market model, how its features become bars, and where prices come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from finsim.engine.market_model.fitted_model_card import loss_table, model_card
from finsim.engine.study.market_history import notes_of
from finsim.generators.generator import Generator
from finsim.generators.saved_models import load, save
from finsim.markets.features import Encoding
from finsim.markets.listing import complete
from finsim.markets.prices import SchemaSource, as_schema, read_prices
from finsim.markets.session_move import join_returns, split_returns
from finsim.notation import Float2D, Float3D
from finsim.randomness import Streams
from finsim.records.display.card import Card
from finsim.records.paths import Paths
from finsim.records.shown_rows import ShownTable
from finsim.records.storage import digest_file

Source = str | Path | pd.DataFrame | Paths


@dataclass(frozen=True, repr=False)
class Body(ShownTable):
    """A fitted market model: the generator, how its features become bars, and facts on its data.

    As a table it is the loss curves of its training.
    """

    generator: Generator
    encoding: Encoding
    data: Mapping[str, Any] = field(default_factory=dict)

    def _table(self) -> pa.Table:
        return loss_table(self.generator.report)

    def _curve(self) -> Sequence[float]:
        return next(iter(self.generator.report.losses.values()), ())

    def card(self) -> Card:
        """Return generator, data, assets, training, last losses and the held-out loss."""
        return model_card(self.generator.name, self.generator.report, self.encoding, self.data)

    def save(self, folder: str | Path) -> None:
        """Write the model as ``weights.safetensors`` and ``model.json`` into a new folder."""
        extra = {"encoding": self.encoding.to_dict(), "data": dict(self.data)}
        save(self.generator, Path(folder), extra)

    @classmethod
    def load(cls, folder: str | Path) -> Body:
        """Read a saved model; raises FitError when it is missing or damaged."""
        generator, extra = load(Path(folder))
        return cls(generator, Encoding.from_dict(extra["encoding"]), extra["data"])

    def features(
        self, count: int, steps: int, streams: Streams, first: int = 0, history: Float2D | None = None
    ) -> Float3D:
        """Sample market features float64[count, steps, C], fresh or after an encoded history [H, C]."""
        known = None if history is None else split_returns(history, self.encoding)
        return join_returns(self.generator.sample(count, steps, streams, first, known), self.encoding)

    def facts(self) -> dict[str, Any]:
        """Return generator, data, steps, cost, stop reason and loss curves as plain data."""
        return {
            "generator": self.generator.name,
            "data": dict(self.data),
            **self.generator.report.to_dict(),
        }


def complete_prices(data: Source, schema: SchemaSource) -> tuple[Paths, dict[str, Any]]:
    """Return complete prices, and where they come from with what was found in them."""
    if isinstance(data, Paths):
        return data, {"file": "paths"}
    prices = read_prices(data, schema=as_schema(schema))
    facts: dict[str, Any] = {"file": "data frame"}
    if isinstance(data, str | Path):
        facts = {"file": Path(data).name, "sha256": digest_file(Path(data))}
    return complete(prices, prices.whole), {**facts, "notes": notes_of(prices)}
