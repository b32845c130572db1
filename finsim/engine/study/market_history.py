"""The real prices of a study: read once for each file, and completed where assets were listed later."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from finsim.engine.study.market_part import MarketPart
from finsim.engine.study.named_inputs import data_file
from finsim.errors import StudyError
from finsim.markets.listing import complete
from finsim.markets.prices import Prices, SchemaSource, as_schema, read_prices
from finsim.records.paths import Paths

__all__ = ["SchemaSource", "as_schema", "complete_history", "notes_of", "read_history"]


def read_history(part: MarketPart) -> Prices:
    """Return the prices of a study as they are in its file.

    Raises StudyError when the file is gone, DataError for what cannot be read.
    """
    file, schema = data_file(part.data), data_file(part.schema_) if part.schema_ else None
    if not file.exists():
        raise StudyError("no such file", place=f"market.data: {part.data}", remedy="check the path")
    return _read(str(file), str(schema) if schema else None, _state(file), _state(schema) if schema else ())


def complete_history(part: MarketPart) -> Paths:
    """Return the prices of a study on the dates that all assets have; laws from the part for training."""
    prices = read_history(part)
    return complete(prices, prices.whole, part.holdout)


def notes_of(paths: Paths) -> dict[str, Any]:
    """Return what was found in a price file and done with it, as plain data."""
    return dict(paths.notes) if isinstance(paths, Prices) else {}


def remarks_of(models: Any) -> list[str]:
    """Return what is to be told of a manifest's models: splits, holes and later listings; a collapse."""
    found: list[str] = []
    for model in models:
        training = model.get("training", {}) if isinstance(model, Mapping) else {}
        for told in (training.get("data", {}).get("notes", {}), training.get("diagnosis", {})):
            found += [str(line) for line in told.get("remarks", ())]
    return found


def _state(file: Path) -> tuple[int, ...]:
    """Return what changes when a file does; nothing when it is not there (reading it says so)."""
    if not file.is_file():
        return ()
    facts = file.stat()
    return (facts.st_mtime_ns, facts.st_size)


@lru_cache(maxsize=2)
def _read(file: str, schema: str | None, *state: tuple[int, ...]) -> Prices:
    return read_prices(file, schema=as_schema(schema))
